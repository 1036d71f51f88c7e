import type {
  Connection,
  ConnectionId,
  ConnectionList,
  DisconnectAnswer,
  ProviderBrand,
} from '@keywell/protocol'
import { type BrowserWindow, call, type Fetch } from './call.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { openChannel } from './flow-messages.ts'
import { type ConnectTarget, findConnection } from './target.ts'

/** The user's connections, as last read. Every change is a new object. */
export interface ConnectionsSnapshot {
  /** Outcome of the last read. With `error`, `connections` holds the result of the last read that succeeded. */
  readonly status: 'loading' | 'ready' | 'error'
  readonly connections: readonly Connection[]
  /** Title and mark of the providers that the page shows, by name, as far as they are read. */
  readonly brands: Readonly<Partial<Record<string, ProviderBrand>>>
  readonly error: ConnectError | null
}

/** Before the first read, and on a server. */
export const nothingKnown: ConnectionsSnapshot = {
  status: 'loading',
  connections: [],
  brands: {},
  error: null,
}

/**
 * A store of the user's connections, as the app's backend lists them. It reads the list when the first
 * listener subscribes, after every flow (of other windows too), and on `refresh`.
 */
export interface Connections {
  readonly getSnapshot: () => ConnectionsSnapshot
  readonly subscribe: (listener: () => void) => () => void
  /** The connection of a target; undefined when there is none, and before the list is read. */
  readonly find: (target: ConnectTarget) => Connection | undefined
  /** Reads the list again, to its end. Never rejects: a failure is the snapshot's `error`. */
  readonly refresh: () => Promise<void>
  /** The page shows a provider: its title and mark come with the list. */
  readonly show: (provider: string) => void
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
  const shown = new Set<string>()
  let newestRead = 0
  let soon: Promise<void> | undefined
  let channel: BroadcastChannel | undefined

  function set(next: ConnectionsSnapshot): void {
    if (unlessSame(snapshot, next) === snapshot) return
    snapshot = next
    for (const listener of listeners) listener()
  }

  function replace(id: ConnectionId, ...by: Connection[]): void {
    const connections = [...snapshot.connections.filter((one) => one.id !== id), ...by]
    set({ ...snapshot, connections })
    // A read that is under way may have missed the change.
    void refresh()
  }

  function refresh(): Promise<void> {
    // Once for all that a page draws at the same moment.
    soon ??= Promise.resolve().then(() => {
      soon = undefined
      return readList()
    })
    return soon
  }

  async function readList(): Promise<void> {
    newestRead += 1
    const read = newestRead
    const next = await readAll(fetch, url, [...shown]).then(
      ({ connections, brands }) => ({
        status: 'ready' as const,
        connections: connections.map((one) =>
          unlessSame(
            snapshot.connections.find(({ id }) => id === one.id),
            one,
          ),
        ),
        brands: { ...snapshot.brands, ...brands },
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
        channel = openChannel(window(), (message) => {
          if (message?.status === 'connected') void refresh()
        })
      }
      listeners.add(listener)
      if (newestRead === 0) void refresh()
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) channel?.close()
      }
    },
    find: (target) => findConnection(snapshot.connections, target),
    refresh,
    show(provider) {
      if (shown.has(provider)) return
      shown.add(provider)
      if (newestRead > 0) void refresh()
    },
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

/** What is as before keeps its identity, so that nothing that shows it renders again. */
function unlessSame<Value>(before: Value | undefined, after: Value): Value {
  return before && JSON.stringify(before) === JSON.stringify(after) ? before : after
}

async function readAll(
  fetch: Fetch,
  url: string,
  shown: readonly string[],
): Promise<Pick<ConnectionsSnapshot, 'connections' | 'brands'> & { connections: Connection[] }> {
  const connections: Connection[] = []
  const brands = {}
  let cursor = ''
  for (;;) {
    const page = await call<ConnectionList>(fetch, `${url}?brands=${shown}${cursor}`)
    connections.push(...page.connections)
    Object.assign(brands, page.brands)
    if (!page.nextCursor) return { connections, brands }
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`
  }
}
