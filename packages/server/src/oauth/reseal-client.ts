import type { ProviderDefinition } from '@keywell/protocol'
import { findMethod, type Reach } from '@keywell/providers'
import type { Database } from '../store/database.ts'
import { setIntegrationDigest } from '../store/definition-uses.ts'
import type { IntegrationRow } from '../store/integrations.ts'
import { replaceSealedRecord } from '../store/sealed-records.ts'
import type { Vault } from '../vault/vault.ts'
import { appReachOf } from './app-place.ts'
import { type ClientSecrets, encodeClient, secretContext } from './integration-record.ts'

/** A definition that secrets are stored for anew; without `isChanging` it is only seen what that would be. */
export interface ClientReseal {
  provider: ProviderDefinition
  digest: string
  isChanging: boolean
}

/**
 * Stores the secret of an integration's client for another version of its provider's definition.
 *
 * @returns the origins that are new to it; null: the definition does not have its method any more
 */
export async function resealClient(
  { database, vault }: { database: Database; vault: Pick<Vault, 'seal'> },
  row: IntegrationRow & { clientId: string; sealed: Uint8Array },
  opened: ClientSecrets & { reach: Reach },
  { provider, digest, isChanging }: ClientReseal,
): Promise<Reach | null> {
  const method = findMethod(provider, row.method)
  if (method?.kind !== 'oauth2' && method?.kind !== 'installation') return null
  const reach = appReachOf(provider, method, row)
  const added = reach.filter((origin) => !opened.reach.includes(origin))
  if (!isChanging) return added
  const { tenantId, id, sealed } = row
  const next = await vault.seal(secretContext(row), encodeClient(opened, reach))
  return database.transaction(tenantId, async (sql) => {
    const record = { column: 'integrations.sealed', tenantId, at: id, sealed } as const
    if (!(await replaceSealedRecord(sql, record, next))) return null
    await setIntegrationDigest(sql, { tenantId, id, digest })
    return added
  })
}
