import { isAfter, type Position, parsePosition } from '@keywell/protocol'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Stretch } from './memory.ts'
import type { ChangeReader } from './reader.ts'
import type { SignedEvents } from './signed-events.ts'

export interface StreamParts {
  reader: ChangeReader
  events: SignedEvents
  logger: Logger
  metrics: Pick<Metrics, 'changesTold'>
  /** Milliseconds for which a change can be read after it was written. */
  retentionMs: number
  /** How many streams somebody reads. */
  open: { streams: number }
}

/** What a subscriber asked for. */
export interface StreamRequest {
  /** Position up to which it has been told everything. */
  lastEventId?: string | undefined
  /** Its own word for this stream, which binds what is said to it alone. */
  stream?: string | null | undefined
}

/**
 * One subscriber's stream, in order, until `ended`. It holds a position and no queue: a subscriber that
 * reads slowly falls behind in the log, and is told `flush` when the log no longer reaches back to it.
 */
export async function* tell(
  parts: StreamParts,
  request: StreamRequest,
  ended: AbortSignal,
): AsyncGenerator<string, void> {
  const { reader, events, metrics, open } = parts
  const { lastEventId, stream = null } = request
  open.streams += 1
  try {
    const asked = lastEventId === undefined ? undefined : parsePosition(lastEventId)
    // Another replica may have read further than this one has so far. And a hello tells the time of the
    // database, which must not be that of before it went away.
    if (reader.isAway || (asked !== undefined && isAfter(asked, reader.position))) {
      await reader.catchUp(ended)
    }
    if (ended.aborted || reader.isStopped) return
    const goesOn = lastEventId === undefined || (asked !== undefined && isKept(parts, asked))
    let told = goesOn ? (asked ?? reader.position) : reader.position
    let beats = reader.beats
    let flushes = 0
    yield events.hello({ stream, position: told, at: reader.readAt })
    if (!goesOn) yield events.flush({ stream, position: told, count: ++flushes })

    while (!ended.aborted && !reader.isStopped) {
      if (!isKept(parts, told)) {
        told = reader.position
        yield events.flush({ stream, position: told, count: ++flushes })
      }
      const { readAt } = reader
      const remembered = reader.fromMemory(told)
      const stretch = remembered ?? (await readTable(parts, told))
      if (stretch === undefined) {
        await reader.next(ended)
        continue
      }
      const last = stretch.entries.at(-1)?.position ?? told
      told = stretch.upTo
      if (stretch.entries.length > 0) {
        const signed = await Promise.all(stretch.entries.map(events.change))
        metrics.changesTold(signed.length)
        yield signed.join('')
      }
      if (remembered === undefined && isAfter(told, last)) {
        // Where memory begins, the chain of what is signed once begins too: this ties the reader to it.
        yield events.heartbeat({ after: last, position: told, at: readAt })
      } else if (stretch.entries.length > 0 || isAfter(reader.position, told)) {
        // There may be more, or the reader read on while this stream was at the database.
      } else if (beats !== reader.beats) {
        beats = reader.beats
        told = reader.position
        yield events.heartbeat({ after: reader.lastChange, position: told, at: readAt })
      } else {
        await reader.next(ended)
      }
    }
  } finally {
    open.streams -= 1
  }
}

function isKept({ reader, retentionMs }: StreamParts, position: Position): boolean {
  return !isAfter(position, reader.position) && position.at >= reader.position.at - retentionMs
}

async function readTable(
  { reader, logger }: StreamParts,
  from: Position,
): Promise<Stretch | undefined> {
  try {
    return await reader.fromDatabase(from)
  } catch (error) {
    logger.warn({ reason: String(error) }, 'a stream could not read the change log; it waits')
    return undefined
  }
}
