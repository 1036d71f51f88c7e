import { isAfter, type Position, parsePosition } from '@keywell/protocol'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { changeEvent, flushEvent, heartbeatEvent, helloEvent } from './events.ts'
import type { ChangeReader } from './reader.ts'
import type { Segment } from './ring-buffer.ts'

export interface StreamParts {
  reader: ChangeReader
  logger: Logger
  metrics: Pick<Metrics, 'changesDelivered'>
  /** Milliseconds for which a change can be read after it was written. */
  retentionMs: number
  /** How many streams somebody reads. */
  open: { streams: number }
}

/** What a subscriber asked for. */
export interface StreamRequest {
  /** Position up to which it has been told everything. */
  lastEventId?: string | undefined
}

/**
 * One subscriber's stream, in order, until `ended`. It holds a position and no queue: a subscriber that
 * reads slowly falls behind in the log, and is told `flush` when the log no longer reaches back to it.
 */
export async function* streamChanges(
  parts: StreamParts,
  request: StreamRequest,
  ended: AbortSignal,
): AsyncGenerator<string, void> {
  const { reader, metrics, open } = parts
  const { lastEventId } = request
  open.streams += 1
  try {
    const asked = lastEventId === undefined ? undefined : parsePosition(lastEventId)
    // Another replica may have read further than this one has so far.
    if (reader.isAway || (asked !== undefined && isAfter(asked, reader.position))) {
      await reader.catchUp(ended)
    }
    if (ended.aborted || reader.isStopped) return
    const goesOn = lastEventId === undefined || (asked !== undefined && isKept(parts, asked))
    let told = goesOn ? (asked ?? reader.position) : reader.position
    let heartbeats = reader.heartbeats
    yield helloEvent(told)
    if (!goesOn) yield flushEvent(told)

    while (!ended.aborted && !reader.isStopped) {
      if (!isKept(parts, told)) {
        told = reader.position
        yield flushEvent(told)
      }
      const remembered = reader.fromMemory(told)
      const segment = remembered ?? (await readTable(parts, told))
      if (segment === undefined) {
        await reader.next(ended)
        continue
      }
      const last = segment.entries.at(-1)?.position ?? told
      told = segment.upTo
      if (segment.entries.length > 0) {
        metrics.changesDelivered(segment.entries.length)
        yield segment.entries.map(changeEvent).join('')
      }
      if (remembered === undefined && isAfter(told, last)) {
        // Where the ring buffer begins, the chain of what is written once begins too: this ties the reader to it.
        yield heartbeatEvent({ after: last, position: told })
      } else if (segment.entries.length > 0 || isAfter(reader.position, told)) {
        // There may be more, or the reader read on while this stream was at the database.
      } else if (heartbeats !== reader.heartbeats) {
        heartbeats = reader.heartbeats
        told = reader.position
        yield heartbeatEvent({ after: reader.lastChange, position: told })
      } else {
        await reader.next(ended)
      }
    }
  } finally {
    open.streams -= 1
  }
}

export function isKept(
  { reader, retentionMs }: Pick<StreamParts, 'reader' | 'retentionMs'>,
  position: Position,
): boolean {
  return !isAfter(position, reader.position) && position.at >= reader.position.at - retentionMs
}

async function readTable(
  { reader, logger }: StreamParts,
  from: Position,
): Promise<Segment | undefined> {
  try {
    return await reader.fromDatabase(from)
  } catch (error) {
    logger.warn({ reason: String(error) }, 'a stream could not read the change log; it waits')
    return undefined
  }
}
