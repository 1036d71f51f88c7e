import type { Sql } from './database.ts'

/** `approval_link` opens the page of an approval once; `approval_page` is the browser's that opened it. */
export type ApprovalPurpose = 'approval_link' | 'approval_page'

interface ApprovalCodeRow {
  hash: Uint8Array
  purpose: ApprovalPurpose
  /** The tenant. */
  ownerId: string
  approvalId: string
  personId: string
  expiresAt: Date
  /** Over the code itself and all that the row says of it. */
  mac: Uint8Array
  pepperVersion: number
}

/** Who may decide which approval by a code. Whether the service wrote that is for the MAC to say. */
export type FoundApprovalCode = Omit<ApprovalCodeRow, 'hash' | 'purpose'>

const columns = `owner_id as "ownerId", approval_id as "approvalId", person_id as "personId",
  expires_at as "expiresAt", mac, pepper_version as "pepperVersion"`

export async function insertApprovalCode(sql: Sql, row: ApprovalCodeRow): Promise<void> {
  await sql.query(
    `insert into one_time_codes
       (tenant_id, hash, purpose, owner_id, approval_id, person_id, expires_at, mac, pepper_version)
     values ('@install', $1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      row.hash,
      row.purpose,
      row.ownerId,
      row.approvalId,
      row.personId,
      row.expiresAt,
      row.mac,
      row.pepperVersion,
    ],
  )
}

/** Uses a link up: of any number of equal calls, also in parallel, one gets the row. */
export async function spendApprovalLink(
  sql: Sql,
  hash: Uint8Array,
): Promise<FoundApprovalCode | undefined> {
  const [row] = await sql.query<FoundApprovalCode>(
    `update one_time_codes set used_at = now()
     where tenant_id = '@install' and hash = $1 and purpose = 'approval_link'
       and used_at is null and expires_at > now()
     returning ${columns}`,
    [hash],
  )
  return row
}

/** The code of a browser that has opened a page. */
export async function findApprovalPage(
  sql: Sql,
  hash: Uint8Array,
): Promise<FoundApprovalCode | undefined> {
  const [row] = await sql.query<FoundApprovalCode>(
    `select ${columns} from one_time_codes
     where tenant_id = '@install' and hash = $1 and purpose = 'approval_page' and expires_at > now()`,
    [hash],
  )
  return row
}
