import { useCallback, useEffect, useEffectEvent, useState } from 'react'
import { ApiError } from './acme-api.ts'

/** What Acme's backend has answered. */
export type Answer<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'failed'; readonly error: ApiError }

/**
 * Reads from Acme's backend; `reload` reads again.
 *
 * @param key what changes when it has to be read again: with another connection, and with a reconnected one
 */
export function useAnswer<T>(
  read: (signal: AbortSignal) => Promise<T>,
  key = '',
  onFailed: (error: ApiError) => void = () => {},
): { answer: Answer<T>; reload: () => void } {
  const [answer, setAnswer] = useState<Answer<T>>({ state: 'loading' })
  const [round, setRound] = useState(0)
  const readNow = useEffectEvent(read)
  const fail = useEffectEvent(onFailed)

  // biome-ignore lint/correctness/useExhaustiveDependencies: key and round do not change what is asked, they say when
  useEffect(() => {
    const abort = new AbortController()
    setAnswer({ state: 'loading' })
    readNow(abort.signal).then(
      (value) => setAnswer({ state: 'ready', value }),
      (reason: unknown) => {
        if (abort.signal.aborted) return
        const error = asApiError(reason)
        setAnswer({ state: 'failed', error })
        fail(error)
      },
    )
    return () => abort.abort()
  }, [key, round])

  return { answer, reload: useCallback(() => setRound((before) => before + 1), []) }
}

/** What went wrong, in a sentence for people. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError({ code: 'internal', message: 'Something went wrong. Please try again.' })
}
