import { type Change, type ConnectionChange, isAfter, type Position } from '@keywell/protocol'
import type { After } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { createSignal } from '../signal.ts'
import { changesChannel, readChanges, readHorizon } from '../store/changes.ts'
import type { Database } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'
import { type LogEntry, toEntries } from './log-entry.ts'
import { createRingBuffer, maxSegmentEntries, type Segment } from './ring-buffer.ts'

/** The delay between a wake-up and its poll, so that several wake-ups share one poll. */
export const wakeUpDelayMs = 10
/** A change that an older transaction holds back for longer than this delays the heartbeat. */
const lateMs = 1_000

/** By both clocks: the first never jumps, and only the second goes on while a machine is suspended. */
interface Moment {
  monotonicMs: number
  wallMs: number
}

export interface ReaderOptions {
  database: Database
  logger: Logger
  after: After
  /** Milliseconds between polls without a wake-up. */
  pollMs: number
  heartbeatMs: number
  /** Milliseconds of a clock that never goes back. */
  now: () => number
  /** Milliseconds since 1970. */
  wall: () => number
  /** Called with each change before any stream can send it. */
  beforePush: (change: ConnectionChange) => void | Promise<void>
  /** Called with each change after the streams can send it. Must not throw. */
  onChange: (change: Change) => void
}

/** Reads the change log of all tenants, once for all streams of the process. */
export class ChangeReader {
  readonly #options: ReaderOptions
  readonly #log = createRingBuffer()
  readonly #signal = createSignal()
  readonly #polls = { begun: 0, done: 0 }
  #currentAt: Moment = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: 0 }
  #heartbeats = 0
  #heartbeatDue = false
  #unavailable = false
  #woken = false
  #stopped = false
  #polling: Promise<void> | undefined
  #cancelPoll = () => {}
  #cancelHeartbeat = () => {}
  #unlisten = async () => {}

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** Begins at the end of the log. */
  async start(): Promise<void> {
    const { database } = this.#options
    this.#unlisten = await database.listen(changesChannel, () => this.#wakeUp())
    const { xid, now } = await readHorizon(database.of(everyTenant))
    this.#log.startAt({ xid: BigInt(xid), seq: 0n, at: now.getTime() })
    this.#schedule(wakeUpDelayMs)
    this.#scheduleHeartbeat()
  }

  /** Resolves every pending `next` and `catchUp`. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#signal.notify()
    this.#cancelPoll()
    this.#cancelHeartbeat()
    await this.#polling
    // While the database is unavailable there is no subscription to end.
    await this.#unlisten().catch((error: unknown) =>
      this.#options.logger.debug({ reason: String(error) }, 'unlisten failed'),
    )
  }

  get isStopped(): boolean {
    return this.#stopped
  }

  /** Everything up to here has been read. */
  get position(): Position {
    return this.#log.position
  }

  /** The position of the newest change that has been read. */
  get lastChange(): Position {
    return this.#log.lastChange
  }

  /** Everything that was committed before this moment has been read. */
  get currentAt(): Moment {
    return this.#currentAt
  }

  /** The last poll failed. */
  get isUnavailable(): boolean {
    return this.#unavailable
  }

  /** Counts heartbeats. It grows when one is due, but only after a poll that read all recent changes. */
  get heartbeats(): number {
    return this.#heartbeats
  }

  /** The segment after a position; undefined when the ring buffer does not reach back so far. */
  fromMemory(position: Position): Segment | undefined {
    return this.#log.after(position)
  }

  /** The same, from the database. */
  async fromDatabase(position: Position): Promise<Segment> {
    const upTo = this.position
    const entries = await this.#readPage(position, upTo, position)
    return { entries, upTo: entries[maxSegmentEntries - 1]?.position ?? upTo }
  }

  /** Resolves when there may be new changes, or when `ended` aborts. */
  next(ended: AbortSignal): Promise<void> {
    return this.#signal.next(ended)
  }

  /** Resolves after a successful poll that began after this call, or when `ended` aborts. */
  async catchUp(ended: AbortSignal): Promise<void> {
    const { begun } = this.#polls
    this.#wakeUp()
    while (this.#polls.done <= begun && !ended.aborted && !this.#stopped) {
      await this.#signal.next(ended)
    }
  }

  #schedule(ms: number): void {
    this.#cancelPoll()
    if (this.#stopped) return
    this.#cancelPoll = this.#options.after(ms, () => {
      this.#polling = this.#poll().then((pauseMs) => {
        this.#polling = undefined
        this.#schedule(this.#woken && !this.#unavailable ? wakeUpDelayMs : pauseMs)
      })
    })
  }

  #scheduleHeartbeat(): void {
    this.#cancelHeartbeat = this.#options.after(this.#options.heartbeatMs, () => {
      this.#heartbeatDue = true
      this.#scheduleHeartbeat()
    })
  }

  #wakeUp(): void {
    if (this.#woken || this.#unavailable) return
    this.#woken = true
    if (this.#polling === undefined) this.#schedule(wakeUpDelayMs)
  }

  /** Polls once. Returns the pause before the next poll if there is no wake-up. Never rejects. */
  async #poll(): Promise<number> {
    const { logger, now, wall, pollMs } = this.#options
    this.#woken = false
    this.#polls.begun += 1
    const number = this.#polls.begun
    const begunAt = { monotonicMs: now(), wallMs: wall() }
    try {
      const heldMs = await this.#readToHorizon()
      this.#advanceCurrentAt(begunAt, heldMs)
      if (this.#unavailable) logger.info({}, 'change log readable')
      this.#unavailable = false
      this.#polls.done = number
      if (this.#heartbeatDue && heldMs < lateMs) this.#countHeartbeat()
      this.#signal.notify()
      return pauseAfter(heldMs, pollMs)
    } catch (error) {
      const reason = String(error)
      if (!this.#unavailable) {
        logger.warn({ reason }, 'change log unreadable')
      }
      this.#unavailable = true
      return pollMs
    }
  }

  /** Reads to the horizon. Returns for how long the oldest change beyond it has waited; 0: none. */
  async #readToHorizon(): Promise<number> {
    const { database, logger } = this.#options
    const { xid, now, heldSince } = await readHorizon(database.of(everyTenant))
    const horizon = { xid: BigInt(xid), seq: 0n, at: now.getTime() }
    if (isAfter(this.position, horizon)) {
      logger.warn({}, 'change log set back')
      this.#log.startAt(horizon)
    }
    let page: LogEntry[]
    do {
      page = await this.#readPage(this.position, horizon, this.lastChange)
      await this.#publish(page)
    } while (page.length === maxSegmentEntries)
    this.#log.advance(horizon)
    return heldSince === null ? 0 : Math.max(1, now.getTime() - heldSince.getTime())
  }

  /** @param lastChange a position with no change between it and the first row */
  async #readPage(after: Position, upTo: Position, lastChange: Position): Promise<LogEntry[]> {
    const sql = this.#options.database.of(everyTenant)
    const rows = await readChanges(sql, { after, upTo, limit: maxSegmentEntries })
    return toEntries(rows, lastChange)
  }

  async #publish(page: readonly LogEntry[]): Promise<void> {
    for (const { change } of page) {
      if ('connectionId' in change) await this.#options.beforePush(change)
    }
    this.#log.append(page)
    this.#signal.notify()
    for (const { change } of page) this.#options.onChange(change)
  }

  /** A change that is held back was committed after the oldest of them was written. */
  #advanceCurrentAt({ monotonicMs, wallMs }: Moment, heldMs: number): void {
    if (monotonicMs - heldMs <= this.#currentAt.monotonicMs) return
    this.#currentAt = { monotonicMs: monotonicMs - heldMs, wallMs: wallMs - heldMs }
  }

  #countHeartbeat(): void {
    this.#heartbeats += 1
    this.#heartbeatDue = false
  }
}

/**
 * The transaction that holds a change back may end without a wake-up, so the next poll comes soon, and
 * less soon the longer the change is held back.
 */
function pauseAfter(heldMs: number, pollMs: number): number {
  return heldMs === 0 ? pollMs : Math.min(pollMs, wakeUpDelayMs + heldMs)
}
