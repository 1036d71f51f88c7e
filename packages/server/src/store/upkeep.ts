import type { Sql } from './database.ts'

export type UpkeepState = 'idle' | 'refreshing' | 'backoff' | 'ambiguous' | 'suspect' | 'dead'

/** A connection came to be, or was connected again: it is good until due. */
export async function settleUpkeep(
  sql: Sql,
  row: {
    tenantId: string
    connectionId: string
    integrationId: string
    host: string
    /** Milliseconds from now until a refresh is due; null: never. */
    refreshInMs: number | null
  },
): Promise<void> {
  await sql.query(
    `insert into upkeep (tenant_id, connection_id, integration_id, host, state, refresh_at)
     values ($1, $2, $3, $4, 'idle', now() + $5 * interval '1 millisecond')
     on conflict (tenant_id, connection_id) do update
     set integration_id = excluded.integration_id, host = excluded.host, state = 'idle',
         refresh_at = excluded.refresh_at, lease_owner = null, lease_until = null,
         attempt_id = null, unresolved_since = null, failures = 0, last_outcome = 'connected'`,
    [row.tenantId, row.connectionId, row.integrationId, row.host, row.refreshInMs],
  )
}

export interface Claim {
  epoch: string
  attemptId: string
  cameFrom: UpkeepState
  /** An earlier attempt whose outcome is not known began then. */
  unresolvedBefore: Date | null
  failures: number
}

/**
 * Claims one due row: intent, lease and epoch in one statement. A row that another process holds, or
 * whose backoff has not ended, is not had; asking harder must not bypass the backoff.
 */
export async function claimUpkeep(
  sql: Sql,
  row: { tenantId: string; connectionId: string; owner: string; leaseMs: number },
): Promise<Claim | undefined> {
  const [claim] = await sql.query<Claim>(
    `with due as (
       select tenant_id, connection_id, state, unresolved_since from upkeep
       where tenant_id = $1 and connection_id = $2 and state <> 'dead' and refresh_at <= now()
         and (lease_until is null or lease_until < now())
       for update skip locked
     )
     update upkeep u
     set state = 'refreshing', epoch = u.epoch + 1, lease_owner = $3::uuid,
         lease_until = now() + $4 * interval '1 millisecond', attempt_id = gen_random_uuid(),
         unresolved_since = coalesce(u.unresolved_since, now())
     from due
     where u.tenant_id = due.tenant_id and u.connection_id = due.connection_id
     returning u.epoch, u.attempt_id as "attemptId", due.state as "cameFrom",
               due.unresolved_since as "unresolvedBefore", u.failures`,
    [row.tenantId, row.connectionId, row.owner, row.leaseMs],
  )
  return claim
}

/** Makes an idle row due now, for a token that is dead before its time. */
export async function hastenUpkeep(
  sql: Sql,
  row: { tenantId: string; connectionId: string; generation: number },
): Promise<void> {
  await sql.query(
    `update upkeep u set refresh_at = now()
     from credentials k
     where u.tenant_id = $1 and u.connection_id = $2 and u.state = 'idle'
       and k.tenant_id = u.tenant_id and k.connection_id = u.connection_id and k.generation = $3`,
    [row.tenantId, row.connectionId, row.generation],
  )
}

/** A success: by the generation, whoever held the lease. */
export async function completeUpkeep(
  sql: Sql,
  row: { tenantId: string; connectionId: string; refreshInMs: number | null },
): Promise<void> {
  await sql.query(
    `update upkeep
     set state = 'idle', refresh_at = now() + $3 * interval '1 millisecond', lease_owner = null,
         lease_until = null, attempt_id = null, unresolved_since = null, failures = 0,
         last_outcome = 'refreshed'
     where tenant_id = $1 and connection_id = $2`,
    [row.tenantId, row.connectionId, row.refreshInMs],
  )
}

/** Gives a claim back unsent: somebody else's refresh came first. */
export async function releaseUpkeep(
  sql: Sql,
  row: { tenantId: string; connectionId: string; epoch: string; cameFrom: UpkeepState },
): Promise<void> {
  await sql.query(
    `update upkeep
     set state = $4, lease_owner = null, lease_until = null, attempt_id = null,
         unresolved_since = null
     where tenant_id = $1 and connection_id = $2 and epoch = $3::bigint`,
    [row.tenantId, row.connectionId, row.epoch, row.cameFrom],
  )
}

/** A failure: only while the lease is ours, so that it never undoes what a later holder found out. */
export async function failUpkeep(
  sql: Sql,
  row: {
    tenantId: string
    connectionId: string
    epoch: string
    owner: string
    state: UpkeepState
    outcome: string
    retryInMs: number | null
    /** The attempt may have been processed, so the doubt stays. */
    unresolved: boolean
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update upkeep
     set state = $5, last_outcome = $6, failures = failures + 1,
         refresh_at = now() + $7 * interval '1 millisecond', lease_owner = null,
         lease_until = null, attempt_id = null,
         unresolved_since = case when $8 then unresolved_since end
     where tenant_id = $1 and connection_id = $2 and epoch = $3::bigint and lease_owner = $4::uuid
     returning epoch`,
    [
      row.tenantId,
      row.connectionId,
      row.epoch,
      row.owner,
      row.state,
      row.outcome,
      row.retryInMs,
      row.unresolved,
    ],
  )
  return rows.length === 1
}

export interface UpkeepView {
  state: UpkeepState
  leased: boolean
  lastOutcome: string | null
  retryInMs: number | null
}

export async function findUpkeep(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<UpkeepView | undefined> {
  const [row] = await sql.query<UpkeepView>(
    `select state, coalesce(lease_until > now(), false) as leased, last_outcome as "lastOutcome",
            (extract(epoch from refresh_at - now()) * 1000)::float8 as "retryInMs"
     from upkeep where tenant_id = $1 and connection_id = $2`,
    [tenantId, connectionId],
  )
  return row
}

export async function deleteUpkeep(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<void> {
  await sql.query('delete from upkeep where tenant_id = $1 and connection_id = $2', [
    tenantId,
    connectionId,
  ])
}
