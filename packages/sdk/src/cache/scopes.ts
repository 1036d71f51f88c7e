import type { Credential } from '../credential.ts'
import type { Entry } from './entry.ts'
import type { Loader } from './loader.ts'

/**
 * The credential with what is missing of these scopes. Only the service knows that: one scope may imply
 * another. It is asked once per credential and set of scopes, and not at all when each was granted by name.
 */
export async function forScopes(
  loader: Loader,
  entry: Entry,
  credential: Credential,
  scopes: readonly string[],
): Promise<Credential> {
  if (grantsAll(credential, scopes)) return credential
  const key = variantOf(scopes)
  const known = entry.variants?.get(key)
  if (known !== undefined) return known.promise
  const promise = loader.loadForScopes(entry, scopes)
  const variant = entry.remember(key, promise)
  try {
    variant.credential = await promise
  } catch (error) {
    if (entry.variants?.get(key) === variant) entry.variants.delete(key)
    throw error
  }
  return promise
}

/** Each of the scopes was granted by its name. Whether another one implies it, the service knows. */
function grantsAll(credential: Credential, scopes: readonly string[]): boolean {
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
function variantOf(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ')
}
