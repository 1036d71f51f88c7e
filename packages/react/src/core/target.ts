import type { Connection, ConnectionId, ProviderName } from '@keywell/protocol'

/** The connection that a button makes or shows. */
export interface ConnectTarget {
  /** Name in the catalogue, e.g. `gitlab`. */
  readonly provider: ProviderName
  /** Base URL of a self-managed instance. Default: the session's default, else the only one registered. */
  readonly host?: string | undefined
  /** Name of the connection, for users with two accounts at one provider. Default: `default`. */
  readonly connectionName?: string | undefined
  /** The connection to reconnect. Default: the one that is found by provider, host and name. */
  readonly connectionId?: ConnectionId | undefined
}

/** The user's connection for a target. Disconnected ones do not count. */
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

/** Two buttons with the same key have the same connection. */
export function targetKey(target: ConnectTarget): string {
  const { provider, host, connectionName, connectionId } = target
  return JSON.stringify([provider, host, connectionName, connectionId])
}
