import type { Flow, FlowId } from '@keywell/protocol'
import { type BrowserWindow, call, send } from './call.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { onFlowMessage } from './flow-messages.ts'

/** A flow that has begun, and how to read its state. */
export interface FlowAccess {
  readonly flowId: FlowId
  readonly url: string
  readonly token: string
}

export interface FlowListener {
  onFlow(flow: Flow): void
  /** The flow cannot be followed any more, for instance because the session ended. */
  onEnd(error: ConnectError): void
}

const firstPollMs = 1_000
const longestPollMs = 5_000

/**
 * Follows a flow at the service until the signal: by server-sent events, else by polling. Also polls at once
 * when the page is shown again or another window sends a message about the flow. When the signal aborts,
 * timers, listeners and the stream end.
 */
export function watchFlow(
  window: BrowserWindow,
  { flowId, url, token }: FlowAccess,
  signal: AbortSignal,
  { onFlow, onEnd }: FlowListener,
): void {
  let pollMs = firstPollMs
  let streaming = false
  let timer: number

  function pollLater(): void {
    window.clearTimeout(timer)
    if (signal.aborted || streaming) return
    timer = window.setTimeout(poll, pollMs)
    pollMs = Math.min(pollMs * 1.5, longestPollMs)
  }

  async function poll(): Promise<void> {
    try {
      const flow = await call<Flow>(window.fetch, url, { token })
      if (!signal.aborted) onFlow(flow)
    } catch (thrown) {
      const error = asConnectError(thrown)
      if (!signal.aborted && !isTransient(error)) onEnd(error)
    }
    pollLater()
  }

  async function stream(): Promise<void> {
    const { ok, body } = await send(window.fetch, url, {
      token,
      accept: 'text/event-stream',
      signal,
    })
    if (!ok || !body) return
    await readData(body, (data) => {
      streaming = true
      if (!signal.aborted) onFlow(JSON.parse(data))
    })
  }

  const pollIfVisible = (): void => {
    if (!window.document.hidden) void poll()
  }
  window.addEventListener('focus', pollIfVisible, { signal })
  window.addEventListener('visibilitychange', pollIfVisible, { signal })
  onFlowMessage(window, signal, (message) => {
    if (message.flowId === flowId) void poll()
  })
  signal.addEventListener('abort', () => window.clearTimeout(timer))
  pollLater()
  // Polling continues, however the stream ends.
  void stream()
    .catch(() => undefined)
    .then(() => {
      streaming = false
      pollMs = firstPollMs
      pollLater()
    })
}

/** Outages and rate limits are worth another poll; every other error is final. */
function isTransient({ code }: ConnectError): boolean {
  return code === 'unavailable' || code === 'internal' || code === 'rate_limited'
}

/**
 * The `data` lines of a stream of server-sent events, read with `fetch` because `EventSource` cannot send the
 * token's header. All events are of one kind, with JSON on one line; heartbeats are comments.
 */
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
