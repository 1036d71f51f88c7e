import { LineReader } from '../line-reader.ts'

/** One event of a stream (HTML Living Standard, "Server-sent events"). */
export interface ServerSentEvent {
  /** `message` unless the stream names one. */
  readonly event: string
  readonly data: string
  /** The last id that the stream named, this event's own included. */
  readonly id: string | undefined
}

/** Longest event that is read, in characters. */
const maxEventLength = 100_000

/**
 * Reads events from the bytes of a `text/event-stream`.
 *
 * @throws Error for an event that is too long
 * @param onComment called for a comment line, in its place among the events
 */
export async function* readEvents(
  bytes: AsyncIterable<Uint8Array>,
  onComment: () => void = () => {},
): AsyncGenerator<ServerSentEvent, void, void> {
  const reader = new LineReader(maxEventLength)
  let event = ''
  let data: string[] = []
  let length = 0
  let id: string | undefined
  for await (const chunk of bytes) {
    for (const line of reader.push(chunk)) {
      const { field, value } = fieldOf(line)
      length = line === '' ? 0 : length + line.length
      if (length > maxEventLength) throw new Error('sent an event that is too long')
      if (line === '') {
        if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id }
        event = ''
        data = []
      } else if (field === '') onComment()
      else if (field === 'event') event = value
      else if (field === 'data') data.push(value)
      else if (field === 'id' && !value.includes('\0')) id = value
    }
  }
}

function fieldOf(line: string): { field: string; value: string } {
  const colon = line.indexOf(':')
  if (colon === -1) return { field: line, value: '' }
  return { field: line.slice(0, colon), value: line.slice(colon + 1).replace(/^ /, '') }
}
