import {
  type AuditHead,
  type AuditLine,
  type AuditLogEntry,
  type AuditPage,
  auditLineSchema,
  exportAuditSchema,
  KeywellError,
  routes,
  type SearchAudit,
} from '@keywell/protocol'
import { List } from './list.ts'
import { parseInput, requestOf } from './request.ts'
import { pauseMs } from './retry.ts'
import type { CallOptions, Service } from './service.ts'

/** Times in a row that an export may break off without a line in between. */
const maxBreaks = 8
/** Longest pause that the service may ask for after a break. */
const longestRetryAfterMs = 10_000

/** Which part of a log is exported. */
export interface ExportAudit {
  /** A tenant, or `@install`. */
  readonly tenantId: string
  /** Begins behind this position: the last one that you have. Default: from the oldest there is. */
  readonly after?: number
}

/** Who did what in a tenant. */
export class AuditLog {
  readonly #service: Service
  readonly #random: () => number

  constructor(service: Service, random: () => number) {
    this.#service = service
    this.#random = random
  }

  /** Entries of a tenant, newest first. */
  list(query: SearchAudit, options?: CallOptions): List<AuditLogEntry, AuditPage> {
    return new List({
      read: (place) =>
        this.#service.request(
          routes.audit.search,
          'audit.list',
          { query: { ...query, ...place } },
          options,
        ),
      itemsOf: ({ entries }) => entries,
      cursorOf: ({ nextCursor }) => nextCursor,
    })
  }

  /**
   * All entries of a tenant that are in its chain, in their order, up to the end as it is when that is
   * reached. Read as fast as they are taken, and gone on with behind the last one where a connection
   * breaks: none is missing and none comes twice.
   *
   *     for await (const entry of keywell.audit.export({ tenantId, after })) await keep(entry)
   *
   * @throws KeywellError at once for a query that does not fit; from the loop when the service refuses,
   *   or is away for longer than some 20 seconds
   */
  export(query: ExportAudit): AsyncGenerator<AuditLine, void, void> {
    const { tenantId, after } = parseInput(exportAuditSchema, query, 'audit.export')
    return this.#export(tenantId, after)
  }

  async *#export(tenantId: string, after: number): AsyncGenerator<AuditLine, void, void> {
    let position = after
    let breaks = 0
    for (;;) {
      try {
        const query = { tenantId, after: position }
        const lines = this.#service.lines({
          ...requestOf(routes.audit.export, 'audit.export', { query }),
          schema: auditLineSchema,
        })
        for await (const line of lines) {
          position = line.position
          breaks = 0
          yield line
        }
        return
      } catch (error) {
        breaks += 1
        if (!isPassing(error) || breaks > maxBreaks) throw error
        await this.#pause(breaks, error.retryAfterMs ?? 0)
      }
    }
  }

  /** The caller of the export waits for this: unlike other timers here it keeps a process alive. */
  async #pause(breaks: number, atLeastMs: number): Promise<void> {
    const ms = pauseMs(breaks, this.#random(), Math.min(atLeastMs, longestRetryAfterMs))
    await new Promise((resolve) => setTimeout(resolve, ms))
  }

  /** The newest signed end of the tenant's chain: kept elsewhere, it shows when the end is cut off. */
  async getHead(query: { readonly tenantId: string }, options?: CallOptions): Promise<AuditHead> {
    return this.#service.request(routes.audit.head, 'audit.getHead', { query }, options)
  }
}

/** Whether the same call may do better later. */
function isPassing(error: unknown): error is KeywellError {
  return error instanceof KeywellError && (error.status >= 500 || error.code === 'rate_limited')
}
