import { KeywellError, type Tenant, type TenantId } from '@keywell/protocol'
import { withdrawnMethods } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import { writeProvidersChange } from '../changes/changes.ts'
import { type Disconnector, manualUrl } from '../credentials/disconnect.ts'
import type { Logger } from '../logger.ts'
import { deleteAccountUsesOf } from '../store/account-uses.ts'
import type { Database, Sql } from '../store/database.ts'
import { notifyKeysChanged } from '../store/key-rotation.ts'
import { deleteDefinitionsOf } from '../store/provider-versions.ts'
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
 * How long one call works before it returns the progress, in milliseconds. Together with the wait for a slow
 * provider this is less than the 10 s for which an SDK waits.
 */
const maxWorkMs = 4_000
/** Erasures that one sweep continues. */
const sweepSize = 20
/** Rows that are deleted by one statement. */
const batchRows = 1_000

/**
 * Reads and erases tenants. An erasure has this order: no new connections; every connection removed; every
 * grant withdrawn, or given up after its time; then, in one transaction, the keys destroyed and the rows deleted.
 * Each step is committed by itself. After a stop at any step, the next call or sweep continues.
 */
export interface Tenants {
  /** @throws KeywellError `not_found` */
  read(tenantId: string): Promise<Tenant>
  /**
   * Begins or continues an erasure, or removes rows that were restored after it. Returns the progress. With
   * `now`, grants that are not withdrawn yet stay valid at the provider.
   *
   * @throws KeywellError `not_found` for a tenant that never had any data
   */
  erase(tenantId: string, options: Erasure): Promise<Tenant>
  /** Continues every erasure that is not finished, one after the other, until `stop`. */
  sweep(): Promise<void>
  /** Ends a sweep after the tenant that it works on. */
  stop(): void
}

interface Erasure {
  now: boolean
  caller: Actor
}

interface TenantParts {
  catalogue: Catalogue
  database: Database
  vault: Pick<Vault, 'evict'>
  audit: Pick<Audit, 'write'>
  disconnector: Pick<Disconnector, 'disconnectSome' | 'withdrawOf'>
  logger: Logger
  /** Milliseconds of a clock that never goes back. */
  monotonic: () => number
}

export function createTenants(parts: TenantParts): Tenants {
  const { database } = parts
  let sweeping = false
  let stopped = false

  return {
    read: (tenantId) => readTenant(parts, tenantId),
    erase: (tenantId, options) => eraseTenant(parts, tenantId, options),
    async sweep() {
      if (sweeping) return
      sweeping = true
      try {
        for (const tenantId of await listErasures(database.of(everyTenant), sweepSize)) {
          if (stopped) return
          await sweepTenant(parts, tenantId)
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

async function readTenant(
  { catalogue, database }: Pick<TenantParts, 'catalogue' | 'database'>,
  tenantId: string,
): Promise<Tenant> {
  const tenant = await findTenant(database.of(tenantId), tenantId)
  if (tenant === undefined) throw new KeywellError('not_found', 'There is no such tenant.')
  const [pending, left] = await Promise.all([
    listPendingGrants(database.of(tenantId), tenantId),
    listLeftGrants(database.of(tenantId), tenantId),
  ])
  const { begunAt, erasedAt, ...holds } = tenant
  return {
    // The id was parsed when it came in.
    tenantId: tenantId as TenantId,
    state: erasedAt !== null ? 'erased' : begunAt !== null ? 'erasing' : 'active',
    erasingSince: begunAt?.toISOString() ?? null,
    erasedAt: erasedAt?.toISOString() ?? null,
    holds,
    pending,
    manual: left.map((grants) => ({
      ...grants,
      manualUrl: manualUrl(catalogue, { ...grants, tenantId }),
    })),
  }
}

async function eraseTenant(
  parts: TenantParts,
  tenantId: string,
  options: Erasure,
): Promise<Tenant> {
  const { state } = await readTenant(parts, tenantId)
  if (state === 'active') await begin(parts, tenantId, options.caller)
  if (state === 'erased') await removeRestored(parts, tenantId, options.caller)
  else await continueErasure(parts, tenantId, options)
  return readTenant(parts, tenantId)
}

async function begin(
  { catalogue, database, audit }: TenantParts,
  tenantId: string,
  caller: Actor,
): Promise<void> {
  const withdrawn = catalogue
    .list(tenantId)
    .flatMap((provider) =>
      withdrawnMethods(provider).map((method) => ({ provider: provider.name, method })),
    )
  await database.transaction(withInstallation(tenantId), async (sql) => {
    if (!(await beginErasure(sql, tenantId))) return
    await deleteAttempts(sql, tenantId)
    await noteCredentialsLeft(sql, tenantId, withdrawn)
    await audit.write(sql, { ...caller, tenantId, action: 'tenant.erase', result: 'intent' })
  })
}

async function continueErasure(
  parts: TenantParts,
  tenantId: string,
  options: Erasure,
): Promise<void> {
  const { database, disconnector, monotonic } = parts
  const until = monotonic() + maxWorkMs
  const isInTime = () => monotonic() < until
  while ((await disconnector.disconnectSome(tenantId, options.caller)) && isInTime()) {}
  if (!options.now) await disconnector.withdrawOf(tenantId)
  while (
    (await deleteSomeTenantRows(database.of(tenantId), tenantId, batchRows)) > 0 &&
    isInTime()
  ) {}
  // Does nothing if the time was too short: connections or grants are left then.
  await finishErasure(parts, tenantId, options)
}

/** Destroys the keys and deletes the rows, unless connections or pending grants are left. */
async function finishErasure(
  { database, audit, vault }: TenantParts,
  tenantId: string,
  { now, caller }: Erasure,
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
  vault.evict(tenantId)
}

/** Rows that were restored after the end are deleted again. Their grants were withdrawn the first time. */
async function removeRestored(
  { database, audit, vault }: TenantParts,
  tenantId: string,
  caller: Actor,
): Promise<void> {
  await database.transaction(withInstallation(tenantId), async (sql) => {
    if ((await listRestoredRows(sql, tenantId, 1)).length === 0) return
    await shred(sql, tenantId)
    const action = 'tenant.erase' as const
    await audit.write(sql, { ...caller, tenantId, action, result: 'ok', reason: 'restored' })
  })
  vault.evict(tenantId)
}

/** Never rejects: a tenant that cannot be erased must not hold up the others. */
async function sweepTenant(parts: TenantParts, tenantId: string): Promise<void> {
  try {
    await continueErasure(parts, tenantId, { now: false, caller: { actor: 'service' } })
  } catch (error) {
    parts.logger.error({ tenantId, reason: String(error) }, 'tenant erasure failed')
  }
}

/** Destroys the keys, deletes the rows and notifies every replica: no data of the tenant can be read or opened. */
async function shred(sql: Sql, tenantId: string): Promise<void> {
  // A flow that was running when the erasure began may have left a code behind.
  await deleteAttempts(sql, tenantId)
  await destroyTenantKeys(sql, tenantId)
  await deleteTenantRows(sql, tenantId)
  if ((await deleteDefinitionsOf(sql, tenantId)) > 0) await writeProvidersChange(sql, tenantId)
  await deleteAccountUsesOf(sql, tenantId)
  await notifyKeysChanged(sql, tenantId)
}
