import { createParser, type EventSourceMessage } from 'eventsource-parser'

/** Longest event that is read, in characters. */
const maxEventLength = 100_000

/**
 * Reads events from the bytes of a `text/event-stream` (HTML Living Standard, "Server-sent events").
 *
 * @throws Error for an event that is too long
 */
export async function* readEvents(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventSourceMessage, void, void> {
  const decoder = new TextDecoder()
  let events: EventSourceMessage[] = []
  let isTooLong = false
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent: (event) => events.push(event),
    // Unknown fields are reported here, too, and are to be ignored.
    onError: ({ type }) => {
      isTooLong ||= type === 'max-buffer-size-exceeded'
    },
  })
  for await (const chunk of bytes) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    const complete = events
    events = []
    yield* complete
    if (isTooLong) throw new Error('sent an event that is too long')
  }
}
