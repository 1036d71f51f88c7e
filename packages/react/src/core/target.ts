import type { Connection, ConnectionId, ProviderName } from '@keywell/protocol'

/** What a button stands for. */
export interface ConnectTarget {
  /** Name in the catalogue, e.g. `gitlab`. */
  readonly provider: ProviderName
  /** Base URL of a self-managed instance. Default: the session's default host, else the only one registered. */
  readonly host?: string | undefined
  /** Name of the connection, which lets a user hold two accounts at one provider. Default: `default`. */
  readonly connectionName?: string | undefined
  /** The connection to reconnect. Default: the one that is found by provider, host and name. */
  readonly connectionId?: ConnectionId | undefined
}

/** The user's connection that a target means; one that was disconnected is none. */
export function findConnection(
  connections: readonly Connection[],
  { provider, host, connectionName = 'default', connectionId }: ConnectTarget,
): Connection | undefined {
  return connections.find(
    (one) =>
      one.status !== 'disconnected' &&
      (connectionId === undefined
        ? one.provider === provider &&
          one.name === connectionName &&
          (host === undefined || one.host === host.replace(/\/$/, ''))
        : one.id === connectionId),
  )
}

/** Two buttons with the same key stand for the same connection. */
export function targetKey(target: ConnectTarget): string {
  const { provider, host, connectionName, connectionId } = target
  return JSON.stringify([provider, host, connectionName, connectionId])
}
