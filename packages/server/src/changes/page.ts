import {
  type ChangeLogPage,
  formatPosition,
  isAfter,
  KeywellError,
  parsePosition,
} from '@keywell/protocol'
import type { ChangeReader } from './reader.ts'
import { isRetained } from './stream.ts'

/** How long a page waits for changes that another replica has read already, in milliseconds. */
const catchUpMs = 2_000
/** When the caller may try again, in milliseconds. */
const retryAfterMs = 5_000

export interface PageParts {
  reader: ChangeReader
  /** Milliseconds for which a change can be read after it was written. */
  retentionMs: number
  /** Milliseconds of a clock that never goes back. */
  now: () => number
  /** Milliseconds since 1970. */
  wall: () => number
}

/** One page of the change log, for a caller that polls. */
export async function readPage(
  parts: PageParts,
  after: string | undefined,
): Promise<ChangeLogPage> {
  const { reader, now, wall } = parts
  const from = after === undefined ? undefined : parsePosition(after)
  // Another replica may have read further than this one has so far.
  if (from !== undefined && isAfter(from, reader.position)) {
    const timeout = AbortSignal.timeout(catchUpMs)
    await reader.catchUp(timeout)
    if (timeout.aborted) throw unreadable()
  }
  if (reader.isUnavailable) throw unreadable()
  // Before the segment is read: changes that are read meanwhile make the page newer than `ageMs` says, never older.
  const { currentAt, position } = reader
  const resumes = from !== undefined && isRetained(parts, from)
  const segment = resumes
    ? (reader.fromMemory(from) ?? (await reader.fromDatabase(from)))
    : { entries: [], upTo: position }
  return {
    changes: segment.entries.map(({ change }) => change),
    position: formatPosition(segment.upTo),
    missed: after !== undefined && !resumes,
    isComplete: !isAfter(position, segment.upTo),
    ageMs: Math.max(now() - currentAt.monotonicMs, wall() - currentAt.wallMs),
  }
}

function unreadable(): KeywellError {
  return new KeywellError('unavailable', 'The change log cannot be read.', {
    retryAfterMs,
    nextStep: 'Try again after retryAfterMs. Until then cached credentials may be out of date.',
  })
}
