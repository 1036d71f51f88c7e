import { createHmac, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type ApiKeyId, base32, KeywellError, Secret } from '@keywell/protocol'
import { LRUCache } from 'lru-cache'
import type { Audit } from '../audit/audit.ts'
import type { MakeId } from '../ids.ts'
import {
  type ApiKeyRow,
  findLiveApiKey,
  insertApiKey,
  listApiKeys,
  revokeApiKey,
  touchApiKey,
} from '../store/api-keys.ts'
import type { Database } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'

/**
 * An API key: `kw_`, the key's id, 256 random bits, a checksum. The prefix lets secret scanners find
 * it, the checksum tells a typing error without a look-up.
 */
const keyPattern = /^kw_([0-9A-HJKMNP-TV-Z]{26})_([0-9A-HJKMNP-TV-Z]{52})([0-9A-HJKMNP-TV-Z]{7})$/
const secretBytes = 32
/** How long a verified key is believed without a look-up; also the time until a revoked one is refused. */
const believedMs = 2_000
const touchPauseMs = 60_000

export interface ApiKeys {
  /** Loads the pepper. Before that every key is refused. */
  start(): Promise<void>
  /** The key is shown once; the database keeps a MAC of it. */
  create(name: string, actor: string): Promise<{ id: ApiKeyId; key: Secret }>
  list(): Promise<ApiKeyRow[]>
  revoke(id: string, actor: string): Promise<void>
  /** @throws KeywellError `unauthorized`, the same for wrong, revoked and unknown keys */
  verify(key: string): Promise<{ id: string }>
}

export function createApiKeys(parts: {
  database: Database
  vault: Vault
  audit: Audit
  makeId: MakeId
  random: (bytes: number) => Uint8Array
  now: () => number
}): ApiKeys {
  const { database, audit } = parts
  const believed = new LRUCache<string, { id: string }>({ max: 1_000, ttl: believedMs })
  const touched = new LRUCache<string, true>({ max: 1_000, ttl: touchPauseMs })
  let pepper: Uint8Array | undefined

  function macOf(key: string): Buffer {
    if (pepper === undefined) throw new KeywellError('unavailable', 'The service is starting.')
    return createHmac('sha256', pepper).update(key).digest()
  }

  return {
    async start() {
      pepper = await parts.vault.subkey('keywell/1/api-key')
    },

    async create(name, actor) {
      const id = parts.makeId('apiKey')
      const body = `kw_${id.slice(4)}_${base32(parts.random(secretBytes))}`
      const key = body + checksum(body)
      await database.transaction('@install', async (sql) => {
        await insertApiKey(sql, { id, name, mac: macOf(key) })
        await audit.write(sql, { ...entryOf(actor, id), action: 'api_key.create' })
      })
      return { id, key: new Secret(key) }
    },

    list: () => listApiKeys(database),

    async revoke(id, actor) {
      await database.transaction('@install', async (sql) => {
        if (!(await revokeApiKey(sql, id))) {
          throw new KeywellError('not_found', `There is no live API key ${id}.`)
        }
        await audit.write(sql, { ...entryOf(actor, id), action: 'api_key.revoke' })
      })
      believed.clear()
    },

    async verify(key) {
      // Named by a hash, so that no key lies in memory as the name of an entry.
      const name = hash('sha256', key, 'base64')
      let known = believed.get(name)
      if (known === undefined) {
        known = isWellFormed(key) ? await findLiveApiKey(database, macOf(key)) : undefined
        if (known === undefined) throw refused()
        believed.set(name, known)
      }
      if (!touched.has(known.id)) {
        touched.set(known.id, true)
        // Off the path of the read; when the database is away it is told so by the read itself.
        void touchApiKey(database, known.id).catch(() => {})
      }
      return known
    },
  }
}

function isWellFormed(key: string): boolean {
  const shape = keyPattern.exec(key)
  return shape !== null && checksum(key.slice(0, -7)) === shape[3]
}

function checksum(text: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(text))
  return base32(bytes)
}

function refused(): KeywellError {
  return new KeywellError('unauthorized', 'The API key is not valid.')
}

function entryOf(actor: string, id: string) {
  return { tenantId: '@install', actor, result: 'ok', reason: id } as const
}
