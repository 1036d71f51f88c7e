import type { Flow, FlowId } from '@keywell/protocol'
import { type Browser, call, requestInit } from './call.ts'
import { asConnectError, ConnectError } from './error.ts'
import { readEvents } from './events.ts'
import { onNews } from './news.ts'

/** A flow that has begun, and what it takes to ask for it. */
export interface FlowAccess {
  readonly flowId: FlowId
  readonly serviceUrl: string
  readonly connectToken: string
}

export interface WatchListener {
  onFlow(flow: Flow): void
  /** The service will say no more: the session ended, or the flow is unknown. */
  onEnd(error: ConnectError): void
}

const firstPollMs = 1_000
const longestPollMs = 5_000
/** While the stream speaks; a proxy may hold it back without closing it. */
const pollBesideStreamMs = 15_000
/** A flow lives ten minutes. This bound is for a service that does not answer at all. */
const longestWaitMs = 20 * 60_000

/**
 * Follows a flow at the service, which alone knows how it stands. Server-sent events where they come
 * through, else polling; asks at once when the page is seen again or another window has news.
 * Answers the way to stop, which leaves no timer, listener or stream behind.
 */
export function watchFlow(
  browser: Browser,
  access: FlowAccess,
  listener: WatchListener,
): () => void {
  const window = browser.window()
  const url = flowUrl(access)
  const abort = new AbortController()
  const giveUpAt = window.performance.now() + longestWaitMs
  let timer: number | undefined
  let pollMs = firstPollMs
  let streaming = false

  const poll = async (): Promise<void> => {
    window.clearTimeout(timer)
    try {
      const { signal } = abort
      const flow = await call<Flow>(browser, url, { token: access.connectToken, signal })
      if (!abort.signal.aborted) listener.onFlow(flow)
    } catch (thrown) {
      const error = asConnectError(thrown)
      if (!abort.signal.aborted && isFinal(error)) listener.onEnd(error)
    }
    schedule()
  }

  const schedule = (): void => {
    window.clearTimeout(timer)
    if (abort.signal.aborted) return
    if (window.performance.now() > giveUpAt) {
      listener.onEnd(gaveUp())
      return
    }
    timer = window.setTimeout(() => void poll(), streaming ? pollBesideStreamMs : pollMs)
    pollMs = Math.min(pollMs * 1.5, longestPollMs)
  }

  const stream = async (): Promise<void> => {
    const init = requestInit({ token: access.connectToken })
    const headers = { ...init.headers, Accept: 'text/event-stream' }
    const answer = await browser.fetch(url, { ...init, headers, signal: abort.signal })
    if (!answer.ok || answer.body === null) return
    for await (const event of readEvents(answer.body)) {
      if (event.name !== 'flow') continue
      streaming = true
      // The service wrote it; see `call` for why it is not validated.
      listener.onFlow(JSON.parse(event.data) as Flow)
    }
  }

  const look = (): void => {
    if (window.document.visibilityState === 'visible') void poll()
  }
  const stopNews = onNews(window, (news) => {
    if (news.flowId === access.flowId) void poll()
  })
  window.addEventListener('focus', look)
  window.document.addEventListener('visibilitychange', look)
  schedule()
  // However the stream ends, polling goes on.
  void stream()
    .catch(() => undefined)
    .then(() => {
      streaming = false
      pollMs = firstPollMs
      schedule()
    })

  return () => {
    abort.abort()
    window.clearTimeout(timer)
    stopNews()
    window.removeEventListener('focus', look)
    window.document.removeEventListener('visibilitychange', look)
  }
}

/** `DELETE` and `GET` go here, with the connect token in a header, never in the URL. */
export function flowUrl(access: FlowAccess): string {
  return `${access.serviceUrl}/connect/flows/${access.flowId}`
}

function isFinal(error: ConnectError): boolean {
  switch (error.code) {
    case 'unauthorized':
    case 'session_expired':
    case 'flow_expired':
    case 'not_found':
    case 'origin_not_allowed':
      return true
    default:
      return false
  }
}

function gaveUp(): ConnectError {
  return new ConnectError('flow_expired', 'The service gave no end of this flow in 20 minutes.', {
    retryable: true,
  })
}
