export interface ConnectionRef {
  tenantId: string
  connectionId: string
}

/** What a call for a refresh did. The outcome of an attempt is in the database. */
export type RefreshResult = 'attempted' | 'not_claimed'

/** The attempts of this process. There is one for a connection at a time, and its callers share it. */
export class AttemptsUnderWay {
  readonly #running = new Map<string, Promise<RefreshResult>>()

  get size(): number {
    return this.#running.size
  }

  find(connection: ConnectionRef): Promise<RefreshResult> | undefined {
    return this.#running.get(keyOf(connection))
  }

  /** Runs, unless an attempt for this connection is under way: then its result is shared. */
  start(connection: ConnectionRef, run: () => Promise<RefreshResult>): Promise<RefreshResult> {
    const key = keyOf(connection)
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const started = run().finally(() => this.#running.delete(key))
    this.#running.set(key, started)
    return started
  }

  async waitForAll(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running.values())
  }
}

const keyOf = ({ tenantId, connectionId }: ConnectionRef) =>
  JSON.stringify([tenantId, connectionId])
