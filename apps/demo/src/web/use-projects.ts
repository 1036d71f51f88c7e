import { useCallback, useEffect, useState } from 'react'
import type { ProjectList } from '../api.ts'
import { ApiError, fetchProjects } from './acme-api.ts'

export type Projects =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly list: ProjectList }
  | { readonly state: 'failed'; readonly error: ApiError }

/** The user's projects; read again when `key` changes (another connection, or a mended one), and on `reload`. */
export function useProjects(key: string): { projects: Projects; reload: () => void } {
  const [projects, setProjects] = useState<Projects>({ state: 'loading' })
  const [round, setRound] = useState(0)

  // biome-ignore lint/correctness/useExhaustiveDependencies: key and round do not change what is asked, they say when
  useEffect(() => {
    const abort = new AbortController()
    setProjects({ state: 'loading' })
    fetchProjects(abort.signal).then(
      (list) => setProjects({ state: 'ready', list }),
      (error: unknown) => {
        if (!abort.signal.aborted) setProjects({ state: 'failed', error: asApiError(error) })
      },
    )
    return () => abort.abort()
  }, [key, round])

  return { projects, reload: useCallback(() => setRound((before) => before + 1), []) }
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError({ code: 'internal', message: 'Something went wrong. Please try again.' })
}
