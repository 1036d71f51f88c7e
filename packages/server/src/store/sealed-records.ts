import type { Sql } from './database.ts'
import type { SealedColumn } from './tenant-tables.ts'

/**
 * One sealed column of one row, with what it was sealed for, as the vault's page has it.
 */
export interface SealedRecord {
  column: SealedColumn
  /** Its place in the table, in the order of pages. */
  at: string
  type:
    | 'credential'
    | 'orphan'
    | 'integration'
    | 'flow'
    | 'endpoint'
    | 'install'
    | 'approval'
    | 'tool_call'
  tenantId: string
  recordId: string
  field: string
  generation: number
  bound: string[]
  sealed: Uint8Array
}

/** As `connect/` seals it; its times are whole milliseconds. */
const boundOfFlow = `array[session_id, user_id, provider, host, connection_name,
    coalesce(connection_id, ''), integration_owner, integration_id, client_id, redirect_uri, method,
    mode, coalesce(resume_url, ''), coalesce(encode(binding_hash, 'hex'), ''),
    (extract(epoch from expires_at) * 1000)::bigint::text] || scopes`

/**
 * For each sealed column, the records of a tenant ($1) after a place ($2) that another version of its key
 * than one ($3, as it stands in the record) has sealed, at most so many ($4); and how one of them ($1, $2)
 * takes other bytes ($4, with the version $5) for as long as it still has those that were read ($3).
 *
 * The version is read from the record: `key_version` says what was written last, and a row may hold two.
 */
const statements: Readonly<Record<SealedColumn, { list: string; replace: string }>> = {
  'credentials.sealed': {
    list: `select k.connection_id as at, 'credential' as type, k.connection_id as "recordId",
        case k.type when 'oauth_token' then 'token_set' else k.type end as field, k.generation,
        array[coalesce(c.user_id, ''), coalesce(c.integration_id, ''), coalesce(c.provider, ''),
          coalesce(c.method, ''), coalesce(c.host, '')] as bound,
        k.sealed
      from credentials k
      left join connections c on c.tenant_id = k.tenant_id and c.id = k.connection_id
      where k.tenant_id = $1 and k.connection_id > $2 and substring(k.sealed from 5 for 4) <> $3
      order by k.connection_id limit $4`,
    replace: `update credentials set sealed = $4, key_version = $5
      where tenant_id = $1 and connection_id = $2 and sealed = $3 returning tenant_id`,
  },
  'orphans.sealed': {
    list: `select o.connection_id || ' ' || o.attempt_id as at, 'orphan' as type,
        o.connection_id as "recordId", 'token_set' as field, o.generation,
        array[coalesce(c.user_id, ''), coalesce(c.integration_id, ''), coalesce(c.provider, ''),
          coalesce(c.method, ''), coalesce(c.host, ''), o.attempt_id::text] as bound,
        o.sealed
      from orphans o
      left join connections c on c.tenant_id = o.tenant_id and c.id = o.connection_id
      where o.tenant_id = $1 and o.connection_id || ' ' || o.attempt_id > $2
        and substring(o.sealed from 5 for 4) <> $3
      order by at limit $4`,
    replace: `update orphans set sealed = $4, key_version = $5
      where tenant_id = $1 and connection_id || ' ' || attempt_id = $2 and sealed = $3
      returning tenant_id`,
  },
  'revocations.sealed': {
    list: `select connection_id || ' ' || generation as at, 'credential' as type,
        connection_id as "recordId",
        case type when 'oauth_token' then 'token_set' else type end as field, generation,
        array[user_id, integration_id, provider, method, host] as bound, sealed
      from revocations
      where tenant_id = $1 and connection_id || ' ' || generation > $2
        and substring(sealed from 5 for 4) <> $3
      order by at limit $4`,
    replace: `update revocations set sealed = $4, key_version = $5
      where tenant_id = $1 and connection_id || ' ' || generation = $2 and sealed = $3
      returning tenant_id`,
  },
  'integrations.sealed': {
    list: `select id as at, 'integration' as type, id as "recordId", 'client_secret' as field,
        revision as generation, array[provider, method, host, client_id] || array(
          select key || '=' || value from jsonb_each_text(variables) order by key || '=' || value collate "C"
        ) as bound, sealed
      from integrations
      where tenant_id = $1 and id > $2 and substring(sealed from 5 for 4) <> $3
      order by id limit $4`,
    replace: `update integrations set sealed = $4, key_version = $5
      where tenant_id = $1 and id = $2 and sealed = $3 returning tenant_id`,
  },
  'flows.sealed_verifier': {
    list: `select id as at, 'flow' as type, id as "recordId", 'verifier' as field, 0 as generation,
        ${boundOfFlow} as bound, sealed_verifier as sealed
      from flows
      where tenant_id = $1 and id > $2 and substring(sealed_verifier from 5 for 4) <> $3
      order by id limit $4`,
    replace: `update flows set sealed_verifier = $4, key_version = $5
      where tenant_id = $1 and id = $2 and sealed_verifier = $3 returning tenant_id`,
  },
  'flows.sealed_code': {
    list: `select id as at, 'flow' as type, id as "recordId", 'parked_code' as field, 0 as generation,
        ${boundOfFlow} as bound, sealed_code as sealed
      from flows
      where tenant_id = $1 and id > $2 and substring(sealed_code from 5 for 4) <> $3
      order by id limit $4`,
    replace: `update flows set sealed_code = $4, key_version = $5
      where tenant_id = $1 and id = $2 and sealed_code = $3 returning tenant_id`,
  },
  'webhook_endpoints.sealed': {
    list: `select id as at, 'endpoint' as type, id as "recordId", 'signing_secret' as field,
        secret_version as generation, array[]::text[] as bound, sealed
      from webhook_endpoints
      where tenant_id = $1 and id > $2 and substring(sealed from 5 for 4) <> $3
      order by id limit $4`,
    replace: `update webhook_endpoints set sealed = $4, key_version = $5
      where tenant_id = $1 and id = $2 and sealed = $3 returning tenant_id`,
  },
  'webhook_endpoints.previous_sealed': {
    list: `select id as at, 'endpoint' as type, id as "recordId", 'signing_secret' as field,
        secret_version - 1 as generation, array[]::text[] as bound, previous_sealed as sealed
      from webhook_endpoints
      where tenant_id = $1 and id > $2 and substring(previous_sealed from 5 for 4) <> $3
      order by id limit $4`,
    replace: `update webhook_endpoints set previous_sealed = $4, key_version = $5
      where tenant_id = $1 and id = $2 and previous_sealed = $3 returning tenant_id`,
  },
  'approvals.sealed': {
    list: `select id as at, 'approval' as type, id as "recordId",
        case when state in ('approved', 'used') then 'approved' else 'requested' end as field,
        0 as generation,
        array[user_id, connection_id, tool, call_hash,
          (extract(epoch from ends_at) * 1000)::bigint::text] as bound, sealed
      from approvals
      where tenant_id = $1 and id > $2 and substring(sealed from 5 for 4) <> $3
      order by id limit $4`,
    replace: `update approvals set sealed = $4, key_version = $5
      where tenant_id = $1 and id = $2 and sealed = $3 returning tenant_id`,
  },
  'idempotent_tool_calls.sealed': {
    list: `select connection_id || ' ' || key as at, 'tool_call' as type,
        connection_id || ' ' || key as "recordId", state as field, 0 as generation,
        array[user_id, request_id] as bound, sealed
      from idempotent_tool_calls
      where tenant_id = $1 and connection_id || ' ' || key > $2
        and substring(sealed from 5 for 4) <> $3
      order by at limit $4`,
    replace: `update idempotent_tool_calls set sealed = $4, key_version = $5
      where tenant_id = $1 and connection_id || ' ' || key = $2 and sealed = $3
      returning tenant_id`,
  },
  'install_keys.sealed': {
    list: `select name || ' ' || version as at, 'install' as type, name as "recordId",
        'private_key' as field, version as generation, array[]::text[] as bound, sealed
      from install_keys
      where tenant_id = $1 and name || ' ' || version > $2
        and substring(sealed from 5 for 4) <> $3
      order by at limit $4`,
    replace: `update install_keys set sealed = $4, key_version = $5
      where tenant_id = $1 and name || ' ' || version = $2 and sealed = $3 returning tenant_id`,
  },
}

// Object.keys forgets the type of the keys; the constant has no others.
export const sealedColumns: readonly SealedColumn[] = Object.keys(statements) as SealedColumn[]

/** No record has it. */
export const noVersion = 0

/** One page of the records of a tenant that are not sealed by `exceptVersion`, in the order of `at`. */
export async function listSealedRecords(
  sql: Sql,
  page: {
    column: SealedColumn
    tenantId: string
    exceptVersion: number
    after: string
    limit: number
  },
): Promise<SealedRecord[]> {
  const { column, tenantId } = page
  const rows = await sql.query<Omit<SealedRecord, 'column' | 'tenantId'>>(statements[column].list, [
    tenantId,
    page.after,
    versionBytes(page.exceptVersion),
    page.limit,
  ])
  return rows.map((row) => ({ ...row, column, tenantId }))
}

/**
 * Puts other bytes in the place of those that were read. False when the record has moved on meanwhile:
 * another generation or another version of the key is another record, down to its random salt.
 */
export async function replaceSealedRecord(
  sql: Sql,
  record: Pick<SealedRecord, 'column' | 'tenantId' | 'at' | 'sealed'>,
  next: { sealed: Uint8Array; keyVersion: number },
): Promise<boolean> {
  const rows = await sql.query(statements[record.column].replace, [
    record.tenantId,
    record.at,
    record.sealed,
    next.sealed,
    next.keyVersion,
  ])
  return rows.length === 1
}

export interface SealedCount {
  tenantId: string
  keyVersion: number
  records: number
}

/** Tenants that anything sealed is kept of. */
export async function listSealedTenants(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ tenantId: string }>(
    `select tenant_id as "tenantId" from credentials
     union select tenant_id from orphans
     union select tenant_id from revocations
     union select tenant_id from integrations where key_version is not null
     union select tenant_id from flows where key_version is not null
     union select tenant_id from webhook_endpoints
     union select tenant_id from approvals
     union select tenant_id from idempotent_tool_calls
     union select tenant_id from install_keys
     order by 1`,
  )
  return rows.map(({ tenantId }) => tenantId)
}

/** How many records each version of some tenants' keys has sealed. Reads every record. */
export async function countSealedRecords(
  sql: Sql,
  tenantIds: readonly string[],
): Promise<SealedCount[]> {
  const rows = await sql.query<{ tenantId: string; version: Uint8Array; records: number }>(
    `select tenant_id as "tenantId", substring(sealed from 5 for 4) as version,
            count(*)::int as records
     from (
       select tenant_id, sealed from credentials
       union all select tenant_id, sealed from orphans
       union all select tenant_id, sealed from revocations
       union all select tenant_id, sealed from integrations
       union all select tenant_id, sealed_verifier from flows
       union all select tenant_id, sealed_code from flows
       union all select tenant_id, sealed from webhook_endpoints
       union all select tenant_id, previous_sealed from webhook_endpoints
       union all select tenant_id, sealed from approvals
       union all select tenant_id, sealed from idempotent_tool_calls
       union all select tenant_id, sealed from install_keys
     ) as record
     where sealed is not null and tenant_id = any ($1::text[])
     group by 1, 2 order by 1, 2`,
    [tenantIds],
  )
  return rows.map(({ version, ...row }) => ({
    ...row,
    keyVersion: version.length === 4 ? Buffer.from(version).readUInt32BE(0) : noVersion,
  }))
}

/** As it stands in a record, after two letters, the format and the suite. */
function versionBytes(version: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(version)
  return bytes
}
