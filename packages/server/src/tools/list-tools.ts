import {
  KeywellError,
  type ListScopedTools,
  type listToolsSchema,
  type ScopedToolList,
  type TenantPolicy,
  type ToolList,
} from '@keywell/protocol'
import { findViolation } from '@keywell/providers'
import { type ListedConnection, listCatalogue, listScoped, providerOfTool } from '@keywell/tools'
import type { z } from 'zod'
import type { Catalogue } from '../catalogue.ts'
import { formatCursor, parseCursor, type SearchPeppers } from '../credentials/search-cursor.ts'
import { connectUrlFor } from '../credentials/usable-credential.ts'
import { readTenantPolicy } from '../policy/tenant-policies.ts'
import { type ConnectionRow, listConnections } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { connectionOf, ownerIdOf } from './ports.ts'
import { toolPolicyOf } from './tool-policy.ts'
import type { ToolUser } from './tool-user.ts'

const defaultPageSize = 50
/** Of one owner; there is one for each provider, host and name. */
const maxConnections = 1_000

export interface ListParts {
  catalogue: Catalogue
  database: Database
  peppers: SearchPeppers
  connectUrl: string | undefined
}

type Query = z.output<typeof listToolsSchema>

/** The catalogue of tools, of no user. */
export async function listTools(
  { peppers }: Pick<ListParts, 'peppers'>,
  { pageSize = defaultPageSize, pageToken, ...asked }: Query,
  providers: readonly string[] | undefined,
): Promise<ToolList> {
  const filter = {
    providers: within(split(asked.providers), providers),
    groups: split(asked.groups),
    toolNames: split(asked.names),
    effect: asked.effect,
    query: asked.query,
  }
  const search = JSON.stringify(['tools', filter])
  const offset = await offsetOf(peppers, search, pageToken)
  const { tools, totalSize, nextOffset } = listCatalogue(filter, { offset, limit: pageSize })
  return { tools: [...tools], totalSize, ...tokenOf(peppers, search, nextOffset) }
}

/** What a user can run now, over all of the user's connections. */
export async function listScopedTools(
  parts: ListParts,
  user: ToolUser,
  query: Pick<ListScopedTools, 'filter' | 'includeUnavailable' | 'pageSize' | 'pageToken'>,
): Promise<ScopedToolList> {
  const { peppers } = parts
  const { filter: asked = {}, includeUnavailable = false, pageToken } = query
  const { connectionNames = user.connectionName && [user.connectionName], ...rest } = asked
  const filter = {
    ...rest,
    providers: within(asked.providers, user.providers),
    ...(connectionNames && { connectionNames }),
  }
  const limit = Number(query.pageSize ?? defaultPageSize)
  const search = JSON.stringify(['scoped', user.tenantId, user.userId, filter, includeUnavailable])
  const offset = await offsetOf(peppers, search, pageToken)
  const connections = await connectionsOf(parts, user)
  const page = { offset, limit }
  const listed = listScoped({ connections, filter, includeUnavailable, page })
  return {
    tools: [...listed.tools],
    totalSize: listed.totalSize,
    ...tokenOf(peppers, search, listed.nextOffset),
    unavailable: listed.unavailable.map((each) => ({
      ...each,
      ...connectUrlOf(parts, user, each),
    })),
  }
}

async function connectionsOf(
  { catalogue, database }: ListParts,
  user: ToolUser,
): Promise<ListedConnection[]> {
  const { tenantId, host, providers = null } = user
  const sql = database.of(tenantId)
  const query = { tenantId, userId: ownerIdOf(user), providers, after: null, limit: maxConnections }
  const rows = await listConnections(sql, query)
  const policy = await readTenantPolicy(sql, tenantId)
  return rows
    .filter((row) => host === undefined || row.host === host)
    .filter(({ provider }) => catalogue.find(tenantId, provider) !== undefined)
    .map((row) => {
      const own = toolPolicyOf(policy, row.provider, user)
      return {
        connection: connectionOf(catalogue, row, row.name),
        state: row.status === 'active' ? 'active' : 'needs_reauth',
        policy: isAllowed(catalogue, row, policy) ? own : { ...own, names: [] },
      }
    })
}

/** A connection that the policy does not allow any more has no tools. */
function isAllowed(catalogue: Catalogue, row: ConnectionRow, policy: TenantPolicy): boolean {
  const provider = catalogue.get(row.tenantId, row.provider)
  return [{ host: row.host }, { scopes: row.grantedScopes }].every(
    (part) => findViolation(policy, { provider, ...part }) === undefined,
  )
}

/** Where connecting helps. */
function connectUrlOf(
  { connectUrl }: ListParts,
  { connectionName = 'default' }: ToolUser,
  { name, reason }: { name: string; reason: string },
): { connectUrl?: string } {
  const provider = providerOfTool(name)?.name
  if (provider === undefined || reason === 'unknown' || reason === 'policy') return {}
  const url = connectUrlFor(connectUrl, { provider, connectionName })
  return url === undefined ? {} : { connectUrl: url }
}

function split(list: string | undefined): string[] | undefined {
  return list?.split(',').map((each) => each.trim())
}

function within(
  asked: readonly string[] | undefined,
  allowed: readonly string[] | undefined,
): readonly string[] | undefined {
  if (asked === undefined || allowed === undefined) return asked ?? allowed
  return asked.filter((name) => allowed.includes(name))
}

/** @throws KeywellError `invalid_request` for a token of another list */
async function offsetOf(
  peppers: SearchPeppers,
  search: string,
  token: string | undefined,
): Promise<number> {
  if (token === undefined) return 0
  try {
    return Number((await parseCursor(peppers, search, token)).first)
  } catch (error) {
    if (!(error instanceof KeywellError) || error.code !== 'invalid_request') throw error
    throw new KeywellError('invalid_request', 'pageToken: is not one of this list', {
      nextStep: 'Send nextPageToken with the same filter, or begin again without one.',
    })
  }
}

function tokenOf(
  peppers: SearchPeppers,
  search: string,
  offset: number | undefined,
): { nextPageToken?: string } {
  if (offset === undefined) return {}
  const place = { first: String(offset), second: '', id: '' }
  return { nextPageToken: formatCursor(peppers, search, place) }
}
