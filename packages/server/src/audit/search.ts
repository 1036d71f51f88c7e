import type {
  AuditLine,
  AuditLogEntry,
  AuditPage,
  exportAuditSchema,
  searchAuditSchema,
} from '@keywell/protocol'
import type { z } from 'zod'
import { type AuditEntryRow, readChain, searchAudit } from '../store/audit-search.ts'
import type { Database } from '../store/database.ts'
import { toOcsf } from './ocsf.ts'

/** Entries of one statement of an export. */
const exportRows = 500

/** The log as those read it who may. */
export interface AuditReader {
  /** A page of a tenant's entries, newest first. */
  search(query: z.output<typeof searchAuditSchema>): Promise<AuditPage>
  /**
   * A tenant's entries as lines, in the order of the chain, up to its end as it is when that is
   * reached. Read as fast as it is taken.
   */
  export(query: z.output<typeof exportAuditSchema>): AsyncGenerator<string, void>
}

export function createAuditReader(database: Database): AuditReader {
  return {
    async search({ cursor, limit, ...query }) {
      const rows = await searchAudit(database.of(query.tenantId), {
        tenantId: query.tenantId,
        userId: query.userId ?? null,
        connectionId: query.connectionId ?? null,
        actor: query.actor ?? null,
        action: query.action ?? null,
        result: query.result ?? null,
        from: query.from === undefined ? null : new Date(query.from),
        to: query.to === undefined ? null : new Date(query.to),
        beforePosition: isPosition(cursor) ? Number(cursor) : null,
        beforeId: isPosition(cursor) ? null : (cursor ?? null),
        limit: limit + 1,
      })
      const entries = rows.slice(0, limit).map(viewEntry)
      const last = rows.length > limit ? entries.at(-1) : undefined
      return { entries, nextCursor: last === undefined ? null : `${last.position ?? last.id}` }
    },

    async *export({ tenantId, format, after }) {
      const write = format === 'ocsf' ? toOcsf : (line: AuditLine) => line
      for (let position = after; ; ) {
        const rows = await readChain(database.of(tenantId), {
          tenantId,
          after: position,
          limit: exportRows,
        })
        if (rows.length > 0) {
          yield rows.map((row) => `${JSON.stringify(write(toLine(row)))}\n`).join('')
        }
        if (rows.length < exportRows) return
        position = rows.at(-1)?.position ?? position
      }
    },
  }
}

/** A page ends at a position; or, where it ends among those that wait for theirs, at an id. */
const isPosition = (cursor: string | undefined) => cursor !== undefined && /^\d+$/.test(cursor)

function viewEntry({ link: _, at, ...row }: AuditEntryRow): AuditLogEntry {
  return { ...row, at: at.toISOString() }
}

function toLine(row: AuditEntryRow & { position: number; link: Uint8Array }): AuditLine {
  const link = Buffer.from(row.link).toString('base64url')
  return { ...viewEntry(row), position: row.position, link }
}
