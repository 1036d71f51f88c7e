import type { ConnectionId } from '@keywell/protocol'
import { useEffect, useState } from 'react'
import { useKeywell } from './context.ts'
import {
  asConnectError,
  type ConnectError,
  readScopeOptions,
  type ScopeOptions,
} from './core/index.ts'

export type ScopeOptionsState =
  | { readonly name: 'loading' }
  | { readonly name: 'ready'; readonly offer: ScopeOptions }
  /** The provider cannot be connected there. */
  | { readonly name: 'missing' }
  | { readonly name: 'error'; readonly error: ConnectError; readonly isRetrying: boolean }

/** What may be chosen at a provider, read once, and again when `retry` is called after an error. */
export function useScopeOptions(target: {
  provider: string
  host: string | undefined
  connectionId: ConnectionId | undefined
}): { readonly state: ScopeOptionsState; readonly retry: () => void } {
  const { client } = useKeywell()
  const { provider, host, connectionId } = target
  const [attempt, setAttempt] = useState(0)
  const [state, setState] = useState<ScopeOptionsState>({ name: 'loading' })

  // biome-ignore lint/correctness/useExhaustiveDependencies: the attempt says when to read again
  useEffect(() => {
    let isCurrent = true
    readScopeOptions(client, { host, connectionId }).then(
      (providers) => {
        const offer = providers.find(({ name }) => name === provider)
        if (isCurrent) setState(offer ? { name: 'ready', offer } : { name: 'missing' })
      },
      (thrown) => {
        const error = asConnectError(thrown)
        if (isCurrent) setState({ name: 'error', error, isRetrying: false })
      },
    )
    return () => {
      isCurrent = false
    }
  }, [client, provider, host, connectionId, attempt])

  const retry = (): void => {
    if (state.name !== 'error' || state.isRetrying) return
    setState({ ...state, isRetrying: true })
    setAttempt(attempt + 1)
  }
  return { state, retry }
}
