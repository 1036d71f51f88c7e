import type { Credential } from '../credential.ts'
import type { Entry } from './entry.ts'

/** Each of the scopes was granted by its name. One that another implies is for the service to tell. */
export function grantsAll(credential: Credential, scopes: readonly string[]): boolean {
  for (const scope of scopes) if (!credential.scopes.includes(scope)) return false
  return true
}

/** What a call with these scopes gets, if that is known. */
export function knownForScopes(
  entry: Entry,
  credential: Credential,
  scopes: readonly string[],
): Credential | undefined {
  if (grantsAll(credential, scopes)) return credential
  return entry.variants?.get(variantOf(scopes))?.credential
}

/** Name of a set of scopes. They contain no space (RFC 6749 section 3.3), so it cannot collide. */
export function variantOf(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ')
}
