import type { Flow, FlowId } from '@keywell/protocol'
import { type BrowserWindow, call, send } from './call.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { onNews } from './news.ts'

/** A flow that has begun, and what it takes to ask for it. */
export interface FlowAccess {
  readonly flowId: FlowId
  readonly url: string
  readonly token: string
}

export interface FlowListener {
  onFlow(flow: Flow): void
  /** The service will say no more, since the session ended, for instance. */
  onEnd(error: ConnectError): void
}

const firstPollMs = 1_000
const longestPollMs = 5_000

/**
 * Follows a flow at the service, which alone knows how it stands, until the signal. Server-sent events
 * where they come through, else polling; either way asks at once when the page is seen again or another window has
 * news. Leaves no timer, listener or stream behind.
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
      if (!signal.aborted && !mayPass(error)) onEnd(error)
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

  const look = (): void => {
    if (!window.document.hidden) void poll()
  }
  window.addEventListener('focus', look, { signal })
  window.addEventListener('visibilitychange', look, { signal })
  onNews(window, signal, (news) => {
    if (news.flowId === flowId) void poll()
  })
  signal.addEventListener('abort', () => window.clearTimeout(timer))
  pollLater()
  // However the stream ends, polling goes on.
  void stream()
    .catch(() => undefined)
    .then(() => {
      streaming = false
      pollMs = firstPollMs
      pollLater()
    })
}

/** Outages and limits pass; everything else is the service's last word. */
function mayPass({ code }: ConnectError): boolean {
  return code === 'unavailable' || code === 'internal' || code === 'rate_limited'
}

/**
 * The `data` lines of a stream of server-sent events, read through fetch because `EventSource` cannot
 * send the token's header. Ours are all of one kind, with JSON on one line; heartbeats are comments.
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
    // Only what is new is searched for line breaks, however many pieces a line comes in.
    const lines = decoder.decode(value, { stream: true }).split('\n')
    lines[0] = rest + lines[0]
    // What follows the last line break is not complete yet.
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data:')) onData(line.slice(5))
  }
}
