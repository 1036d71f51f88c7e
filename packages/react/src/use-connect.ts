import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { useKeywell } from './context.ts'
import type { Connect, ConnectHandlers, ConnectState, ConnectTarget } from './core/index.ts'
import { labelOf, noteOf, say } from './messages.ts'

/**
 * The state of connecting one target, and its controller: what {@link ConnectButton} is made of, for
 * those who draw everything themselves. Call `connect.start()` directly in the click.
 */
export function useConnect(
  target: ConnectTarget,
  handlers: ConnectHandlers = {},
): { readonly state: ConnectState; readonly connect: Connect } {
  const { client, messages, announce } = useKeywell()
  const { provider, host, connectionName, connectionId } = target
  const connect = useMemo(
    () => client.connect({ provider, host, connectionName, connectionId }),
    [client, provider, host, connectionName, connectionId],
  )
  const state = useSyncExternalStore(connect.subscribe, connect.getSnapshot, () => idle)

  // The newest handlers, without letting go of the flow at each render.
  const latest = useRef({ handlers, messages, announce })
  useEffect(() => {
    latest.current = { handlers, messages, announce }
  })
  useEffect(
    () =>
      connect.attach({
        onSuccess: (made) => latest.current.handlers.onSuccess?.(made),
        onExit: (error, details) => latest.current.handlers.onExit?.(error, details),
        onEvent: (name, details) => {
          const { handlers, messages, announce } = latest.current
          const { provider, state } = details
          announce(say(messages, noteOf(messages, state) ?? labelOf(messages, state), provider))
          handlers.onEvent?.(name, details)
        },
      }),
    [connect],
  )
  return { state, connect }
}

const idle: ConnectState = { name: 'idle' }
