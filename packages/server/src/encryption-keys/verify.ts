import { everyTenant } from '../store/scope.ts'
import {
  listSealedRecords,
  listSealedTenants,
  noVersion,
  type SealedRecord,
  sealedColumns,
} from '../store/sealed-records.ts'
import { listRestoredRows, listRestoredTenants } from '../store/tenants.ts'
import type { KeyParts, Progress } from './parts.ts'
import { contextOf, nameOf, pageRecords, type RecordName } from './sweep.ts'

export interface Verification {
  tenants: number
  opened: number
  /** By inner error of the vault; `tenant_erased` for rows that were put back after their tenant's end. */
  refused: Record<string, number>
  /** Which ones, the first thousand. */
  rows: RecordName[]
}

const maxNamedRows = 1_000

/**
 * Opens what is sealed, under the context of the row that it stands in, and names keys and connections of
 * erased tenants, which were put back.
 *
 * @throws VaultError `key_unavailable` when keys cannot be unwrapped now
 */
export async function verifyRecords(
  parts: Pick<KeyParts, 'database' | 'vault'>,
  { tenantId, onProgress = () => {} }: { tenantId?: string; onProgress?: Progress },
): Promise<Verification> {
  const found: Verification = { tenants: 0, opened: 0, refused: {}, rows: [] }
  const isWanted = (each: string) => each === (tenantId ?? each)
  const restored = await listRestoredTenants(parts.database.of(everyTenant))
  for (const tenant of restored.filter(isWanted)) await nameRestored(parts, tenant, found)
  const sealed = await listSealedTenants(parts.database.of(everyTenant))
  for (const tenant of sealed.filter(isWanted)) {
    found.tenants += 1
    await verifyTenant(parts, tenant, found)
    onProgress(found.opened)
  }
  return found
}

async function nameRestored(
  { database }: Pick<KeyParts, 'database'>,
  tenantId: string,
  found: Verification,
): Promise<void> {
  const rows = await listRestoredRows(database.of(tenantId), tenantId, maxNamedRows)
  for (const { source, id, generation } of rows) {
    const row = { source, tenantId, recordId: id, field: 'row', generation }
    refuse(found, { ...row, reason: 'tenant_erased' })
  }
}

async function verifyTenant(
  { database, vault }: Pick<KeyParts, 'database' | 'vault'>,
  tenantId: string,
  found: Verification,
): Promise<void> {
  for (const column of sealedColumns) {
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: SealedRecord[] = await listSealedRecords(database.of(tenantId), {
        column,
        tenantId,
        exceptVersion: noVersion,
        after,
        limit: pageRecords,
      })
      for (const record of page) await verifyOne({ vault }, record, found)
      after = page.length === pageRecords ? page.at(-1)?.at : undefined
    }
  }
}

async function verifyOne(
  { vault }: Pick<KeyParts, 'vault'>,
  record: SealedRecord,
  found: Verification,
): Promise<void> {
  try {
    const body = await vault.open(contextOf(record), record.sealed)
    body.fill(0)
    found.opened += 1
  } catch (error) {
    refuse(found, nameOf(record, error))
  }
}

function refuse(found: Verification, name: RecordName): void {
  found.refused[name.reason] = (found.refused[name.reason] ?? 0) + 1
  if (found.rows.length < maxNamedRows) found.rows.push(name)
}
