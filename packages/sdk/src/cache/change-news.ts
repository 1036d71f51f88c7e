import type { Connection, ConnectionChange, TenantChange } from '@keywell/protocol'

/** What a cache is told: a change, without its place in the log. */
export type ChangeNews = ConnectionNews | TenantNews
export type ConnectionNews = Omit<ConnectionChange, 'position' | 'at'>
export type TenantNews = Omit<TenantChange, 'position' | 'at'>

/** What is known already from an answer, before the change stream brings it. */
export function newsOf(kind: ConnectionNews['kind'], connection: Connection): ConnectionNews {
  const { tenantId, userId, id, provider, host, name, generation } = connection
  return { kind, tenantId, userId, connectionId: id, provider, host, name, generation }
}
