import type { ConnectMethod } from '@keywell/protocol'
import type { Sql } from './database.ts'

/** What a connect session allows; written once by the app's backend and never changed. */
export interface SessionPolicy {
  providers: string[] | null
  scopes: Record<string, { required: string[]; optional: string[]; forbidden: string[] }>
  hosts: string[] | null
  methods: ConnectMethod[]
  /** It may connect by a code that a person types at the provider. Absent: not. */
  device?: true
  /** The connection becomes the tenant's. Absent: the user's. */
  owner?: 'tenant'
  /** By provider. */
  defaultHosts?: Record<string, string>
  origins: string[]
  /** Null: nothing leads back to the app, since a link ends with a code. */
  returnUrl: string | null
  returnMode: 'query' | 'fragment'
  connectionId: string | null
  allowAccountChange: boolean
  /** Of a session that begins with a link. Absent: it begins on a page of the app. */
  link?: SessionLink
}

/** What the page of a link shows, and how it ends. */
export interface SessionLink {
  accountLabel: string
  confirmBy: 'sign_in' | 'code'
  /** Where the code is to be given back. */
  startedIn: string | null
  resumeUrl: string | null
}

export interface SessionRow {
  tenantId: string
  id: string
  userId: string
  policy: SessionPolicy
  expiresAt: Date
}

/** Over the whole row, under a version of a pepper. */
export interface SessionMac {
  mac: Uint8Array
  pepperVersion: number
}

export async function insertSession(sql: Sql, row: SessionRow & SessionMac): Promise<void> {
  const { tenantId, id, userId, policy, expiresAt, mac, pepperVersion } = row
  await sql.query(
    `insert into connect_sessions
       (tenant_id, id, user_id, policy, expires_at, mac, pepper_version)
     values ($1, $2, $3, $4::jsonb, $5, $6, $7)`,
    [tenantId, id, userId, JSON.stringify(policy), expiresAt, mac, pepperVersion],
  )
}

export async function findSession(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<(SessionRow & SessionMac & { live: boolean }) | undefined> {
  const [row] = await sql.query<SessionRow & SessionMac & { live: boolean }>(
    `select tenant_id as "tenantId", id, user_id as "userId", policy,
            expires_at as "expiresAt", mac, pepper_version as "pepperVersion",
            expires_at > now() as live
     from connect_sessions where tenant_id = $1 and id = $2`,
    [tenantId, id],
  )
  return row
}

/** Holds a live session's row until the end of the transaction; false: there is none. */
export async function lockLiveSession(sql: Sql, tenantId: string, id: string): Promise<boolean> {
  const rows = await sql.query(
    `select id from connect_sessions
     where tenant_id = $1 and id = $2 and expires_at > now() for update`,
    [tenantId, id],
  )
  return rows.length === 1
}

/** False: there is none. */
export async function deleteSession(sql: Sql, tenantId: string, id: string): Promise<boolean> {
  const rows = await sql.query(
    `delete from connect_sessions where tenant_id = $1 and id = $2 returning id`,
    [tenantId, id],
  )
  return rows.length === 1
}
