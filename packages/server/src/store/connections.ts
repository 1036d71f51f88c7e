import type { Account, ReauthReason } from '@keywell/protocol'
import type { Sql } from './database.ts'

/** In place of a user's id: the connection is the tenant's own. The id of a user is never empty. */
export const ofTenant = ''

/** Which installation of an app a connection is, and what its provider says of it. */
export interface StoredInstallation {
  /** As people see it. Tokens are minted for the id that is sealed with the credential. */
  id: string
  permissions: Readonly<Record<string, string>>
  repositories: string | null
}

export interface ConnectionRow {
  tenantId: string
  id: string
  /** `ofTenant`: it is the tenant's own. */
  userId: string
  provider: string
  /** Of the provider's definition, by its id. */
  method: string
  host: string
  name: string
  integrationOwner: string
  integrationId: string
  status: 'active' | 'expired' | 'revoked' | 'disconnected'
  reason: ReauthReason | null
  health: 'ok' | 'degraded' | 'unknown'
  healthReason: string | null
  healthCheckedAt: Date | null
  account: Account
  askedScopes: string[]
  grantedScopes: string[]
  /** Null: it is no installation. */
  installation: StoredInstallation | null
  /** False: nothing renews the credential. */
  renewable: boolean
  /** When it ends, if nothing renews it. */
  endsAt: Date | null
  /** When its refresh token ends; null: no end is known, or nothing renews it. */
  refreshExpiresAt: Date | null
  generation: number
  createdAt: Date
  updatedAt: Date
  /** When a backend last read the credential; null: never. At most ten minutes behind. */
  usedAt: Date | null
}

const columns = `tenant_id as "tenantId", id, user_id as "userId", provider, method, host, name,
  integration_owner as "integrationOwner", integration_id as "integrationId", status, reason,
  health, health_reason as "healthReason", health_checked_at as "healthCheckedAt", account,
  asked_scopes as "askedScopes", granted_scopes as "grantedScopes", installation, renewable, ends_at as "endsAt", generation,
  created_at as "createdAt", updated_at as "updatedAt",
  (select used_at from refresh_schedule s
   where s.tenant_id = connections.tenant_id and s.connection_id = connections.id) as "usedAt",
  (select refresh_expires_at from credentials k
   where k.tenant_id = connections.tenant_id and k.connection_id = connections.id) as "refreshExpiresAt"`

export async function findConnection(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<ConnectionRow | undefined> {
  const [row] = await sql.query<ConnectionRow>(
    `select ${columns} from connections where tenant_id = $1 and id = $2`,
    [tenantId, id],
  )
  return row
}

/** The living connection under a name, if there is one. */
export async function findConnectionByName(
  sql: Sql,
  key: { tenantId: string; userId: string; provider: string; host: string; name: string },
): Promise<ConnectionRow | undefined> {
  const [row] = await sql.query<ConnectionRow>(
    `select ${columns} from connections
     where tenant_id = $1 and user_id = $2 and provider = $3 and host = $4 and name = $5
       and status <> 'disconnected'`,
    [key.tenantId, key.userId, key.provider, key.host, key.name],
  )
  return row
}

export async function listConnections(
  sql: Sql,
  query: {
    tenantId: string
    userId: string | null
    /** Null: of all of them. */
    providers: readonly string[] | null
    after: string | null
    limit: number
    /** Only those of an app that is installed. Default: all. */
    installed?: boolean
  },
): Promise<ConnectionRow[]> {
  return sql.query<ConnectionRow>(
    `select ${columns} from connections
     where tenant_id = $1 and ($2::text is null or user_id = $2)
       and ($3::text[] is null or provider = any($3)) and ($4::text is null or id > $4)
       and status <> 'disconnected' and (not $6::boolean or installation is not null)
     order by id limit $5`,
    [
      query.tenantId,
      query.userId,
      query.providers,
      query.after,
      query.limit,
      query.installed ?? false,
    ],
  )
}

export async function listConnectionsById(
  sql: Sql,
  tenantId: string,
  ids: readonly string[],
): Promise<ConnectionRow[]> {
  return sql.query<ConnectionRow>(
    `select ${columns} from connections
     where tenant_id = $1 and id = any($2::text[]) and status <> 'disconnected'`,
    [tenantId, ids],
  )
}

export type NewConnection = Omit<
  ConnectionRow,
  | 'status'
  | 'reason'
  | 'health'
  | 'healthReason'
  | 'healthCheckedAt'
  | 'endsAt'
  | 'refreshExpiresAt'
  | 'generation'
  | 'createdAt'
  | 'updatedAt'
  | 'usedAt'
> &
  EndsIn &
  MadeUnder

/** The version of the provider's definition that the credential is stored under. */
interface MadeUnder {
  definitionDigest: string
}

/** Milliseconds from now until a credential that nothing renews ends; null: it is renewed, or has no end. */
interface EndsIn {
  endsInMs: number | null
}

/** The account look-up at connect was the first health check, so health begins as `ok`. */
export async function insertConnection(sql: Sql, row: NewConnection): Promise<ConnectionRow> {
  const [inserted] = await sql.query<ConnectionRow>(
    `insert into connections (tenant_id, id, user_id, provider, host, name, integration_owner,
       integration_id, status, health, health_checked_at, account, asked_scopes, granted_scopes,
       renewable, ends_at, generation, method, installation, definition_digest)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'active', 'ok', now(), $9::jsonb, $10, $11, $12,
       now() + $13 * interval '1 millisecond', 1, $14, $15::jsonb, $16)
     returning ${columns}`,
    [
      row.tenantId,
      row.id,
      row.userId,
      row.provider,
      row.host,
      row.name,
      row.integrationOwner,
      row.integrationId,
      JSON.stringify(row.account),
      row.askedScopes,
      row.grantedScopes,
      row.renewable,
      row.endsInMs,
      row.method,
      jsonOf(row.installation),
      row.definitionDigest,
    ],
  )
  if (inserted === undefined) throw new Error('insert returned no row')
  return inserted
}

/** Connected again: same row, next generation; nothing happens if the generation has moved. */
export async function replaceConnection(
  sql: Sql,
  row: Pick<
    ConnectionRow,
    | 'tenantId'
    | 'id'
    | 'method'
    | 'integrationOwner'
    | 'integrationId'
    | 'account'
    | 'askedScopes'
    | 'grantedScopes'
    | 'installation'
    | 'renewable'
  > &
    EndsIn &
    MadeUnder & { fromGeneration: number },
): Promise<ConnectionRow | undefined> {
  const [replaced] = await sql.query<ConnectionRow>(
    `update connections
     set integration_owner = $3, integration_id = $4, account = $5::jsonb, asked_scopes = $6,
         granted_scopes = $7, account_checked_at = now(), status = 'active', reason = null, health = 'ok',
         health_reason = null, degraded_reported = false, health_checked_at = now(),
         generation = generation + 1,
         renewable = $9, ends_at = now() + $10 * interval '1 millisecond', method = $11,
         installation = $12::jsonb, definition_digest = $13, updated_at = now()
     where tenant_id = $1 and id = $2 and generation = $8 and status <> 'disconnected'
     returning ${columns}`,
    [
      row.tenantId,
      row.id,
      row.integrationOwner,
      row.integrationId,
      JSON.stringify(row.account),
      row.askedScopes,
      row.grantedScopes,
      row.fromGeneration,
      row.renewable,
      row.endsInMs,
      row.method,
      jsonOf(row.installation),
      row.definitionDigest,
    ],
  )
  return replaced
}

const jsonOf = (value: object | null) => (value === null ? null : JSON.stringify(value))

/** A connection after a change of its health, and what that was before. */
export type HealthChanged = ConnectionRow & {
  healthBefore: ConnectionRow['health']
  /** Whether the changes, this one included, say that it is degraded; and whether those before it did. */
  degradedReported: boolean
  degradedReportedBefore: boolean
}

/** A mismatch of the account stays the reason until the provider names the right one, or the user connects again. */
const before = `with before as (
     select tenant_id as owner, id as of, health as was, degraded_reported as reported,
            health_reason is not distinct from 'account_mismatch' as mismatch
     from connections
     where tenant_id = $1 and id = $2 for update
   )`
const healthChanged = `${columns}, before.was as "healthBefore", degraded_reported as "degradedReported",
  before.reported as "degradedReportedBefore"`

/** Refreshed: the generation follows the credential's, and what it may do; null: the same as before. */
export async function advanceConnection(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    generation: number
    scopes: readonly string[] | null
    /** Of an installation. */
    details: Omit<StoredInstallation, 'id'> | null
    /** Why it is degraded although it was refreshed; null: it is not. */
    degradedBy: string | null
  },
): Promise<HealthChanged | undefined> {
  const [advanced] = await sql.query<HealthChanged>(
    `${before}
     update connections
     set generation = $3, status = 'active', reason = null,
         health = case when before.mismatch then health when $6::text is null then 'ok' else 'degraded' end,
         health_reason = case when before.mismatch then health_reason else $6 end,
         degraded_reported = (before.reported and before.mismatch) or $6::text is not null,
         health_checked_at = now(), updated_at = now(),
         granted_scopes = coalesce($4::text[], granted_scopes),
         installation = installation || coalesce($5::jsonb, '{}')
     from before
     where tenant_id = $1 and id = $2 and status <> 'disconnected'
     returning ${healthChanged}`,
    [row.tenantId, row.id, row.generation, row.scopes, jsonOf(row.details), row.degradedBy],
  )
  return advanced
}

/** The generation follows the credential's, of which nothing else has become better. */
export async function followGeneration(
  sql: Sql,
  row: { tenantId: string; id: string; generation: number },
): Promise<void> {
  await sql.query(
    `update connections set generation = $3, updated_at = now()
     where tenant_id = $1 and id = $2 and status <> 'disconnected'`,
    [row.tenantId, row.id, row.generation],
  )
}

/**
 * The result of a look at it. Nothing happens to one that is not `active`, or of another generation. One
 * that is degraded stays so while nothing is known, so that an outage has one beginning and one end. One that
 * is degraded only by its provider's incident writes no change of its own: there is one message for all.
 */
export async function setConnectionHealth(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    generation: number
    health: 'ok' | 'degraded' | 'unknown'
    reason: string | null
    /** The provider has named the account that is connected. Default: false. */
    sameAccount?: boolean
  },
): Promise<HealthChanged | undefined> {
  const [set] = await sql.query<HealthChanged>(
    `${before}
     update connections
     set health = ${nextHealth},
         degraded_reported = case ${nextHealth}
           when 'degraded' then before.reported or $5 is distinct from 'provider_incident'
           when 'ok' then false
           else before.reported end,
         health_reason = case when before.mismatch and not $6::boolean then health_reason else $5 end,
         health_checked_at = now(), updated_at = now()
     from before
     where tenant_id = $1 and id = $2 and generation = $3 and status = 'active'
     returning ${healthChanged}`,
    [row.tenantId, row.id, row.generation, row.health, row.reason, row.sameAccount ?? false],
  )
  return set
}

/** What the provider says of the account, or that the token may do, when it is something else than we knew. */
export async function updateDetails(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    generation: number
    /** Null: as before. */
    scopes: readonly string[] | null
    /** The same account under its new name; null: as before. */
    account: Account | null
  },
): Promise<ConnectionRow | undefined> {
  const [updated] = await sql.query<ConnectionRow>(
    `update connections
     set granted_scopes = coalesce($4::text[], granted_scopes),
         account = coalesce($5::jsonb, account), updated_at = now()
     where tenant_id = $1 and id = $2 and generation = $3 and status = 'active'
       and ($5::jsonb is null or account->>'id' = $5::jsonb->>'id')
     returning ${columns}`,
    [
      row.tenantId,
      row.id,
      row.generation,
      row.scopes,
      row.account === null ? null : JSON.stringify(row.account),
    ],
  )
  return updated
}

/** The provider was asked for the account, whatever it said. */
export async function markAccountChecked(
  sql: Sql,
  row: { tenantId: string; id: string },
): Promise<void> {
  await sql.query(
    'update connections set account_checked_at = now() where tenant_id = $1 and id = $2',
    [row.tenantId, row.id],
  )
}

const nextHealth = `case when before.mismatch and not $6::boolean then before.was
                  when before.was = 'degraded' and $4 = 'unknown' then before.was else $4 end`

/** The grant is gone. Only if the generation is still the one that was refused. */
export async function endConnection(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    generation: number
    status: 'expired' | 'revoked'
    reason: ReauthReason
  },
): Promise<ConnectionRow | undefined> {
  const [ended] = await sql.query<ConnectionRow>(
    `update connections
     set status = $4, reason = $5, health = 'degraded', health_reason = $5,
         degraded_reported = true, health_checked_at = now(), updated_at = now()
     where tenant_id = $1 and id = $2 and generation = $3 and status = 'active'
     returning ${columns}`,
    [row.tenantId, row.id, row.generation, row.status, row.reason],
  )
  return ended
}

/** Removed here; the row stays as a tombstone. */
export async function disconnectConnection(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<ConnectionRow | undefined> {
  const [row] = await sql.query<ConnectionRow>(
    `update connections
     set status = 'disconnected', reason = null, health = 'unknown',
         health_reason = null, updated_at = now()
     where tenant_id = $1 and id = $2 and status <> 'disconnected'
     returning ${columns}`,
    [tenantId, id],
  )
  return row
}

/** What tells the connections of an owner at a provider apart. */
export async function listConnectionNames(
  sql: Sql,
  key: { tenantId: string; userId: string; provider: string; host: string | null },
): Promise<{ name: string; host: string }[]> {
  return sql.query<{ name: string; host: string }>(
    `select name, host from connections
     where tenant_id = $1 and user_id = $2 and provider = $3 and ($4::text is null or host = $4)
       and status <> 'disconnected'
     order by id limit 100`,
    [key.tenantId, key.userId, key.provider, key.host],
  )
}
