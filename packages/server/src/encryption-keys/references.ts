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
import type { KeyParts } from './parts.ts'

const dayMs = 86_400_000

/** What still needs a version of the installation's key, by the subkeys that are derived from it. */
export interface DerivedReferences {
  /** Live API keys that are checked with it: each until it is next used, replaced or revoked. */
  apiKeys: ApiKeyName[]
  /** Connect sessions and one-time codes that are checked with it: each for minutes. */
  attempts: number
  /** About when the last entry of the audit log that is sealed with it will be gone; null: there is none. */
  auditUntil: Date | null
}

/** What still needs a version of a key. It cannot be retired while there is anything. */
export interface KeyReferences extends DerivedReferences {
  /** Records that it has sealed. */
  records: number
}

export type ReferencedVersion = TenantKeyAge & KeyReferences

type ReferenceParts = Pick<KeyParts, 'database' | 'auditDays'>

/** All versions of a tenant's key, the oldest first, with what needs each. */
export async function listVersions(
  parts: ReferenceParts,
  tenantId: string,
): Promise<ReferencedVersion[]> {
  const sql = parts.database.of(tenantId)
  const counts = await countSealedRecords(sql, [tenantId])
  const records = new Map(counts.map(({ keyVersion, records: count }) => [keyVersion, count]))
  const versions: ReferencedVersion[] = []
  for (const row of await listTenantKeys(sql, tenantId)) {
    const derived = isOfOld(tenantId, row) ? await findDerived(parts, row) : none
    versions.push({ ...row, records: records.get(row.version) ?? 0, ...derived })
  }
  return versions
}

/** For the versions that a rotation has yet to retire. A disabled version has no references. */
export async function listInstallationReferences(
  parts: ReferenceParts,
): Promise<(DerivedReferences & { version: number })[]> {
  const references: (DerivedReferences & { version: number })[] = []
  for (const row of await listTenantKeys(parts.database.of(installation), installation)) {
    if (row.state !== 'decrypt_only') continue
    references.push({ version: row.version, ...(await findDerived(parts, row)) })
  }
  return references
}

export function isReferenced({ records, apiKeys, attempts, auditUntil }: KeyReferences): boolean {
  return records > 0 || apiKeys.length > 0 || attempts > 0 || auditUntil !== null
}

const none = { apiKeys: [], attempts: 0, auditUntil: null }

/**
 * Whether anything but records may need it. Only the installation's key has subkeys; what needs the active
 * version delays nothing, and nothing can need a destroyed one.
 */
function isOfOld(tenantId: string, { state }: Pick<TenantKeyAge, 'state'>): boolean {
  return tenantId === installation && (state === 'decrypt_only' || state === 'disabled')
}

/** API keys and attempts by their peppers, entries by the audit key. */
async function findDerived(
  { database, auditDays }: ReferenceParts,
  { version, stateSince }: TenantKeyAge,
): Promise<DerivedReferences> {
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
