import { type After, after } from '../clock.ts'
import { PostgresConnection } from './postgres-connection.ts'

/**
 * A LISTEN can go silent without an error (brianc/node-postgres#967), or be taken back by a pooler that
 * resets the session. So the server is asked what it listens to, and LISTEN is repeated.
 */
const heartbeatMs = 10_000
/** Pause before the next attempt when the connection is gone. */
const retryMs = 500

/** LISTEN on a connection of its own, which is never given to a statement, and made anew when it breaks. */
export class PostgresListener {
  readonly #url: string
  readonly #onError: (error: unknown) => void
  readonly #after: After
  readonly #channels = new Map<string, Set<(payload: string) => void>>()
  #connection: PostgresConnection | undefined
  /** Channels for which LISTEN was sent in the connection's session. */
  #sent = new Set<string>()
  #cancel = () => {}
  #closed = false

  constructor(url: string, onError: (error: unknown) => void, later: After = after) {
    this.#url = url
    this.#onError = onError
    this.#after = later
  }

  /** Never rejects: without a server it goes on trying, and calls `onError`. */
  async listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>> {
    const listeners = this.#channels.get(channel) ?? new Set()
    this.#channels.set(channel, listeners.add(listener))
    await this.#heartbeat()
    return async () => {
      listeners.delete(listener)
      if (listeners.size > 0) return
      this.#channels.delete(channel)
      this.#sent.delete(channel)
      await this.#connection?.query(`unlisten ${quoted(channel)}`).catch(this.#onError)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    await this.#connection?.close()
  }

  /** Says LISTEN for every channel: it subscribes a new connection, and proves an old one alive. */
  async #heartbeat(): Promise<void> {
    if (!this.#connection || this.#connection.lost) {
      this.#connection = this.#connect()
      this.#sent = new Set()
    }
    const channels = [...this.#channels.keys()]
    try {
      const dropped = await this.#droppedBy(this.#connection)
      await this.#connection.query(channels.map((name) => `listen ${quoted(name)};`).join(''))
      for (const name of channels) this.#sent.add(name)
      if (dropped.length > 0) this.#onError(new ListenDropped(dropped))
      this.#schedule(heartbeatMs)
    } catch (error) {
      this.#onError(error)
      this.#schedule(retryMs)
    }
  }

  /** Channels for which LISTEN was sent, and to which the session does not listen. */
  async #droppedBy(connection: PostgresConnection): Promise<string[]> {
    if (this.#sent.size === 0) return []
    const rows = await connection.query<{ channel: string }>(
      'select pg_listening_channels() as channel',
    )
    const listening = new Set(rows.map(({ channel }) => channel))
    return [...this.#sent].filter((channel) => !listening.has(channel))
  }

  #connect(): PostgresConnection {
    return new PostgresConnection({
      url: this.#url,
      onNotified: (channel, payload) => {
        for (const listener of this.#channels.get(channel) ?? []) listener(payload)
      },
      onLost: () => this.#schedule(retryMs),
    })
  }

  #schedule(delayMs: number): void {
    this.#cancel()
    if (this.#closed) return
    // #heartbeat handles its errors itself.
    this.#cancel = this.#after(delayMs, () => void this.#heartbeat())
  }
}

/** For `onError`: notifications were missed for some time, and are received again. */
class ListenDropped extends Error {
  override readonly name = 'ListenDropped'

  constructor(channels: readonly string[]) {
    super(`The session no longer listened to ${channels.join(', ')}; LISTEN was repeated.`)
  }
}

/** A channel is a name, and a name cannot be a parameter. */
function quoted(channel: string): string {
  return `"${channel.replaceAll('"', '""')}"`
}
