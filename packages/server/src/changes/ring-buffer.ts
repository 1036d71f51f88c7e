import { type Change, isAfter, type Position } from '@keywell/protocol'

/** A change and where it stands in the log. */
export interface LogEntry {
  /** Between here and `position` nothing else has happened. */
  after: Position
  position: Position
  change: Change
}

/** A piece of the log: all that there is after some position, and up to another. */
export interface Segment {
  entries: readonly LogEntry[]
  upTo: Position
}

/** Changes that stay in memory for the streams to read. */
export const maxHeldEntries = 4_096
/** Changes of one query, and of one segment. */
export const maxSegmentEntries = 500

/** The newest part of the log, bounded. */
export interface RingBuffer {
  /** Everything up to here has been read. */
  readonly position: Position
  /** The last entry's position, or the start when there was none yet: after it nothing has happened. */
  readonly lastChange: Position
  /** Forgets everything and goes on from there. */
  startAt(position: Position): void
  append(entries: readonly LogEntry[]): void
  /** Says that there is nothing between the last entry and `position`. */
  advance(position: Position): void
  /** What follows a position; undefined when memory does not reach back so far. */
  after(position: Position): Segment | undefined
}

export function createRingBuffer(): RingBuffer {
  let entries: LogEntry[] = []
  let position: Position = { xid: 0n, seq: 0n, at: 0 }
  /** All entries after this one are here. */
  let floor = position
  let lastChange = position

  return {
    get position() {
      return position
    },
    get lastChange() {
      return lastChange
    },
    startAt(start) {
      entries = []
      floor = start
      lastChange = start
      position = start
    },
    append(more) {
      entries.push(...more)
      const dropped = entries.splice(0, Math.max(0, entries.length - maxHeldEntries))
      floor = dropped.at(-1)?.position ?? floor
      lastChange = more.at(-1)?.position ?? lastChange
      position = more.at(-1)?.position ?? position
    },
    advance(next) {
      position = next
    },
    after(from) {
      if (isAfter(floor, from)) return undefined
      const first = entries.findLastIndex((entry) => !isAfter(entry.position, from)) + 1
      const found = entries.slice(first, first + maxSegmentEntries)
      return { entries: found, upTo: found[maxSegmentEntries - 1]?.position ?? position }
    },
  }
}
