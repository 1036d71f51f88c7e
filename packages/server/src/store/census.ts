import type { Sql } from './database.ts'

export interface ConnectionCount {
  provider: string
  status: string
  health: string
  count: number
}

/** Connections of all tenants that are not disconnected. */
export async function countConnections(sql: Sql): Promise<ConnectionCount[]> {
  return sql.query<ConnectionCount>(
    `select provider, status, health, count(*)::int as count
     from connections where status <> 'disconnected'
     group by provider, status, health`,
  )
}

export interface WaitingWork {
  due: number
  oldestDueSeconds: number
  suspendedIntegrations: number
  openIncidents: number
  revocationsDue: number
  irrevocable: number
  webhooksDue: number
  /** How long the oldest audit entry waits for its chain. */
  auditUnlinkedSeconds: number
}

/** What waits to be done, for all tenants; each number comes from an index of just those rows. */
export async function countWaitingWork(sql: Sql): Promise<WaitingWork> {
  const [row] = await sql.query<WaitingWork>(
    `select
       (select count(*) from refresh_schedule where state <> 'dead' and due_at <= now())::int as due,
       (select coalesce(extract(epoch from now() - min(due_at)), 0) from refresh_schedule
        where state <> 'dead' and due_at <= now())::float8 as "oldestDueSeconds",
       (select count(*) from integrations where suspended_at is not null)::int
         as "suspendedIntegrations",
       (select count(*) from provider_incidents where confirmed_at is null)::int as "openIncidents",
       (select count(*) from revocations where state = 'due')::int as "revocationsDue",
       (select count(*) from revocations where state = 'irrevocable')::int as irrevocable,
       (select count(*) from webhook_deliveries where state = 'due')::int as "webhooksDue",
       (select coalesce(extract(epoch from now() - min(at)), 0) from audit_tail)::float8
         as "auditUnlinkedSeconds"`,
  )
  if (row === undefined) throw new TypeError('a select without a table has one row')
  return row
}

/** Base URLs of the installation's own integrations, the oldest first. */
export async function listInstallHosts(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql.query<{ host: string }>(
    `select host from integrations where tenant_id = '@install'
     group by host order by min(created_at) limit $1`,
    [limit],
  )
  return rows.map(({ host }) => host)
}

/** The database's time, in milliseconds since 1970. */
export async function readClock(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ now: Date }>('select clock_timestamp() as now')
  if (row === undefined) throw new TypeError('a select without a table has one row')
  return row.now.getTime()
}
