import {
  type Change,
  type ConnectionChange,
  formatPosition,
  isAfter,
  type Position,
} from '@keywell/protocol'
import type { After } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { createSignal } from '../signal.ts'
import { type ChangeRow, changesChannel, readChanges, readHorizon } from '../store/changes.ts'
import type { Database } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'
import { createRingBuffer, type LogEntry, maxSegmentEntries, type Segment } from './ring-buffer.ts'

/** A hint waits this long for others to share its poll. */
export const wakeUpDelayMs = 10
/** A change that an older transaction holds back for longer than this makes the streams late. */
const lateMs = 1_000

/** By both clocks: the first never jumps, and only the second goes on while a machine is suspended. */
export interface Moment {
  monotonicMs: number
  wallMs: number
}

/** Reads the change log of all tenants, once for all streams of the process. */
export interface ChangeReader {
  /** Begins at the end of the log. */
  start(): Promise<void>
  /** Wakes whoever waits. */
  stop(): Promise<void>
  readonly isStopped: boolean
  /** Everything up to here has been read. */
  readonly position: Position
  /** After this position nothing has happened that has been read. */
  readonly lastChange: Position
  /** What was committed before has been read. */
  readonly currentAt: Moment
  /** The last look failed. */
  readonly isAway: boolean
  /** Grows when a heartbeat is due, and only while nothing that has happened is left unread. */
  readonly heartbeats: number
  /** What follows a position; undefined when the ring buffer does not reach back so far. */
  fromMemory(position: Position): Segment | undefined
  /** The same, from the database. */
  fromDatabase(position: Position): Promise<Segment>
  /** Resolves when something may have happened, or when `ended` does. */
  next(ended: AbortSignal): Promise<void>
  /** Resolves after a successful poll that began after this call, or when `ended` does. */
  catchUp(ended: AbortSignal): Promise<void>
}

export function createReader(options: {
  database: Database
  logger: Logger
  after: After
  /** Milliseconds between polls when there is no hint. */
  pollMs: number
  heartbeatMs: number
  /** Milliseconds of a clock that never goes back. */
  now: () => number
  /** Milliseconds since 1970. */
  wall: () => number
  beforeTelling: (change: ConnectionChange) => void | Promise<void>
  /** Must not throw. */
  heard: (change: Change) => void
}): ChangeReader {
  const { database, logger, pollMs } = options
  const signal = createSignal()
  const log = createRingBuffer()
  const polls = { begun: 0, done: 0 }
  let currentAt: Moment = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: 0 }
  let heartbeats = 0
  let heartbeatDue = false
  let away = false
  let woken = false
  let stopped = false
  let polling: Promise<void> | undefined
  let cancelPoll = () => {}
  let cancelBeat = () => {}
  let unlisten = async () => {}

  function schedule(ms: number): void {
    cancelPoll()
    if (stopped) return
    cancelPoll = options.after(ms, () => {
      polling = poll().then((pauseMs) => {
        polling = undefined
        schedule(woken && !away ? wakeUpDelayMs : pauseMs)
      })
    })
  }

  function wakeUp(): void {
    if (woken || away) return
    woken = true
    if (polling === undefined) schedule(wakeUpDelayMs)
  }

  /** Polls once, and answers when to do so again if nobody hints. Never rejects. */
  async function poll(): Promise<number> {
    woken = false
    polls.begun += 1
    const number = polls.begun
    const begunAt = { monotonicMs: options.now(), wallMs: options.wall() }
    try {
      const heldMs = await readOn()
      // What is held back was committed after the oldest of it was written.
      const { monotonicMs, wallMs } = begunAt
      if (monotonicMs - heldMs > currentAt.monotonicMs) {
        currentAt = { monotonicMs: monotonicMs - heldMs, wallMs: wallMs - heldMs }
      }
      if (away) logger.info({}, 'the change log can be read again')
      away = false
      polls.done = number
      if (heartbeatDue && heldMs < lateMs) sendHeartbeat()
      signal.notify()
      return pauseAfter(heldMs)
    } catch (error) {
      const reason = String(error)
      if (!away) logger.warn({ reason }, 'the change log cannot be read; streams fall silent')
      away = true
      return pollMs
    }
  }

  /**
   * A change that is held back may be set free by a transaction that hints at nothing, so look again
   * soon; less often, the longer it takes.
   */
  function pauseAfter(heldMs: number): number {
    return heldMs === 0 ? pollMs : Math.min(pollMs, wakeUpDelayMs + heldMs)
  }

  /** Reads to the horizon. Answers for how long the oldest change beyond it has waited; 0: none. */
  async function readOn(): Promise<number> {
    const { xid, now, heldSince } = await readHorizon(database.of(everyTenant))
    const horizon = { xid: BigInt(xid), seq: 0n, at: now.getTime() }
    if (isAfter(log.position, horizon)) {
      logger.warn({}, 'the database was set back; readers drop what they hold')
      log.startAt(horizon)
    }
    let page: LogEntry[]
    do {
      const rows = await readChanges(database.of(everyTenant), {
        after: log.position,
        upTo: horizon,
        limit: maxSegmentEntries,
      })
      page = toEntries(rows, log.lastChange)
      for (const { change } of page) {
        if (change.kind !== 'policy') await options.beforeTelling(change)
      }
      log.append(page)
      signal.notify()
      for (const { change } of page) options.heard(change)
    } while (page.length === maxSegmentEntries)
    log.advance(horizon)
    return heldSince === null ? 0 : Math.max(1, now.getTime() - heldSince.getTime())
  }

  function sendHeartbeat(): void {
    heartbeats += 1
    heartbeatDue = false
  }

  function awaitBeat(): void {
    cancelBeat = options.after(options.heartbeatMs, () => {
      heartbeatDue = true
      awaitBeat()
    })
  }

  return {
    async start() {
      unlisten = await database.listen(changesChannel, wakeUp)
      const { xid, now } = await readHorizon(database.of(everyTenant))
      log.startAt({ xid: BigInt(xid), seq: 0n, at: now.getTime() })
      schedule(wakeUpDelayMs)
      awaitBeat()
    },
    async stop() {
      stopped = true
      signal.notify()
      cancelPoll()
      cancelBeat()
      await polling
      // With the database away there is nothing to take back.
      await unlisten().catch((error: unknown) =>
        logger.debug({ reason: String(error) }, 'unlisten failed'),
      )
    },
    get isStopped() {
      return stopped
    },
    get position() {
      return log.position
    },
    get lastChange() {
      return log.lastChange
    },
    get currentAt() {
      return currentAt
    },
    get isAway() {
      return away
    },
    get heartbeats() {
      return heartbeats
    },
    fromMemory: (position) => log.after(position),
    async fromDatabase(from) {
      const upTo = log.position
      const entries = toEntries(
        await readChanges(database.of(everyTenant), {
          after: from,
          upTo,
          limit: maxSegmentEntries,
        }),
        from,
      )
      return { entries, upTo: entries[maxSegmentEntries - 1]?.position ?? upTo }
    },
    next: (ended) => signal.next(ended),
    async catchUp(ended) {
      const { begun } = polls
      wakeUp()
      while (polls.done <= begun && !ended.aborted && !stopped) await signal.next(ended)
    },
  }
}

/** @param from nothing has happened between here and the first row */
function toEntries(rows: readonly ChangeRow[], from: Position): LogEntry[] {
  let after = from
  return rows.map(({ xid, seq, at, ...row }) => {
    const position = { xid: BigInt(xid), seq: BigInt(seq), at: at.getTime() }
    const { tenantId, kind, connectionId } = row
    const told = connectionId === null ? { tenantId, kind } : row
    const change = { ...told, position: formatPosition(position), at: at.toISOString() }
    // The ids and the kind were checked when the connection was made and the change written.
    const entry: LogEntry = { after, position, change: change as Change }
    after = position
    return entry
  })
}
