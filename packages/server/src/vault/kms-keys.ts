import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { keyUnavailable, VaultError } from './errors.ts'
import type { KeyProvider, WrapContext } from './key-provider.ts'

/**
 * A service that encrypts and decrypts small things under keys that it never gives away, as the key
 * services of the clouds do. An adapter to one of them is these two calls.
 */
export interface KeyService {
  /** Ends the call when `signal` does. What is encrypted opens under an equal `context` alone. */
  encrypt(
    keyName: string,
    bytes: Uint8Array,
    context: EncryptionContext,
    signal: AbortSignal,
  ): Promise<Uint8Array>
  decrypt(
    keyName: string,
    bytes: Uint8Array,
    context: EncryptionContext,
    signal: AbortSignal,
  ): Promise<Uint8Array>
}

/** In the form that such services take: names and texts. */
export type EncryptionContext = Readonly<Record<'purpose' | 'tenant' | 'version' | 'kek', string>>

/** How long a call may take. A service that is silent must hold up no reader for longer. */
const defaultTimeoutMs = 5_000

/**
 * Root keys in a key service.
 *
 * ```ts
 * const keys = kmsKeys({ service, keyNames: ['keywell-2027', 'keywell-2026'] })
 * ```
 *
 * While the service is away, tenant keys in memory serve out their five minutes; then whatever needs
 * one is refused as unavailable, and works again as soon as the service does.
 *
 * @param options.keyNames the first one wraps, all of them unwrap
 * @param options.timeoutMs of one call; default 5,000
 * @throws VaultError `start` when no key is named
 */
export function kmsKeys(options: {
  service: KeyService
  keyNames: readonly string[]
  timeoutMs?: number
}): KeyProvider {
  const { service, timeoutMs = defaultTimeoutMs } = options
  const names = new Map(options.keyNames.map((name) => [keyId(name), name] as const))
  const [first] = names
  if (!first) throw new VaultError('start', 'There is no root key: name one of the key service.')
  const [primary, primaryName] = first
  let closed = false

  return {
    primary,
    ids: [...names.keys()],
    howToAdd: 'add the name of its key in the key service to the list of key names',

    async wrap(key, context) {
      if (closed) throw keyUnavailable('closed', 'the root keys were closed')
      const bytes = await inTime(timeoutMs, (signal) =>
        service.encrypt(primaryName, key, encryptionContext(context, primary), signal),
      )
      return { kekId: primary, bytes }
    },

    async unwrap({ kekId, bytes }, context) {
      const name = names.get(kekId)
      if (name === undefined) {
        throw keyUnavailable('root_key_unknown', `the root key ${kekId} is unknown`)
      }
      if (closed) throw keyUnavailable('closed', 'the root keys were closed')
      return await inTime(timeoutMs, (signal) =>
        service.decrypt(name, bytes, encryptionContext(context, kekId), signal),
      )
    },

    close() {
      closed = true
    },
  }
}

/** Computed from the name, so that one key has one id wherever it is named. */
function keyId(name: string): string {
  const hash = sha256(utf8ToBytes(`keywell/1/kms${name}`))
  return `kek_${bytesToHex(hash.subarray(0, 8))}`
}

function encryptionContext({ tenantId, version }: WrapContext, kekId: string): EncryptionContext {
  return { purpose: 'tenant_key', tenant: tenantId, version: String(version), kek: kekId }
}

/** Whatever the service does, or does not: an answer within the time. */
async function inTime(
  timeoutMs: number,
  call: (signal: AbortSignal) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(timeoutMs)
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  try {
    return await Promise.race([call(signal), late])
  } catch (cause) {
    const what = signal.aborted ? `did not answer within ${timeoutMs} ms` : 'refused'
    throw keyUnavailable('provider_failed', `the key service ${what}`, cause)
  }
}
