import {
  type createConnectionSchema,
  KeywellError,
  type ProviderDefinition,
  type TypedMethod,
} from '@keywell/protocol'
import { keyMethods } from '@keywell/providers'
import type { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import { requireOwnerId } from '../credentials/connections.ts'
import { parsePlace } from '../host.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { requireAllowedFor } from '../policy/tenant-policies.ts'
import type { ConnectionRow } from '../store/connections.ts'
import { noIntegration } from '../store/integrations.ts'
import { type ConnectKeyParts, connectKey, requireKnownHost } from './connect-key.ts'
import { singleField } from './key-fields.ts'
import { readTyped } from './read-typed.ts'

type NewConnection = z.output<typeof createConnectionSchema>

export type CreateConnection = (request: NewConnection, actor: Actor) => Promise<ConnectionRow>

interface CreateConnectionParts extends ConnectKeyParts {
  catalogue: Catalogue
  integrations: Pick<Integrations, 'list'>
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
        const { tenantId } = request
        const userId = requireOwnerId(request)
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
  const { tenantId, credential } = request
  const userId = requireOwnerId(request)
  const provider = parts.catalogue.get(tenantId, request.provider)
  const method = keyMethod(provider, request.method)
  const typed = credential.fields ?? singleField(provider, method, credential.value ?? '')
  const host = parsePlace(provider, request.host)
  const read = await readTyped({ provider, method, host }, typed)
  if ('refusal' in read) throw read.refusal
  // Checked before the key is sent anywhere. Its scopes are known later, and checked when it is stored.
  await requireAllowedFor(parts.database.of(tenantId), tenantId, { provider, host })
  await requireKnownHost(parts, { provider, host, tenantId })
  return connectKey(
    parts,
    { provider, method, host, fields: read.fields, tenantId },
    {
      place: {
        tenantId,
        userId,
        host,
        connectionName: request.name,
        connectionId: null,
        integrationOwner: noIntegration,
        integrationId: noIntegration,
      },
      askedScopes: [],
      allowAccountChange: false,
      entry: { ...actor, tenantId, userId, action: 'connection.connect' },
    },
  )
}

/** @throws KeywellError `invalid_request` that names those there are */
function keyMethod(provider: ProviderDefinition, named: string | undefined): TypedMethod {
  const methods = keyMethods(provider)
  const method = named === undefined ? methods[0] : methods.find(({ id }) => id === named)
  if (method !== undefined) return method
  if (methods.length === 0) {
    throw new KeywellError('invalid_request', `${provider.title} has no API keys that are kept.`)
  }
  throw new KeywellError('invalid_request', `${provider.title} has no keys by "${named}".`, {
    nextStep: `Its methods of keys are: ${methods.map(({ id }) => id).join(', ')}.`,
  })
}
