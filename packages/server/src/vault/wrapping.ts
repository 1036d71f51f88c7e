import { timingSafeEqual } from 'node:crypto'
import { draw, type RandomBytes } from './bytes.ts'
import { keyUnavailable, VaultError } from './errors.ts'
import type { KeyProvider, WrapContext, Wrapped } from './key-provider.ts'

export const tenantKeyBytes = 32

/** Makes a tenant key and wraps it; the key in clear is erased when this returns. */
export async function wrapNewKey(
  keys: KeyProvider,
  context: WrapContext,
  randomBytes: RandomBytes,
): Promise<Wrapped> {
  const key = new Uint8Array(draw(randomBytes, tenantKeyBytes))
  return await keys
    .wrap(key, context)
    .catch(providerFailed)
    .finally(() => key.fill(0))
}

/**
 * Wraps a tenant key anew, under the primary root key. What it answers was unwrapped once more and is
 * the same key, so that the old wrapping may be overwritten.
 *
 * @throws VaultError `key_unavailable`, `key_commit` or `tampered`
 */
export async function rewrap(
  keys: KeyProvider,
  old: Wrapped,
  context: WrapContext,
): Promise<Wrapped> {
  const key = await keys.unwrap(old, context).catch(providerFailed)
  let again: Uint8Array | undefined
  try {
    const wrapped = await keys.wrap(key, context).catch(providerFailed)
    again = await keys.unwrap(wrapped, context).catch(providerFailed)
    if (again.length === key.length && timingSafeEqual(again, key)) return wrapped
    throw keyUnavailable('provider_failed', 'a key that was wrapped came back as another one')
  } finally {
    key.fill(0)
    again?.fill(0)
  }
}

/** What a key service throws is its own; what the local provider throws says already what it is. */
export function providerFailed(cause: unknown): never {
  if (cause instanceof VaultError && cause.reason !== 'start') throw cause
  throw keyUnavailable('provider_failed', 'the key provider failed', cause)
}
