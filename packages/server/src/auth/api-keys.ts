import { KeywellError, Secret } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit, AuditAction } from '../audit/audit.ts'
import { createPeppers, type Peppers } from '../encryption-keys/peppers.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import * as store from '../store/api-keys.ts'
import { readClock } from '../store/census.ts'
import type { Database, Sql } from '../store/database.ts'
import { installation } from '../store/scope.ts'
import type { Vault } from '../vault/vault.ts'
import type { Access } from './access.ts'
import { alarmForged, alarmUnverifiable } from './key-alarms.ts'
import { createKeyCheck, type KeyCheck } from './key-check.ts'
import { createKeyMacs, type KeyMacs } from './key-macs.ts'
import { writeKey } from './key-text.ts'
import { permissionsOf } from './permissions.ts'

/** Who changes keys. A command has no key itself, and may make any. */
export interface KeyActor extends Actor {
  access: Access | undefined
}

export interface ApiKeys extends KeyCheck {
  /** Loads the pepper. Before that every key is refused. Called again, it takes up a new one. */
  start(): Promise<void>
  /**
   * The key is shown once; the database keeps MACs of it and of what it may do.
   *
   * @throws KeywellError `forbidden` for a key that is stronger, or lives longer, than its maker's
   */
  create(
    requested: store.ApiKeyGrants & { name: string },
    maker: KeyActor,
  ): Promise<{ row: store.ApiKeyRow; key: Secret }>
  list(): Promise<store.ApiKeyRow[]>
  revoke(id: string, maker: KeyActor): Promise<store.ApiKeyRow>
  /**
   * Makes a successor that may do the same and lives as long; the old key ends after the overlap, or
   * before, if it was to.
   */
  rotate(
    id: string,
    overlapMs: number,
    maker: KeyActor,
  ): Promise<{ row: store.ApiKeyRow; key: Secret }>
}

interface ApiKeyParts {
  database: Database
  vault: Pick<Vault, 'subkeyOf'>
  audit: Audit
  logger: Logger
  makeId: MakeId
  randomBytes: (bytes: number) => Uint8Array
}

interface Parts extends Omit<ApiKeyParts, 'vault'> {
  peppers: Peppers<KeyMacs>
}

export function createApiKeys({ vault, ...rest }: ApiKeyParts): ApiKeys {
  const peppers = createPeppers(vault, 'keywell/1/api-key', createKeyMacs)
  const parts: Parts = { ...rest, peppers }
  const check = createKeyCheck(parts)

  /** A replica that changes a key looks it up again itself, before it is notified. */
  async function changed<Result>(change: Promise<Result>): Promise<Result> {
    const result = await change
    check.forget()
    return result
  }

  return {
    start: peppers.load,
    create: (requested, maker) => create(parts, requested, maker),
    list: () => store.listApiKeys(parts.database.of(installation)),
    revoke: (id, maker) => changed(revoke(parts, id, maker)),
    rotate: (id, overlapMs, maker) => changed(rotate(parts, id, overlapMs, maker)),
    ...check,
  }
}

interface MadeKey {
  row: store.ApiKeyRow
  key: Secret
}

async function create(
  parts: Parts,
  requested: store.ApiKeyGrants & { name: string },
  maker: KeyActor,
): Promise<MadeKey> {
  requireNotStronger(requested, maker.access)
  return parts.database.transaction('@install', async (sql) => {
    const nowMs = await readClock(sql)
    if (requested.expiresAt !== null && requested.expiresAt.getTime() <= nowMs) {
      throw new KeywellError('invalid_request', 'expiresAt: must be in the future')
    }
    const made = await insert(parts, sql, requested, nowMs)
    await record(parts, sql, 'api_key.create', made.row.id, maker)
    return made
  })
}

function revoke(parts: Parts, id: string, maker: KeyActor): Promise<store.ApiKeyRow> {
  return parts.database.transaction('@install', async (sql) => {
    const revoked = (await store.revokeApiKey(sql, id)) ?? notFound(id)
    await record(parts, sql, 'api_key.revoke', id, maker)
    await store.notifyApiKeysChanged(sql)
    return revoked
  })
}

async function rotate(
  parts: Parts,
  id: string,
  overlapMs: number,
  maker: KeyActor,
): Promise<MadeKey> {
  const { database, peppers, logger } = parts
  const seen = await store.findApiKey(database.of(installation), id)
  if (seen === undefined || !seen.live) return notFound(id)
  const macs = (await peppers.find(seen.pepperVersion)) ?? unverifiable(logger, seen)
  return database.transaction('@install', async (sql) => {
    const old = await store.lockApiKey(sql, id)
    if (old === undefined || !old.live) return notFound(id)
    if (old.replacedBy !== null) return alreadyReplaced(old.id, old.replacedBy)
    if (old.pepperVersion !== seen.pepperVersion) return renewedMeanwhile(id)
    // The grants of an altered row must not pass to a successor with a valid MAC.
    if (!macs.isIntact(old)) return altered(logger, old)
    const nowMs = await readClock(sql)
    const grants = { ...old, expiresAt: sameSpan(old, nowMs) }
    requireNotStronger(grants, maker.access)
    const next = await insert(parts, sql, grants, nowMs)
    const end = new Date(Math.min(nowMs + overlapMs, old.expiresAt?.getTime() ?? Infinity))
    const ending = { ...old, expiresAt: end }
    const grantsMac = macs.ofGrants(ending)
    await store.replaceApiKey(sql, { ...ending, replacedBy: next.row.id, grantsMac })
    await record(parts, sql, 'api_key.rotate', id, maker)
    await store.notifyApiKeysChanged(sql)
    return next
  })
}

async function insert(
  parts: Parts,
  sql: Sql,
  { name, roles, tenants, providers, origins, expiresAt }: store.ApiKeyGrants & { name: string },
  nowMs: number,
): Promise<MadeKey> {
  const id = parts.makeId('apiKey')
  const key = writeKey(id, parts.randomBytes)
  const createdAt = new Date(nowMs)
  const { version: pepperVersion, macs } = parts.peppers.present()
  const mac = macs.ofKey(key)
  const granted = { id, mac, roles, tenants, providers, origins, expiresAt, createdAt }
  const grantsMac = macs.ofGrants(granted)
  const row = await store.insertApiKey(sql, { ...granted, name, grantsMac, pepperVersion })
  if (row === undefined) throw new TypeError('an insert that returns has one row')
  return { row, key: new Secret(key) }
}

function record(
  { audit }: Parts,
  sql: Sql,
  action: AuditAction,
  id: string,
  { actor, requestId }: KeyActor,
): Promise<void> {
  const tenantId = '@install'
  return audit.write(sql, { tenantId, actor, requestId, action, result: 'ok', reason: id })
}

function requireNotStronger(requested: store.ApiKeyGrants, maker: Access | undefined): void {
  if (maker === undefined) return
  const own = permissionsOf(maker.roles)
  const more = [...permissionsOf(requested.roles)].filter((permission) => !own.has(permission))
  if (more.length > 0) {
    throw new KeywellError('forbidden', `This key has not ${more.join(', ')}, so it can't give it.`)
  }
  // The routes for keys are closed to keys that are limited to tenants or providers, and not to these.
  const { origins } = maker
  if (origins !== null && requested.origins?.every((origin) => origins.includes(origin)) !== true) {
    throw new KeywellError('forbidden', 'No key can make one for more origins than its own.', {
      nextStep: `Set origins to some of ${origins.join(', ')}.`,
    })
  }
  const end = requested.expiresAt?.getTime() ?? Infinity
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

function altered(logger: Logger, row: store.ApiKeyRow): never {
  alarmForged(logger, row, 'altered')
  throw new KeywellError('conflict', `The row of ${row.id} was changed by hand.`, {
    nextStep: 'Revoke this key, make a new one, and find out who writes to the database.',
  })
}

function unverifiable(logger: Logger, row: store.ApiKeyRow): never {
  alarmUnverifiable(logger, row)
  throw new KeywellError('conflict', `What checks ${row.id} is disabled or destroyed.`, {
    nextStep: 'Revoke this key and make a new one.',
  })
}

function notFound(id: string): never {
  throw new KeywellError('not_found', `There is no live API key ${id}.`)
}

function renewedMeanwhile(id: string): never {
  throw new KeywellError('conflict', `${id} was changed at the same time.`, {
    nextStep: 'Try again.',
  })
}

function alreadyReplaced(id: string, successor: string): never {
  throw new KeywellError('conflict', `${id} was rotated already; its successor is ${successor}.`, {
    nextStep: `Rotate ${successor}.`,
  })
}
