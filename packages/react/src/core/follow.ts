import { type BrowserWindow, type Fetch, send } from './call.ts'
import { readData } from './server-sent-events.ts'

const firstPauseMs = 1_000
const longestPauseMs = 30_000

/**
 * Calls `onChange` whenever the user's connections may have changed, until the signal: by the events of the app's
 * backend while the page is visible, and each time that it becomes visible. A page in the background has no
 * connection: over HTTP/1.1 a browser has six to one origin, for all of its windows.
 */
export function followChanges(
  window: BrowserWindow,
  fetch: Fetch,
  url: string,
  signal: AbortSignal,
  onChange: () => void,
): void {
  const { document } = window
  let visit: AbortController | undefined

  function look(): void {
    visit?.abort()
    if (document.hidden || signal.aborted) return
    visit = new AbortController()
    void followVisit(window, fetch, url, visit.signal, onChange)
  }

  document.addEventListener('visibilitychange', look, { signal })
  signal.addEventListener('abort', look)
  look()
}

/** Comes again after every end. A backend that has no events is asked once, and `onChange` called once. */
async function followVisit(
  window: BrowserWindow,
  fetch: Fetch,
  url: string,
  signal: AbortSignal,
  onChange: () => void,
): Promise<void> {
  let pauseMs = firstPauseMs
  const receive = (): void => {
    pauseMs = firstPauseMs
    if (!signal.aborted) onChange()
  }
  while (!signal.aborted) {
    try {
      const { status, body } = await send(fetch, url, { accept: 'text/event-stream', signal })
      if (status === 200 && body) await readData(body, receive)
      else if (status < 429) return receive()
    } catch {
      // Below.
    }
    await new Promise((resolve) => window.setTimeout(resolve, pauseMs * (0.5 + Math.random() / 2)))
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}
