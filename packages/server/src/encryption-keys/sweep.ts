import {
  listSealedRecords,
  replaceSealedRecord,
  type SealedRecord,
  sealedColumns,
} from '../store/sealed-records.ts'
import { isKeyOutage, VaultError } from '../vault/vault.ts'
import type { KeyParts, Progress } from './parts.ts'

/** Which record, in words that may be shown: no secret and no user. */
export interface RecordName {
  source: string
  tenantId: string
  recordId: string
  field: string
  generation: number
  /** An inner error of the vault, or `tenant_erased`. */
  reason: string
}

export const pageRecords = 500
/** Sealed and written at once; a database has other callers. */
const atOnce = 8

export interface Sweep {
  moved: number
  /** Records that were replaced while they were moved; the new ones are sealed with the active version. */
  overtaken: number
  unreadable: RecordName[]
}

/**
 * Seals what other versions have sealed with the active one, under the same context and generation: for a
 * reader nothing has changed.
 *
 * @throws VaultError `key_unavailable` when keys cannot be unwrapped now
 */
export async function sweepTenant(
  parts: Pick<KeyParts, 'database' | 'vault'>,
  { tenantId, version, onProgress }: { tenantId: string; version: number; onProgress: Progress },
): Promise<Sweep> {
  const sweep: Sweep = { moved: 0, overtaken: 0, unreadable: [] }
  for (const column of sealedColumns) {
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: SealedRecord[] = await listSealedRecords(parts.database.of(tenantId), {
        column,
        tenantId,
        exceptVersion: version,
        after,
        limit: pageRecords,
      })
      for (let at = 0; at < page.length; at += atOnce) {
        await Promise.all(page.slice(at, at + atOnce).map((record) => move(parts, record, sweep)))
        onProgress(sweep.moved)
      }
      after = page.length === pageRecords ? page.at(-1)?.at : undefined
    }
  }
  return sweep
}

async function move(
  { database, vault }: Pick<KeyParts, 'database' | 'vault'>,
  record: SealedRecord,
  sweep: Sweep,
): Promise<void> {
  const context = contextOf(record)
  let body: Uint8Array
  try {
    body = await vault.open(context, record.sealed)
  } catch (error) {
    sweep.unreadable.push(nameOf(record, error))
    return
  }
  const next = await vault.seal(context, body).finally(() => body.fill(0))
  if (await replaceSealedRecord(database.of(record.tenantId), record, next)) sweep.moved += 1
  else sweep.overtaken += 1
}

/** All that is sealed has version 1 of its own format. */
export function contextOf(record: SealedRecord): Parameters<KeyParts['vault']['open']>[0] {
  const { type, tenantId, recordId, field, generation, bound } = record
  return { type, tenantId, recordId, field, generation, schema: 1, bound }
}

/** @throws whatever is no verdict about this record: the database is away, or the key service is */
export function nameOf(record: SealedRecord, error: unknown): RecordName {
  if (!(error instanceof VaultError) || isKeyOutage(error)) throw error
  const { column, tenantId, recordId, field, generation } = record
  const reason = error.keyState ?? error.reason
  return { source: column, tenantId, recordId, field, generation, reason }
}
