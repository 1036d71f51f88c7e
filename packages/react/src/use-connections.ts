'use client'

import type {
  Connection,
  ConnectionId,
  DisconnectAnswer,
  ProviderBrand,
  ProviderName,
} from '@keywell/protocol'
import { useCallback, useEffect, useSyncExternalStore } from 'react'
import { useKeywell, useKeywellIfAny } from './context.ts'
import { type ConnectionsSnapshot, nothingKnown } from './core/index.ts'

export interface UseConnections extends ConnectionsSnapshot {
  /** Reads the list again. Never rejects; a failure is `error`. */
  readonly refresh: () => Promise<void>
  /** Removes a connection here and, where possible, at the provider. @throws ConnectError */
  readonly disconnect: (id: ConnectionId) => Promise<DisconnectAnswer>
}

/** All connections of the signed-in user, the oldest first. */
export function useConnections(): UseConnections {
  const { connections } = useKeywell().client
  const snapshot = useSyncExternalStore(
    connections.subscribe,
    connections.getSnapshot,
    () => nothingKnown,
  )
  const { refresh, disconnect } = connections
  return { ...snapshot, refresh, disconnect }
}

export interface UseConnection extends Omit<UseConnections, 'connections' | 'disconnect'> {
  /** Undefined when there is none, and before the list is read. */
  readonly connection: Connection | undefined
  /** Removes it. Resolves to undefined when there is none. @throws ConnectError */
  readonly disconnect: () => Promise<DisconnectAnswer | undefined>
}

/** The user's connection at one provider. Default of `connectionName`: `default`. */
export function useConnection(
  provider: ProviderName,
  options: { connectionName?: string | undefined; host?: string | undefined } = {},
): UseConnection {
  const { client } = useKeywell()
  const { connections: _, ...all } = useConnections()
  const connection = client.find({ provider, ...options })
  const id = connection?.id
  const { disconnect } = all
  const disconnectThis = useCallback(
    async () => (id === undefined ? undefined : disconnect(id)),
    [id, disconnect],
  )
  return { ...all, connection, disconnect: disconnectThis }
}

/**
 * How people know a provider: its title and mark, which come with the list of connections. Undefined before that, and
 * outside of a `KeywellProvider`.
 */
export function useBrand(provider: ProviderName): ProviderBrand | undefined {
  const client = useKeywellIfAny()?.client
  useEffect(() => client?.connections.show(provider), [client, provider])
  return useSyncExternalStore(
    client?.connections.subscribe ?? subscribeToNothing,
    () => client?.brand(provider),
    () => undefined,
  )
}

const subscribeToNothing = () => () => undefined
