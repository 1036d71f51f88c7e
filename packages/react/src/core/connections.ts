import type { Connection, ConnectionId, ConnectionList, DisconnectAnswer } from '@keywell/protocol'
import { type BrowserWindow, call, type Fetch } from './call.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { onFlowMessage } from './flow-messages.ts'

/** The user's connections, as last read. Every change is a new object. */
export interface ConnectionsSnapshot {
  /** Outcome of the last read. With `error`, `connections` holds the result of the last read that succeeded. */
  readonly status: 'loading' | 'ready' | 'error'
  readonly connections: readonly Connection[]
  readonly error: ConnectError | null
}

/** Before the first read, and on a server. */
export const nothingKnown: ConnectionsSnapshot = { status: 'loading', connections: [], error: null }

/**
 * A store of the user's connections, as the app's backend lists them. It reads the list when the first
 * listener subscribes, after every flow (of other windows too), and on `refresh`.
 */
export interface Connections {
  readonly getSnapshot: () => ConnectionsSnapshot
  readonly subscribe: (listener: () => void) => () => void
  /** Reads the list again, to its end. Never rejects: a failure is the snapshot's `error`. */
  readonly refresh: () => Promise<void>
  /** Where the list is. For `followConnections`. */
  readonly source: ListSource
  /** Removes a connection here and, where possible, at the provider. @throws ConnectError */
  readonly disconnect: (id: ConnectionId) => Promise<DisconnectAnswer>
  /** Adds or replaces the connection that a flow has just made, before the list is read again. */
  readonly upsert: (connection: Connection) => void
}

export interface ListSource {
  readonly window: () => BrowserWindow
  readonly fetch: Fetch
  readonly url: string
}

export function createConnections(source: ListSource): Connections {
  const { window, fetch, url } = source
  const listeners = new Set<() => void>()
  let snapshot = nothingKnown
  let newestRead = 0
  let subscription: AbortController | undefined

  function set(next: ConnectionsSnapshot): void {
    // An unchanged list keeps its identity, so that nothing renders again.
    if (JSON.stringify(next) === JSON.stringify(snapshot)) return
    snapshot = next
    for (const listener of listeners) listener()
  }

  function replace(id: ConnectionId, ...by: Connection[]): void {
    const connections = [...snapshot.connections.filter((one) => one.id !== id), ...by]
    set({ ...snapshot, connections })
    // A read that is under way may have missed the change.
    void refresh()
  }

  async function refresh(): Promise<void> {
    newestRead += 1
    const read = newestRead
    const next = await readAll(fetch, url).then(
      (connections) => ({
        status: 'ready' as const,
        connections: keepUnchanged(snapshot.connections, connections),
        error: null,
      }),
      (thrown) => ({ ...snapshot, status: 'error' as const, error: asConnectError(thrown) }),
    )
    if (read === newestRead) set(next)
  }

  return {
    source,
    getSnapshot: () => snapshot,
    subscribe(listener) {
      if (listeners.size === 0) {
        subscription = new AbortController()
        onFlowMessage(window(), subscription.signal, ({ status }) => {
          if (status === 'connected') void refresh()
        })
      }
      listeners.add(listener)
      if (newestRead === 0) void refresh()
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) subscription?.abort()
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
    upsert: (connection) => replace(connection.id, connection),
  }
}

/** Those that are as before keep their identity, so that nothing that shows one renders again. */
function keepUnchanged(before: readonly Connection[], after: Connection[]): readonly Connection[] {
  const known = new Map(before.map((one) => [JSON.stringify(one), one]))
  return after.map((one) => known.get(JSON.stringify(one)) ?? one)
}

async function readAll(fetch: Fetch, url: string): Promise<Connection[]> {
  const all: Connection[] = []
  let query = ''
  do {
    const page = await call<ConnectionList>(fetch, url + query)
    all.push(...page.connections)
    query = page.nextCursor ? `?cursor=${encodeURIComponent(page.nextCursor)}` : ''
  } while (query)
  return all
}
