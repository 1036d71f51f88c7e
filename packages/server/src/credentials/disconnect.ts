import { randomUUID } from 'node:crypto'
import type { CredentialType, DisconnectAnswer } from '@keywell/protocol'
import { credentialSchemeOf } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { requireProvider } from '../catalogue.ts'
import { writeChange } from '../changes/changes.ts'
import type { Sleep } from '../clock.ts'
import { joinBelow } from '../host.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createBlame } from '../oauth/blame.ts'
import { type Registration, type RevokeOutcome, revokeToken } from '../oauth/client.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { type TokenBox, type TokenSet, tokenToWithdraw } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { Timing } from '../refresh/timing.ts'
import { type ConnectionRow, disconnectConnection, listConnections } from '../store/connections.ts'
import { deleteCredential, holdCredential } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { deleteSchedule } from '../store/refresh-schedule.ts'
import {
  claimRevocations,
  deleteRevocation,
  insertRevocation,
  listTenantsToRevoke,
  markIrrevocable,
  moveToRevocations,
  type RevocationRow,
} from '../store/revocations.ts'
import { everyTenant, withInstallation } from '../store/scope.ts'
import { type ConnectionOwner, readConnection, viewConnection } from './connections.ts'

/** How long a disconnect waits for the provider, in milliseconds. */
const maxWaitMs = 3_000
/** Grants that are withdrawn side by side. */
const sweepSize = 16
/** Connections that are removed before whoever asked looks up again. */
const batchSize = 50

export interface Disconnector {
  /** Local first: no read succeeds after it. Then the provider is told, now or later. */
  disconnect(owner: ConnectionOwner, id: string, caller: Actor): Promise<DisconnectAnswer>
  /** Some connections of a tenant, here only: their grants wait to be withdrawn. False: there are no more. */
  disconnectSome(tenantId: string, caller: Actor): Promise<boolean>
  /**
   * A grant that was given and is not kept as a connection. That it is to be withdrawn is durable before
   * the provider is told, now or later. Where it cannot be written down, the provider is told once.
   */
  withdrawGrant(grant: UnkeptGrant, client: Registration, tokens: TokenSet): Promise<void>
  /** Tries the grants of a tenant that wait, and answers soon: with a slow provider it goes on behind. */
  withdrawOf(tenantId: string): Promise<void>
  /** Tries grants again whose provider could not be reached. */
  sweep(): Promise<void>
  /** Waits for the withdrawals that are under way, so that what the provider said is written down. */
  drain(): Promise<void>
}

/** Whose grant it is, and at which client of which provider. */
export type UnkeptGrant = Pick<
  RevocationRow,
  'tenantId' | 'userId' | 'provider' | 'host' | 'integrationOwner' | 'integrationId'
>

export function createDisconnector(parts: {
  database: Database
  box: TokenBox
  integrations: Integrations
  outbound: Outbound
  audit: Audit
  logger: Logger
  metrics: Pick<Metrics, 'withdrawalTried'>
  makeId: MakeId
  sleep: Sleep
  timing: Timing
}): Disconnector {
  const { database, box, audit } = parts
  const blame = createBlame(parts)
  const underWay = new Set<Promise<unknown>>()

  /** Opens, revokes, deletes. The refresh token goes out where it is what kills the whole grant. */
  async function withdraw(
    row: RevocationRow,
    /** The client that the grant was given to, where that is known; else the one of now. */
    client?: Registration,
  ): Promise<DisconnectAnswer['upstream']> {
    const registration =
      client ?? (await parts.integrations.registration(row.integrationOwner, row.integrationId))
    const tokens = await box.open(row, row.sealed)
    const token = tokenToWithdraw(registration.provider, tokens)
    const entry = {
      ...row,
      actor: 'service',
      action: 'connection.revoke_upstream',
    } as const
    await audit.write(database.of(row.tenantId), { ...entry, result: 'intent' })
    const outcome = await revokeToken(parts.outbound, registration, token, {
      tenantId: row.tenantId,
    })
    await database.transaction(withInstallation(row.tenantId), async (sql) => {
      if (outcome === 'revoked') await deleteRevocation(sql, row)
      if (outcome === 'refused') await markIrrevocable(sql, row)
      // It speaks of the client, so the row is kept for when that is mended.
      if (outcome === 'client_rejected') {
        const { revision } = registration
        const { actor } = entry
        await blame.suspend(sql, row, { reason: 'client_rejected', revision, actor })
      }
      await audit.write(sql, {
        ...entry,
        result: outcome === 'revoked' ? 'ok' : 'failed',
        ...(outcome === 'revoked' ? {} : { reason: outcome }),
      })
    })
    parts.metrics.withdrawalTried(outcome)
    return upstreamOf[outcome]
  }

  async function withdrawSafely(
    row: RevocationRow,
    client?: Registration,
  ): Promise<DisconnectAnswer['upstream']> {
    const withdrawing = withdraw(row, client)
    underWay.add(withdrawing)
    try {
      return await withdrawing
    } catch (error) {
      const { tenantId, connectionId } = row
      const reason = error instanceof Error ? error.message : 'unknown'
      parts.metrics.withdrawalTried('broken_off')
      parts.logger.error({ tenantId, connectionId, reason }, 'a grant could not be withdrawn')
      return 'pending'
    } finally {
      underWay.delete(withdrawing)
    }
  }

  /** The local half: no read succeeds after it. `claimed`: the caller goes on with the other at once. */
  async function remove(found: ConnectionRow, caller: Actor, { claimed }: { claimed: boolean }) {
    const { tenantId, id } = found
    return database.transaction(withInstallation(tenantId), async (sql) => {
      await holdCredential(sql, tenantId, id)
      const moved = await moveToRevocations(sql, { tenantId, connectionId: id, claimed })
      const type = await deleteCredential(sql, tenantId, id)
      await deleteSchedule(sql, tenantId, id)
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
      return { connection: gone, revocation: moved, type: type ?? null }
    })
  }

  /** Some of what waits of a tenant. False: there is no more. */
  async function withdrawSome(tenantId: string): Promise<boolean> {
    const claimed = await claimRevocations(database.of(tenantId), tenantId, sweepSize)
    await Promise.all(claimed.map((row) => withdrawSafely(row)))
    return claimed.length === sweepSize
  }

  async function withdrawAll(tenantId: string): Promise<void> {
    while (await withdrawSome(tenantId)) {}
  }

  return {
    async disconnect(owner, id, caller) {
      const found = await readConnection(database.of(owner.tenantId), owner, id)
      const done = await remove(found, caller, { claimed: true })
      const { connection, revocation, type } = done
      // Tried at once, and not waited for when the provider is slow: it goes on behind the answer.
      const upstream =
        revocation !== undefined
          ? await Promise.race([withdrawSafely(revocation), parts.sleep(maxWaitMs)])
          : undefined
      return {
        connection: viewConnection(connection),
        // An API key may serve elsewhere too: whether it goes is its user's to say.
        upstream: type === 'api_key' ? 'manual' : (upstream ?? 'pending'),
        manualUrl: manualUrl(connection, type),
      }
    },

    async disconnectSome(tenantId, caller) {
      const page = { tenantId, userId: null, providers: null, after: null, limit: batchSize }
      const found = await listConnections(database.of(tenantId), page)
      for (const row of found) await remove(row, caller, { claimed: false })
      return found.length === batchSize
    },

    async withdrawGrant(grant, client, tokens) {
      const { tenantId, userId, provider, host, integrationOwner, integrationId } = grant
      const owner = { tenantId, userId, provider, host, integrationOwner, integrationId }
      // It has no connection: this id names nothing but the withdrawal.
      const place = { connectionId: parts.makeId('connection'), generation: 1 }
      try {
        const sealed = await box.seal({ ...owner, ...place }, tokens)
        const row = { ...owner, ...place, ...sealed, attemptId: randomUUID() }
        await insertRevocation(database.of(tenantId), row)
        await Promise.race([
          withdrawSafely({ ...row, attempts: 1 }, client),
          parts.sleep(maxWaitMs),
        ])
      } catch (error) {
        parts.logger.error({ tenantId, reason: String(error) }, 'a withdrawal could not be stored')
        await revokeToken(parts.outbound, client, tokenToWithdraw(client.provider, tokens), {
          tenantId,
        })
      }
    },

    async withdrawOf(tenantId) {
      const logged = withdrawAll(tenantId).catch((error: unknown) => {
        parts.logger.error({ tenantId, reason: String(error) }, 'grants could not be withdrawn')
      })
      await Promise.race([logged, parts.sleep(maxWaitMs)])
    },

    async sweep() {
      // What is due again by the time the others were tried waits for the next sweep.
      let isMore: boolean
      do {
        const due = await listTenantsToRevoke(database.of(everyTenant), sweepSize)
        const left = await Promise.all(due.map(withdrawSome))
        isMore = due.length === sweepSize || left.includes(true)
      } while (isMore)
    },

    async drain() {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}

const upstreamOf = {
  revoked: 'revoked',
  refused: 'manual',
  client_rejected: 'pending',
  retry: 'pending',
} as const satisfies Record<RevokeOutcome, DisconnectAnswer['upstream']>

/** Where a person takes a credential of that type back. */
export function manualUrl(
  connection: Pick<ConnectionRow, 'provider' | 'host'>,
  type: CredentialType | null,
): string {
  const { manualPath } = credentialSchemeOf(requireProvider(connection.provider), type)
  return joinBelow(connection.host, manualPath).href
}
