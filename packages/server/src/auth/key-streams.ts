import type { After } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { createSignal } from '../signal.ts'
import { apiKeysChannel } from '../store/api-keys.ts'
import type { Database } from '../store/database.ts'
import { type Access, grantsOf } from './access.ts'
import type { KeyCheck } from './key-check.ts'

/** How often the keys of all open streams are looked up, in milliseconds, when nobody hints. */
export const recheckMs = 1_000
/** A hint waits this long for others, in milliseconds. */
const hintMs = 10
/** Under a key that was not looked up for so long nothing is sent, in milliseconds. */
export const trustMs = 2_000

/**
 * Streams that are open under an API key. They end when the key does, or when it may no longer do what it
 * could when they were opened; a replica that changes a key tells the others. However many streams there
 * are, their keys are looked up together, once a second.
 */
export interface KeyStreams {
  start(): Promise<void>
  /**
   * What is told, as the body of an answer, for as long as the key is what it was. While keys cannot be
   * looked up, it waits. Nothing is taken ahead of whoever reads.
   *
   * @param open called at the first read; ends when its signal aborts
   */
  hold(
    access: Access,
    open: (ended: AbortSignal) => AsyncGenerator<string, void>,
    options: {
      /** How it ends: `close` where whoever reads comes again, `break` where an end means "complete". */
      atEnd: 'close' | 'break'
      /** Called once, however it ends. */
      leave?: () => void
    },
  ): ReadableStream<Uint8Array>
  stop(): Promise<void>
}

/** A stream that is open. There may be thousands: each weighs as little as it can. */
interface Held {
  keyId: string
  /** What the key could do when the stream was opened. Not its `Access`, which would keep the request. */
  grants: string
  /** When the look-up was begun by which the key was right. */
  checkedAt: number
  ended: AbortController
  /** Undefined until somebody reads. */
  text: AsyncGenerator<string, void> | undefined
  /** Ends it for its reader. */
  close: () => void
  leave: () => void
}

const encoder = new TextEncoder()

export function createKeyStreams(parts: {
  database: Database
  keys: Pick<KeyCheck, 'current' | 'forget'>
  logger: Logger
  after: After
  /** Milliseconds of a clock that never goes back. */
  now: () => number
}): KeyStreams {
  const { database, keys, logger, now } = parts
  const held = new Set<Held>()
  const checked = createSignal()
  let unlisten = async () => {}
  let cancel = () => {}
  let checking: Promise<void> | undefined
  let isHinted = false
  let isStopped = false

  function hear(): void {
    keys.forget()
    hint()
  }

  function hint(): void {
    if (isHinted || held.size === 0) return
    isHinted = true
    if (checking === undefined) schedule(hintMs)
  }

  function schedule(ms: number): void {
    cancel()
    if (held.size === 0) isHinted = false
    if (isStopped || held.size === 0) return
    cancel = parts.after(ms, () => {
      isHinted = false
      checking = check().finally(() => {
        checking = undefined
        checked.notify()
        schedule(isHinted ? hintMs : recheckMs)
      })
    })
  }

  /** Never rejects: what could not be looked up is looked up again, and nothing is sent meanwhile. */
  async function check(): Promise<void> {
    const begunAt = now()
    const streams = [...held]
    const ids = [...new Set(streams.map(({ keyId }) => keyId))]
    try {
      const current = await keys.current(ids)
      const isRight = ({ keyId, grants }: Held) => {
        const access = current.get(keyId)
        return access !== undefined && grantsOf(access) === grants
      }
      for (const one of streams.filter(isRight)) one.checkedAt = begunAt
      const over = streams.filter((one) => !isRight(one))
      // Or whoever comes again at once would be let in by what is remembered.
      if (over.length > 0) keys.forget()
      for (const one of over) end(one)
    } catch (error) {
      logger.warn({ reason: String(error) }, 'API key recheck failed')
    }
  }

  function end(one: Held): void {
    if (!release(one)) return
    logger.info({ keyId: one.keyId }, 'stream ended with its API key')
    one.close()
  }

  function register(one: Held): void {
    held.add(one)
    hint()
  }

  /** Nobody is told any more; answers whether somebody was. */
  function release(one: Held): boolean {
    one.leave()
    one.ended.abort()
    one.text?.return().catch(() => {})
    return held.delete(one)
  }

  /** Resolves when the key is known to be right, or the stream has ended. */
  async function trusted(one: Held): Promise<void> {
    while (!one.ended.signal.aborted && now() - one.checkedAt > trustMs) {
      await checked.next(one.ended.signal)
    }
  }

  return {
    async start() {
      unlisten = await database.listen(apiKeysChannel, hear)
    },

    hold(access, open, { atEnd, leave = () => {} }) {
      const one: Held = {
        keyId: access.id,
        grants: grantsOf(access),
        // A key is believed for a while without a look-up; a stream is looked up before its first byte.
        checkedAt: Number.NEGATIVE_INFINITY,
        ended: new AbortController(),
        text: undefined,
        close: () => {},
        leave,
      }
      const ended = one.ended.signal
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            one.close = () => {
              if (atEnd === 'close') controller.close()
              else controller.error(new Error('The API key of this answer has ended.'))
            }
          },
          async pull(controller) {
            // Not before: a body that nobody begins to read is not one that is open.
            if (one.text === undefined) register(one)
            one.text ??= open(ended)
            const { value, done } = await one.text.next().catch((error: unknown) => {
              release(one)
              throw error
            })
            if (done !== true) await trusted(one)
            if (ended.aborted) return
            if (done !== true) return controller.enqueue(encoder.encode(value))
            release(one)
            controller.close()
          },
          cancel() {
            release(one)
          },
        },
        { highWaterMark: 0 },
      )
    },

    async stop() {
      isStopped = true
      cancel()
      await checking
      await unlisten().catch((error: unknown) =>
        logger.debug({ reason: String(error) }, 'unlisten failed'),
      )
    },
  }
}
