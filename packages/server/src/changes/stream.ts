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
  /** The number of open streams. */
  open: { streams: number }
}

/** The request of a subscriber. */
export interface StreamRequest {
  /** The position up to which the subscriber has received everything. */
  lastEventId?: string | undefined
}

/**
 * One subscriber's stream, in order, until `ended`. It holds a position and no queue: a subscriber that
 * reads slowly falls behind in the log, and gets `flush` when the log no longer reaches back to it.
 */
export async function* streamChanges(
  parts: StreamParts,
  { lastEventId }: StreamRequest,
  ended: AbortSignal,
): AsyncGenerator<string, void> {
  const { reader, metrics, open } = parts
  open.streams += 1
  try {
    const from = lastEventId === undefined ? undefined : parsePosition(lastEventId)
    // Another replica may have read further than this one has so far.
    if (reader.isUnavailable || (from !== undefined && isAfter(from, reader.position))) {
      await reader.catchUp(ended)
    }
    if (ended.aborted || reader.isStopped) return
    const resumes = from !== undefined && isRetained(parts, from)
    let sent = resumes ? from : reader.position
    let heartbeats = reader.heartbeats
    yield helloEvent(sent)
    if (lastEventId !== undefined && !resumes) yield flushEvent(sent)

    while (!ended.aborted && !reader.isStopped) {
      if (!isRetained(parts, sent)) {
        sent = reader.position
        yield flushEvent(sent)
      }
      const buffered = reader.fromMemory(sent)
      const segment = buffered ?? (await readDatabase(parts, sent))
      if (segment === undefined) {
        await reader.next(ended)
        continue
      }
      const lastSent = segment.entries.at(-1)?.position ?? sent
      sent = segment.upTo
      if (segment.entries.length > 0) {
        metrics.changesDelivered(segment.entries.length)
        yield segment.entries.map(changeEvent).join('')
      }
      if (buffered === undefined && isAfter(sent, lastSent)) {
        // The ring buffer continues at `sent`; without this event its first change would look like a gap.
        yield heartbeatEvent({ after: lastSent, position: sent })
      } else if (segment.entries.length > 0 || isAfter(reader.position, sent)) {
        // There may be more, or the reader went on while this stream read the database.
      } else if (heartbeats !== reader.heartbeats) {
        heartbeats = reader.heartbeats
        sent = reader.position
        yield heartbeatEvent({ after: reader.lastChange, position: sent })
      } else {
        await reader.next(ended)
      }
    }
  } finally {
    open.streams -= 1
  }
}

/** A subscriber can resume after this position: it has been read here, and is not too old. */
export function isRetained(
  { reader, retentionMs }: Pick<StreamParts, 'reader' | 'retentionMs'>,
  position: Position,
): boolean {
  return !isAfter(position, reader.position) && position.at >= reader.position.at - retentionMs
}

async function readDatabase(
  { reader, logger }: StreamParts,
  from: Position,
): Promise<Segment | undefined> {
  try {
    return await reader.fromDatabase(from)
  } catch (error) {
    logger.warn({ reason: String(error) }, 'change stream read failed')
    return undefined
  }
}
