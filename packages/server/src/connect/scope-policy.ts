import { KeywellError, type ProviderDefinition } from '@keywell/protocol'
import type { SessionPolicy } from '../store/sessions.ts'

/** The scopes that a session always asks for, and the most that it may ask for. */
export function allowedScopes(
  policy: Pick<SessionPolicy, 'scopes'>,
  provider: string,
  registered: readonly string[],
): { required: Set<string>; ceiling: Set<string> } {
  const named = Object.hasOwn(policy.scopes, provider) ? policy.scopes[provider] : undefined
  const forbidden = new Set(named?.forbidden)
  const allowed = named === undefined ? registered : [...named.required, ...named.optional]
  const keep = (scopes: readonly string[]) =>
    new Set(scopes.filter((scope) => registered.includes(scope) && !forbidden.has(scope)))
  return { required: keep(named?.required ?? []), ceiling: keep(allowed) }
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
  registered: readonly string[]
  chosen: readonly string[] | undefined
  /** Asked for when nothing was chosen, as far as the session allows it. */
  defaults: readonly string[]
}): string[] {
  const { policy, provider, registered } = options
  const { required, ceiling } = allowedScopes(policy, provider.name, registered)
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
  if (wanted.size === 0) {
    throw new KeywellError('scope_not_allowed', 'No scope is left to ask for.', {
      nextStep: `Name scopes for ${provider.name} in the connect session or on the button.`,
    })
  }
  return provider.scopes.map((scope) => scope.name).filter((scope) => wanted.has(scope))
}

function refuse(scopes: readonly string[], what: string, nextStep?: string): void {
  if (scopes.length === 0) return
  throw new KeywellError('scope_not_allowed', `${what} ${scopes.join(', ')}.`, { nextStep })
}
