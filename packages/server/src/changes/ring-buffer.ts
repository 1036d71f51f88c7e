import { isAfter, type Position } from '@keywell/protocol'
import type { LogEntry } from './log-entry.ts'

/** A part of the log without gaps: all changes after some position and up to another. */
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
  /** The position of the last entry, or the start while there is none. */
  readonly lastChange: Position
  /** Drops all entries and continues from this position. */
  startAt(position: Position): void
  append(entries: readonly LogEntry[]): void
  /** There is no change between the last entry and `position`. */
  advance(position: Position): void
  /** The segment after a position; undefined when the ring buffer does not reach back so far. */
  after(position: Position): Segment | undefined
}

export function createRingBuffer(): RingBuffer {
  let entries: LogEntry[] = []
  let position: Position = { xid: 0n, seq: 0n, at: 0 }
  /** The ring buffer has every entry after this position. */
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
