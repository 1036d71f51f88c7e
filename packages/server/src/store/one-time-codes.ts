import type { Sql } from './database.ts'

export type CodePurpose = 'start' | 'state' | 'ticket'

export async function insertCode(
  sql: Sql,
  row: { hash: Uint8Array; purpose: CodePurpose; ownerId: string; flowId: string; lifeMs: number },
): Promise<void> {
  await sql.query(
    `insert into one_time_codes (tenant_id, hash, purpose, owner_id, flow_id, expires_at)
     values ('@install', $1, $2, $3, $4, now() + $5 * interval '1 millisecond')`,
    [row.hash, row.purpose, row.ownerId, row.flowId, row.lifeMs],
  )
}

/** Spends a code: of any number of equal calls, also in parallel, one gets the flow. */
export async function spendCode(
  sql: Sql,
  purpose: CodePurpose,
  hash: Uint8Array,
): Promise<{ ownerId: string; flowId: string } | undefined> {
  const [row] = await sql.query<{ ownerId: string; flowId: string }>(
    `update one_time_codes set used_at = now()
     where tenant_id = '@install' and hash = $1 and purpose = $2
       and used_at is null and expires_at > now()
     returning owner_id as "ownerId", flow_id as "flowId"`,
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
