import type { After } from '../clock.ts'
import { type Metrics, silentMetrics } from '../metrics/metrics.ts'
import type { AuditEntry } from './audit.ts'

/** How long equal refusals are counted before they are written as one. */
export const windowMs = 60_000
/** Lines of one actor, and of all actors, within that time. Further refusals share a line. */
export const maxLinesPerActor = 10
export const maxLines = 100

/** A call with an API key, or with a connect token on a foreign page, that was refused. */
export interface RefusedCall {
  /** The tenant of the call if its key was valid; else `@install`. */
  tenantId: string
  /** `key:key_…`; `unknown` for a key that does not exist; `user:…` of a connect token. */
  actor: string
  /** Its method and the template of its path: `GET /v1/connections/:connectionId`. */
  route: string
  /** A stable word. */
  reason: string
  requestId: string
}

/**
 * Records refused calls in the audit log, and limits their number. The first of its kind (by actor, tenant, route
 * and reason) is written at once. The others of the next minute are counted, and make one entry at its end.
 * For any number of calls and keys, a process writes at most about 200 entries a minute, and holds half of
 * that in memory.
 *
 * No caller waits for it: a call stays refused even if the entry cannot be written.
 */
export interface Refusals {
  note(call: RefusedCall): void
  /** Writes what was counted. */
  close(): void
}

interface Line {
  call: RefusedCall
  /** The number of calls after the first, which is written. */
  more: number
}

interface RefusalParts {
  /** Writes one entry, at any time; rejects when it could not. */
  write: (entry: AuditEntry) => Promise<void>
  after: After
  metrics?: Pick<Metrics, 'refusalsUnwritten'>
}

export function createRefusals(parts: RefusalParts): Refusals {
  const lines: Lines = new Map()
  let cancel: (() => void) | undefined

  function endWindow(): void {
    cancel?.()
    cancel = undefined
    for (const { call, more } of lines.values()) if (more > 0) record(parts, call, more)
    lines.clear()
  }

  return {
    note(call) {
      const known = lines.size
      const line = lineOf(lines, call)
      if (lines.size > known) record(parts, line.call)
      else line.more += 1
      cancel ??= parts.after(windowMs, endWindow)
    },
    close: endWindow,
  }
}

/** Writes one call, or without its id, the number of calls that followed. */
function record(
  { write, metrics = silentMetrics }: RefusalParts,
  { tenantId, actor, route, reason, requestId }: RefusedCall,
  more?: number,
): void {
  const entry = { tenantId, actor, action: 'call.refuse', result: 'denied' } as const
  const text = `${reason}: ${route}`
  write(
    more === undefined
      ? { ...entry, reason: text, requestId }
      : { ...entry, reason: `${text} (${more} more)` },
  ).catch(() => metrics.refusalsUnwritten(more ?? 1))
}

type Lines = Map<string, Line>

/** The line of a call, or when there are too many lines, a shared one. */
function lineOf(lines: Lines, call: RefusedCall): Line {
  const shared = { ...call, tenantId: '@install', route: 'various routes', reason: 'various' }
  const last = { ...shared, actor: 'unknown' }
  return (
    lines.get(nameOf(call)) ??
    (countOf(lines, call.actor) < maxLinesPerActor ? addWithin(lines, call) : undefined) ??
    lines.get(nameOf(shared)) ??
    addWithin(lines, shared) ??
    // The last one is shared by all actors, and is added even beyond the limit.
    lines.get(nameOf(last)) ??
    add(lines, last)
  )
}

function countOf(lines: Lines, actor: string): number {
  return [...lines.values()].filter(({ call }) => call.actor === actor).length
}

function addWithin(lines: Lines, call: RefusedCall): Line | undefined {
  return lines.size < maxLines ? add(lines, call) : undefined
}

function add(lines: Lines, call: RefusedCall): Line {
  const line = { call, more: 0 }
  lines.set(nameOf(call), line)
  return line
}

function nameOf({ tenantId, actor, route, reason }: RefusedCall): string {
  return JSON.stringify([tenantId, actor, route, reason])
}
