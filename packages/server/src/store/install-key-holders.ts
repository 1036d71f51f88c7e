import type { Sql } from './database.ts'

/** What a person knows an API key by. */
export interface ApiKeyName {
  id: string
  name: string
  lastUsedAt: Date | null
}

/** Live API keys whose MACs are under the pepper of a version. */
export async function listApiKeysOfPepper(sql: Sql, version: number): Promise<ApiKeyName[]> {
  return sql.query<ApiKeyName>(
    `select id, name, last_used_at as "lastUsedAt" from api_keys
     where tenant_id = '@install' and pepper_version = $1 and revoked_at is null
       and (expires_at is null or expires_at > now())
     order by id`,
    [version],
  )
}

/** One-time codes that are still good, and whose MACs are under the pepper of a version. */
export async function countCodesOfPepper(sql: Sql, version: number): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*)::int as count from one_time_codes
     where tenant_id = '@install' and pepper_version = $1 and used_at is null
       and expires_at > now()`,
    [version],
  )
  return row?.count ?? 0
}

/** Connect sessions, of any tenant, that are asked for still: a flow may outlive the session it began in. */
export async function countSessionsOfPepper(sql: Sql, version: number): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*)::int as count from connect_sessions
     where pepper_version = $1 and expires_at > now() - interval '10 minutes'`,
    [version],
  )
  return row?.count ?? 0
}

/**
 * Whether anything in the audit log, of any tenant, is sealed with the audit key of a version. Answers soon
 * when there is; that there is nothing takes a look at all of the log.
 */
export async function isNamedInAudit(sql: Sql, version: number): Promise<boolean> {
  const [row] = await sql.query<{ named: boolean }>(
    `select exists (select from audit_cuts where mac_version = $1)
         or exists (select from audit_tail where mac_version = $1)
         or exists (select from audit_chain where mac_version = $1 or link_version = $1) as named`,
    [version],
  )
  return row?.named ?? false
}
