import {
  type ApiKeyName,
  countCodesOfPepper,
  countSessionsOfPepper,
  isNamedInAudit,
  listApiKeysOfPepper,
} from '../store/install-key-holders.ts'
import { listTenantKeys, type TenantKeyAge } from '../store/key-rotation.ts'
import { everyTenant, installation } from '../store/scope.ts'
import { countSealedRecords } from '../store/sealed-records.ts'
import type { KeyParts } from './operations.ts'

const dayMs = 86_400_000

/** What needs a version of the installation's key by what is derived from it. */
export interface DerivedHolds {
  /** Live API keys that are checked with it: each until it is next used, replaced or revoked. */
  apiKeys: ApiKeyName[]
  /** Connect sessions and one-time codes that are checked with it: each for minutes. */
  attempts: number
  /** About when the last entry of the audit log that is sealed with it will be gone; null: there is none. */
  auditUntil: Date | null
}

/** What needs a version of a key, and keeps it from being retired. */
export interface KeyHolds extends DerivedHolds {
  /** Records that it has sealed. */
  records: number
}

export type HeldVersion = TenantKeyAge & KeyHolds

type HoldParts = Pick<KeyParts, 'database' | 'auditDays'>

/** All versions of a tenant's key, the oldest first, with what needs each. */
export async function listHeldVersions(parts: HoldParts, tenantId: string): Promise<HeldVersion[]> {
  const sql = parts.database.of(tenantId)
  const counts = await countSealedRecords(sql, [tenantId])
  const records = new Map(counts.map(({ keyVersion, records: count }) => [keyVersion, count]))
  const held: HeldVersion[] = []
  for (const row of await listTenantKeys(sql, tenantId)) {
    const derived = isOfOld(tenantId, row) ? await findDerived(parts, row) : none
    held.push({ ...row, records: records.get(row.version) ?? 0, ...derived })
  }
  return held
}

/** Of the versions that a rotation has still to retire. Those that are disabled were needed by nothing. */
export async function listInstallHolds(
  parts: HoldParts,
): Promise<(DerivedHolds & { version: number })[]> {
  const holds: (DerivedHolds & { version: number })[] = []
  for (const row of await listTenantKeys(parts.database.of(installation), installation)) {
    if (row.state !== 'decrypt_only') continue
    holds.push({ version: row.version, ...(await findDerived(parts, row)) })
  }
  return holds
}

export function isHeld({ records, apiKeys, attempts, auditUntil }: KeyHolds): boolean {
  return records > 0 || apiKeys.length > 0 || attempts > 0 || auditUntil !== null
}

const none = { apiKeys: [], attempts: 0, auditUntil: null }

/**
 * Whether other things than records may need it. Subkeys hang on the installation's key alone; what hangs on
 * the active one holds nothing up, and nothing can hang on one that is destroyed.
 */
function isOfOld(tenantId: string, { state }: Pick<TenantKeyAge, 'state'>): boolean {
  return tenantId === installation && (state === 'decrypt_only' || state === 'disabled')
}

/** API keys and attempts by their peppers, entries by the audit key. */
async function findDerived(
  { database, auditDays }: HoldParts,
  { version, stateSince }: TenantKeyAge,
): Promise<DerivedHolds> {
  const isNamed = await isNamedInAudit(database.of(everyTenant), version)
  return {
    apiKeys: await listApiKeysOfPepper(database.of(installation), version),
    attempts:
      (await countCodesOfPepper(database.of(installation), version)) +
      (await countSessionsOfPepper(database.of(everyTenant), version)),
    // Since then nothing is sealed with it.
    auditUntil: isNamed ? new Date(stateSince.getTime() + auditDays * dayMs) : null,
  }
}
