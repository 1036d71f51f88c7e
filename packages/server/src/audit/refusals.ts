import type { After } from '../clock.ts'
import { type Metrics, silentMetrics } from '../metrics/metrics.ts'
import type { AuditEntry } from './audit.ts'

/** How long equal refusals are counted before they are written as one. */
export const windowMs = 60_000
/** Lines of one actor, and of all, within that time; what is beyond is counted together. */
export const maxLinesPerActor = 10
export const maxLines = 100

/** A call with an API key, or with a connect token on a foreign page, that was refused. */
export interface RefusedCall {
  /** Whom it was aimed at, where its key was right; else `@install`. */
  tenantId: string
  /** `key:key_…`; `unknown` for a key that never was; `user:…` of a connect token. */
  actor: string
  /** Its method and the template of its path: `GET /v1/connections/:connectionId`. */
  route: string
  /** A stable word. */
  reason: string
  requestId: string
}

/**
 * Keeps refused calls in the audit log, and those who are refused from filling it. The first of its
 * kind (by actor, tenant, route and reason) is written at once; all that follow within a minute are
 * counted, and make one entry at its end. However many calls and keys there are, a process writes some
 * 200 entries a minute at most, and remembers half of that.
 *
 * Nobody waits for it: a refusal stands, whether it could be written or not.
 */
export interface Refusals {
  note(call: RefusedCall): void
  /** Writes what was counted. */
  close(): void
}

interface Line {
  call: RefusedCall
  /** How many followed the first, which is written. */
  more: number
}

export function createRefusals(parts: {
  /** Writes one entry, sometime; rejects when it could not. */
  write: (entry: AuditEntry) => Promise<void>
  after: After
  metrics?: Pick<Metrics, 'refusalsUnwritten'>
}): Refusals {
  const { write, after, metrics = silentMetrics } = parts
  const lines = new Map<string, Line>()
  let cancel: (() => void) | undefined

  /** The line of a call, or where there is no room for another, one that it shares. */
  function lineOf(call: RefusedCall): Line {
    const shared = { ...call, tenantId: '@install', route: 'various routes', reason: 'various' }
    return (
      find(call) ??
      (linesOf(call.actor) < maxLinesPerActor ? open(call) : undefined) ??
      find(shared) ??
      open(shared) ??
      // At last there is one for everybody, which is there beyond the limit.
      find({ ...shared, actor: 'unknown' }) ??
      put({ ...shared, actor: 'unknown' })
    )
  }

  const find = (call: RefusedCall) => lines.get(nameOf(call))
  const open = (call: RefusedCall) => (lines.size < maxLines ? put(call) : undefined)
  const linesOf = (actor: string) =>
    [...lines.values()].filter(({ call }) => call.actor === actor).length

  function put(call: RefusedCall): Line {
    const line = { call, more: 0 }
    lines.set(nameOf(call), line)
    return line
  }

  /** One call; or, without its id, so many that followed. */
  function record({ route, reason, requestId, ...who }: RefusedCall, more?: number): void {
    const entry = { ...who, action: 'call.refuse', result: 'denied' } as const
    const said = `${reason}: ${route}`
    write(
      more === undefined
        ? { ...entry, reason: said, requestId }
        : { ...entry, reason: `${said} (${more} more)` },
    ).catch(() => metrics.refusalsUnwritten(more ?? 1))
  }

  function endWindow(): void {
    cancel?.()
    cancel = undefined
    for (const { call, more } of lines.values()) if (more > 0) record(call, more)
    lines.clear()
  }

  return {
    note(call) {
      const known = lines.size
      const line = lineOf(call)
      if (lines.size > known) record(line.call)
      else line.more += 1
      cancel ??= after(windowMs, endWindow)
    },
    close: endWindow,
  }
}

function nameOf({ tenantId, actor, route, reason }: RefusedCall): string {
  return JSON.stringify([tenantId, actor, route, reason])
}
