import { KeywellError, type RemoveIntegrationAnswer } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import {
  integrationNotFound,
  readIntegration,
  requireVersion,
  viewIntegration,
} from '../oauth/integration-record.ts'
import type { IntegrationKey } from '../oauth/update-integration.ts'
import type { Database, Sql } from '../store/database.ts'
import {
  countIntegrationUses,
  giveUpRevocationsOf,
  type IntegrationUses,
  listTenantsOfIntegration,
} from '../store/integration-uses.ts'
import {
  deleteIntegration,
  holdIntegration,
  type IntegrationRow,
  updateIntegration,
} from '../store/integrations.ts'
import { everyTenant, installation } from '../store/scope.ts'
import { acrossTenants } from '../store/transaction.ts'
import type { Disconnector } from './disconnect.ts'

/** How long one call disconnects, in milliseconds; then it answers that there is more. */
const maxWorkMs = 10_000
/** Tenants that are looked up at once. */
const tenantsAtOnce = 50

export interface IntegrationRemoval extends IntegrationKey {
  /** That was read; undefined: whatever it is. */
  revision: number | undefined
  /** What becomes of its connections; undefined: there must be none. */
  force: 'disconnect' | 'abandon' | undefined
}

export type RemoveIntegration = (
  removal: IntegrationRemoval,
  actor: Actor,
) => Promise<RemoveIntegrationAnswer>

interface RemoveParts {
  catalogue: Catalogue
  database: Database
  audit: Audit
  disconnector: Pick<Disconnector, 'disconnectSomeOf' | 'withdrawOf'>
  publicUrl: string
  /** Milliseconds of a clock that never goes back. */
  monotonic: () => number
}

/**
 * Removes an integration that nothing needs any more: no connection, and no grant that waits to be withdrawn, for which
 * its client is asked for. With `force` it is disabled first, so that what needs it can only become less.
 */
export function createRemoveIntegration(parts: RemoveParts): RemoveIntegration {
  return async ({ tenantId, id, revision, force }, actor) => {
    const owner = tenantId ?? installation
    const read = await readIntegration(parts.database, owner, id)
    requireVersion(read, revision)
    if (force === undefined) return deleteUnused(parts, read, { actor, force })
    const disabled = await disable(parts, read, actor)
    const disconnected = await disconnectAll(parts, disabled, actor)
    return { ...(await deleteUnused(parts, disabled, { actor, force })), disconnected }
  }
}

async function disable(
  { database, audit }: RemoveParts,
  row: IntegrationRow,
  actor: Actor,
): Promise<IntegrationRow> {
  const { tenantId, id } = row
  return database.transaction(tenantId, async (sql) => {
    await audit.write(sql, { ...entryOf(row, actor), result: 'intent' })
    const held = (await holdIntegration(sql, tenantId, id)) ?? integrationNotFound(id)
    if (held.disabledAt !== null) return held
    return (await updateIntegration(sql, { ...held, scopes: null, enabled: false })) ?? held
  })
}

/** Of all tenants that have connections by it, for as long as there is time. Returns their number. */
async function disconnectAll(
  { database, disconnector, monotonic }: RemoveParts,
  { tenantId: integrationOwner, id: integrationId }: IntegrationRow,
  actor: Actor,
): Promise<number> {
  const key = { integrationOwner, integrationId }
  const until = monotonic() + maxWorkMs
  const tried = new Set<string>()
  let disconnected = 0
  for (;;) {
    const tenants = await listTenantsOfIntegration(database.of(everyTenant), key, tenantsAtOnce)
    const untried = tenants.filter((tenantId) => !tried.has(tenantId))
    if (untried.length === 0) return disconnected
    for (const tenantId of untried) {
      let some: number
      do {
        if (monotonic() > until) return disconnected
        some = await disconnector.disconnectSomeOf(key, tenantId, actor)
        disconnected += some
      } while (some > 0)
      // What the provider does not take now waits for the next call.
      await disconnector.withdrawOf(tenantId)
      tried.add(tenantId)
    }
  }
}

async function deleteUnused(
  parts: RemoveParts,
  { tenantId, id }: IntegrationRow,
  { actor, force }: { actor: Actor; force: IntegrationRemoval['force'] },
): Promise<RemoveIntegrationAnswer> {
  const { database, audit } = parts
  const key = { integrationOwner: tenantId, integrationId: id }
  return database.transaction(tenantId, async (sql) => {
    // Who connects holds the row as well, so that what is counted now is all.
    const row = (await holdIntegration(sql, tenantId, id)) ?? integrationNotFound(id)
    const left = await acrossTenants(sql, () => countIntegrationUses(sql, key))
    const isNeeded = left.connections > 0 || (left.grants > 0 && force !== 'abandon')
    if (isNeeded && force === undefined) throw stillNeeded(id, left)
    if (!isNeeded) await removeRow(sql, key)
    if (!isNeeded) await audit.write(sql, { ...entryOf(row, actor), result: 'ok' })
    return {
      integration: viewIntegration(parts, row),
      removed: !isNeeded,
      disconnected: 0,
      connectionsLeft: left.connections,
      grantsLeft: left.grants,
    }
  })
}

/** Grants of it that are left wait for a person. */
async function removeRow(
  sql: Sql,
  key: { integrationOwner: string; integrationId: string },
): Promise<void> {
  await acrossTenants(sql, () => giveUpRevocationsOf(sql, key))
  await deleteIntegration(sql, key.integrationOwner, key.integrationId)
}

function entryOf({ tenantId, id }: IntegrationRow, { actor, requestId }: Actor) {
  return { tenantId, actor, requestId, action: 'integration.delete', reason: id } as const
}

function stillNeeded(id: string, { connections, grants }: IntegrationUses): KeywellError {
  return new KeywellError(
    'conflict',
    `Integration ${id} has ${connections} connections, and ${grants} grants that wait to be withdrawn.`,
    {
      nextStep:
        'Disconnect them first, or let that be done: force=disconnect withdraws the grants, force=abandon leaves those that cannot be.',
    },
  )
}
