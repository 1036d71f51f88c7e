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
import { type ProbeNews, type ProbeParts, probeToken } from '../oauth/probe.ts'
import { requireAllowedFor } from '../policy/tenant-policies.ts'
import { readClock } from '../store/census.ts'
import type { ConnectionRow } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { noIntegration } from '../store/integrations.ts'
import type { StoreConnection } from './store-connection.ts'

type NewConnection = z.output<typeof createConnectionSchema>

export type CreateConnection = (request: NewConnection, caller: Actor) => Promise<ConnectionRow>

/**
 * The way in without a consent: an API key that the user made at the provider by hand. The provider is
 * asked whose it is and what it may do, and only then is anything stored.
 */
export function createCreateConnection(
  parts: ProbeParts & {
    database: Database
    integrations: Pick<Integrations, 'list'>
    storeConnection: StoreConnection
    audit: Audit
  },
): CreateConnection {
  const { database, outbound, audit } = parts

  /** Whoever may name any host could have keys sent anywhere: it must be known beforehand. */
  async function requireKnownHost(provider: ProviderDefinition, host: string, tenantId: string) {
    if (host === provider.defaultHost || outbound.isListed(host, { tenantId })) return
    const integrations = await Promise.all([
      parts.integrations.list(tenantId),
      parts.integrations.list(null),
    ])
    const isKnown = integrations
      .flat()
      .some((each) => each.provider === provider.name && each.host === host)
    if (isKnown) return
    throw new KeywellError('host_not_allowed', `Nothing says that ${host} may be sent a key.`, {
      nextStep:
        `Add an integration for it, a draft is enough: POST /v1/integrations {"provider":"${provider.name}","host":"${host}", …}. ` +
        'Or ask the operator to list it in KEYWELL_ALLOW_HOSTS.',
    })
  }

  /** What the provider says of the key; only a living one comes through. */
  async function look(options: Parameters<typeof probeToken>[1]): Promise<ProbeNews> {
    const { provider, host } = options
    const found = await probeToken(parts, options)
    if (found.news === 'alive') return found
    const title = provider.apiKeys?.title ?? 'key'
    if (found.news === 'dead') {
      throw new KeywellError('key_refused', `${host} does not accept this ${title}.`)
    }
    throw new KeywellError(
      'provider_error',
      `${host} did not say what this ${title} may do (${found.detail}).`,
      {
        nextStep:
          'Try again shortly. If it stays so, check that the account is not blocked, and that the key may read its own profile.',
      },
    )
  }

  async function create(request: NewConnection, caller: Actor): Promise<ConnectionRow> {
    const { tenantId, userId } = request
    const provider = requireProvider(request.provider)
    if (provider.apiKeys === undefined) {
      throw new KeywellError('invalid_request', `${provider.title} has no API keys that are kept.`)
    }
    const host = parseHost(request.host ?? provider.defaultHost)
    // Before the key is sent anywhere. What it may do is known later, and looked at where it is stored.
    await requireAllowedFor(database.of(tenantId), tenantId, { provider, host })
    await requireKnownHost(provider, host, tenantId)
    const { type, value } = request.credential
    const accessToken = new Secret(value)
    const asked = { provider, host, type, accessToken, sending: { tenantId } }
    const { scopes, expiresAt } = await look(asked)
    const account = await lookUpAccount(outbound, { ...asked, scopes: scopes ?? [] })
    return parts.storeConnection({
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
      // Counted by the database's clock, as every life is.
      expiresInMs:
        expiresAt === null ? null : expiresAt.getTime() - (await readClock(database.of(tenantId))),
      askedScopes: [],
      scopes: scopes ?? [],
      allowAccountChange: false,
      entry: { ...caller, tenantId, userId, action: 'connection.connect' },
    })
  }

  return async (request, caller) => {
    try {
      return await create(request, caller)
    } catch (error) {
      // What could not be asked or written is no verdict about the credential.
      if (error instanceof KeywellError && error.code !== 'unavailable') {
        const { tenantId, userId } = request
        const entry = { ...caller, tenantId, userId, action: 'connection.connect' } as const
        await audit.write(database.of(tenantId), { ...entry, result: 'denied', reason: error.code })
      }
      throw error
    }
  }
}
