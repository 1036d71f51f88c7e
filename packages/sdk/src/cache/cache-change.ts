import type { Connection, ConnectionChange, TenantChange } from '@keywell/protocol'

/** A change as a cache applies it: without its position in the log and its time. */
export type CacheChange = ConnectionCacheChange | TenantCacheChange
export type ConnectionCacheChange = Omit<ConnectionChange, 'position' | 'at'>
export type TenantCacheChange = Omit<TenantChange, 'position' | 'at'>

export function isOfTenant(change: CacheChange): change is TenantCacheChange {
  return change.kind === 'policy' || change.kind === 'providers'
}

/** The change that an answer shows, before the change stream brings it. */
export function cacheChangeOf(
  kind: ConnectionCacheChange['kind'],
  connection: Connection,
): ConnectionCacheChange {
  const { tenantId, userId, id, provider, host, name, generation } = connection
  return { kind, tenantId, userId, connectionId: id, provider, host, name, generation }
}
