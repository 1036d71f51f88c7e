import {
  type createConnectionSchema,
  KeywellError,
  type ProviderDefinition,
  Secret,
} from '@keywell/protocol'
import type { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { requireProvider } from '../catalogue.ts'
import { parseHost } from '../host.ts'
import { lookUpAccount } from '../oauth/account.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { type ProbeParts, type ProbeResult, probeToken } from '../oauth/probe.ts'
import { requireAllowedFor } from '../policy/tenant-policies.ts'
import { readClock } from '../store/census.ts'
import type { ConnectionRow } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { noIntegration } from '../store/integrations.ts'
import type { StoreConnection } from './store-connection.ts'

type NewConnection = z.output<typeof createConnectionSchema>

export type CreateConnection = (request: NewConnection, actor: Actor) => Promise<ConnectionRow>

interface CreateConnectionParts extends ProbeParts {
  database: Database
  integrations: Pick<Integrations, 'list'>
  storeConnection: StoreConnection
  audit: Audit
}

/**
 * Connects without a consent, by an API key that the user made at the provider. The provider is asked
 * for the account and the scopes of the key before anything is stored.
 */
export function createCreateConnection(parts: CreateConnectionParts): CreateConnection {
  return async (request, actor) => {
    try {
      return await createConnection(parts, request, actor)
    } catch (error) {
      // `unavailable` says nothing about the key.
      if (error instanceof KeywellError && error.code !== 'unavailable') {
        const { tenantId, userId } = request
        const entry = { ...actor, tenantId, userId, action: 'connection.connect' } as const
        const sql = parts.database.of(tenantId)
        await parts.audit.write(sql, { ...entry, result: 'denied', reason: error.code })
      }
      throw error
    }
  }
}

async function createConnection(
  parts: CreateConnectionParts,
  request: NewConnection,
  actor: Actor,
): Promise<ConnectionRow> {
  const { database, outbound, storeConnection } = parts
  const { tenantId, userId } = request
  const provider = requireProvider(request.provider)
  if (provider.apiKeys === undefined) {
    throw new KeywellError('invalid_request', `${provider.title} has no API keys that are kept.`)
  }
  const host = parseHost(request.host ?? provider.defaultHost)
  // Checked before the key is sent anywhere. Its scopes are known later, and checked when it is stored.
  await requireAllowedFor(database.of(tenantId), tenantId, { provider, host })
  await requireKnownHost(parts, provider, host, tenantId)
  const { type, value } = request.credential
  const accessToken = new Secret(value)
  const key = { provider, host, type, accessToken, sending: { tenantId } }
  const { scopes, expiresAt } = await probeKey(parts, key)
  const account = await lookUpAccount(outbound, { ...key, scopes: scopes ?? [] })
  return storeConnection({
    place: {
      tenantId,
      userId,
      host,
      connectionName: request.name,
      connectionId: null,
      integrationOwner: noIntegration,
      integrationId: noIntegration,
    },
    provider,
    account,
    type,
    tokens: { accessToken, refreshToken: null },
    // By the clock of the database, as all lifetimes are.
    expiresInMs:
      expiresAt === null ? null : expiresAt.getTime() - (await readClock(database.of(tenantId))),
    askedScopes: [],
    scopes: scopes ?? [],
    allowAccountChange: false,
    entry: { ...actor, tenantId, userId, action: 'connection.connect' },
  })
}

/** A key is sent only to a host that the tenant or the operator has registered: a request can name any host. */
async function requireKnownHost(
  { outbound, integrations }: CreateConnectionParts,
  provider: ProviderDefinition,
  host: string,
  tenantId: string,
): Promise<void> {
  if (host === provider.defaultHost || outbound.isListed(host, { tenantId })) return
  const lists = await Promise.all([integrations.list(tenantId), integrations.list(null)])
  const isKnown = lists
    .flat()
    .some((integration) => integration.provider === provider.name && integration.host === host)
  if (isKnown) return
  throw new KeywellError(
    'host_not_allowed',
    `${provider.title} does not accept API keys on ${host}: the host is not registered.`,
    {
      nextStep:
        `Add an integration for it, a draft is enough: POST /v1/integrations {"provider":"${provider.name}","host":"${host}", …}. ` +
        'Or ask the operator to list it in KEYWELL_ALLOW_HOSTS.',
    },
  )
}

/** @throws KeywellError `key_refused`; `provider_error` when the provider did not say whether the key is active */
async function probeKey(
  parts: ProbeParts,
  key: Parameters<typeof probeToken>[1],
): Promise<ProbeResult> {
  const { provider, host } = key
  const found = await probeToken(parts, key)
  if (found.status === 'active') return found
  const title = provider.apiKeys?.title ?? 'key'
  if (found.status === 'inactive') {
    throw new KeywellError('key_refused', `${host} does not accept this ${title}.`)
  }
  throw new KeywellError(
    'provider_error',
    `${host} did not say what this ${title} may do (${found.detail}).`,
    {
      nextStep:
        'Try again shortly. If it fails again, check that the account is not blocked, and that the key may read its own profile.',
    },
  )
}
