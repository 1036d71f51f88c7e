import { KeywellError, type Method, type ProviderDefinition } from '@keywell/protocol'
import { findMethod, isDeviceOnly, isMeantBy, isTyped, kindWords } from '@keywell/providers'
import { type Integrations, isFor } from '../oauth/integrations.ts'
import type { SessionPolicy } from '../store/sessions.ts'

/**
 * The methods of a provider that a session allows, in the order of the definition. An installation belongs to the
 * tenant, so that a session for a user's own connections has none.
 */
export function allowedMethods(
  { methods, owner, device }: Pick<SessionPolicy, 'methods' | 'owner' | 'device'>,
  { auth }: Pick<ProviderDefinition, 'auth'>,
): Method[] {
  return auth.filter(
    (method) =>
      methods.some((name) => isMeantBy(method, name)) &&
      (device === true || !isDeviceOnly(method)) &&
      (method.kind !== 'installation' || owner === 'tenant'),
  )
}

/**
 * The methods of a provider that a session allows and a request means, in the order of the definition. At least one.
 *
 * @param named an id, or the word for a kind. Default: any
 * @throws KeywellError `method_not_offered`; `invalid_request` for a name of none, with those there are
 */
export function offeredMethods(
  policy: Pick<SessionPolicy, 'methods' | 'owner' | 'device'>,
  provider: ProviderDefinition,
  named?: string,
): readonly [Method, ...Method[]] {
  const meant = named === undefined ? provider.auth : methodsNamed(provider, named)
  const allowed = allowedMethods(policy, provider)
  const [first, ...rest] = allowed.filter((method) => meant.includes(method))
  if (first !== undefined) return [first, ...rest]
  if (policy.owner !== 'tenant' && meant.every(({ kind }) => kind === 'installation')) {
    throw new KeywellError(
      'method_not_offered',
      `An installation at ${provider.title} belongs to the tenant, and this connect session is for a user's own connections.`,
      { nextStep: "Make the session with owner: 'tenant'." },
    )
  }
  throw new KeywellError(
    'method_not_offered',
    `This connect session does not allow ${provider.title} by ${listed(meant)}; it allows the methods ${policy.methods.join(', ')}.`,
    policy.device !== true && meant.some(isDeviceOnly) ? { nextStep: askForDevice } : {},
  )
}

/**
 * Those of the methods of a session by which a code can be asked for. At least one.
 *
 * @throws KeywellError `method_not_offered`
 */
export function deviceMethods(
  { device }: Pick<SessionPolicy, 'device'>,
  { title }: ProviderDefinition,
  offered: readonly Method[],
): readonly [Method, ...Method[]] {
  const [first, ...rest] = offered.filter(
    (method) => method.kind === 'oauth2' && method.device !== undefined,
  )
  if (device === true && first !== undefined) return [first, ...rest]
  throw device === true
    ? new KeywellError('method_not_offered', `${title} has no device authorisation.`)
    : new KeywellError(
        'method_not_offered',
        'This connect session does not allow device authorisation.',
        { nextStep: askForDevice },
      )
}

const askForDevice = "Have the app's backend make the session with device: true."

/**
 * The methods that a name means: an id before the word for a kind.
 *
 * @throws KeywellError `method_not_offered` for a kind that the provider has not, `invalid_request` for no method
 */
function methodsNamed(provider: ProviderDefinition, name: string): readonly Method[] {
  const byId = findMethod(provider, name)
  if (byId !== undefined) return [byId]
  const ofKind = provider.auth.filter((method) => isMeantBy(method, name))
  if (ofKind.length > 0) return ofKind
  const nextStep = `Its methods are: ${provider.auth.map(({ id }) => id).join(', ')}.`
  throw Object.values<string>(kindWords).includes(name)
    ? new KeywellError('method_not_offered', `${provider.title} ${lacks[name]}.`, { nextStep })
    : new KeywellError('invalid_request', `${provider.title} has no method "${name}".`, {
        nextStep,
      })
}

const lacks: Readonly<Record<string, string>> = {
  [kindWords.key]: 'has no keys that are kept',
  [kindWords.oauth2]: 'is connected by a key alone',
  [kindWords.installation]: 'has no app that is installed',
}

/** The first that can be used on a host: by consent only with an app. Else the first, for the error that says what is missing. */
export async function firstUsable(
  { integrations }: { integrations: Pick<Integrations, 'usable'> },
  offered: readonly [Method, ...Method[]],
  { tenantId, provider, host }: { tenantId: string; provider: ProviderDefinition; host: string },
): Promise<Method> {
  const [first] = offered
  if (offered.length === 1) return first
  const apps = await integrations.usable(tenantId)
  const isUsable = (method: Method) =>
    isTyped(method) || apps.some((app) => isFor(app, { provider, method, host }))
  return offered.find(isUsable) ?? first
}

function listed(methods: readonly Method[]): string {
  return methods.map(({ id }) => id).join(' or ')
}
