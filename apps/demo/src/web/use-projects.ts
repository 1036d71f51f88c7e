import { useCallback, useEffect, useEffectEvent, useState } from 'react'
import type { ProjectList } from '../api.ts'
import { ApiError, fetchProjects } from './acme-api.ts'

export type Projects =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly list: ProjectList }
  | { readonly state: 'failed'; readonly error: ApiError }

export interface UseProjectsOptions {
  /** Changes when the list has to be read again: with another connection, and with a reconnected one. */
  connectionKey: string
  /** GitLab access turned out to be gone: what is known of the connection is old. */
  onAccessLost: () => void
}

/** The user's projects; `reload` reads them again. */
export function useProjects({ connectionKey, onAccessLost }: UseProjectsOptions): {
  projects: Projects
  reload: () => void
} {
  const [projects, setProjects] = useState<Projects>({ state: 'loading' })
  const [round, setRound] = useState(0)

  const accessLost = useEffectEvent(onAccessLost)

  // biome-ignore lint/correctness/useExhaustiveDependencies: key and round do not change what is asked, they say when
  useEffect(() => {
    const abort = new AbortController()
    setProjects({ state: 'loading' })
    fetchProjects(abort.signal).then(
      (list) => setProjects({ state: 'ready', list }),
      (reason: unknown) => {
        if (abort.signal.aborted) return
        const error = asApiError(reason)
        setProjects({ state: 'failed', error })
        if (error.code === 'needs_reauth' || error.code === 'not_connected') accessLost()
      },
    )
    return () => abort.abort()
  }, [connectionKey, round])

  return { projects, reload: useCallback(() => setRound((before) => before + 1), []) }
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError({ code: 'internal', message: 'Something went wrong. Please try again.' })
}
