import { createHmac } from 'node:crypto'
import type { AuditRow } from '../store/audit.ts'

/** The key of the audit log, and the version of the installation's key that it hangs on. */
export interface AuditKey {
  readonly version: number
  readonly key: Uint8Array
}

/** Half of the hash, as in RFC 2104 and RFC 4868: it cannot be guessed, and each entry stores one. */
const entryMacBytes = 16

/**
 * The MAC over all fields of an entry except its time, which the database sets and the link covers. The id
 * is covered, and contains the time by the clock of the writer.
 */
export function macOfEntry(key: AuditKey, row: AuditRow): Buffer {
  return mac(key, 'entry', [
    row.tenant_id,
    row.id,
    row.actor,
    row.action,
    row.user_id,
    row.connection_id,
    row.generation,
    row.result,
    row.reason,
    row.request_id,
    row.call,
  ]).subarray(0, entryMacBytes)
}

/** What a link says: which entry has which position, after which link. */
export interface LinkContent {
  tenantId: string
  position: number
  /** The link before; null: this is the first. */
  previous: Uint8Array | null
  entryId: string
  /** Microseconds since 1970, in digits. */
  atMicros: string
  macVersion: number
  /** The entry's own. */
  mac: Uint8Array
}

export function linkOf(key: AuditKey, content: LinkContent): Buffer {
  return mac(key, 'link', [
    content.tenantId,
    content.position,
    content.previous && base64(content.previous),
    content.entryId,
    content.atMicros,
    content.macVersion,
    base64(content.mac),
  ])
}

/** Says that everything up to a position was removed by retention, and what the last link was. */
export function macOfCut(
  key: AuditKey,
  cut: { tenantId: string; position: number; link: Uint8Array },
): Buffer {
  return mac(key, 'cut', [cut.tenantId, cut.position, base64(cut.link)])
}

/**
 * JSON of a flat list is as unambiguous as lengths before parts: different lists never give the same
 * text. It is written four times as fast, and each read waits for one of these.
 */
function mac(
  { key, version }: AuditKey,
  what: 'entry' | 'link' | 'cut',
  parts: readonly (string | number | null)[],
): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify([what, version, ...parts]))
    .digest()
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}
