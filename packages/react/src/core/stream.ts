import { type Call, type Fetch, send } from './call.ts'

/**
 * Reads a stream of server-sent events to its end, with `fetch` because `EventSource` cannot send the token's header.
 * All events are of one kind, with JSON on one line; heartbeats are comments.
 *
 * @param onData gets the data of each event
 * @returns the status of the response, which had events if it is 200
 */
export async function readStream(
  fetch: Fetch,
  url: string,
  options: Call,
  onData: (data: string) => void,
): Promise<number> {
  const { status, body } = await send(fetch, url, { ...options, accept: 'text/event-stream' })
  if (status === 200 && body) await readData(body, onData)
  return status
}

async function readData(
  body: ReadableStream<Uint8Array>,
  onData: (data: string) => void,
): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    // Only the new text is searched for line breaks, so that a line in many pieces costs linear time.
    const lines = decoder.decode(value, { stream: true }).split('\n')
    lines[0] = rest + lines[0]
    // The text after the last line break is not complete yet.
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data:')) onData(line.slice(5))
  }
}
