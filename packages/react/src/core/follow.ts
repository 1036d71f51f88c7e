import type { BrowserWindow } from './call.ts'
import type { Connections } from './connections.ts'
import { readStream } from './stream.ts'

const firstPauseMs = 1_000
const longestPauseMs = 30_000

/** By their store, what is followed now, and for how many callers. */
const followed = new WeakMap<Connections, { callers: number; ended: AbortController }>()

/**
 * Reads the user's list again whenever a connection may have changed, here or elsewhere, while the page is visible.
 * Any number of callers share one stream of events of the app's backend. A page in the background has none: over
 * HTTP/1.1 a browser has six connections to one origin, for all of its windows.
 *
 * ```ts
 * const stop = followConnections(client.connections)
 * ```
 *
 * @returns a function that ends it
 */
export function followConnections(connections: Connections): () => void {
  const { callers, ended } = followed.get(connections) ?? {
    callers: 0,
    ended: new AbortController(),
  }
  followed.set(connections, { callers: callers + 1, ended })
  if (callers === 0) followWhileVisible(connections, ended.signal)
  let isOver = false
  return () => {
    const left = followed.get(connections)
    if (isOver || left === undefined) return
    isOver = true
    left.callers -= 1
    if (left.callers > 0) return
    followed.delete(connections)
    ended.abort()
  }
}

function followWhileVisible(connections: Connections, signal: AbortSignal): void {
  const window = connections.source.window()
  const { document } = window
  let visit: AbortController | undefined

  function look(): void {
    visit?.abort()
    if (document.hidden || signal.aborted) return
    visit = new AbortController()
    void followVisit(window, connections, visit.signal)
  }

  document.addEventListener('visibilitychange', look, { signal })
  signal.addEventListener('abort', look)
  look()
}

/** Comes again after every end. From a backend without events, the list is read once. */
async function followVisit(
  window: BrowserWindow,
  { source, refresh }: Connections,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = firstPauseMs
  const receive = (): void => {
    pauseMs = firstPauseMs
    if (!signal.aborted) void refresh()
  }
  while (!signal.aborted) {
    try {
      const status = await readStream(source.fetch, `${source.url}/events`, { signal }, receive)
      if (status !== 200 && status < 429) return receive()
    } catch {
      // Below.
    }
    await new Promise((resolve) => window.setTimeout(resolve, pauseMs * (0.5 + Math.random() / 2)))
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}
