import { randomBytes as systemRandomBytes } from 'node:crypto'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { lengthPrefixed, type RandomBytes } from './bytes.ts'
import { envelopeOverheadBytes, openEnvelope, readKeyVersion, sealEnvelope } from './envelope.ts'
import { keyUnavailable } from './errors.ts'
import type { KeyProvider, WrapContext } from './key-provider.ts'
import type { KeySource } from './key-source.ts'

const label = 'keywell/1/wrap'
const wrappedBytes = envelopeOverheadBytes + 32

/**
 * Root keys in the memory of this process. The first key of the source wraps, all of them unwrap.
 *
 * @throws VaultError `start`, with what to do, when the source cannot be used
 */
export function localKeys(
  source: KeySource,
  randomBytes: RandomBytes = systemRandomBytes,
): KeyProvider {
  let keys = readKeys(source)
  return {
    get primary() {
      return [...keys.keys()][0] ?? ''
    },
    get ids() {
      return [...keys.keys()]
    },
    howToAdd: source.howToAdd,

    async wrap(tenantKey, context) {
      const [first] = keys
      if (!first) throw keyUnavailable('closed', 'the root keys were closed')
      const [kekId, rootKey] = first
      const envelope = {
        label,
        keyVersion: context.version,
        context: wrapContext(context, kekId),
      } as const
      const lend = async (derive: (key: Uint8Array) => Uint8Array) => derive(rootKey)
      return { kekId, bytes: await sealEnvelope(lend, envelope, tenantKey, randomBytes) }
    },

    async unwrap({ kekId, bytes }, context) {
      const rootKey = keys.get(kekId)
      if (!rootKey) throw keyUnavailable('root_key_unknown', `the root key ${kekId} is unknown`)
      readKeyVersion(bytes, wrappedBytes)
      const lend = async (derive: (key: Uint8Array) => Uint8Array) => derive(rootKey)
      return openEnvelope(lend, { label, context: wrapContext(context, kekId) }, bytes)
    },

    ...(source.canReload && {
      async reload() {
        if (keys.size === 0) return // closed
        const old = keys
        keys = readKeys(source)
        wipe(old)
      },
    }),

    close() {
      wipe(keys)
      keys = new Map()
    },
  }
}

/** Computed and not configured, so that a wrong key under a right name cannot happen. */
function keyId(key: Uint8Array): string {
  const check = hmac(sha256, key, utf8ToBytes('keywell/1/kcv'))
  return `kek_${bytesToHex(check.subarray(0, 8))}`
}

function readKeys(source: KeySource): Map<string, Uint8Array> {
  return new Map(source.read().map((key) => [keyId(key), key] as const))
}

function wipe(keys: Map<string, Uint8Array>): void {
  for (const key of keys.values()) key.fill(0)
}

function wrapContext({ tenantId, version }: WrapContext, kekId: string): Uint8Array {
  return lengthPrefixed('tenant_key', tenantId, version, kekId)
}
