import { changeEvents } from '@keywell/protocol'
import type { Logger } from '../logger.ts'
import type { LogEntry, Stretch } from './memory.ts'
import { formatPosition, isAfter, type Position, parsePosition } from './position.ts'
import type { ChangeReader } from './reader.ts'

export interface StreamParts {
  reader: ChangeReader
  logger: Logger
  /** Milliseconds for which a change can be read after it was written. */
  retentionMs: number
}

/**
 * One subscriber's stream, as bytes. It holds a position and no queue: a subscriber that reads slowly
 * falls behind in the log, and is told `flush` when the log no longer reaches back to it.
 */
export function openStream(
  parts: StreamParts,
  { lastEventId, ended }: { lastEventId: string | undefined; ended: AbortController },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const events = tell(parts, lastEventId, ended.signal)
  let cancelled = false
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await events.next()
        if (cancelled) return
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      cancel() {
        cancelled = true
        ended.abort()
      },
    },
    // Nothing is made ahead of a read: what waits, waits in the log.
    { highWaterMark: 0 },
  )
}

/** What a subscriber is told, in order, until `ended`. */
async function* tell(
  { reader, logger, retentionMs }: StreamParts,
  lastEventId: string | undefined,
  ended: AbortSignal,
): AsyncGenerator<string, void> {
  function isKept(position: Position): boolean {
    return !isAfter(position, reader.position) && position.at >= reader.position.at - retentionMs
  }

  async function read(from: Position): Promise<Stretch | undefined> {
    try {
      return reader.fromMemory(from) ?? (await reader.fromDatabase(from))
    } catch (error) {
      logger.warn({ reason: String(error) }, 'a stream could not read the change log; it waits')
      return undefined
    }
  }

  const asked = lastEventId === undefined ? reader.position : parsePosition(lastEventId)
  // Another replica may have read further than this one has so far.
  if (asked !== undefined && isAfter(asked, reader.position)) await reader.catchUp(ended)
  if (ended.aborted) return
  const goesOn = asked !== undefined && isKept(asked)
  let told = goesOn ? asked : reader.position
  let beats = reader.beats
  yield event(changeEvents.hello, told)
  if (!goesOn) yield event(changeEvents.flush, told)

  while (!ended.aborted) {
    if (!isKept(told)) {
      told = reader.position
      yield event(changeEvents.flush, told)
    }
    const stretch = await read(told)
    if (stretch === undefined) {
      await reader.next(ended)
      continue
    }
    told = stretch.upTo
    if (stretch.entries.length > 0) {
      yield stretch.entries.map(changeEvent).join('')
    } else if (isAfter(reader.position, told)) {
      // The reader read on while this stream was at the database.
    } else if (beats !== reader.beats) {
      beats = reader.beats
      yield heartbeat
    } else {
      await reader.next(ended)
    }
  }
}

const heartbeat = ':\n\n'

function event(name: string, position: Position): string {
  const text = formatPosition(position)
  return `event: ${name}\nid: ${text}\ndata: ${JSON.stringify({ position: text })}\n\n`
}

function changeEvent({ change }: LogEntry): string {
  // JSON has no line break in it, so that the data is one line whatever the ids are.
  return `event: ${changeEvents.change}\nid: ${change.position}\ndata: ${JSON.stringify(change)}\n\n`
}
