import { PostgresConnection } from './postgres-connection.ts'

/** A LISTEN can go silent without an error (brianc/node-postgres#967): so it is said again and again. */
const heartbeatMs = 10_000
/** Pause before the next attempt when the connection is gone. */
const retryMs = 500

/** LISTEN on a connection of its own, which is never given to a statement, and made anew when it breaks. */
export class PostgresListener {
  readonly #url: string
  readonly #onError: (error: unknown) => void
  readonly #channels = new Map<string, Set<(payload: string) => void>>()
  #connection: PostgresConnection | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(url: string, onError: (error: unknown) => void) {
    this.#url = url
    this.#onError = onError
  }

  /** Never rejects: without a server it goes on trying, and tells `onError`. */
  async listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>> {
    const listeners = this.#channels.get(channel) ?? new Set()
    this.#channels.set(channel, listeners.add(heard))
    await this.#beat()
    return async () => {
      listeners.delete(heard)
      if (listeners.size > 0) return
      this.#channels.delete(channel)
      await this.#connection?.query(`unlisten ${quoted(channel)}`).catch(this.#onError)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#connection?.close()
  }

  /** Says LISTEN for every channel: it subscribes a new connection, and proves an old one alive. */
  async #beat(): Promise<void> {
    if (!this.#connection || this.#connection.lost) this.#connection = this.#connect()
    const channels = [...this.#channels.keys()]
    try {
      await this.#connection.query(channels.map((name) => `listen ${quoted(name)};`).join(''))
      this.#schedule(heartbeatMs)
    } catch (error) {
      this.#onError(error)
      this.#schedule(retryMs)
    }
  }

  #connect(): PostgresConnection {
    return new PostgresConnection({
      url: this.#url,
      onNotified: (channel, payload) => {
        for (const heard of this.#channels.get(channel) ?? []) heard(payload)
      },
      onLost: () => this.#schedule(retryMs),
    })
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    // #beat handles its errors itself.
    this.#timer = setTimeout(() => void this.#beat(), delayMs).unref()
  }
}

/** A channel is a name, and a name cannot be a parameter. */
function quoted(channel: string): string {
  return `"${channel.replaceAll('"', '""')}"`
}
