import type { Sql } from './database.ts'

/** In place of an integration's owner and id, where none is needed: with an API key. */
export const noIntegration = ''

export interface IntegrationRow {
  tenantId: string
  id: string
  provider: string
  /** Of the provider's definition, by its id. */
  method: string
  host: string
  /** Those that an operator gives with the app. */
  variables: Record<string, string>
  clientId: string | null
  /** Of the client: its secret is sealed for it. */
  revision: number
  /** Of all that can be changed. */
  version: number
  disabledAt: Date | null
  sealed: Uint8Array | null
  /** The version of the definition that the secret was stored under; null: it is not known. */
  definitionDigest: string | null
  scopes: string[]
  suspendedAt: Date | null
  suspendedReason: SuspensionReason | null
}

/** The provider refuses the client, or refuses what we ask of it for one connection after another. */
export type SuspensionReason = 'client_rejected' | 'request_rejected'

const columns = `tenant_id as "tenantId", id, provider, method, host, variables, client_id as "clientId", revision, version,
  disabled_at as "disabledAt", sealed, definition_digest as "definitionDigest", scopes, suspended_at as "suspendedAt", suspended_reason as "suspendedReason"`

export async function insertIntegration(
  sql: Sql,
  row: Pick<IntegrationRow, 'tenantId' | 'id' | 'provider' | 'method' | 'host'> & {
    variables: Readonly<Record<string, string>>
    scopes: readonly string[]
  },
): Promise<void> {
  await sql.query(
    `insert into integrations (tenant_id, id, provider, host, variables, scopes, method)
     values ($1, $2, $3, $4, ($5::text)::jsonb, $6, $7)`,
    [
      row.tenantId,
      row.id,
      row.provider,
      row.host,
      JSON.stringify(row.variables),
      row.scopes,
      row.method,
    ],
  )
}

/** Compare-and-set on the revision, which is part of what the secret is sealed to. */
export async function setIntegrationClient(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    clientId: string
    sealed: Uint8Array
    keyVersion: number
    revision: number
    definitionDigest: string
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update integrations
     set client_id = $3, sealed = $4, key_version = $5, revision = $6, definition_digest = $7, version = version + 1, updated_at = now(),
         canary_at = case when suspended_at is not null then now() end
     where tenant_id = $1 and id = $2 and revision = $6 - 1
     returning id`,
    [
      row.tenantId,
      row.id,
      row.clientId,
      row.sealed,
      row.keyVersion,
      row.revision,
      row.definitionDigest,
    ],
  )
  return rows.length === 1
}

export async function findIntegration(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<IntegrationRow | undefined> {
  const [row] = await sql.query<IntegrationRow>(
    `select ${columns} from integrations where tenant_id = $1 and id = $2`,
    [tenantId, id],
  )
  return row
}

/** Null: as before. Undefined: there is no such integration, or not of that version. */
export async function updateIntegration(
  sql: Sql,
  change: {
    tenantId: string
    id: string
    version: number
    scopes: readonly string[] | null
    enabled: boolean | null
  },
): Promise<IntegrationRow | undefined> {
  const [row] = await sql.query<IntegrationRow>(
    `update integrations
     set scopes = coalesce($4::text[], scopes),
         disabled_at = case $5::boolean when true then null when false then coalesce(disabled_at, now())
           else disabled_at end,
         version = version + 1, updated_at = now()
     where tenant_id = $1 and id = $2 and version = $3
     returning ${columns}`,
    [change.tenantId, change.id, change.version, change.scopes, change.enabled],
  )
  return row
}

/** It stays as it is until the end of the transaction; and nobody connects by it. */
export async function holdIntegration(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<IntegrationRow | undefined> {
  const [row] = await sql.query<IntegrationRow>(
    `select ${columns} from integrations where tenant_id = $1 and id = $2 for update`,
    [tenantId, id],
  )
  return row
}

export async function deleteIntegration(sql: Sql, tenantId: string, id: string): Promise<void> {
  await sql.query('delete from integrations where tenant_id = $1 and id = $2', [tenantId, id])
}

/** Takes the turn to ask its provider. Undefined: it is this caller's; else milliseconds until the next one. */
export async function takeValidation(
  sql: Sql,
  { tenantId, id, everyMs }: { tenantId: string; id: string; everyMs: number },
): Promise<number | undefined> {
  const taken = await sql.query(
    `update integrations set validated_at = now()
     where tenant_id = $1 and id = $2
       and (validated_at is null or validated_at <= now() - $3 * interval '1 millisecond')
     returning id`,
    [tenantId, id, everyMs],
  )
  if (taken.length === 1) return undefined
  const [row] = await sql.query<{ waitMs: number }>(
    `select greatest(1, $3 - extract(epoch from now() - validated_at) * 1000)::float8 as "waitMs"
     from integrations where tenant_id = $1 and id = $2`,
    [tenantId, id, everyMs],
  )
  return Math.ceil(row?.waitMs ?? everyMs)
}

/**
 * Whether an integration's client is still the one that a flow began with. It stays so until the end of
 * the transaction: replacing it waits.
 */
export async function isClientOfIntegration(
  sql: Sql,
  flow: { integrationOwner: string; integrationId: string; clientId: string },
): Promise<boolean> {
  const rows = await sql.query(
    `select id from integrations
     where tenant_id = $1 and id = $2 and client_id = $3 and disabled_at is null for share`,
    [flow.integrationOwner, flow.integrationId, flow.clientId],
  )
  return rows.length === 1
}

/** Those a tenant may use: its own first, then the shared ones. */
export async function listUsableIntegrations(
  sql: Sql,
  tenantId: string,
): Promise<IntegrationRow[]> {
  return sql.query<IntegrationRow>(
    `select ${columns} from integrations
     where tenant_id in ($1, '@install') and client_id is not null and disabled_at is null
     order by (tenant_id = '@install'), provider, host`,
    [tenantId],
  )
}

export async function listIntegrations(sql: Sql, tenantId: string): Promise<IntegrationRow[]> {
  return sql.query<IntegrationRow>(
    `select ${columns} from integrations where tenant_id = $1 order by id`,
    [tenantId],
  )
}

/** Its connections wait from now on. False: they did already, or its client is another one by now. */
export async function suspendIntegration(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    revision: number
    reason: SuspensionReason
    canaryInMs: number
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update integrations
     set suspended_at = now(), suspended_reason = $3,
         canary_at = now() + $4 * interval '1 millisecond'
     where tenant_id = $1 and id = $2 and revision = $5 and suspended_at is null
     returning id`,
    [row.tenantId, row.id, row.reason, row.canaryInMs, row.revision],
  )
  return rows.length === 1
}

/** Answers how many requests in a row, over all its connections, were refused as wrong. */
export async function countRequestRejection(
  sql: Sql,
  row: { tenantId: string; id: string },
): Promise<number> {
  const [counted] = await sql.query<{ faults: number }>(
    `update integrations set request_rejections = request_rejections + 1
     where tenant_id = $1 and id = $2 returning request_rejections as faults`,
    [row.tenantId, row.id],
  )
  return counted?.faults ?? 0
}

/** A success: whatever was held against it is over. True when it was suspended. Else nothing is written. */
export async function clearIntegration(
  sql: Sql,
  row: { tenantId: string; id: string },
): Promise<boolean> {
  const rows = await sql.query<{ suspended: boolean }>(
    `with before as (
       select suspended_at is not null as suspended from integrations
       where tenant_id = $1 and id = $2 and (suspended_at is not null or request_rejections > 0)
     )
     update integrations i
     set suspended_at = null, suspended_reason = null, canary_at = null, request_rejections = 0
     from before where i.tenant_id = $1 and i.id = $2
     returning before.suspended`,
    [row.tenantId, row.id],
  )
  return rows[0]?.suspended === true
}

/** Suspended integrations of all tenants whose client is to be tried again, each for one replica. */
export async function claimCanaries(
  sql: Sql,
  canaryMs: number,
): Promise<{ tenantId: string; id: string }[]> {
  return sql.query(
    `update integrations set canary_at = now() + $1 * interval '1 millisecond'
     where suspended_at is not null and canary_at <= now()
     returning tenant_id as "tenantId", id`,
    [canaryMs],
  )
}
