import type { Connection, ConnectionId, DisconnectAnswer } from '@keywell/protocol'
import { type BrowserWindow, call, type Fetch } from './call.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { onNews } from './news.ts'

/** What is known of the user's connections. Every change is a new object. */
export interface ConnectionsSnapshot {
  /** `ready` and `error` speak of the last read; `connections` keeps what was known before. */
  readonly status: 'loading' | 'ready' | 'error'
  readonly connections: readonly Connection[]
  readonly error: ConnectError | null
}

/** Before the first read, and on a server. */
export const nothingKnown: ConnectionsSnapshot = { status: 'loading', connections: [], error: null }

/**
 * The user's connections as the app's backend lists them: a store. Read when the first subscriber
 * comes, after every flow (of other windows too), and on `refresh`.
 */
export interface Connections {
  readonly getSnapshot: () => ConnectionsSnapshot
  readonly subscribe: (listener: () => void) => () => void
  /** Reads the list again. Never rejects: a failure is `error`, beside what was known. */
  readonly refresh: () => Promise<void>
  /** Removes a connection here and, where possible, at the provider. @throws ConnectError */
  readonly disconnect: (id: ConnectionId) => Promise<DisconnectAnswer>
  /** Takes what a flow has just made or mended, before the list is read again. */
  readonly put: (connection: Connection) => void
}

export function createConnections(parts: {
  window: () => BrowserWindow
  fetch: Fetch
  url: string
}): Connections {
  const { fetch, url } = parts
  const listeners = new Set<() => void>()
  let snapshot = nothingKnown
  let newestRead = 0
  let news: AbortController | undefined

  function set(next: ConnectionsSnapshot): void {
    // A refresh without news keeps the identity, and so renders nothing.
    if (JSON.stringify(next) === JSON.stringify(snapshot)) return
    snapshot = next
    for (const listener of listeners) listener()
  }

  function replace(id: ConnectionId, ...by: Connection[]): void {
    const connections = [...snapshot.connections.filter((one) => one.id !== id), ...by]
    set({ ...snapshot, connections })
    // A read that is under way may not know of it.
    void refresh()
  }

  async function refresh(): Promise<void> {
    newestRead += 1
    const read = newestRead
    const next = await call<{ connections: Connection[] }>(fetch, url).then(
      ({ connections }) => ({ status: 'ready' as const, connections, error: null }),
      (thrown) => ({ ...snapshot, status: 'error' as const, error: asConnectError(thrown) }),
    )
    if (read === newestRead) set(next)
  }

  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      if (listeners.size === 0) {
        news = new AbortController()
        onNews(parts.window(), news.signal, ({ status }) => {
          if (status === 'connected') void refresh()
        })
      }
      listeners.add(listener)
      if (newestRead === 0) void refresh()
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) news?.abort()
      }
    },
    refresh,
    async disconnect(id) {
      const answer = await call<DisconnectAnswer>(fetch, `${url}/${encodeURIComponent(id)}`, {
        method: 'DELETE',
      })
      replace(id)
      return answer
    },
    put: (connection) => replace(connection.id, connection),
  }
}
