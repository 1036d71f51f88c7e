/** What GitHub's answers say of scopes. Only a classic token has scopes; others have no such headers. */
// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
import type { FailedCall } from '../refusal.ts'

/** Any one of them is enough. */
export function acceptedScopes(headers: FailedCall['headers']): string[] {
  return scopesIn(headers.get('x-accepted-oauth-scopes') ?? '')
}

/**
 * The scopes that the token lacks: those of the tool, or else of `accepted`. Undefined: it has what is
 * needed, or is not a classic token. `repo` includes all that the tools need.
 */
export function scopesToAsk(
  { headers, tool }: FailedCall,
  accepted: readonly string[],
): readonly string[] | undefined {
  const header = headers.get('x-oauth-scopes')
  const granted = scopesIn(header ?? '')
  if (header === null || granted.includes('repo')) return undefined
  if (tool.scopes.some((scope) => !granted.includes(scope))) return tool.scopes
  if (accepted.some((scope) => granted.includes(scope))) return undefined
  return accepted.includes('repo') ? ['repo'] : accepted.slice(0, 1)
}

/** `repo, user:email`. */
function scopesIn(header: string): string[] {
  return header
    .split(',')
    .map((scope) => scope.trim())
    .filter((scope) => /^[a-z:_]{1,50}$/.test(scope))
}
