import type { ProviderName, ScopeName } from '@keywell/protocol'
import { type Identity, tenantOwned } from './entry-index.ts'

/** Which of the connections of a user or a tenant, and what for. */
interface Named {
  readonly provider: ProviderName
  readonly tenantId: string
  /** Needed only where the provider was connected on more than one host. */
  readonly host?: string | undefined
  /** Name of the connection. Default: `default`. */
  readonly connectionName?: string | undefined
  /** Scopes about to be used; those not granted come back as `missingScopes`. */
  readonly scopes?: readonly ScopeName[] | undefined
}

/** The credential of a user. */
export interface UserCredentialQuery extends Named {
  readonly userId: string
  /** Where the user has not connected the provider: the tenant's own connection of that name. Default: none. */
  readonly fallback?: 'tenant' | undefined
  readonly owner?: never
}

/**
 * The credential of a connection that belongs to the tenant. `owner` is written out: an id of a user that is missing by
 * mistake must not read what belongs to everybody.
 */
export interface TenantCredentialQuery extends Named {
  readonly owner: 'tenant'
  readonly userId?: never
  readonly fallback?: never
}

/** Which credential, and what for. */
export type CredentialQuery = UserCredentialQuery | TenantCredentialQuery

/** The query for the tenant's own, where the user has none. */
export function fallbackOf({
  userId: _userId,
  fallback: _fallback,
  owner: _owner,
  ...named
}: UserCredentialQuery): TenantCredentialQuery {
  return { ...named, owner: 'tenant' }
}

/** As the cache keeps it. Nothing of it was checked yet: undefined, from a caller without types, names nothing. */
export function identityOf(query: CredentialQuery | undefined): Identity | undefined {
  if (query?.owner === undefined) return query
  const { provider, tenantId, connectionName, host } = query
  return { provider, tenantId, userId: tenantOwned, connectionName, host }
}
