import type { Integration, IntegrationId } from '@keywell/protocol'
import { addressOf, variablesAt } from '@keywell/providers'
import type { Catalogue } from '../catalogue.ts'
import type { IntegrationRow } from '../store/integrations.ts'
import { installation } from '../store/scope.ts'
import type { RecordContext } from '../vault/vault.ts'

/** An integration as the API shows it: without its secret. */
export function viewIntegration(
  { catalogue, publicUrl }: { catalogue: Catalogue; publicUrl: string },
  row: IntegrationRow,
): Integration {
  const provider = catalogue.get(row.provider)
  return {
    // The id was made with this prefix.
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
    redirectUri: redirectUriOf(publicUrl, row.id),
    registerUrl: addressOf(provider.registration.url, variablesAt(provider, row.host)).href,
    steps: [...provider.registration.steps],
  }
}

export function redirectUriOf(publicUrl: string, id: string): string {
  return `${publicUrl}/oauth/callback/${id}`
}

/** The context that the secret of an integration is sealed for. */
export function secretContext(row: {
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
