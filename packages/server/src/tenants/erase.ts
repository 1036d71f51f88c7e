import { KeywellError, type Tenant, type TenantId } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { type Disconnector, manualUrl } from '../credentials/disconnect.ts'
import type { Logger } from '../logger.ts'
import type { Database, Sql } from '../store/database.ts'
import { notifyKeysChanged } from '../store/key-rotation.ts'
import { everyTenant, withInstallation } from '../store/scope.ts'
import {
  beginErasure,
  deleteAttempts,
  deleteSomeTenantRows,
  deleteTenantRows,
  destroyTenantKeys,
  endErasure,
  findTenant,
  listErasures,
  listLeftGrants,
  listPendingGrants,
  listRestoredRows,
  lockErasure,
  noteCredentialsLeft,
  noteGrantsLeft,
} from '../store/tenants.ts'
import type { Vault } from '../vault/vault.ts'

/**
 * How long one call works before it says how far it is, in milliseconds. With the wait for a slow provider
 * that is less than the 10 s for which an SDK waits.
 */
const maxWorkMs = 4_000
/** Erasures that one sweep goes on with. */
const sweepSize = 20
/** Rows that are deleted by one statement. */
const batchRows = 1_000

/**
 * Tenants, and their end. The order is: nothing new; every connection removed; every grant withdrawn, or
 * given up after its time; then the keys destroyed and the rows deleted, in one transaction. Each step is
 * committed by itself, so whoever was stopped anywhere calls again, and the worker goes on by itself.
 */
export interface Tenants {
  /** @throws KeywellError `not_found` */
  read(tenantId: string): Promise<Tenant>
  /**
   * Begins, goes on, or removes what was put back since the end, and answers how far it is. `now`: grants that are not withdrawn yet are left to live.
   *
   * @throws KeywellError `not_found` for a tenant that nothing was ever kept of
   */
  erase(tenantId: string, options: { now: boolean; caller: Actor }): Promise<Tenant>
  /** Goes on with every erasure that is under way, one after the other, until a stop. */
  sweep(): Promise<void>
  /** Begins with no further tenant; a sweep ends soon. */
  stop(): void
}

export function createTenants(parts: {
  database: Database
  vault: Pick<Vault, 'evict'>
  audit: Pick<Audit, 'write'>
  disconnector: Pick<Disconnector, 'disconnectSome' | 'withdrawOf'>
  logger: Logger
  /** Milliseconds of a clock that never goes back. */
  monotonic: () => number
}): Tenants {
  const { database, audit, disconnector } = parts
  let sweeping = false
  let stopped = false

  async function begin(tenantId: string, caller: Actor): Promise<void> {
    await database.transaction(withInstallation(tenantId), async (sql) => {
      if (!(await beginErasure(sql, tenantId))) return
      await deleteAttempts(sql, tenantId)
      await noteCredentialsLeft(sql, tenantId)
      await audit.write(sql, { ...caller, tenantId, action: 'tenant.erase', result: 'intent' })
    })
  }

  async function goOn(tenantId: string, options: { now: boolean; caller: Actor }): Promise<void> {
    const { now, caller } = options
    const until = parts.monotonic() + maxWorkMs
    const inTime = () => parts.monotonic() < until
    while ((await disconnector.disconnectSome(tenantId, caller)) && inTime()) {}
    if (!now) await disconnector.withdrawOf(tenantId)
    while (
      (await deleteSomeTenantRows(database.of(tenantId), tenantId, batchRows)) > 0 &&
      inTime()
    ) {}
    // When time was too short, it finds something in its way.
    await end(tenantId, options)
  }

  /** The end itself, unless something stands in its way. */
  async function end(
    tenantId: string,
    { now, caller }: { now: boolean; caller: Actor },
  ): Promise<void> {
    await database.transaction(withInstallation(tenantId), async (sql) => {
      const state = await lockErasure(sql, tenantId)
      if (state === undefined || state.connections > 0) return
      if (state.pending > 0 && !now) return
      await noteGrantsLeft(sql, tenantId)
      await shred(sql, tenantId)
      await endErasure(sql, tenantId)
      await audit.write(sql, {
        ...caller,
        tenantId,
        action: 'tenant.erase',
        result: 'ok',
        reason: state.pending > 0 ? 'grants_left' : undefined,
      })
    })
    parts.vault.evict(tenantId)
  }

  /** What was put back after the end goes once more. Its grants were dealt with when it was there first. */
  async function removeRestored(tenantId: string, caller: Actor): Promise<void> {
    await database.transaction(withInstallation(tenantId), async (sql) => {
      if ((await listRestoredRows(sql, tenantId, 1)).length === 0) return
      await shred(sql, tenantId)
      const action = 'tenant.erase' as const
      await audit.write(sql, { ...caller, tenantId, action, result: 'ok', reason: 'restored' })
    })
    parts.vault.evict(tenantId)
  }

  async function read(tenantId: string): Promise<Tenant> {
    const tenant = await findTenant(database.of(tenantId), tenantId)
    if (tenant === undefined) throw new KeywellError('not_found', 'There is no such tenant.')
    const [pending, left] = await Promise.all([
      listPendingGrants(database.of(tenantId), tenantId),
      listLeftGrants(database.of(tenantId), tenantId),
    ])
    const { begunAt, erasedAt, ...holds } = tenant
    return {
      // It was parsed when it came in.
      tenantId: tenantId as TenantId,
      state: erasedAt !== null ? 'erased' : begunAt !== null ? 'erasing' : 'active',
      erasingSince: begunAt?.toISOString() ?? null,
      erasedAt: erasedAt?.toISOString() ?? null,
      holds,
      pending,
      manual: left.map((grants) => ({ ...grants, manualUrl: manualUrl(grants, grants.type) })),
    }
  }

  /** One that cannot be ended must not hold up the others. */
  async function sweepOne(tenantId: string): Promise<void> {
    try {
      await goOn(tenantId, { now: false, caller: { actor: 'service' } })
    } catch (error) {
      parts.logger.error({ tenantId, reason: String(error) }, 'a tenant could not be erased')
    }
  }

  return {
    read,

    async erase(tenantId, options) {
      const { state } = await read(tenantId)
      if (state === 'active') await begin(tenantId, options.caller)
      if (state === 'erased') await removeRestored(tenantId, options.caller)
      else await goOn(tenantId, options)
      return read(tenantId)
    },

    async sweep() {
      if (sweeping) return
      sweeping = true
      try {
        for (const tenantId of await listErasures(database.of(everyTenant), sweepSize)) {
          if (stopped) return
          await sweepOne(tenantId)
        }
      } finally {
        sweeping = false
      }
    },

    stop() {
      stopped = true
    },
  }
}

/** Keys destroyed, rows deleted, every replica told: nothing of the tenant is left to read or to open. */
async function shred(sql: Sql, tenantId: string): Promise<void> {
  // An attempt that was on its way when the erasure began may have left a code behind.
  await deleteAttempts(sql, tenantId)
  await destroyTenantKeys(sql, tenantId)
  await deleteTenantRows(sql, tenantId)
  await notifyKeysChanged(sql, tenantId)
}
