import { type Integration, KeywellError } from '@keywell/protocol'
import { appOf } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Database } from '../store/database.ts'
import * as store from '../store/integrations.ts'
import { installation } from '../store/scope.ts'
import { requireScopesFor } from './app-method.ts'
import {
  changedMeanwhile,
  readIntegration,
  requireVersion,
  viewIntegration,
} from './integration-record.ts'

/** Names an integration; without a tenant it is one of the installation. */
export interface IntegrationKey {
  tenantId: string | null
  id: string
}

export interface IntegrationUpdate {
  scopes: readonly string[] | undefined
  enabled: boolean | undefined
  /** That was read; undefined: whatever it is. */
  revision: number | undefined
}

/** What is left out stays. Connections that are there are not touched. */
export async function updateIntegration(
  parts: { catalogue: Catalogue; database: Database; audit: Audit; publicUrl: string },
  { tenantId, id }: IntegrationKey,
  { scopes, enabled, revision }: IntegrationUpdate,
  { actor, requestId }: Actor,
): Promise<Integration> {
  const { catalogue, database, audit } = parts
  const owner = tenantId ?? installation
  const before = await readIntegration(database, owner, id)
  requireVersion(before, revision)
  if (scopes === undefined && enabled === undefined) {
    throw new KeywellError('invalid_request', 'Nothing is to be changed.', {
      nextStep: 'Send scopes, enabled or both.',
    })
  }
  if (scopes !== undefined) {
    const provider = catalogue.get(owner, before.provider)
    requireScopesFor(provider, appOf(provider, before.method), scopes)
  }
  const change = { ...before, scopes: scopes ?? null, enabled: enabled ?? null }
  const updated = await database.transaction(owner, async (sql) => {
    const row = await store.updateIntegration(sql, change)
    if (row === undefined) throw changedMeanwhile()
    const entry = { tenantId: owner, actor, requestId, reason: id } as const
    await audit.write(sql, { ...entry, action: 'integration.update', result: 'ok' })
    return row
  })
  return viewIntegration(parts, updated)
}
