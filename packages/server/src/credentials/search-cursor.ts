import { createHmac, timingSafeEqual } from 'node:crypto'
import { KeywellError } from '@keywell/protocol'
import { z } from 'zod'
import type { Peppers } from '../encryption-keys/peppers.ts'
import type { SearchKey } from '../store/connection-search.ts'
import { lengthPrefixed } from '../vault/bytes.ts'

/** The one use of the pepper that cursors are under. */
export const searchPepperLabel = 'keywell/1/search'

export interface SearchMacs {
  /** Over a place, and everything that is searched for. */
  ofPlace(search: string, place: SearchKey): Buffer
}

export function createSearchMacs(pepper: Uint8Array): SearchMacs {
  return {
    ofPlace: (search, { first, second, id }) =>
      createHmac('sha256', pepper)
        .update(lengthPrefixed('place', search, first, second, id))
        .digest(),
  }
}

export type SearchPeppers = Pick<Peppers<SearchMacs>, 'present' | 'find'>

const cursorSchema = z.tuple([z.int().positive(), z.string(), z.string(), z.string(), z.string()])

/**
 * A place as the wire carries it. It counts for one search alone: that of another filter, order or tenant would skip
 * or repeat rows, and is refused.
 *
 * @param search everything that is searched for, as text
 */
export function formatCursor(peppers: SearchPeppers, search: string, place: SearchKey): string {
  const { version, macs } = peppers.present()
  const mac = macs.ofPlace(search, place).toString('base64url')
  const parts = [version, place.first, place.second, place.id, mac]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** @throws KeywellError `invalid_request` */
export async function parseCursor(
  peppers: SearchPeppers,
  search: string,
  cursor: string,
): Promise<SearchKey> {
  const [version, first, second, id, mac] = partsOf(cursor)
  const place = { first, second, id }
  const expected = (await peppers.find(version))?.ofPlace(search, place)
  const given = Buffer.from(mac, 'base64url')
  if (expected?.length !== given.length || !timingSafeEqual(expected, given)) throw foreign()
  return place
}

function partsOf(cursor: string): z.output<typeof cursorSchema> {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
  } catch {
    throw foreign()
  }
}

function foreign(): KeywellError {
  return new KeywellError('invalid_request', 'cursor: is not one of this search', {
    nextStep:
      'Send nextCursor with the same tenant, query, filter and sort, or begin again without a cursor.',
  })
}
