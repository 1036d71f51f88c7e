import { hash } from 'node:crypto'
import { type ApiKeyRole, KeywellError, Secret } from '@keywell/protocol'
import { LRUCache } from 'lru-cache'
import type { Audit, AuditAction } from '../audit/audit.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import * as store from '../store/api-keys.ts'
import { readClock } from '../store/census.ts'
import type { Database, Sql } from '../store/database.ts'
import { installation } from '../store/scope.ts'
import type { Vault } from '../vault/vault.ts'
import type { Access } from './access.ts'
import { createKeyMacs, type KeyMacs } from './key-macs.ts'
import { idInKey, writeKey } from './key-text.ts'
import { permissionsOf } from './permissions.ts'

/** How long a verified key is believed without a look-up; also the time until a revoked one is refused. */
const believedMs = 2_000
const touchPauseMs = 60_000
/** How long a key that was right is not taken for a guess. */
const provenMs = 3_600_000

/** What a key could do before there were roles, and what the first key of an installation can do. */
export const everyRole: readonly ApiKeyRole[] = ['admin', 'backend']

/** Whoever asks for a change: by command there is no key, and nothing is too strong. */
export interface KeyMaker {
  actor: string
  requestId?: string | undefined
  access: Access | undefined
}

/** The cause of a refusal whose key has ended. For the log: whoever called is not told. */
export class DeadKey extends Error {
  override readonly name = 'DeadKey'
  readonly keyId: string
  readonly reason: 'expired' | 'revoked'

  constructor({ id, revokedAt }: store.ApiKeyRow) {
    super(`The key ${id} has ended.`)
    this.keyId = id
    this.reason = revokedAt === null ? 'expired' : 'revoked'
  }
}

export interface ApiKeys {
  /** Loads the pepper. Before that every key is refused. */
  start(): Promise<void>
  /**
   * The key is shown once; the database keeps MACs of it and of what it may do.
   *
   * @throws KeywellError `forbidden` for a key that is stronger, or lives longer, than its maker's
   */
  create(
    wanted: store.ApiKeyGrants & { name: string },
    maker: KeyMaker,
  ): Promise<{ row: store.ApiKeyRow; key: Secret }>
  list(): Promise<store.ApiKeyRow[]>
  revoke(id: string, maker: KeyMaker): Promise<store.ApiKeyRow>
  /**
   * Makes a successor that may do the same and lives as long; the old key ends after the overlap, or
   * before, if it was to.
   */
  rotate(
    id: string,
    overlapMs: number,
    maker: KeyMaker,
  ): Promise<{ row: store.ApiKeyRow; key: Secret }>
  /** Whether a key was right within the last hour; it may not be any more. */
  wasRight(key: string): boolean
  /** @throws KeywellError `unauthorized`, the same for wrong, expired, revoked and unknown keys */
  verify(key: string): Promise<Access>
}

export function createApiKeys(parts: {
  database: Database
  vault: Pick<Vault, 'subkey'>
  audit: Audit
  logger: Logger
  makeId: MakeId
  random: (bytes: number) => Uint8Array
}): ApiKeys {
  const { database, audit, logger } = parts
  const believed = new LRUCache<string, Access>({ max: 1_000, ttl: believedMs })
  const proven = new LRUCache<string, true>({ max: 1_000, ttl: provenMs })
  const touched = new LRUCache<string, true>({ max: 1_000, ttl: touchPauseMs })
  let loaded: KeyMacs | undefined

  function macs(): KeyMacs {
    if (loaded === undefined) throw new KeywellError('unavailable', 'The service is starting.')
    return loaded
  }

  async function insert(
    sql: Sql,
    { name, roles, tenants, providers, expiresAt }: store.ApiKeyGrants & { name: string },
    nowMs: number,
  ): Promise<{ row: store.ApiKeyRow; key: Secret }> {
    const id = parts.makeId('apiKey')
    const key = writeKey(id, parts.random)
    const createdAt = new Date(nowMs)
    const mac = macs().ofKey(key)
    const granted = { id, mac, roles, tenants, providers, expiresAt, createdAt }
    const grantsMac = macs().ofGrants(granted)
    const row = await store.insertApiKey(sql, { ...granted, name, grantsMac })
    if (row === undefined) throw new TypeError('an insert that returns has one row')
    return { row, key: new Secret(key) }
  }

  function record(sql: Sql, action: AuditAction, id: string, maker: KeyMaker): Promise<void> {
    const { actor, requestId } = maker
    const tenantId = '@install'
    return audit.write(sql, { tenantId, actor, requestId, action, result: 'ok', reason: id })
  }

  /** The access that a key has, by its row. */
  async function admit(key: string): Promise<Access> {
    const id = idInKey(key)
    const row = id === undefined ? undefined : await store.findApiKey(database.of(installation), id)
    if (row === undefined) throw refused()
    const verdict = macs().judge(row, key)
    // With a revoked key its MAC went, so it is believed which one it was: it opens nothing.
    const isKnown = row.revokedAt !== null || verdict.startsWith('right')
    if (!row.live) throw refused(isKnown ? new DeadKey(row) : undefined)
    switch (verdict) {
      case 'right':
        return accessOf(row)
      case 'right_from_before':
        return accessOf({ ...row, roles: everyRole, tenants: null, providers: null })
      case 'made_up':
      case 'altered':
        logger.error({ alarm: 'api_key_forged', keyId: row.id, verdict }, 'a forged API key')
        throw refused()
      default:
        verdict satisfies never
        throw new TypeError('unreachable')
    }
  }

  return {
    async start() {
      loaded = createKeyMacs(await parts.vault.subkey('keywell/1/api-key'))
    },

    async create(wanted, maker) {
      requireNotStronger(wanted, maker.access)
      return database.transaction('@install', async (sql) => {
        const nowMs = await readClock(sql)
        if (wanted.expiresAt !== null && wanted.expiresAt.getTime() <= nowMs) {
          throw new KeywellError('invalid_request', 'expiresAt: must be in the future')
        }
        const made = await insert(sql, wanted, nowMs)
        await record(sql, 'api_key.create', made.row.id, maker)
        return made
      })
    },

    list: () => store.listApiKeys(database.of(installation)),

    async revoke(id, maker) {
      const row = await database.transaction('@install', async (sql) => {
        const revoked = (await store.revokeApiKey(sql, id)) ?? notFound(id)
        await record(sql, 'api_key.revoke', id, maker)
        return revoked
      })
      believed.clear()
      return row
    },

    async rotate(id, overlapMs, maker) {
      const made = await database.transaction('@install', async (sql) => {
        const old = await store.lockApiKey(sql, id)
        if (old === undefined || !old.live) return notFound(id)
        if (old.replacedBy !== null) return alreadyReplaced(old.id, old.replacedBy)
        // Or a successor would make an honest key of a row that somebody has widened.
        if (!macs().isIntact(old)) return altered(old.id)
        const nowMs = await readClock(sql)
        const grants = { ...old, expiresAt: sameSpan(old, nowMs) }
        requireNotStronger(grants, maker.access)
        const next = await insert(sql, grants, nowMs)
        const end = new Date(Math.min(nowMs + overlapMs, old.expiresAt?.getTime() ?? Infinity))
        const ending = { ...old, expiresAt: end }
        const grantsMac = old.grantsMac === null ? null : macs().ofGrants(ending)
        await store.replaceApiKey(sql, { ...ending, replacedBy: next.row.id, grantsMac })
        await record(sql, 'api_key.rotate', id, maker)
        return next
      })
      believed.clear()
      return made
    },

    wasRight: (key) => proven.has(nameOf(key)),

    async verify(key) {
      const name = nameOf(key)
      let known = believed.get(name)
      if (known === undefined) {
        known = await admit(key)
        believed.set(name, known)
        proven.set(name, true)
      }
      if (!touched.has(known.id)) {
        touched.set(known.id, true)
        // Off the path of the read; when the database is away it is told so by the read itself.
        void store.touchApiKey(database.of(installation), known.id).catch(() => {})
      }
      return known
    },
  }

  function altered(id: string): never {
    logger.error({ alarm: 'api_key_forged', keyId: id, verdict: 'altered' }, 'a forged API key')
    throw new KeywellError('conflict', `The row of ${id} was changed by hand.`, {
      nextStep: 'Revoke this key, make a new one, and find out who writes to the database.',
    })
  }
}

/** A hash, so that no key lies in memory as the name of an entry. */
function nameOf(key: string): string {
  return hash('sha256', key, 'base64')
}

function accessOf({ id, roles, tenants, providers, expiresAt }: store.ApiKeyRow): Access {
  return { id, roles, tenants, providers, expiresAt: expiresAt?.getTime() ?? null }
}

function requireNotStronger(wanted: store.ApiKeyGrants, maker: Access | undefined): void {
  if (maker === undefined) return
  const own = permissionsOf(maker.roles)
  const more = [...permissionsOf(wanted.roles)].filter((permission) => !own.has(permission))
  if (more.length > 0) {
    throw new KeywellError('forbidden', `This key has not ${more.join(', ')}, so it can't give it.`)
  }
  const end = wanted.expiresAt?.getTime() ?? Infinity
  if (maker.expiresAt !== null && end > maker.expiresAt) {
    throw new KeywellError('forbidden', 'No key can make one that lives longer than itself.', {
      nextStep: `Set expiresAt to ${new Date(maker.expiresAt).toISOString()} or before.`,
    })
  }
}

/** The end of a successor: as far away as that of the old key was when it was made. */
function sameSpan({ createdAt, expiresAt }: store.ApiKeyRow, nowMs: number): Date | null {
  return expiresAt === null ? null : new Date(nowMs + expiresAt.getTime() - createdAt.getTime())
}

function refused(cause?: DeadKey): KeywellError {
  return new KeywellError('unauthorized', 'The API key is not valid.', { cause })
}

function notFound(id: string): never {
  throw new KeywellError('not_found', `There is no live API key ${id}.`)
}

function alreadyReplaced(id: string, successor: string): never {
  throw new KeywellError('conflict', `${id} was rotated already; its successor is ${successor}.`, {
    nextStep: `Rotate ${successor}.`,
  })
}
