import type { Sql } from './database.ts'

export type CodePurpose = 'start' | 'state' | 'ticket'

interface CodeRow {
  hash: Uint8Array
  purpose: CodePurpose
  ownerId: string
  flowId: string
  expiresAt: Date
  /** Over the code itself and all that the row says of it. */
  mac: Uint8Array
  /** Version of the installation's key that the pepper of the MAC hangs on. */
  pepperVersion: number
}

/** What a code was good for. Whether the service wrote that is for the MAC to say. */
export type SpentCode = Omit<CodeRow, 'hash' | 'purpose'>

export async function insertCode(sql: Sql, row: CodeRow): Promise<void> {
  await sql.query(
    `insert into one_time_codes
       (tenant_id, hash, purpose, owner_id, flow_id, expires_at, mac, pepper_version)
     values ('@install', $1, $2, $3, $4, $5, $6, $7)`,
    [row.hash, row.purpose, row.ownerId, row.flowId, row.expiresAt, row.mac, row.pepperVersion],
  )
}

/** Spends a code: of any number of equal calls, also in parallel, one gets the flow. */
export async function spendCode(
  sql: Sql,
  purpose: CodePurpose,
  hash: Uint8Array,
): Promise<SpentCode | undefined> {
  const [row] = await sql.query<SpentCode>(
    `update one_time_codes set used_at = now()
     where tenant_id = '@install' and hash = $1 and purpose = $2
       and used_at is null and expires_at > now()
     returning owner_id as "ownerId", flow_id as "flowId", expires_at as "expiresAt", mac,
       pepper_version as "pepperVersion"`,
    [hash, purpose],
  )
  return row
}

/** A code that still opens something, or has opened it; undefined when it is unknown or has run out unused. */
export async function findCode(
  sql: Sql,
  purpose: CodePurpose,
  hash: Uint8Array,
): Promise<(SpentCode & { used: boolean }) | undefined> {
  const [row] = await sql.query<SpentCode & { used: boolean }>(
    `select owner_id as "ownerId", flow_id as "flowId", expires_at as "expiresAt", mac,
       pepper_version as "pepperVersion", used_at is not null as used
     from one_time_codes
     where tenant_id = '@install' and hash = $1 and purpose = $2
       and (used_at is not null or expires_at > now())`,
    [hash, purpose],
  )
  return row
}

/** Codes that have run out are of no use to anyone; kept a day to tell a replay from a guess. */
export async function deleteOldCodes(sql: Sql): Promise<void> {
  await sql.query(
    `delete from one_time_codes
     where tenant_id = '@install' and expires_at < now() - interval '1 day'`,
  )
}

interface LinkRow {
  hash: Uint8Array
  ownerId: string
  sessionId: string
  expiresAt: Date
  /** Over the link itself and all that the row says of it. */
  mac: Uint8Array
  pepperVersion: number
}

/** Whose session a link opens. Whether the service wrote that is for the MAC to say. */
export type FoundLink = Omit<LinkRow, 'hash'> & { used: boolean }

export async function insertLink(sql: Sql, row: LinkRow): Promise<void> {
  await sql.query(
    `insert into one_time_codes
       (tenant_id, hash, purpose, owner_id, session_id, expires_at, mac, pepper_version)
     values ('@install', $1, 'link', $2, $3, $4, $5, $6)`,
    [row.hash, row.ownerId, row.sessionId, row.expiresAt, row.mac, row.pepperVersion],
  )
}

/** A link that can be opened still, used or not. */
export async function findLink(sql: Sql, hash: Uint8Array): Promise<FoundLink | undefined> {
  const [row] = await sql.query<FoundLink>(
    `select owner_id as "ownerId", session_id as "sessionId", expires_at as "expiresAt", mac,
       pepper_version as "pepperVersion", used_at is not null as used
     from one_time_codes
     where tenant_id = '@install' and hash = $1 and purpose = 'link' and expires_at > now()`,
    [hash],
  )
  return row
}

/** Uses a link up: of any number of equal calls, also in parallel, one gets true. */
export async function spendLink(sql: Sql, hash: Uint8Array): Promise<boolean> {
  const rows = await sql.query(
    `update one_time_codes set used_at = now()
     where tenant_id = '@install' and hash = $1 and purpose = 'link'
       and used_at is null and expires_at > now()
     returning session_id`,
    [hash],
  )
  return rows.length === 1
}
