import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../store/database.ts'

/** A page that watches a flow looks at it at least this often. */
const pollMs = 1_000

export interface FlowHints {
  start(): Promise<void>
  /** Resolves when the flow may have moved, after a second, or when the signal says so. */
  next(flowId: string, signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

/** NOTIFY as a hint: it makes a watcher look sooner, and whoever misses it looks a second later. */
export function createFlowHints(database: Database): FlowHints {
  const heard = new EventTarget()
  let unlisten: (() => Promise<void>) | undefined

  return {
    async start() {
      unlisten = await database.listen('keywell_flows', (flowId) => {
        heard.dispatchEvent(new Event(flowId))
      })
    },

    async next(flowId, signal) {
      const done = new AbortController()
      const stop = () => done.abort()
      heard.addEventListener(flowId, stop, { once: true, signal: done.signal })
      signal.addEventListener('abort', stop, { once: true, signal: done.signal })
      if (signal.aborted) stop()
      await delay(pollMs, undefined, { ref: false, signal: done.signal }).catch(() => {})
      stop()
    },

    async stop() {
      await unlisten?.()
    },
  }
}
