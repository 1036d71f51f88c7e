import { type Integration, type IntegrationId, KeywellError, Secret } from '@keywell/protocol'
import { findMethod, type Reach } from '@keywell/providers'
import { z } from 'zod'
import type { Catalogue } from '../catalogue.ts'
import type { Database } from '../store/database.ts'
import { findIntegration, type IntegrationRow } from '../store/integrations.ts'
import { installation } from '../store/scope.ts'
import type { RecordContext } from '../vault/vault.ts'
import { registrationGuide } from './app-place.ts'

/** @throws KeywellError `not_found` */
export async function readIntegration(
  database: Database,
  owner: string,
  id: string,
): Promise<IntegrationRow> {
  const row = await findIntegration(database.of(owner), owner, id)
  return row ?? integrationNotFound(id)
}

export function integrationNotFound(id: string): never {
  throw new KeywellError('not_found', `There is no integration ${id}.`)
}

/** @throws KeywellError `conflict` when it is not the version that the caller has read; undefined: whatever it is */
export function requireVersion(row: IntegrationRow, version: number | undefined): void {
  if (version !== undefined && version !== row.version) throw changedMeanwhile()
}

export function changedMeanwhile(): KeywellError {
  return new KeywellError('conflict', 'Another request changed the integration just now.')
}

/** An integration as the API shows it: without its secret. */
export function viewIntegration(
  { catalogue, publicUrl }: { catalogue: Catalogue; publicUrl: string },
  row: IntegrationRow,
): Integration {
  const provider = catalogue.get(row.tenantId, row.provider)
  const guide = registrationGuide(provider, findMethod(provider, row.method), row.host)
  return {
    // The id was made with this prefix.
    id: row.id as IntegrationId,
    provider: row.provider,
    method: row.method,
    host: row.host,
    variables: row.variables,
    tenantId: row.tenantId === installation ? null : (row.tenantId as Integration['tenantId']),
    status: row.clientId === null ? 'draft' : 'active',
    enabled: row.disabledAt === null,
    revision: row.version,
    clientId: row.clientId,
    suspended:
      row.suspendedAt === null || row.suspendedReason === null
        ? null
        : { since: row.suspendedAt.toISOString(), reason: row.suspendedReason },
    scopes: row.scopes,
    redirectUri: redirectUriOf(publicUrl, row.id),
    registerUrl: guide.page,
    steps: guide.steps,
  }
}

export function redirectUriOf(publicUrl: string, id: string): string {
  return `${publicUrl}/oauth/callback/${id}`
}

/** The context that the secret of an integration is sealed for. */
export function secretContext(row: {
  tenantId: string
  id: string
  provider: string
  method: string
  host: string
  variables: Readonly<Record<string, string>>
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
    bound: [row.provider, row.method, row.host, row.clientId, ...boundVariables(row.variables)],
  }
}

/** As `store/sealed-records.ts` has them, in the order of their names. */
function boundVariables(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
}

/** What proves that a call is the app's: its secret, and the private key of one that signs. */
export interface ClientSecrets {
  secret: Secret
  privateKey: Secret | null
}

const storedClient = z.object({
  secret: z.string(),
  privateKey: z.string().optional(),
  reach: z.array(z.string()),
})

/** The bytes that go into the vault: the secrets, with what they may be sent to. */
export function encodeClient({ secret, privateKey }: ClientSecrets, reach: Reach): Uint8Array {
  const stored = { secret: secret.expose(), privateKey: privateKey?.expose(), reach }
  return new TextEncoder().encode(JSON.stringify(stored))
}

export function decodeClient(bytes: Uint8Array): ClientSecrets & { reach: Reach } {
  const stored = storedClient.parse(JSON.parse(new TextDecoder().decode(bytes)))
  const { secret, privateKey, reach } = stored
  return {
    secret: new Secret(secret),
    privateKey: privateKey === undefined ? null : new Secret(privateKey),
    reach,
  }
}
