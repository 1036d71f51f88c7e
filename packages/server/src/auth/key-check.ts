import { hash } from 'node:crypto'
import { KeywellError } from '@keywell/protocol'
import { LRUCache } from 'lru-cache'
import type { Peppers } from '../encryption-keys/peppers.ts'
import type { Logger } from '../logger.ts'
import { type ApiKeyRow, findApiKeys, renewApiKey, touchApiKey } from '../store/api-keys.ts'
import type { Database } from '../store/database.ts'
import { installation } from '../store/scope.ts'
import type { Access } from './access.ts'
import { createKeyLookUp } from './key-look-up.ts'
import type { KeyMacs, KeyVerdict } from './key-macs.ts'
import { idInKey } from './key-text.ts'

/** How long a verified key is believed without a look-up; also the time until a revoked one is refused. */
export const cachedMs = 2_000
const touchPauseMs = 60_000
/** Of one key, an alarm is raised so often at most, in milliseconds. */
const alarmPauseMs = 1_000
/** Keys that are remembered. */
const maxKeys = 1_000

/** Says of the key that came with a request what it may do. */
export interface KeyCheck {
  /**
   * One that has no right checksum is looked up nowhere.
   *
   * @throws KeywellError `unauthorized`, the same for wrong, expired, revoked and unknown keys
   */
  verify(key: string): Promise<Access>
  /**
   * What the keys of these ids may do now; those that have ended, or whose row was changed by hand, are
   * missing. For keys that were right before: their secrets are not looked at again.
   */
  current(ids: readonly string[]): Promise<Map<string, Access>>
  /** Looks up every key again: one of them was changed. */
  forget(): void
}

/** The cause of a refusal whose key has ended. For the log: whoever called is not told. */
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

export function createKeyCheck(parts: {
  database: Database
  peppers: Pick<Peppers<KeyMacs>, 'present' | 'find'>
  logger: Logger
}): KeyCheck {
  const { database, peppers, logger } = parts
  const cached = new LRUCache<string, Access>({ max: maxKeys, ttl: cachedMs })
  /** Keys that were wrong, and of those that have ended the cause. */
  const refusals = new LRUCache<string, { cause: DeadKey | undefined }>({
    max: maxKeys,
    ttl: cachedMs,
  })
  const alarmed = new LRUCache<string, true>({ max: maxKeys, ttl: alarmPauseMs })
  const touched = new LRUCache<string, true>({ max: maxKeys, ttl: touchPauseMs })
  const lookUp = createKeyLookUp(database)
  /** Ids of keys that are on their way to the present pepper. */
  const renewing = new Set<string>()

  /** The access that a key has, by its row. */
  async function admit(id: string, key: string): Promise<Access> {
    const row = await lookUp(id)
    if (row === undefined) throw refused()
    // Its MAC went with it, so it is believed which one it was: it opens nothing.
    if (row.revokedAt !== null) throw refused(new DeadKey(row))
    const macs = await peppers.find(row.pepperVersion)
    const verdict = macs === undefined ? 'unverifiable' : macs.judge(row, key)
    if (!row.live) throw refused(verdict === 'right' ? new DeadKey(row) : undefined)
    switch (verdict) {
      case 'right':
        renew(row, key)
        return accessOf(row)
      case 'unverifiable':
        alarmUnverifiable(logger, row)
        throw refused()
      case 'mismatch':
      case 'altered':
        alarmForged(row, verdict)
        throw refused()
      default:
        verdict satisfies never
        throw new TypeError('unreachable')
    }
  }

  function alarmForged({ id: keyId }: ApiKeyRow, verdict: KeyVerdict): void {
    if (alarmed.has(keyId)) return
    alarmed.set(keyId, true)
    logger.error({ alarm: 'api_key_forged', keyId, verdict }, 'API key forged')
  }

  /**
   * A key that was right leaves an old pepper now, since its text is at hand. Off the path of the read; who
   * loses against another replica, or has no database, does it at a later use.
   */
  function renew(row: ApiKeyRow, key: string): void {
    const { version: pepperVersion, macs } = peppers.present()
    if (row.pepperVersion >= pepperVersion || renewing.has(row.id)) return
    renewing.add(row.id)
    void renewApiKey(database.of(installation), row, { ...macs.again(row, key), pepperVersion })
      .catch(() => {})
      .finally(() => renewing.delete(row.id))
  }

  /** Off the path of the read; when the database is away it is told so by the read itself. */
  function touch(id: string): void {
    if (touched.has(id)) return
    touched.set(id, true)
    void touchApiKey(database.of(installation), id).catch(() => {})
  }

  /** What came of it is remembered, for the same key comes again. */
  async function findOut(id: string, key: string, name: string): Promise<Access> {
    const refusal = refusals.get(name)
    if (refusal !== undefined) throw refused(refusal.cause)
    try {
      const access = await admit(id, key)
      cached.set(name, access)
      return access
    } catch (error) {
      if (error instanceof KeywellError && error.code === 'unauthorized') {
        refusals.set(name, { cause: error.cause instanceof DeadKey ? error.cause : undefined })
      }
      throw error
    }
  }

  return {
    async verify(key) {
      const id = idInKey(key)
      if (id === undefined) throw refused()
      const name = nameOf(key)
      const known = cached.get(name) ?? (await findOut(id, key, name))
      touch(known.id)
      return known
    },

    async current(ids) {
      const rows = await findApiKeys(database.of(installation), ids)
      const accesses = new Map<string, Access>()
      for (const row of rows.filter(({ live }) => live)) {
        const macs = await peppers.find(row.pepperVersion)
        if (macs === undefined) alarmUnverifiable(logger, row)
        else if (!macs.isIntact(row)) alarmForged(row, 'altered')
        else accesses.set(row.id, accessOf(row))
      }
      return accesses
    },

    forget() {
      cached.clear()
      refusals.clear()
    },
  }
}

/** Somebody disabled or destroyed a version of the installation's key that a live API key still needs. */
export function alarmUnverifiable(
  logger: Logger,
  { id: keyId, pepperVersion: version }: ApiKeyRow,
): void {
  logger.error({ alarm: 'api_key_unverifiable', keyId, version }, 'API key unverifiable')
}

/** A hash, so that no key lies in memory as the name of an entry. */
function nameOf(key: string): string {
  return hash('sha256', key, 'base64')
}

function accessOf({ id, roles, tenants, providers, origins, expiresAt }: ApiKeyRow): Access {
  return { id, roles, tenants, providers, origins, expiresAt: expiresAt?.getTime() ?? null }
}

function refused(cause?: DeadKey): KeywellError {
  return new KeywellError('unauthorized', 'The API key is not valid.', { cause })
}
