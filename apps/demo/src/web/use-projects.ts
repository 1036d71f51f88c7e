import type { ProjectList } from '../api.ts'
import { fetchProjects } from './acme-api.ts'
import { type Answer, useAnswer } from './use-answer.ts'

export type Projects = Answer<ProjectList>

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
  const { answer, reload } = useAnswer(fetchProjects, connectionKey, ({ code }) => {
    if (code === 'needs_reauth' || code === 'not_connected') onAccessLost()
  })
  return { projects: answer, reload }
}
