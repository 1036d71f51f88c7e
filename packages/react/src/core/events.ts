/** One server-sent event. */
export interface ServerEvent {
  readonly name: string
  readonly data: string
}

/** An event of ours is a few kilobytes; whoever sends more without an end is not our service. */
const maxEventChars = 256 * 1024

/**
 * Reads server-sent events from a fetch body; `EventSource` cannot send the connect token's header.
 * Comments (heartbeats), ids and retry hints are skipped. Leaving the loop cancels the body.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerEvent, void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      text = (text + decoder.decode(value, { stream: true })).replaceAll('\r\n', '\n')
      const blocks = text.split('\n\n')
      // What follows the last blank line is not complete yet.
      text = blocks.pop() ?? ''
      if (text.length > maxEventChars) return
      for (const block of blocks) yield parseEvent(block)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function parseEvent(block: string): ServerEvent {
  let name = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? []
    if (field === 'event') name = value
    if (field === 'data') data.push(value)
  }
  return { name, data: data.join('\n') }
}
