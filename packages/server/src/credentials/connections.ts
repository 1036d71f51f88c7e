import {
  type Connection,
  type ConnectionId,
  type ConnectionList,
  KeywellError,
  type listConnectionsSchema,
  missingScopes,
} from '@keywell/protocol'
import type { z } from 'zod'
import type { Catalogue } from '../catalogue.ts'
import { brandOf } from '../provider-brand.ts'
import {
  type ConnectionRow,
  findConnection,
  listConnections as listRows,
  ofTenant,
} from '../store/connections.ts'
import type { Sql } from '../store/database.ts'

/** A connection as the API shows it. */
export function viewConnection(catalogue: Catalogue, row: ConnectionRow): Connection {
  const provider = catalogue.find(row.tenantId, row.provider)
  return {
    // Ids and names were parsed when they came in; the row is the proof.
    id: row.id as ConnectionId,
    tenantId: row.tenantId as Connection['tenantId'],
    userId: row.userId === ofTenant ? null : (row.userId as Connection['userId']),
    provider: row.provider,
    method: row.method,
    host: row.host,
    name: row.name,
    status: row.status,
    needsReauth: row.status === 'expired' || row.status === 'revoked',
    reason: row.reason,
    health: {
      status: row.health,
      reason: row.healthReason,
      checkedAt: row.healthCheckedAt?.toISOString() ?? null,
    },
    account: row.account,
    scopes: row.grantedScopes,
    missingScopes:
      provider === undefined
        ? []
        : [...missingScopes(provider, row.askedScopes, row.grantedScopes)],
    renewable: row.renewable,
    endsAt: row.endsAt?.toISOString() ?? null,
    refreshExpiresAt: row.refreshExpiresAt?.toISOString() ?? null,
    generation: row.generation,
    lastUsedAt: row.usedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

/** Whose connection a request names, as rows have it. Undefined: it names nobody in particular. */
export function ownerIdOf({ userId, owner }: NamedOwner): string | undefined {
  return owner === 'tenant' ? ofTenant : userId
}

export interface NamedOwner {
  userId?: string | undefined
  owner?: 'tenant' | undefined
}

/** The same where a request must name one. */
export function requireOwnerId(named: NamedOwner): string {
  const id = ownerIdOf(named)
  if (id === undefined) throw new TypeError('checked by the schema: a user or the tenant')
  return id
}

/** The tenant and user that a connection must belong to, and the providers when these are limited. */
export interface ConnectionOwner {
  tenantId: string
  /** A user, or `ofTenant`; undefined: whosever it is. */
  ownerId: string | undefined
  providers?: readonly string[] | undefined
}

/**
 * Reads a connection of an owner. One of another tenant or user, and one that was removed, look as if they
 * had never existed.
 */
export async function readConnection(
  sql: Sql,
  owner: ConnectionOwner,
  id: string,
): Promise<ConnectionRow> {
  const row = await findConnection(sql, owner.tenantId, id)
  const foreign =
    (owner.ownerId !== undefined && row?.userId !== owner.ownerId) ||
    (row !== undefined && owner.providers?.includes(row.provider) === false)
  if (row === undefined || foreign || row.status === 'disconnected') {
    throw new KeywellError('not_found', `There is no connection ${id}.`)
  }
  return row
}

export async function listConnections(
  { catalogue, sql }: { catalogue: Catalogue; sql: Sql },
  query: z.output<typeof listConnectionsSchema> & { providers?: readonly string[] | undefined },
): Promise<ConnectionList> {
  const rows = await listRows(sql, {
    tenantId: query.tenantId,
    userId: ownerIdOf(query) ?? null,
    providers: query.provider === undefined ? (query.providers ?? null) : [query.provider],
    after: query.cursor ?? null,
    limit: query.limit + 1,
  })
  const page = rows.slice(0, query.limit).map((row) => viewConnection(catalogue, row))
  const last = rows.length > query.limit ? page.at(-1) : undefined
  return {
    connections: page,
    nextCursor: last?.id ?? null,
    ...(query.brands && {
      brands: brandsOf(catalogue, query.tenantId, [
        ...query.brands,
        ...page.map(({ provider }) => provider),
      ]),
    }),
  }
}

/** By name, of those that the catalogue has: a connection may be left whose definition is gone. */
function brandsOf(
  catalogue: Catalogue,
  tenantId: string,
  names: readonly string[],
): ConnectionList['brands'] {
  const known = [...new Set(names)].flatMap((name) => catalogue.find(tenantId, name) ?? [])
  return Object.fromEntries(known.map((provider) => [provider.name, brandOf(provider)]))
}
