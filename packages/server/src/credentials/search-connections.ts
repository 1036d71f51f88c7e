import type { ConnectionFilter, ConnectionPage, searchConnectionsSchema } from '@keywell/protocol'
import type { z } from 'zod'
import type { Catalogue } from '../catalogue.ts'
import {
  type ConnectionSearch,
  searchConnectionKeys,
  type TextField,
  type TimeField,
  textFields,
  timeFields,
} from '../store/connection-search.ts'
import { listConnectionsById } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { viewConnection } from './connections.ts'
import { formatCursor, parseCursor, type SearchPeppers } from './search-cursor.ts'

type Search = z.output<typeof searchConnectionsSchema> & {
  /** Those that the caller may see; undefined: all. */
  providers: readonly string[] | undefined
}

export type SearchConnections = (search: Search) => Promise<ConnectionPage>

export function createSearchConnections(parts: {
  catalogue: Catalogue
  database: Database
  peppers: SearchPeppers
}): SearchConnections {
  const { catalogue, database, peppers } = parts
  return async (search) => {
    const { tenantId, limit, cursor } = search
    const sql = database.of(tenantId)
    const text = textOf(search)
    const after = cursor === undefined ? null : await parseCursor(peppers, text, cursor)
    const keys = await searchConnectionKeys(sql, { ...asAsked(search), after, limit: limit + 1 })
    const page = keys.slice(0, limit)
    const ids = page.map(({ id }) => id)
    const rows = new Map(
      (await listConnectionsById(sql, tenantId, ids)).map((row) => [row.id, row]),
    )
    const last = keys.length > limit ? page.at(-1) : undefined
    return {
      // One that was removed in between is left out.
      connections: ids.flatMap((id) => {
        const row = rows.get(id)
        return row === undefined ? [] : [viewConnection(catalogue, row)]
      }),
      nextCursor: last === undefined ? null : formatCursor(peppers, text, last),
    }
  }
}

/** One text for one search; the schema has put the fields in order. */
function textOf({ tenantId, query, filter, sort }: Search): string {
  return JSON.stringify([tenantId, query ?? null, filter, sort])
}

function asAsked(search: Search): Omit<ConnectionSearch, 'after' | 'limit'> {
  const { tenantId, providers, query, filter, sort } = search
  return {
    tenantId,
    providers: providers ?? null,
    words: query === undefined ? null : query.split(/[-\s_.@/]+/).filter((word) => word !== ''),
    texts: byField(textFields, (field) => textsOf(filter[field])),
    scopes: filter.scopes?.in ?? null,
    times: byField(timeFields, (field) => timesOf(filter[field])),
    endsAtExists: filter.endsAt?.exists ?? null,
    checkedAtExists: filter.checkedAt?.exists ?? null,
    sort: sort.map(({ by, order }) => ({ by, desc: order === 'desc' })),
  }
}

function byField<Field extends string, Value>(
  fields: readonly Field[],
  of: (field: Field) => Value,
): Record<Field, Value> {
  // Each field has its entry; `fromEntries` forgets their names.
  return Object.fromEntries(fields.map((field) => [field, of(field)])) as Record<Field, Value>
}

/** `eq` beside `in` is what both allow. */
function textsOf(filter: ConnectionFilter[TextField]): ConnectionSearch['texts'][TextField] {
  const {
    eq,
    in: list,
    ne,
  }: { eq?: string | undefined; in?: string[] | undefined; ne?: string | undefined } = filter ?? {}
  const allowed = eq === undefined ? list : list === undefined || list.includes(eq) ? [eq] : []
  return { in: allowed ?? null, ne: ne === undefined ? null : [ne] }
}

/** The wire has milliseconds and the database less: what is shown as a time is at it, and not behind it. */
function timesOf(filter: ConnectionFilter[TimeField]): ConnectionSearch['times'][TimeField] {
  const { gt, gte, lt, lte } = filter ?? {}
  const from = [millisecondsOf(gte), millisecondsOf(gt, 1)].filter((each) => each !== null)
  const before = [millisecondsOf(lt), millisecondsOf(lte, 1)].filter((each) => each !== null)
  return {
    from: from.length === 0 ? null : new Date(Math.max(...from)),
    before: before.length === 0 ? null : new Date(Math.min(...before)),
  }
}

function millisecondsOf(text: string | undefined, more = 0): number | null {
  return text === undefined ? null : Date.parse(text) + more
}
