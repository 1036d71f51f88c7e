import {
  type Integration,
  type IntegrationId,
  KeywellError,
  type ProviderDefinition,
  Secret,
} from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit, AuditAction } from '../audit/audit.ts'
import { requireKnownScopes, requireProvider } from '../catalogue.ts'
import { joinBelow, parseHost } from '../host.ts'
import type { MakeId } from '../ids.ts'
import { type Outbound, OutboundError } from '../outbound/outbound.ts'
import { noteRefusal, requireAllowedFor } from '../policy/tenant-policies.ts'
import { type Database, UniqueViolation } from '../store/database.ts'
import * as store from '../store/integrations.ts'
import { installation, withInstallation } from '../store/scope.ts'
import type { RecordContext, Vault } from '../vault/vault.ts'
import type { Registration } from './client.ts'

export interface Integrations {
  create(
    options: {
      tenantId: string | null
      provider: string
      host: string | undefined
      scopes: readonly string[]
      client: { id: string; secret: string } | undefined
    },
    caller: Actor,
  ): Promise<Integration>
  /** Completes a draft, or replaces a secret that was renewed at the provider. */
  setClient(
    options: { tenantId: string | null; id: string; client: { id: string; secret: string } },
    caller: Actor,
  ): Promise<Integration>
  list(tenantId: string | null): Promise<Integration[]>
  /** The integration for a tenant on a host: its own, else the shared one. */
  pick(options: {
    tenantId: string
    provider: ProviderDefinition
    host: string
  }): Promise<UsableIntegration>
  /** All that a tenant may use. */
  usable(tenantId: string): Promise<UsableIntegration[]>
  /** With its secret opened, for one call to the provider. */
  registration(owner: string, id: string): Promise<Registration>
  redirectUri(id: string): string
}

export interface UsableIntegration {
  owner: string
  id: string
  provider: string
  host: string
  clientId: string
  scopes: readonly string[]
}

/** OAuth app registrations: client ids in clear, secrets sealed to host, client id and revision. */
export function createIntegrations(options: {
  database: Database
  vault: Vault
  outbound: Outbound
  audit: Audit
  publicUrl: string
  makeId: MakeId
}): Integrations {
  const { database, vault, audit } = options
  const redirectUri = (id: string) => `${options.publicUrl}/oauth/callback/${id}`

  async function sealClient(
    row: Pick<store.IntegrationRow, 'tenantId' | 'id' | 'host' | 'revision'>,
    client: { id: string; secret: string },
    caller: Actor,
  ): Promise<void> {
    const revision = row.revision + 1
    const context = secretContext({ ...row, clientId: client.id, revision })
    const { sealed, keyVersion } = await vault.seal(
      context,
      new TextEncoder().encode(client.secret),
    )
    const next = { ...row, clientId: client.id, sealed, keyVersion, revision }
    await database.transaction(row.tenantId, async (sql) => {
      if (!(await store.setIntegrationClient(sql, next))) throw changedMeanwhile()
      await audit.write(sql, entryOf(row, 'integration.set_client', caller))
    })
  }

  async function findUsable(tenantId: string): Promise<UsableIntegration[]> {
    const usable = database.of(withInstallation(tenantId))
    const rows = await store.listUsableIntegrations(usable, tenantId)
    return rows.flatMap((row) =>
      row.clientId === null ? [] : [{ ...row, owner: row.tenantId, clientId: row.clientId }],
    )
  }

  async function read(owner: string, id: string): Promise<store.IntegrationRow> {
    const row = await store.findIntegration(database.of(owner), owner, id)
    if (row === undefined) throw new KeywellError('not_found', `There is no integration ${id}.`)
    return row
  }

  return {
    redirectUri,

    async create({ tenantId, provider: name, host, scopes, client }, caller) {
      const provider = requireProvider(name)
      requireKnownScopes(provider, scopes)
      const row = {
        tenantId: tenantId ?? installation,
        id: options.makeId('integration'),
        provider: name,
        host: parseHost(host ?? provider.defaultHost),
        scopes,
      }
      if (tenantId !== null) {
        const entry = { ...caller, tenantId, action: 'integration.create' } as const
        await noteRefusal(options, entry, () =>
          requireAllowedFor(database.of(tenantId), tenantId, { provider, host: row.host }),
        )
      }
      requireReachable(options.outbound, row, joinBelow(row.host, provider.oauth.tokenPath))
      try {
        await database.transaction(row.tenantId, async (sql) => {
          await store.insertIntegration(sql, row)
          await audit.write(sql, entryOf(row, 'integration.create', caller))
        })
      } catch (error) {
        if (!(error instanceof UniqueViolation)) throw error
        throw new KeywellError(
          'invalid_request',
          `There is an integration for ${name} on ${row.host} already.`,
          { nextStep: 'List it with GET /v1/integrations, and change its client there.' },
        )
      }
      if (client !== undefined) await sealClient({ ...row, revision: 1 }, client, caller)
      return view(await read(row.tenantId, row.id), redirectUri)
    },

    async setClient({ tenantId, id, client }, caller) {
      const owner = tenantId ?? installation
      await sealClient(await read(owner, id), client, caller)
      return view(await read(owner, id), redirectUri)
    },

    async list(tenantId) {
      const owner = tenantId ?? installation
      const rows = await store.listIntegrations(database.of(owner), owner)
      return rows.map((row) => view(row, redirectUri))
    },

    usable: findUsable,

    async pick({ tenantId, provider, host }) {
      const found = (await findUsable(tenantId)).find(
        (row) => row.provider === provider.name && row.host === host,
      )
      if (found !== undefined) return found
      throw new KeywellError(
        'integration_missing',
        `No OAuth app is registered for ${provider.title} on ${host}.`,
        {
          nextStep:
            `Make a draft with POST /v1/integrations {"provider":"${provider.name}","host":"${host}"}; ` +
            `its answer tells which redirect URI to register at ${joinBelow(host, provider.registration.path).href} and which scopes to tick.`,
        },
      )
    },

    async registration(owner, id) {
      const row = await read(owner, id)
      if (row.clientId === null || row.sealed === null) {
        throw new KeywellError('integration_missing', `Integration ${id} is a draft still.`)
      }
      const secret = await vault.open(secretContext({ ...row, clientId: row.clientId }), row.sealed)
      return {
        provider: requireProvider(row.provider),
        host: row.host,
        clientId: row.clientId,
        clientSecret: new Secret(new TextDecoder().decode(secret)),
        revision: row.revision,
      }
    },
  }
}

/** Known when the integration is added, not when a user clicks. */
function requireReachable(outbound: Outbound, owner: { tenantId: string }, url: URL): void {
  try {
    outbound.checkUrl(url, owner)
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    throw new KeywellError('host_not_allowed', error.message, {
      nextStep: `If ${url.origin} is a host of yours, start the service with it in KEYWELL_ALLOW_HOSTS.`,
    })
  }
}

function changedMeanwhile(): KeywellError {
  return new KeywellError('conflict', 'The integration was changed by somebody else just now.')
}

function entryOf(row: { tenantId: string; id: string }, action: AuditAction, caller: Actor) {
  const { actor, requestId } = caller
  return { tenantId: row.tenantId, actor, requestId, action, result: 'ok', reason: row.id } as const
}

function secretContext(row: {
  tenantId: string
  id: string
  host: string
  clientId: string
  revision: number
}): RecordContext {
  return {
    type: 'integration',
    tenantId: row.tenantId,
    recordId: row.id,
    field: 'client_secret',
    generation: row.revision,
    schema: 1,
    bound: [row.host, row.clientId],
  }
}

function view(row: store.IntegrationRow, redirectUri: (id: string) => string): Integration {
  const provider = requireProvider(row.provider)
  return {
    // Written by us under this prefix; the row is the proof.
    id: row.id as IntegrationId,
    provider: row.provider,
    host: row.host,
    tenantId: row.tenantId === installation ? null : (row.tenantId as Integration['tenantId']),
    status: row.clientId === null ? 'draft' : 'active',
    clientId: row.clientId,
    suspended:
      row.suspendedAt === null || row.suspendedReason === null
        ? null
        : { since: row.suspendedAt.toISOString(), reason: row.suspendedReason },
    scopes: row.scopes,
    redirectUri: redirectUri(row.id),
    registerUrl: joinBelow(row.host, provider.registration.path).href,
    steps: [...provider.registration.steps],
  }
}
