import { hash } from 'node:crypto'
import { KeywellError } from '@keywell/protocol'
import { LRUCache } from 'lru-cache'
import type { ApiKeyRow } from '../store/api-keys.ts'
import type { Access } from './access.ts'

/** How long a verified key is accepted without a look-up; also the time until a revoked one is refused. */
export const cachedMs = 2_000
/** Keys that are cached. */
const maxKeys = 1_000

/** The cause of a refusal whose key has ended. For the log: the caller gets the same answer as for any key. */
export class DeadKey extends Error {
  override readonly name = 'DeadKey'
  readonly keyId: string
  readonly reason: 'expired' | 'revoked'

  constructor({ id, revokedAt }: ApiKeyRow) {
    super(`The key ${id} has ended.`)
    this.keyId = id
    this.reason = revokedAt === null ? 'expired' : 'revoked'
  }
}

export function refused(cause?: DeadKey): KeywellError {
  return new KeywellError('unauthorized', 'The API key is not valid.', { cause })
}

/** What verified and refused keys came to, for the same key comes again. */
export interface KeyCache {
  /** @throws KeywellError `unauthorized`, and whatever `verify` throws; only the first is cached */
  get(key: string, verify: () => Promise<Access>): Promise<Access>
  clear(): void
}

export function createKeyCache(): KeyCache {
  const verified = new LRUCache<string, Access>({ max: maxKeys, ttl: cachedMs })
  /** Of keys that have ended, with the cause. */
  const refusals = new LRUCache<string, { cause: DeadKey | undefined }>({
    max: maxKeys,
    ttl: cachedMs,
  })

  async function verifyAndCache(name: string, verify: () => Promise<Access>): Promise<Access> {
    try {
      const access = await verify()
      verified.set(name, access)
      return access
    } catch (error) {
      if (error instanceof KeywellError && error.code === 'unauthorized') {
        refusals.set(name, { cause: error.cause instanceof DeadKey ? error.cause : undefined })
      }
      throw error
    }
  }

  return {
    async get(key, verify) {
      const name = nameOf(key)
      const access = verified.get(name)
      if (access !== undefined) return access
      const refusal = refusals.get(name)
      if (refusal !== undefined) throw refused(refusal.cause)
      return verifyAndCache(name, verify)
    },
    clear() {
      verified.clear()
      refusals.clear()
    },
  }
}

/** A hash, so that no key lies in memory as the name of an entry. */
function nameOf(key: string): string {
  return hash('sha256', key, 'base64')
}
