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
 * @param onComment called for a comment line, in its place among the events
 */
export async function* readEvents(
  bytes: AsyncIterable<Uint8Array>,
  onComment: () => void = () => {},
): AsyncGenerator<ServerSentEvent, void, void> {
  let event = ''
  let data: string[] = []
  let id: string | undefined
  for await (const line of linesOf(bytes)) {
    const { field, value } = fieldOf(line)
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

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of bytes) {
    const text = rest + decoder.decode(chunk, { stream: true })
    // A CR at the end may be half of a CRLF: it waits for the next chunk.
    const lines = text.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    if (rest.length > maxEventLength) throw new Error('an event of the change stream is too long')
    yield* lines
  }
}

function fieldOf(line: string): { field: string; value: string } {
  const colon = line.indexOf(':')
  if (colon === -1) return { field: line, value: '' }
  return { field: line.slice(0, colon), value: line.slice(colon + 1).replace(/^ /, '') }
}
