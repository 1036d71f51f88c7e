import type { DisconnectAnswer } from '@keywell/protocol'
import {
  addressOf,
  findMethod,
  isHostOf,
  placeVariableOf,
  variablesAt,
  withdrawnMethods,
} from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import { describeConnection, writeChange } from '../changes/changes.ts'
import type { Logger } from '../logger.ts'
import type { Registration } from '../oauth/client.ts'
import type { KeptTokenSet } from '../oauth/token-set.ts'
import { deleteAccountUse } from '../store/account-uses.ts'
import {
  type ConnectionRow,
  disconnectConnection,
  findConnection,
  listConnections,
} from '../store/connections.ts'
import { deleteCredential, holdCredential } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { type IntegrationKey, listConnectionsOfIntegration } from '../store/integration-uses.ts'
import { deleteSchedule } from '../store/refresh-schedule.ts'
import { moveToRevocations } from '../store/revocations.ts'
import { withInstallation } from '../store/scope.ts'
import { type ConnectionOwner, readConnection, viewConnection } from './connections.ts'
import { type UnkeptGrant, type WithdrawalParts, Withdrawals } from './withdrawals.ts'

/** Connections that are removed in one call of `disconnectSome`. */
const batchSize = 50

export interface Disconnector {
  /** Local first: no read succeeds after it. Then the grant is revoked at the provider, now or later. */
  disconnect(owner: ConnectionOwner, id: string, caller: Actor): Promise<DisconnectAnswer>
  /** Removes some connections of a tenant, here only: their grants wait. False: there are no more. */
  disconnectSome(tenantId: string, caller: Actor): Promise<boolean>
  /** The same for those that were made by an integration. Returns their number; 0: there are no more. */
  disconnectSomeOf(integration: IntegrationKey, tenantId: string, caller: Actor): Promise<number>
  /**
   * A grant that is not kept as a connection. That it is to be withdrawn is durable before the provider is
   * called, now or later. If it cannot be stored, the provider is called once.
   */
  withdrawGrant(grant: UnkeptGrant, client: Registration, tokens: KeptTokenSet): Promise<void>
  /** Tries the grants of a tenant that wait, and answers soon: with a slow provider it goes on behind. */
  withdrawOf(tenantId: string): Promise<void>
  /** Tries grants again whose provider could not be reached. */
  sweep(): Promise<void>
  /** Waits for the withdrawals under way, so that what the provider answered is stored. */
  drain(): Promise<void>
}

export function createDisconnector(parts: WithdrawalParts): Disconnector {
  const { database } = parts
  const withdrawals = new Withdrawals(parts)
  return {
    async disconnect(owner, id, caller) {
      const found = await readConnection(database.of(owner.tenantId), owner, id)
      const done = await removeConnection(parts, found, { caller, claimed: true })
      const { connection, revocation, byHand } = done
      const upstream = revocation === undefined ? undefined : await withdrawals.tryNow(revocation)
      return {
        connection: viewConnection(parts.catalogue, connection),
        upstream: byHand ? 'manual' : (upstream ?? 'pending'),
        manualUrl: manualUrl(parts.catalogue, connection),
      }
    },

    async disconnectSome(tenantId, caller) {
      const page = { tenantId, userId: null, providers: null, after: null, limit: batchSize }
      const found = await listConnections(database.of(tenantId), page)
      for (const row of found) await removeConnection(parts, row, { caller, claimed: false })
      return found.length === batchSize
    },

    async disconnectSomeOf(integration, tenantId, caller) {
      const sql = database.of(tenantId)
      const some = { ...integration, tenantId, limit: batchSize }
      const found = await listConnectionsOfIntegration(sql, some)
      for (const { id } of found) {
        const row = await findConnection(sql, tenantId, id)
        if (row !== undefined) await removeConnection(parts, row, { caller, claimed: false })
      }
      return found.length
    },

    withdrawGrant: (grant, client, tokens) => withdrawals.withdrawGrant(grant, client, tokens),
    withdrawOf: (tenantId) => withdrawals.withdrawOf(tenantId),
    sweep: () => withdrawals.sweep(),
    drain: () => withdrawals.drain(),
  }
}

/** The local half of a disconnect. `claimed`: the caller withdraws the grant at once. */
async function removeConnection(
  {
    catalogue,
    database,
    audit,
    logger,
  }: { catalogue: Catalogue; database: Database; audit: Audit; logger: Logger },
  found: ConnectionRow,
  { caller, claimed }: { caller: Actor; claimed: boolean },
) {
  const { tenantId, id } = found
  const methods = withdrawnMethods(catalogue.get(tenantId, found.provider))
  const done = await database.transaction(withInstallation(tenantId), async (sql) => {
    await holdCredential(sql, tenantId, id)
    const moved = await moveToRevocations(sql, { tenantId, connectionId: id, methods, claimed })
    const isHeld = await deleteCredential(sql, tenantId, id)
    await deleteSchedule(sql, tenantId, id)
    await deleteAccountUse(sql, tenantId, id)
    const gone = (await disconnectConnection(sql, tenantId, id)) ?? found
    await writeChange(sql, { kind: 'disconnected', connection: gone })
    await audit.write(sql, {
      ...caller,
      tenantId,
      userId: gone.userId,
      connectionId: id,
      generation: gone.generation,
      action: 'connection.disconnect',
      result: 'ok',
    })
    const byHand = isHeld && !methods.includes(gone.method)
    return { connection: gone, revocation: moved, byHand }
  })
  logger.info(describeConnection(done.connection), 'connection disconnected')
  return done
}

/**
 * Where a person revokes a credential at the provider. Of a connection whose host or method is not the provider's any
 * more, since its definition was edited, only the host is known; the same where the definition went with its tenant.
 */
export function manualUrl(
  catalogue: Catalogue,
  connection: Pick<ConnectionRow, 'tenantId' | 'provider' | 'method' | 'host'>,
): string {
  const { tenantId, host } = connection
  const provider = catalogue.find(tenantId, connection.provider)
  if (provider === undefined) return host
  const method = findMethod(provider, connection.method)
  const isKnown = placeVariableOf(provider) === undefined || isHostOf(provider, host)
  if (!isKnown || method === undefined) return host
  return addressOf(method.manualUrl, variablesAt(provider, host)).href
}
