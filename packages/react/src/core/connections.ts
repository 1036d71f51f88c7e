import type { Connection, ConnectionId, DisconnectAnswer } from '@keywell/protocol'
import { type Browser, call } from './call.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { type FlowNews, onNews } from './news.ts'

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
 * The user's connections as the app's backend lists them. Read when the first subscriber comes, after
 * every flow (of other tabs too), and on `refresh`.
 */
export class Connections {
  #snapshot = nothingKnown
  /** Number of the newest read; an older answer that comes late is dropped. */
  #reads = 0
  #reading = 0
  #stopNews: (() => void) | undefined
  readonly #listeners = new Set<() => void>()
  readonly #browser: Browser
  readonly #url: string

  constructor(browser: Browser, endpoint: string) {
    this.#browser = browser
    this.#url = `${endpoint}/connections`
  }

  // Both are handed to `useSyncExternalStore`, so they must work without their object.
  readonly getSnapshot = (): ConnectionsSnapshot => this.#snapshot

  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) {
      this.#stopNews = onNews(this.#browser.window(), (news: FlowNews) => {
        if (news.status === 'connected') void this.refresh()
      })
    }
    this.#listeners.add(listener)
    if (this.#reads === 0) void this.refresh()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stopNews?.()
    }
  }

  /** Reads the list again. Never rejects: a failure is shown as `error` beside what was known. */
  async refresh(): Promise<void> {
    this.#reads += 1
    const read = this.#reads
    this.#reading += 1
    let next: ConnectionsSnapshot
    try {
      const { connections } = await call<{ connections: Connection[] }>(
        this.#browser,
        this.#url,
        {},
      )
      next = { status: 'ready', connections, error: null }
    } catch (thrown) {
      next = { ...this.#snapshot, status: 'error', error: asConnectError(thrown) }
    } finally {
      this.#reading -= 1
    }
    if (read === this.#reads) this.#set(next)
  }

  /** @throws ConnectError */
  async disconnect(id: ConnectionId): Promise<DisconnectAnswer> {
    const answer = await call<DisconnectAnswer>(
      this.#browser,
      `${this.#url}/${encodeURIComponent(id)}`,
      { method: 'DELETE' },
    )
    this.#change((all) => all.filter((one) => one.id !== id))
    return answer
  }

  /** Takes what a flow has just made or mended, before the list is read again. */
  put(connection: Connection): void {
    this.#change((all) => [...all.filter((one) => one.id !== connection.id), connection])
  }

  #change(edit: (all: readonly Connection[]) => readonly Connection[]): void {
    this.#set({ ...this.#snapshot, connections: edit(this.#snapshot.connections) })
    // A read that began before this change may not know of it.
    if (this.#reading > 0) void this.refresh()
  }

  #set(next: ConnectionsSnapshot): void {
    // The same list keeps its identity, so that a refresh without news renders nothing.
    if (JSON.stringify(next) === JSON.stringify(this.#snapshot)) return
    this.#snapshot = next
    for (const listener of this.#listeners) listener()
  }
}
