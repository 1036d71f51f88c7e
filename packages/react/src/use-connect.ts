'use client'

import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { useKeywell, useTexts } from './context.ts'
import type { Connect, ConnectHandlers, ConnectState, ConnectTarget } from './core/index.ts'
import { labelOf, noteOf, titleOf } from './messages.ts'
import { connectTexts } from './texts/connect.ts'

/**
 * The state of connecting one target, and its controller, for a button of your own in place of
 * {@link ConnectButton}. Call `connect.start()` directly in the click.
 */
export function useConnect(
  target: ConnectTarget,
  handlers: ConnectHandlers = {},
): { readonly state: ConnectState; readonly connect: Connect } {
  const keywell = useKeywell()
  const { client } = keywell
  const texts = useTexts(connectTexts)
  const { provider, host, connectionName, connectionId } = target
  const connect = useMemo(
    () => client.connect({ provider, host, connectionName, connectionId }),
    [client, provider, host, connectionName, connectionId],
  )
  const state = useSyncExternalStore(connect.subscribe, connect.getSnapshot, () => idle)

  // The newest handlers, without detaching from the flow at each render.
  const latest = useRef({ ...keywell, ...handlers, texts })
  useEffect(() => {
    latest.current = { ...keywell, ...handlers, texts }
  })
  useEffect(
    () =>
      connect.attach({
        onSuccess: (connection) => latest.current.onSuccess?.(connection),
        onExit: (error, details) => latest.current.onExit?.(error, details),
        onEvent: (name, details) => {
          const { texts, announce, loadErrorTexts, onEvent } = latest.current
          if (name === 'opening') loadErrorTexts()
          const { provider, state } = details
          const said = { state, title: titleOf(latest.current, provider) }
          announce(noteOf(texts, said) ?? labelOf(texts, said))
          onEvent?.(name, details)
        },
      }),
    [connect],
  )
  return { state, connect }
}

const idle: ConnectState = { name: 'idle' }
