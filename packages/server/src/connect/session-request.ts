import { type createLinkSchema, type createSessionSchema, KeywellError } from '@keywell/protocol'
import { kindWords } from '@keywell/providers'
import type { z } from 'zod'
import { type Catalogue, requireKnownScopes } from '../catalogue.ts'
import { parseHost } from '../host.ts'
import { requireAllowed } from '../policy/require-allowed.ts'
import { readTenantPolicy } from '../policy/tenant-policies.ts'
import { findConnection, ofTenant } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import type { SessionLink, SessionPolicy } from '../store/sessions.ts'
import { forbiddenScopes } from './scope-policy.ts'

export type LinkRequest = z.output<typeof createLinkSchema>

export interface SessionRequest
  extends Omit<z.output<typeof createSessionSchema>, 'returnUrl' | 'pageOrigin'> {
  /** Null: nothing leads back to the app. */
  returnUrl: string | null
  pageOrigin?: string | undefined
  link?: SessionLink
}

/** The session that a link opens. */
export function sessionOfLink(request: LinkRequest): SessionRequest {
  const { accountLabel, confirmBy, startedIn = null, resumeUrl = null, ...rest } = request
  const { returnUrl = null, origins, expiresInSeconds: _, ...session } = rest
  const own = returnUrl === null ? [] : [new URL(returnUrl).origin]
  return {
    ...session,
    returnUrl,
    origins: origins ?? own,
    link: { accountLabel, confirmBy, startedIn, resumeUrl },
  }
}

/** A mistake of the backend fails when the session is made, not when a user clicks. */
export async function checkRequest(
  { catalogue, database }: { catalogue: Catalogue; database: Database },
  request: SessionRequest,
): Promise<void> {
  const { tenantId } = request
  for (const name of request.providers ?? []) catalogue.get(tenantId, name)
  for (const [name, policy] of Object.entries(request.scopes)) {
    const provider = catalogue.get(tenantId, name)
    requireKnownScopes(provider, [...policy.required, ...policy.optional, ...policy.forbidden])
    const [contradiction] = forbiddenScopes(provider, policy.required, policy.forbidden)
    if (contradiction !== undefined) {
      throw new KeywellError(
        'scope_not_allowed',
        `This connect session requires ${contradiction}, which has rights that it forbids.`,
        { nextStep: `Require less of ${provider.title}, or forbid less.` },
      )
    }
  }
  requireKnownMethods(catalogue, request)
  const hosts = request.hosts?.map(parseHost)
  for (const [name, host] of Object.entries(request.defaultHosts)) {
    catalogue.get(tenantId, name)
    if (hosts?.includes(parseHost(host)) !== false) continue
    throw new KeywellError('host_not_allowed', `The default ${host} is not one of the hosts.`)
  }
  await requireOwnConnection(database, request)
}

/** Each method is one of a provider that the session may connect, or the word for a kind. */
function requireKnownMethods(
  catalogue: Catalogue,
  { tenantId, providers, methods }: SessionRequest,
): void {
  const named = providers?.map((name) => catalogue.get(tenantId, name)) ?? catalogue.list(tenantId)
  const ids = [...new Set(named.flatMap(({ auth }) => auth.map(({ id }) => id)))]
  const known = [...Object.values<string>(kindWords), ...ids]
  const unknown = methods.find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new KeywellError('invalid_request', `There is no method "${unknown}".`, {
    nextStep: `The methods here are: ${known.join(', ')}.`,
  })
}

/** The connection to reconnect exists, and belongs to the user of the session. */
async function requireOwnConnection(
  database: Database,
  { tenantId, userId, owner, providers, connectionId }: SessionRequest,
): Promise<void> {
  if (connectionId === undefined) return
  const row = await findConnection(database.of(tenantId), tenantId, connectionId)
  const isForeign =
    row?.userId !== ownerOfSession({ userId, policy: { owner } }) ||
    providers?.includes(row.provider) === false
  if (row !== undefined && !isForeign && row.status !== 'disconnected') return
  throw new KeywellError('not_found', `There is no connection ${connectionId}.`)
}

/**
 * Everything that the request names must be allowed. What it leaves open is checked when a flow begins.
 *
 * @throws KeywellError `not_allowed_for_tenant`
 */
export async function requireRequestAllowed(
  { catalogue, database }: { catalogue: Catalogue; database: Database },
  request: SessionRequest,
): Promise<void> {
  const { tenantId, connectionId } = request
  const policy = await readTenantPolicy(database.of(tenantId), tenantId)
  for (const name of request.providers ?? []) {
    requireAllowed(policy, { provider: catalogue.get(tenantId, name) })
  }
  for (const host of request.hosts ?? []) requireAllowed(policy, { host: parseHost(host) })
  for (const [name, host] of Object.entries(request.defaultHosts)) {
    requireAllowed(policy, { provider: catalogue.get(tenantId, name), host: parseHost(host) })
  }
  for (const [name, { required, optional }] of Object.entries(request.scopes)) {
    const named = [...required, ...optional]
    const scopes = named.length > 0 ? named : undefined
    requireAllowed(policy, { provider: catalogue.get(tenantId, name), scopes })
  }
  if (connectionId === undefined) return
  const reconnected = await findConnection(database.of(tenantId), tenantId, connectionId)
  if (reconnected === undefined) return
  requireAllowed(policy, {
    provider: catalogue.get(tenantId, reconnected.provider),
    host: reconnected.host,
  })
}

/** Whose the connections of a session are: its user's, unless it was made for the tenant. */
export function ownerOfSession({
  userId,
  policy,
}: {
  userId: string
  policy: { owner?: 'tenant' | undefined }
}): string {
  return policy.owner === 'tenant' ? ofTenant : userId
}

/** What the session allows, as it is stored. */
export function toSessionPolicy(request: SessionRequest): SessionPolicy {
  return {
    providers: request.providers ?? null,
    scopes: request.scopes,
    hosts: request.hosts?.map(parseHost) ?? null,
    methods: request.methods,
    ...(request.device && { device: request.device }),
    ...(request.owner && { owner: request.owner }),
    defaultHosts: Object.fromEntries(
      Object.entries(request.defaultHosts).map(([name, host]) => [name, parseHost(host)]),
    ),
    origins: request.origins,
    returnUrl: request.returnUrl,
    returnMode: request.returnMode,
    connectionId: request.connectionId ?? null,
    allowAccountChange: request.allowAccountChange,
    ...(request.link && { link: request.link }),
  }
}
