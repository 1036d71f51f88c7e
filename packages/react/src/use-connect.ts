'use client'

import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { viewOf } from './connect-view.ts'
import { useKeywell, useTexts } from './context.ts'
import type { Connect, ConnectHandlers, ConnectState, ConnectTarget } from './core/index.ts'
import { useBeside } from './late-connect.ts'
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

  // One object with the newest handlers, so that a render detaches nothing from the flow.
  const newest = useRef<ConnectHandlers>({}).current
  useEffect(() => {
    newest.onSuccess = handlers.onSuccess
    newest.onExit = handlers.onExit
    newest.onEvent = (name, details) => {
      // Has screen readers read what the button, or the text beside it, says now.
      void useBeside.fetch().then((notes) => {
        const parts = { state: details.state, connect, options: {}, texts, notes }
        const { note, label } = viewOf(keywell, target, parts)
        keywell.announce(note ?? label)
      })
      handlers.onEvent?.(name, details)
    }
  })
  useEffect(() => connect.attach(newest), [connect, newest])
  return { state, connect }
}

const idle: ConnectState = { name: 'idle' }
