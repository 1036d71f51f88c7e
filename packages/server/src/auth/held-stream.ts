import { type Access, grantsOf } from './access.ts'

export interface HeldStreamOptions {
  /** How it ends with its key: `close` where the reader reconnects, `break` where an end means "complete". */
  atEnd: 'close' | 'break'
  /** Called once, however it ends. */
  leave?: (() => void) | undefined
}

const encoder = new TextEncoder()

/** One answer that is open under an API key. There may be thousands: each weighs as little as it can. */
export class HeldStream {
  readonly keyId: string
  /** What the key could do when the stream was opened. Not its `Access`, which would keep the request. */
  readonly grants: string
  /**
   * When the look-up began that last found the key unchanged. A key is accepted for a while without a look-up;
   * the key of a stream is looked up before its first byte.
   */
  checkedAt: number = Number.NEGATIVE_INFINITY
  readonly #options: HeldStreamOptions
  readonly #ended = new AbortController()
  /** Undefined before the first read. */
  #text: AsyncGenerator<string, void> | undefined
  #close = () => {}

  constructor(access: Access, options: HeldStreamOptions) {
    this.keyId = access.id
    this.grants = grantsOf(access)
    this.#options = options
  }

  get ended(): AbortSignal {
    return this.#ended.signal
  }

  /** The body of the answer. Nothing is taken from the text ahead of the reader. */
  body(parts: {
    open: (ended: AbortSignal) => AsyncGenerator<string, void>
    /** Called at the first read: a body that is never read is not open. */
    onOpen: () => void
    /** Resolves when what was read may be sent, or the stream has ended. */
    trusted: () => Promise<void>
    onEnd: () => void
  }): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#close = () => {
            if (this.#options.atEnd === 'close') controller.close()
            else controller.error(new Error('The API key of this answer has ended.'))
          }
        },
        pull: async (controller) => {
          if (this.#text === undefined) parts.onOpen()
          this.#text ??= parts.open(this.ended)
          const { value, done } = await this.#text.next().catch((error: unknown) => {
            parts.onEnd()
            throw error
          })
          if (done !== true) await parts.trusted()
          if (this.ended.aborted) return
          if (done !== true) return controller.enqueue(encoder.encode(value))
          parts.onEnd()
          controller.close()
        },
        cancel: parts.onEnd,
      },
      { highWaterMark: 0 },
    )
  }

  /** Ends the answer for its reader. */
  close(): void {
    this.#close()
  }

  /** Gives back what the stream holds, once; the reader gets nothing more. */
  release(): void {
    if (this.ended.aborted) return
    this.#options.leave?.()
    this.#ended.abort()
    this.#text?.return().catch(() => {})
  }
}
