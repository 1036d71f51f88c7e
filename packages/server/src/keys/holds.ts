import type { Sql } from '../store/database.ts'
import {
  type ApiKeyName,
  isNamedInAudit,
  listApiKeysOfPepper,
} from '../store/install-key-holders.ts'
import { listTenantKeys, type TenantKeyAge } from '../store/key-rotation.ts'
import { countSealedRecords } from '../store/sealed-records.ts'
import { installTenant } from '../vault/vault.ts'
import type { KeyParts } from './operations.ts'

const dayMs = 86_400_000

/** What needs a version of the installation's key by what is derived from it. */
export interface DerivedHolds {
  /** Live API keys that are checked with it: each until it is next used, replaced or revoked. */
  apiKeys: ApiKeyName[]
  /** About when the last entry of the audit log that is sealed with it will be gone; null: there is none. */
  auditUntil: Date | null
}

/** What needs a version of a key, and keeps it from being retired. */
export interface KeyHolds extends DerivedHolds {
  /** Records that it has sealed. */
  records: number
}

export type HeldVersion = TenantKeyAge & KeyHolds

type HoldParts = Pick<KeyParts, 'auditDays'> & { database: Sql }

/** All versions of a tenant's key, the oldest first, with what needs each. */
export async function listHeldVersions(
  { database, auditDays }: HoldParts,
  tenantId: string,
): Promise<HeldVersion[]> {
  const counts = await countSealedRecords(database, tenantId)
  const records = new Map(counts.map(({ keyVersion, records: count }) => [keyVersion, count]))
  const held: HeldVersion[] = []
  for (const row of await listTenantKeys(database, tenantId)) {
    const derived = isOfOld(tenantId, row) ? await findDerived(database, row, auditDays) : none
    held.push({ ...row, records: records.get(row.version) ?? 0, ...derived })
  }
  return held
}

/** Of the versions that a rotation has still to retire. Those that are disabled were needed by nothing. */
export async function listInstallHolds({
  database,
  auditDays,
}: HoldParts): Promise<(DerivedHolds & { version: number })[]> {
  const holds: (DerivedHolds & { version: number })[] = []
  for (const row of await listTenantKeys(database, installTenant)) {
    if (row.state !== 'decrypt_only') continue
    holds.push({ version: row.version, ...(await findDerived(database, row, auditDays)) })
  }
  return holds
}

export function isHeld({ records, apiKeys, auditUntil }: KeyHolds): boolean {
  return records > 0 || apiKeys.length > 0 || auditUntil !== null
}

const none = { apiKeys: [], auditUntil: null }

/**
 * Whether other things than records may need it. Subkeys hang on the installation's key alone; what hangs on
 * the active one holds nothing up, and nothing can hang on one that is destroyed.
 */
function isOfOld(tenantId: string, { state }: Pick<TenantKeyAge, 'state'>): boolean {
  return tenantId === installTenant && (state === 'decrypt_only' || state === 'disabled')
}

/** API keys by the pepper, entries by the audit key. */
async function findDerived(
  sql: Sql,
  { version, stateSince }: TenantKeyAge,
  auditDays: number,
): Promise<DerivedHolds> {
  const isNamed = await isNamedInAudit(sql, version)
  return {
    apiKeys: await listApiKeysOfPepper(sql, version),
    // Since then nothing is sealed with it.
    auditUntil: isNamed ? new Date(stateSince.getTime() + auditDays * dayMs) : null,
  }
}
