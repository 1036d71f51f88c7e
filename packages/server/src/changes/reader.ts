import type { Change } from '@keywell/protocol'
import type { Logger } from '../logger.ts'
import { type ChangeRow, changesChannel, readChanges, readHorizon } from '../store/changes.ts'
import type { Database } from '../store/database.ts'
import type { After } from '../timers.ts'
import { createBell } from './bell.ts'
import { formatPosition, isAfter, type Position } from './position.ts'

/** A change and where it stands in the log. */
export interface LogEntry {
  position: Position
  change: Change
}

/** A piece of the log: all that there is after some position, and up to another. */
export interface Stretch {
  entries: readonly LogEntry[]
  upTo: Position
}

/** Changes that stay in memory for the streams to read. */
export const maxHeldEntries = 4_096
/** Changes of one query, and of one stretch. */
export const maxStretch = 500
/** A hint waits this long for others to share its poll. */
export const hintMs = 10
/** A change that an older transaction holds back for longer than this makes the streams late. */
const lateMs = 1_000

/** Reads the change log of all tenants, once for all streams of the process. */
export interface ChangeReader {
  /** Begins at the end of the log. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Everything up to here has been read. */
  readonly position: Position
  /** Grows when a heartbeat is due, and only while nothing that has happened is left unread. */
  readonly beats: number
  /** What follows a position; undefined when memory does not reach back so far. */
  fromMemory(position: Position): Stretch | undefined
  /** The same, from the database. */
  fromDatabase(position: Position): Promise<Stretch>
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
  /** Must not throw. */
  heard: (change: Change) => void
}): ChangeReader {
  const { database, logger, pollMs } = options
  const bell = createBell()
  const log = createMemory()
  const polls = { begun: 0, done: 0 }
  let beats = 0
  let beatDue = false
  let away = false
  let hinted = false
  let stopped = false
  let polling: Promise<void> | undefined
  let cancelPoll = () => {}
  let cancelBeat = () => {}
  let unlisten = async () => {}

  function schedule(ms: number): void {
    cancelPoll()
    if (stopped) return
    cancelPoll = options.after(ms, () => {
      polling = poll().finally(() => {
        polling = undefined
      })
    })
  }

  function hint(): void {
    if (hinted || away) return
    hinted = true
    if (polling === undefined) schedule(hintMs)
  }

  /** Polls once and sets the time of the next. Never rejects. */
  async function poll(): Promise<void> {
    hinted = false
    polls.begun += 1
    const number = polls.begun
    try {
      const heldMs = await readOn()
      if (away) logger.info({}, 'the change log can be read again')
      away = false
      polls.done = number
      if (beatDue && heldMs < lateMs) beat()
      bell.ring()
      schedule(hinted ? hintMs : pauseAfter(heldMs))
    } catch (error) {
      if (!away) logger.warn({ error }, 'the change log cannot be read; streams fall silent')
      away = true
      schedule(pollMs)
    }
  }

  /**
   * A change that is held back may be set free by a transaction that hints at nothing, so look again
   * soon; less often, the longer it takes.
   */
  function pauseAfter(heldMs: number): number {
    return heldMs === 0 ? pollMs : Math.min(pollMs, hintMs + heldMs)
  }

  /** Reads to the horizon. Answers for how long the oldest change beyond it has waited; 0: none. */
  async function readOn(): Promise<number> {
    const { xid, now, heldSince } = await readHorizon(database)
    const horizon = { xid: BigInt(xid), seq: 0n, at: now.getTime() }
    if (isAfter(log.position, horizon)) {
      logger.warn({}, 'the database was set back; readers drop what they hold')
      log.startAt(horizon)
    }
    let page: LogEntry[]
    do {
      page = await read(log.position, horizon)
      log.append(page)
      bell.ring()
      for (const { change } of page) options.heard(change)
    } while (page.length === maxStretch)
    log.advance(horizon)
    return heldSince === null ? 0 : Math.max(1, now.getTime() - heldSince.getTime())
  }

  async function read(from: Position, upTo: Position): Promise<LogEntry[]> {
    const rows = await readChanges(database, { after: from, upTo, limit: maxStretch })
    return rows.map(toEntry)
  }

  function beat(): void {
    beats += 1
    beatDue = false
  }

  function awaitBeat(): void {
    cancelBeat = options.after(options.heartbeatMs, () => {
      beatDue = true
      awaitBeat()
    })
  }

  return {
    async start() {
      unlisten = await database.listen(changesChannel, hint)
      const { xid, now } = await readHorizon(database)
      log.startAt({ xid: BigInt(xid), seq: 0n, at: now.getTime() })
      schedule(hintMs)
      awaitBeat()
    },
    async stop() {
      stopped = true
      cancelPoll()
      cancelBeat()
      await polling
      // With the database away there is nothing to take back.
      await unlisten().catch((error: unknown) => logger.debug({ error }, 'unlisten failed'))
    },
    get position() {
      return log.position
    },
    get beats() {
      return beats
    },
    fromMemory: (position) => log.after(position),
    async fromDatabase(from) {
      const upTo = log.position
      const entries = await read(from, upTo)
      return { entries, upTo: entries[maxStretch - 1]?.position ?? upTo }
    },
    next: (ended) => bell.next(ended),
    async catchUp(ended) {
      const { begun } = polls
      hint()
      while (polls.done <= begun && !ended.aborted) await bell.next(ended)
    },
  }
}

function toEntry(row: ChangeRow): LogEntry {
  const { xid, seq, at, ...rest } = row
  const position = { xid: BigInt(xid), seq: BigInt(seq), at: at.getTime() }
  const change = { ...rest, position: formatPosition(position), at: at.toISOString() }
  // The ids and the kind were checked when the connection was made and the change written.
  return { position, change: change as Change }
}

/** The newest part of the log, bounded. */
function createMemory() {
  let entries: LogEntry[] = []
  let position: Position = { xid: 0n, seq: 0n, at: 0 }
  /** All entries after this one are here. */
  let floor = position

  return {
    get position() {
      return position
    },
    /** Forgets everything and goes on from there. */
    startAt(start: Position): void {
      entries = []
      floor = start
      position = start
    },
    append(more: readonly LogEntry[]): void {
      entries.push(...more)
      const dropped = entries.splice(0, Math.max(0, entries.length - maxHeldEntries))
      floor = dropped.at(-1)?.position ?? floor
      position = more.at(-1)?.position ?? position
    },
    /** There is nothing between the last entry and `next`. */
    advance(next: Position): void {
      position = next
    },
    after(from: Position): Stretch | undefined {
      if (isAfter(floor, from)) return undefined
      const first = entries.findLastIndex((entry) => !isAfter(entry.position, from)) + 1
      const found = entries.slice(first, first + maxStretch)
      return { entries: found, upTo: found[maxStretch - 1]?.position ?? position }
    },
  }
}
