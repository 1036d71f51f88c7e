import type { Connection, ConnectionId, DisconnectAnswer, ProviderName } from '@keywell/protocol'
import { useCallback, useSyncExternalStore } from 'react'
import { useKeywell } from './context.ts'
import { type ConnectionsSnapshot, type ConnectTarget, nothingKnown } from './core/index.ts'

export interface UseConnections extends ConnectionsSnapshot {
  /** Reads the list again. Never rejects; a failure is `error`. */
  readonly refresh: () => Promise<void>
  /** Removes a connection here and, where possible, at the provider. @throws ConnectError */
  readonly disconnect: (id: ConnectionId) => Promise<DisconnectAnswer>
}

/** All connections of the signed-in user. */
export function useConnections(): UseConnections {
  const { connections } = useKeywell().client
  const snapshot = useSyncExternalStore(
    connections.subscribe,
    connections.getSnapshot,
    () => nothingKnown,
  )
  const refresh = useCallback(() => connections.refresh(), [connections])
  const disconnect = useCallback((id: ConnectionId) => connections.disconnect(id), [connections])
  return { ...snapshot, refresh, disconnect }
}

export interface UseConnection extends Omit<UseConnections, 'connections' | 'disconnect'> {
  /** Undefined while it is not known, or when there is none. */
  readonly connection: Connection | undefined
  /** Removes it; answers undefined when there is none. @throws ConnectError */
  readonly disconnect: () => Promise<DisconnectAnswer | undefined>
}

/** The user's connection at one provider: `default` unless named. */
export function useConnection(
  provider: ProviderName,
  options: { connectionName?: string | undefined; host?: string | undefined } = {},
): UseConnection {
  const { client } = useKeywell()
  const { connections: _, ...all } = useConnections()
  const target: ConnectTarget = {
    provider,
    host: options.host,
    connectionName: options.connectionName,
  }
  const connection = client.find(target)
  const id = connection?.id
  const { disconnect } = all
  const disconnectThis = useCallback(
    async () => (id === undefined ? undefined : disconnect(id)),
    [id, disconnect],
  )
  return { ...all, connection, disconnect: disconnectThis }
}
