import {
  impliedScopes,
  KeywellError,
  type Method,
  missingScopes,
  type ProviderDefinition,
} from '@keywell/protocol'
import { isMinted } from '@keywell/providers'
import type { SessionPolicy } from '../store/sessions.ts'

type Provider = Pick<ProviderDefinition, 'name' | 'scopes'>

/** The scopes that a session always asks for, and the most that it may ask for. */
export function allowedScopes(
  policy: Pick<SessionPolicy, 'scopes'>,
  provider: Provider,
  registered: readonly string[],
): { required: Set<string>; ceiling: Set<string> } {
  const named = Object.hasOwn(policy.scopes, provider.name)
    ? policy.scopes[provider.name]
    : undefined
  const forbidden = named?.forbidden ?? []
  const allowed = named === undefined ? registered : [...named.required, ...named.optional]
  const keep = (scopes: readonly string[]) => {
    const refused = forbiddenScopes(provider, scopes, forbidden)
    return new Set(scopes.filter((scope) => registered.includes(scope) && !refused.includes(scope)))
  }
  return { required: keep(named?.required ?? []), ceiling: keep(allowed) }
}

/** Those of `scopes` that are forbidden, or have the rights of one that is. */
export function forbiddenScopes(
  provider: Provider,
  scopes: readonly string[],
  forbidden: readonly string[],
): string[] {
  return scopes.filter((scope) =>
    impliedScopes(provider, [scope]).some((right) => forbidden.includes(right)),
  )
}

/**
 * What a flow asks the provider for: the required scopes and those that the user chose, in the
 * provider's order.
 * @throws KeywellError `scope_not_allowed` when the browser wants more than the session allows, or
 *   when the integration was not registered with what the session requires
 */
export function planFlowScopes(options: {
  policy: Pick<SessionPolicy, 'scopes'>
  provider: ProviderDefinition
  method: Method
  registered: readonly string[]
  chosen: readonly string[] | undefined
  /** Asked for when nothing was chosen, as far as the session allows it. */
  defaults: readonly string[]
}): string[] {
  const { policy, provider, registered } = options
  const { required, ceiling } = allowedScopes(policy, provider, registered)
  refuse(
    (Object.hasOwn(policy.scopes, provider.name)
      ? policy.scopes[provider.name]
      : undefined
    )?.required.filter((scope) => !required.has(scope)) ?? [],
    `${provider.title}'s integration is not registered with`,
    'Tick them in the app registration at the provider and add them to the integration.',
  )
  refuse(
    options.chosen?.filter((scope) => !ceiling.has(scope)) ?? [],
    'This connect session does not allow',
  )
  const chosen = options.chosen ?? options.defaults.filter((scope) => ceiling.has(scope))
  const wanted = new Set([...required, ...chosen])
  // A provider may have no scopes at all, or a method none.
  if (wanted.size === 0 && provider.scopes.length > 0 && hasScopes(options.method)) {
    throw new KeywellError('scope_not_allowed', 'No scope is left to ask for.', {
      nextStep: `Name scopes for ${provider.name} in the connect session or on the button.`,
    })
  }
  return provider.scopes.map((scope) => scope.name).filter((scope) => wanted.has(scope))
}

function hasScopes(method: Method): boolean {
  if (method.kind === 'installation') return false
  if (isMinted(method)) return method.defaultScopes.length > 0
  return method.kind === 'key' || method.authorize.scopes !== null
}

/**
 * What a pasted key may do is within the session: all that is required, and nothing beyond. The key was made by
 * hand, so unlike a grant it may do more than was asked for.
 *
 * @param scopes null: the provider did not say
 * @throws KeywellError `scope_missing` or `scope_not_allowed`
 */
export function requireKeyWithin(
  policy: Pick<SessionPolicy, 'scopes'>,
  provider: ProviderDefinition,
  { title: key }: Pick<Method, 'title'>,
  scopes: readonly string[] | null,
): void {
  const named = Object.hasOwn(policy.scopes, provider.name)
    ? policy.scopes[provider.name]
    : undefined
  if (named === undefined) return
  const again = `Make another ${key} with the scopes that are named on this page, and no others.`
  if (scopes === null) {
    const unknown = `${provider.title} did not say what this ${key} may do.`
    throw new KeywellError('scope_not_allowed', unknown, { nextStep: again })
  }
  const missing = missingScopes(provider, named.required, scopes)
  if (missing.length > 0) {
    throw new KeywellError('scope_missing', `This ${key} lacks ${missing.join(', ')}.`, {
      nextStep: again,
      missingScopes: missing,
    })
  }
  const within = new Set(impliedScopes(provider, [...named.required, ...named.optional]))
  for (const scope of named.forbidden) within.delete(scope)
  const beyond = scopes.filter((scope) =>
    impliedScopes(provider, [scope]).some((implied) => !within.has(implied)),
  )
  refuse(beyond, `This ${key} may do more than is allowed here:`, again)
}

function refuse(scopes: readonly string[], what: string, nextStep?: string): void {
  if (scopes.length === 0) return
  throw new KeywellError('scope_not_allowed', `${what} ${scopes.join(', ')}.`, { nextStep })
}
