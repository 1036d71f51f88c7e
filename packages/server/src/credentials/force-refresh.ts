import { KeywellError, type RefreshAnswer } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Sleep } from '../clock.ts'
import type { Refresher } from '../refresh/refresh.ts'
import type { Timing } from '../refresh/timing.ts'
import { type CredentialReadRow, findCredential } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { findForcedWait, forceRefresh } from '../store/forced-refresh.ts'
import { findSchedule, type ScheduleView } from '../store/reader-claims.ts'
import { withInstallation } from '../store/scope.ts'
import { type ConnectionOwner, readConnection } from './connections.ts'
import { needsReauth } from './needs-reauth.ts'

/** How often one connection can be refreshed ahead of its time, in milliseconds. */
const everyMs = 60_000
/** How long a caller waits for the provider, in milliseconds. */
const maxWaitMs = 25_000
/** When to ask again while a refresh is under way, in milliseconds. */
const retryAfterMs = 1_000

interface ForceParts {
  catalogue: Catalogue
  database: Database
  refresher: Pick<Refresher, 'refresh'>
  audit: Audit
  connectUrl: string | undefined
  sleep: Sleep
  timing: Timing
}

export type ForceRefresh = (
  wanted: ConnectionOwner & { connectionId: string; ifGeneration: number | undefined },
  caller: Actor,
) => Promise<RefreshAnswer>

/**
 * Renews a credential ahead of its time, and waits for what becomes of it. It makes the row due, and nothing else: who
 * refreshes, and whether, is decided as for a row that is due by itself.
 *
 * @throws KeywellError `not_found`, `needs_reauth`, `not_renewable`; `refresh_in_progress` when it takes too long
 */
export function createForceRefresh(parts: ForceParts): ForceRefresh {
  return async ({ connectionId, ifGeneration, ...owner }, caller) => {
    const { database, refresher, sleep } = parts
    const { tenantId } = owner
    await readConnection(database.of(tenantId), owner, connectionId)
    const before = await readRenewable(parts, { tenantId, connectionId })
    const generation = ifGeneration ?? before.generation
    await force(parts, before, { generation, caller })
    // Also where it was not made due: an attempt of this process is shared. Only the end of a lease frees a row, since
    // where a token that comes twice ends its family nothing else is safe.
    const refreshing = refresher.refresh({ tenantId, connectionId }, null)
    await Promise.race([refreshing, sleep(maxWaitMs)])
    return answer(parts, { tenantId, connectionId, generation })
  }
}

/** @throws KeywellError for a connection that has ended, and for a credential that nothing renews */
async function readRenewable(
  { catalogue, database, connectUrl }: ForceParts,
  { tenantId, connectionId }: { tenantId: string; connectionId: string },
): Promise<CredentialReadRow> {
  const row = await findCredential(database.of(tenantId), tenantId, connectionId)
  if (row === undefined)
    throw new KeywellError('not_found', `There is no connection ${connectionId}.`)
  const title = catalogue.find(tenantId, row.provider)?.title ?? row.provider
  if (row.status !== 'active') throw needsReauth(row, { title, connectUrl })
  if (row.renewable) return row
  throw new KeywellError(
    'not_renewable',
    `The ${title} credential of this connection is not renewed.`,
  )
}

/** Each call has one entry, whether it could be made due or not. */
async function force(
  { database, audit }: ForceParts,
  { tenantId, id, userId }: CredentialReadRow,
  { generation, caller }: { generation: number; caller: Actor },
): Promise<void> {
  const row = { tenantId, connectionId: id, generation, everyMs }
  await database.transaction(withInstallation(tenantId), async (sql) => {
    const forced = await forceRefresh(sql, row)
    await audit.write(sql, {
      ...caller,
      tenantId,
      userId,
      connectionId: id,
      generation,
      action: 'connection.force_refresh',
      result: forced ? 'ok' : 'failed',
      reason: forced ? undefined : 'not_due',
    })
  })
}

async function answer(
  parts: ForceParts,
  {
    tenantId,
    connectionId,
    generation,
  }: { tenantId: string; connectionId: string; generation: number },
): Promise<RefreshAnswer> {
  const { database, timing } = parts
  const named = { tenantId, connectionId, generation, silentMs: null, leaseMs: timing.leaseMs }
  // In this order: a lease that has ended by now left its result in the row that is read next.
  const schedule = await findSchedule(database.of(withInstallation(tenantId)), named)
  const waitMs = await findForcedWait(database.of(tenantId), { tenantId, connectionId, everyMs })
  const row = await readRenewable(parts, named)
  if (schedule?.leased && row.generation === generation) {
    throw new KeywellError('refresh_in_progress', 'The token is being renewed.', { retryAfterMs })
  }
  const state = schedule === undefined || schedule.state === 'dead' ? 'idle' : schedule.state
  return {
    refreshed: row.generation > generation,
    generation: row.generation,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    state,
    retryAfterMs: longest(waitMs, state === 'idle' ? null : retryInMs(schedule)),
  }
}

function retryInMs(schedule: ScheduleView | undefined): number | null {
  return schedule?.retryInMs == null ? null : Math.max(0, Math.ceil(schedule.retryInMs))
}

function longest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other)
}
