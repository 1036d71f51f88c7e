import { KeywellError } from '@keywell/protocol'

/** How long a caller waits for a credential that is being renewed. */
export interface ReadOptions {
  /**
   * Milliseconds to wait for a refresh that is under way, as at a slow provider; 0: not at all.
   * Default: the `waitMs` of the Keywell. What can be answered from memory never waits; a request under
   * way is waited for as long as it takes.
   */
  readonly waitMs?: number | undefined
  /** Ends the wait of this caller; the read then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks again while the service says `refresh_in_progress`, until the caller's time is over. Then, or when
 * the service names a later time, that error is the answer.
 *
 * @param ask called with the milliseconds that are left
 */
export async function untilRenewed<Result>(
  ask: (leftMs: number) => Result | Promise<Result>,
  { waitMs, signal }: ReadOptions & { readonly waitMs: number },
): Promise<Result> {
  const limit = new Limit(waitMs, signal)
  try {
    for (;;) {
      try {
        return await limit.wait(ask(limit.leftMs))
      } catch (error) {
        if (!isInProgress(error)) throw error
        const pauseMs = error.retryAfterMs ?? defaultPauseMs
        if (pauseMs >= limit.leftMs) throw error
        await limit.sleep(pauseMs)
      }
    }
  } finally {
    limit.end()
  }
}

/** Of a service that does not say. */
const defaultPauseMs = 1_000

function isInProgress(error: unknown): error is KeywellError {
  return error instanceof KeywellError && error.code === 'refresh_in_progress'
}

/** The end of a caller's time, or of their interest. */
class Limit {
  readonly #endMs: number
  readonly #over: Promise<never>
  #end = () => {}

  constructor(waitMs: number, signal: AbortSignal | undefined) {
    this.#endMs = performance.now() + waitMs
    this.#over = new Promise((_, reject) => {
      const abort = () => reject(signal?.reason)
      if (signal?.aborted) abort()
      signal?.addEventListener('abort', abort)
      this.#end = () => signal?.removeEventListener('abort', abort)
    })
    this.#over.catch(() => {})
  }

  get leftMs(): number {
    return Math.max(0, this.#endMs - performance.now())
  }

  /** Others may wait for the same: it goes on without this caller. */
  wait<Result>(work: Result | Promise<Result>): Promise<Result> {
    return Promise.race([work, this.#over])
  }

  async sleep(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      await this.wait(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))))
    } finally {
      clearTimeout(timer)
    }
  }

  end(): void {
    this.#end()
  }
}
