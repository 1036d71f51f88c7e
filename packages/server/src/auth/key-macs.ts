import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ApiKeyGrants, ApiKeyRow } from '../store/api-keys.ts'
import { lengthPrefixed } from '../vault/bytes.ts'

/** What can be said of a row and the key that names it. */
export type KeyVerdict =
  | 'right'
  /** Another secret than the row's, in a key that is well-formed. */
  | 'mismatch'
  /** The row does not hold what the service wrote: it was planted, widened or moved. */
  | 'altered'

/** The two MACs of a row, under one pepper that is not in the database (threats.md, API keys). */
export interface KeyMacs {
  ofKey(key: string): Uint8Array
  /** Over what the row grants, since when, and to which key. */
  ofGrants(row: ApiKeyGrants & Pick<ApiKeyRow, 'id' | 'mac' | 'createdAt'>): Uint8Array
  judge(row: ApiKeyRow, key: string): KeyVerdict
  /** Both for a row whose key is at hand, and was right: it stays what it was, under another pepper. */
  again(row: ApiKeyRow, key: string): Pick<ApiKeyRow, 'mac' | 'grantsMac'>
  /** Whether the row says what the service wrote. */
  isIntact(row: ApiKeyRow): boolean
}

export function createKeyMacs(pepper: Uint8Array): KeyMacs {
  const hmac = (bytes: string | Uint8Array) => createHmac('sha256', pepper).update(bytes).digest()

  const ofKey = (key: string) => hmac(lengthPrefixed('api-key', key))

  const ofGrants: KeyMacs['ofGrants'] = (row) =>
    hmac(
      lengthPrefixed(
        'api-key-grants',
        row.id,
        row.mac,
        list(row.roles),
        list(row.tenants),
        list(row.providers),
        row.createdAt.toISOString(),
        row.expiresAt === null ? 'never' : row.expiresAt.toISOString(),
        // One part more or less is another text, so a list can neither be planted nor taken away.
        ...(row.origins === null ? [] : [list(row.origins)]),
      ),
    )

  const isIntact = (row: ApiKeyRow) => isSame(row.grantsMac, ofGrants(row))

  return {
    ofKey,
    ofGrants,
    isIntact,
    judge(row, key) {
      if (!isIntact(row)) return 'altered'
      return isSame(row.mac, ofKey(key)) ? 'right' : 'mismatch'
    },
    again(row, key) {
      const mac = ofKey(key)
      return { mac, grantsMac: ofGrants({ ...row, mac }) }
    },
  }
}

/** Null and the empty list are different bytes; so are `a,b` and `a`, `b`. */
function list(items: readonly string[] | null): Uint8Array {
  return items === null ? lengthPrefixed('all') : lengthPrefixed('only', ...items)
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
