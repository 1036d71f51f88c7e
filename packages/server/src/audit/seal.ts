import { createHmac } from 'node:crypto'
import type { AuditRow } from '../store/audit.ts'
import { lengthPrefixed } from '../vault/bytes.ts'

/** The key of the audit log, and the version of the installation's key that it hangs on. */
export interface AuditKey {
  readonly version: number
  readonly key: Uint8Array
}

/**
 * The MAC over everything that an entry says. Its time is not among it, since the database gives it;
 * that stands in the link. The id is, and holds the time by the clock of whoever wrote it.
 */
export function macOfEntry({ key, version }: AuditKey, row: AuditRow): Buffer {
  return mac(
    key,
    lengthPrefixed(
      'entry',
      version,
      row.tenant_id,
      row.id,
      row.actor,
      row.action,
      nullable(row.user_id),
      nullable(row.connection_id),
      nullable(row.generation),
      row.result,
      nullable(row.reason),
      nullable(row.request_id),
    ),
  )
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

export function linkOf({ key, version }: AuditKey, content: LinkContent): Buffer {
  return mac(
    key,
    lengthPrefixed(
      'link',
      version,
      content.tenantId,
      String(content.position),
      content.previous ?? '',
      content.entryId,
      content.atMicros,
      content.macVersion,
      content.mac,
    ),
  )
}

/** Says that everything up to a position was removed by retention, and what the last link was. */
export function macOfCut(
  { key, version }: AuditKey,
  cut: { tenantId: string; position: number; link: Uint8Array },
): Buffer {
  return mac(key, lengthPrefixed('cut', version, cut.tenantId, String(cut.position), cut.link))
}

function mac(key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac('sha256', key).update(message).digest()
}

/** No value, the empty text and the number must not look alike. */
function nullable(value: string | number | null): string {
  return value === null ? '' : `=${value}`
}
