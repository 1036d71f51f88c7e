import type { After } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { createSignal } from '../signal.ts'
import { apiKeysChannel } from '../store/api-keys.ts'
import type { Database } from '../store/database.ts'
import { type Access, grantsOf } from './access.ts'
import { HeldStream, type HeldStreamOptions } from './held-stream.ts'
import type { KeyCheck } from './key-check.ts'

/** How often the keys of all open streams are looked up without a notification, in milliseconds. */
export const recheckMs = 1_000
/** A notification waits this long for others, in milliseconds. */
const notifiedMs = 10
/** Under a key that was not looked up for so long nothing is sent, in milliseconds. */
export const trustMs = 2_000

interface KeyStreamParts {
  database: Pick<Database, 'listen'>
  keys: Pick<KeyCheck, 'current' | 'forget'>
  logger: Logger
  after: After
  /** Milliseconds of a clock that never goes back. */
  now: () => number
}

/**
 * Streams that are open under an API key. They end when the key does, or when it may no longer do what it
 * could when they were opened; a replica that changes a key notifies the others. However many streams there
 * are, their keys are looked up together, once a second.
 */
export class KeyStreams {
  readonly #parts: KeyStreamParts
  readonly #held = new Set<HeldStream>()
  readonly #checked = createSignal()
  #checking: Promise<void> | undefined
  #notified = false
  #stopped = false
  #cancel = () => {}
  #unlisten = async () => {}

  constructor(parts: KeyStreamParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    this.#unlisten = await this.#parts.database.listen(apiKeysChannel, () => {
      this.#parts.keys.forget()
      this.#checkSoon()
    })
  }

  /**
   * The body of an answer, for as long as the key is what it was. While keys cannot be looked up, it waits.
   * Nothing is taken ahead of the reader.
   *
   * @param open called at the first read; ends when its signal aborts
   */
  hold(
    access: Access,
    open: (ended: AbortSignal) => AsyncGenerator<string, void>,
    options: HeldStreamOptions,
  ): ReadableStream<Uint8Array> {
    const stream = new HeldStream(access, options)
    return stream.body({
      open,
      onOpen: () => {
        this.#held.add(stream)
        this.#checkSoon()
      },
      trusted: () => this.#trusted(stream),
      onEnd: () => this.#release(stream),
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#checking
    await this.#unlisten().catch((error: unknown) =>
      this.#parts.logger.debug({ reason: String(error) }, 'unlisten failed'),
    )
  }

  #checkSoon(): void {
    if (this.#notified || this.#held.size === 0) return
    this.#notified = true
    if (this.#checking === undefined) this.#schedule(notifiedMs)
  }

  #schedule(ms: number): void {
    this.#cancel()
    if (this.#held.size === 0) this.#notified = false
    if (this.#stopped || this.#held.size === 0) return
    this.#cancel = this.#parts.after(ms, () => {
      this.#notified = false
      this.#checking = this.#check().finally(() => {
        this.#checking = undefined
        this.#checked.notify()
        this.#schedule(this.#notified ? notifiedMs : recheckMs)
      })
    })
  }

  /** Never rejects: what could not be looked up is looked up again, and nothing is sent meanwhile. */
  async #check(): Promise<void> {
    const { keys, logger, now } = this.#parts
    const begunAt = now()
    const streams = [...this.#held]
    const ids = [...new Set(streams.map(({ keyId }) => keyId))]
    try {
      const current = await keys.current(ids)
      const isUnchanged = ({ keyId, grants }: HeldStream) => {
        const access = current.get(keyId)
        return access !== undefined && grantsOf(access) === grants
      }
      for (const stream of streams.filter(isUnchanged)) stream.checkedAt = begunAt
      const over = streams.filter((stream) => !isUnchanged(stream))
      // Or a reader that reconnects at once would be let in by a cached key.
      if (over.length > 0) keys.forget()
      for (const stream of over) this.#end(stream)
    } catch (error) {
      logger.warn({ reason: String(error) }, 'API key recheck failed')
    }
  }

  #end(stream: HeldStream): void {
    if (!this.#release(stream)) return
    this.#parts.logger.info({ keyId: stream.keyId }, 'stream ended with its API key')
    stream.close()
  }

  /** Answers whether the stream was open. */
  #release(stream: HeldStream): boolean {
    stream.release()
    return this.#held.delete(stream)
  }

  /** Resolves when the key is known to be unchanged, or the stream has ended. */
  async #trusted(stream: HeldStream): Promise<void> {
    const { now } = this.#parts
    while (!stream.ended.aborted && now() - stream.checkedAt > trustMs) {
      await this.#checked.next(stream.ended)
    }
  }
}
