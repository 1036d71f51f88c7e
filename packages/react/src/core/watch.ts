import type { Flow, FlowId } from '@keywell/protocol'
import { type BrowserWindow, call } from './call.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { type FlowMessage, openChannel } from './flow-messages.ts'
import { readStream } from './stream.ts'

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
    await readStream(window.fetch, url, { token, signal }, (data) => {
      streaming = true
      if (!signal.aborted) onFlow(JSON.parse(data))
    })
  }

  const pollIfVisible = (): void => {
    if (!window.document.hidden) void poll()
  }
  window.addEventListener('focus', pollIfVisible, { signal })
  window.addEventListener('visibilitychange', pollIfVisible, { signal })
  const receive = (message: FlowMessage | undefined): void => {
    if (message?.flowId === flowId) void poll()
  }
  const channel = openChannel(window, receive)
  // The channel is the origin's own; a message to the window may come from anywhere. It reaches an app in a frame too.
  const receiveFrom = ({ origin, data }: MessageEvent): void => {
    if (origin === window.location.origin) receive(data)
  }
  window.addEventListener('message', receiveFrom, { signal })
  signal.addEventListener('abort', () => {
    channel?.close()
    window.clearTimeout(timer)
  })
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
