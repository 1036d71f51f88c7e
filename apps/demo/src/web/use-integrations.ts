import { useMemo } from 'react'
import type { Integration } from '../api.ts'
import { type ApiError, fetchIntegrations } from './acme-api.ts'
import { useAnswer } from './use-answer.ts'

export interface IntegrationsAnswer {
  /** Empty until they are known. */
  readonly integrations: readonly Integration[]
  /** By the names of the providers. */
  readonly titles: Readonly<Record<string, string>>
  readonly error: ApiError | undefined
  readonly reload: () => void
}

/** What Acme works with besides GitLab. */
export function useIntegrations(): IntegrationsAnswer {
  const { answer, reload } = useAnswer(fetchIntegrations)
  const integrations = answer.state === 'ready' ? answer.value : none
  const titles = useMemo(
    () => Object.fromEntries(integrations.map(({ provider, title }) => [provider, title])),
    [integrations],
  )
  return {
    integrations,
    titles,
    error: answer.state === 'failed' ? answer.error : undefined,
    reload,
  }
}

const none: readonly Integration[] = []
