import {
  type AppMethod,
  type Integration,
  type IntegrationValidation,
  KeywellError,
  type Method,
  type ProviderDefinition,
} from '@keywell/protocol'
import {
  addressOf,
  appOf,
  consentOf,
  isHostOf,
  isTenantsOwn,
  namesIn,
  type Reach,
  reachAt,
  type Variables,
  variablesAt,
} from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Audit, AuditAction } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { DefinitionVersions } from '../definition-versions/definition-versions.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import { type Outbound, OutboundError } from '../outbound/outbound.ts'
import { noteRefusal, requireAllowedFor } from '../policy/tenant-policies.ts'
import { type Database, UniqueViolation } from '../store/database.ts'
import * as store from '../store/integrations.ts'
import { installation, withInstallation } from '../store/scope.ts'
import { isKeyOutage, type RecordContext, type Vault, VaultError } from '../vault/vault.ts'
import { requireKeyFor } from './app-key.ts'
import { appMethod, requireScopesFor } from './app-method.ts'
import {
  appHostOf,
  appReachOf,
  appVariablesOf,
  draftRequest,
  registrationGuide,
  serves,
  variablesFor,
} from './app-place.ts'
import type { Registration } from './client.ts'
import {
  type ClientSecrets,
  changedMeanwhile,
  decodeClient,
  encodeClient,
  readIntegration,
  redirectUriOf,
  secretContext,
  viewIntegration,
} from './integration-record.ts'
import { type ClientReseal, resealClient } from './reseal-client.ts'
import { describeIntegration } from './suspension.ts'
import {
  type IntegrationKey,
  type IntegrationUpdate,
  updateIntegration,
} from './update-integration.ts'
import { validateClient } from './validate-client.ts'

export interface Integrations {
  create(integration: NewIntegration, actor: Actor): Promise<Integration>
  /** Completes a draft, or replaces a secret that was renewed at the provider. */
  setClient(
    options: { tenantId: string | null; id: string; client: Client },
    actor: Actor,
  ): Promise<Integration>
  list(tenantId: string | null): Promise<Integration[]>
  get(key: IntegrationKey): Promise<Integration>
  update(key: IntegrationKey, update: IntegrationUpdate, actor: Actor): Promise<Integration>
  /** Asks the provider whether it knows the client. */
  validate(
    question: IntegrationKey & { host: string | undefined },
    actor: Actor,
  ): Promise<IntegrationValidation>
  /** The integration for a tenant on a host: its own, else the shared one. */
  pick(options: {
    tenantId: string
    provider: ProviderDefinition
    method: AppMethod
    host: string
  }): Promise<UsableIntegration>
  /** All integrations that a tenant may use. */
  usable(tenantId: string): Promise<UsableIntegration[]>
  /** The integration with its secret, for one call to the provider about a host that it serves. */
  registration(use: AppUse): Promise<Registration>
  /** The variables of a host and of the integration that serves it. */
  variables(use: AppUse): Promise<Variables>
  /**
   * Stores the client's secret for another version of its definition, or says what that would be.
   *
   * @returns the origins that are new to it; null: there is no secret, or none for that definition
   */
  reseal(integration: { tenantId: string; id: string }, reseal: ClientReseal): Promise<Reach | null>
  redirectUri(id: string): string
}

/** An integration, and a host that it is used for. */
export interface AppUse {
  /** In place of the definition of now: that of a credential which it is used for. */
  readonly definition?: ProviderDefinition | undefined
  readonly integrationOwner: string
  readonly integrationId: string
  readonly host: string
}

interface NewIntegration {
  tenantId: string | null
  provider: string
  /** Undefined: the provider's first by consent. */
  method: string | undefined
  host: string | undefined
  variables: Readonly<Record<string, string>>
  scopes: readonly string[]
  client: Client | undefined
}

interface Client extends ClientSecrets {
  id: string
}

export interface UsableIntegration {
  owner: string
  id: string
  provider: string
  method: string
  host: string
  clientId: string
  scopes: readonly string[]
}

interface IntegrationParts {
  catalogue: Catalogue
  versions: Pick<DefinitionVersions, 'digestOf'>
  database: Database
  vault: Vault
  outbound: Outbound
  audit: Audit
  logger: Logger
  publicUrl: string
  makeId: MakeId
}

/** OAuth app registrations: client ids in clear, secrets sealed for host, client id and revision. */
export function createIntegrations(parts: IntegrationParts): Integrations {
  const { database, publicUrl } = parts
  return {
    create: (integration, actor) => createIntegration(parts, integration, actor),
    async setClient({ tenantId, id, client }, actor) {
      const owner = tenantId ?? installation
      const before = await readIntegration(database, owner, id)
      const provider = parts.catalogue.get(owner, before.provider)
      requireKeyFor(provider, appOf(provider, before.method), client)
      await setClient(parts, before, client, actor)
      if (before.suspendedAt !== null) {
        const named = { ...before, integrationOwner: owner, integrationId: id }
        parts.logger.info(describeIntegration(named), 'integration resumed')
      }
      return viewIntegration(parts, await readIntegration(database, owner, id))
    },
    async list(tenantId) {
      const owner = tenantId ?? installation
      const rows = await store.listIntegrations(database.of(owner), owner)
      return rows.map((row) => viewIntegration(parts, row))
    },
    async get({ tenantId, id }) {
      return viewIntegration(parts, await readIntegration(database, tenantId ?? installation, id))
    },
    update: (key, update, actor) => updateIntegration(parts, key, update, actor),
    validate: (question, actor) =>
      validateClient(
        { ...parts, registration: (use) => openRegistration(parts, use) },
        question,
        actor,
      ),
    pick: (options) => pickIntegration(database, options),
    usable: (tenantId) => listUsable(database, tenantId),
    registration: (use) => openRegistration(parts, use),
    async variables({ integrationOwner, integrationId, host }) {
      const row = await readIntegration(database, integrationOwner, integrationId)
      return variablesFor(parts, row, host)
    },
    async reseal({ tenantId, id }, reseal) {
      const row = await readIntegration(database, tenantId, id)
      const { clientId, sealed } = row
      if (clientId === null || sealed === null) return null
      const context = secretContext({ ...row, clientId })
      const opened = await openClient(parts, row, { context, sealed })
      return resealClient(parts, { ...row, clientId, sealed }, opened, reseal)
    },
    redirectUri: (id) => redirectUriOf(publicUrl, id),
  }
}

async function createIntegration(
  parts: IntegrationParts,
  { tenantId, provider: name, method: chosen, host, variables, scopes, client }: NewIntegration,
  actor: Actor,
): Promise<Integration> {
  const { database, outbound } = parts
  const provider = parts.catalogue.get(tenantId ?? installation, name)
  const method = appMethod(provider, chosen)
  requireScopesFor(provider, method, scopes)
  if (client !== undefined) requireKeyFor(provider, method, client)
  const row = {
    tenantId: tenantId ?? installation,
    id: parts.makeId('integration'),
    provider: name,
    method: method.id,
    host: appHostOf(provider, host),
    variables: appVariablesOf(provider, method, variables),
    scopes,
  }
  if (tenantId !== null) {
    const entry = { ...actor, tenantId, action: 'integration.create' } as const
    await noteRefusal(parts, entry, () =>
      requireAllowedFor(database.of(tenantId), tenantId, { provider, host: row.host }),
    )
  }
  requireReachable(outbound, row, { provider, method })
  await insertIntegration(parts, row, actor)
  if (client !== undefined) await setClient(parts, { ...row, revision: 1 }, client, actor)
  return viewIntegration(parts, await readIntegration(database, row.tenantId, row.id))
}

async function insertIntegration(
  { database, audit }: IntegrationParts,
  row: Parameters<typeof store.insertIntegration>[1],
  actor: Actor,
): Promise<void> {
  try {
    await database.transaction(row.tenantId, async (sql) => {
      await store.insertIntegration(sql, row)
      await audit.write(sql, entryOf(row, 'integration.create', actor))
    })
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error
    throw new KeywellError(
      'invalid_request',
      `There is an integration for ${row.provider} on ${row.host} by the method ${row.method} already.`,
      { nextStep: 'List it with GET /v1/integrations, and change its client there.' },
    )
  }
}

async function setClient(
  { catalogue, database, vault, audit, versions }: IntegrationParts,
  row: Pick<
    store.IntegrationRow,
    'tenantId' | 'id' | 'provider' | 'method' | 'host' | 'variables' | 'revision'
  >,
  client: Client,
  actor: Actor,
): Promise<void> {
  const revision = row.revision + 1
  const context = secretContext({ ...row, clientId: client.id, revision })
  // The new secret is for the definition of now.
  const provider = catalogue.get(row.tenantId, row.provider)
  const reach = appReachOf(provider, appOf(provider, row.method), row)
  const { sealed, keyVersion } = await vault.seal(context, encodeClient(client, reach))
  const definitionDigest = versions.digestOf(provider)
  const next = { ...row, clientId: client.id, sealed, keyVersion, revision, definitionDigest }
  await database.transaction(row.tenantId, async (sql) => {
    if (!(await store.setIntegrationClient(sql, next))) throw changedMeanwhile()
    await audit.write(sql, entryOf(row, 'integration.set_client', actor))
  })
}

async function listUsable(database: Database, tenantId: string): Promise<UsableIntegration[]> {
  const sql = database.of(withInstallation(tenantId))
  const rows = await store.listUsableIntegrations(sql, tenantId)
  return rows.flatMap((row) =>
    row.clientId === null ? [] : [{ ...row, owner: row.tenantId, clientId: row.clientId }],
  )
}

async function pickIntegration(
  database: Database,
  {
    tenantId,
    provider,
    method,
    host,
  }: { tenantId: string; provider: ProviderDefinition; method: AppMethod; host: string },
): Promise<UsableIntegration> {
  const found = (await listUsable(database, tenantId)).find((row) =>
    isFor(row, { provider, method, host }),
  )
  if (found !== undefined) return found
  throw new KeywellError(
    'integration_missing',
    `No OAuth app is registered for ${provider.title} on ${host}.`,
    {
      nextStep:
        `Make a draft with ${draftRequest(provider, method, host)}; ` +
        `its answer has the redirect URI to register at ${registrationGuide(provider, method, host).page} and the scopes to tick.`,
    },
  )
}

/** Whether an integration is for a method of a provider on a host. */
export function isFor(
  app: Pick<Integration, 'provider' | 'method' | 'host'>,
  { provider, method, host }: { provider: ProviderDefinition; method: Method; host: string },
): boolean {
  return (
    app.provider === provider.name && app.method === method.id && serves(provider, app.host, host)
  )
}

async function openRegistration(
  parts: IntegrationParts,
  { integrationOwner: owner, integrationId: id, host, definition }: AppUse,
): Promise<Registration> {
  const { catalogue } = parts
  const row = await readIntegration(parts.database, owner, id)
  if (row.clientId === null || row.sealed === null) {
    throw new KeywellError('integration_missing', `Integration ${id} is still a draft.`)
  }
  const provider = definition ?? catalogue.get(row.tenantId, row.provider)
  const context = secretContext({ ...row, clientId: row.clientId })
  const opened = await openClient(parts, row, { context, sealed: row.sealed })
  // Only now is it sure that the row is as it was written.
  if (!serves(provider, row.host, host)) {
    throw new KeywellError('integration_missing', `Integration ${id} does not serve ${host}.`)
  }
  const variables = { ...row.variables, ...variablesAt(provider, host) }
  const method = appOf(provider, row.method)
  return {
    provider,
    method: consentOf(provider, method),
    appMethod: method,
    host,
    variables,
    reach: reachAt(opened.reach, variables),
    clientId: row.clientId,
    clientSecret: opened.secret,
    privateKey: opened.privateKey,
    revision: row.revision,
  }
}

/** @throws KeywellError `credential_unreadable` when the row is not as it was written, after an alarm */
async function openClient(
  { vault, logger }: IntegrationParts,
  row: store.IntegrationRow,
  { context, sealed }: { context: RecordContext; sealed: Uint8Array },
): Promise<ReturnType<typeof decodeClient>> {
  try {
    return decodeClient(await vault.open(context, sealed))
  } catch (cause) {
    // Without the encryption key it is not known whether the row was altered.
    if (!(cause instanceof VaultError) || isKeyOutage(cause)) throw cause
    if (cause.keyState === 'tenant_destroyed') throw cause
    const { reason } = cause
    const named = { ...row, integrationOwner: row.tenantId, integrationId: row.id }
    const alarm = 'integration_altered'
    logger.error({ alarm, ...describeIntegration(named), reason }, 'integration altered')
    throw new KeywellError(
      'credential_unreadable',
      `The stored secret of the app for ${row.provider} cannot be read.`,
      { cause },
    )
  }
}

/** An unreachable host fails when the integration is added, not when a user clicks. */
function requireReachable(
  outbound: Outbound,
  row: Pick<store.IntegrationRow, 'tenantId' | 'host' | 'variables'>,
  { provider, method }: { provider: ProviderDefinition; method: AppMethod },
): void {
  const known = {
    ...row.variables,
    ...(isHostOf(provider, row.host) && variablesAt(provider, row.host)),
  }
  const { token } = method
  // What is open is known when a user connects, and checked by then.
  if (namesIn(token.url).some((name) => !Object.hasOwn(known, name))) return
  const url = addressOf(token.url, known)
  try {
    outbound.checkUrl(url, { ...row, isOwn: isTenantsOwn(provider) })
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    throw new KeywellError('host_not_allowed', error.message, {
      nextStep: `If ${url.origin} is a host of yours, start the service with it in KEYWELL_ALLOW_HOSTS.`,
    })
  }
}

function entryOf(row: { tenantId: string; id: string }, action: AuditAction, by: Actor) {
  const { actor, requestId } = by
  return { tenantId: row.tenantId, actor, requestId, action, result: 'ok', reason: row.id } as const
}
