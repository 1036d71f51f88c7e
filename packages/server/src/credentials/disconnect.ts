import type { CredentialType, DisconnectAnswer } from '@keywell/protocol'
import { handlingOf } from '@keywell/providers'
import type { Audit } from '../audit/audit.ts'
import { writeChange } from '../changes/changes.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { type Registration, type RevokeOutcome, revokeToken } from '../oauth/client.ts'
import { type Integrations, requireProvider } from '../oauth/integrations.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import { joinBelow } from '../outbound/host.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { type ConnectionRow, disconnectConnection } from '../store/connections.ts'
import { deleteCredential } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { suspendIntegration } from '../store/integrations.ts'
import {
  claimRevocations,
  deleteRevocation,
  markIrrevocable,
  moveToRevocations,
  type RevocationRow,
} from '../store/revocations.ts'
import { deleteUpkeep } from '../store/upkeep.ts'
import type { Sleep } from '../timers.ts'
import { type ConnectionOwner, readConnection, viewConnection } from './connections.ts'

/** How long a disconnect waits for the provider, in milliseconds. */
const maxWaitMs = 3_000
/** Grants that are withdrawn side by side. */
const sweepSize = 16
/** When a suspended integration is tried again, in milliseconds. */
const canaryInMs = 60_000

export interface Disconnector {
  /** Local first: no read succeeds after it. Then the provider is told, now or later. */
  disconnect(
    owner: ConnectionOwner,
    id: string,
    caller: { actor: string; requestId: string },
  ): Promise<DisconnectAnswer>
  /** Tries grants again whose provider could not be reached. */
  sweep(): Promise<void>
}

export function createDisconnector(parts: {
  database: Database
  box: TokenBox
  integrations: Integrations
  outbound: Outbound
  audit: Audit
  logger: Logger
  metrics: Pick<Metrics, 'withdrawalTried'>
  sleep: Sleep
}): Disconnector {
  const { database, box, audit } = parts

  /** Opens, revokes, deletes. The refresh token goes out where it is what kills the whole grant. */
  async function withdraw(row: RevocationRow): Promise<DisconnectAnswer['upstream']> {
    const registration = await parts.integrations.registration(
      row.integrationOwner,
      row.integrationId,
    )
    const tokens = await box.open(row, row.sealed)
    const wanted = registration.provider.revocation.send
    const token = (wanted === 'refresh_token' ? tokens.refreshToken : null) ?? tokens.accessToken
    const entry = {
      ...row,
      actor: 'service',
      action: 'connection.revoke_upstream',
    } as const
    await audit.write(database, { ...entry, result: 'intent' })
    const outcome = await revokeToken(parts.outbound, registration, token)
    await database.transaction(row.tenantId, async (sql) => {
      if (outcome === 'revoked') await deleteRevocation(sql, row)
      if (outcome === 'refused') await markIrrevocable(sql, row)
      // It speaks of the client, so the row is kept for when that is mended.
      if (outcome === 'client_refused') {
        await suspendIntegration(sql, suspensionOf(row, registration))
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

  async function withdrawSafely(row: RevocationRow): Promise<DisconnectAnswer['upstream']> {
    try {
      return await withdraw(row)
    } catch (error) {
      const { tenantId, connectionId } = row
      const reason = error instanceof Error ? error.message : 'unknown'
      parts.metrics.withdrawalTried('broken_off')
      parts.logger.error({ tenantId, connectionId, reason }, 'a grant could not be withdrawn')
      return 'pending'
    }
  }

  return {
    async disconnect(owner, id, caller) {
      const found = await readConnection(database, owner, id)
      const done = await database.transaction(found.tenantId, async (sql) => {
        const moved = await moveToRevocations(sql, {
          tenantId: found.tenantId,
          connectionId: id,
          claimed: true,
        })
        const type = await deleteCredential(sql, found.tenantId, id)
        await deleteUpkeep(sql, found.tenantId, id)
        const gone = (await disconnectConnection(sql, found.tenantId, id)) ?? found
        await writeChange(sql, { kind: 'disconnected', connection: gone })
        await audit.write(sql, {
          ...caller,
          tenantId: gone.tenantId,
          userId: gone.userId,
          connectionId: id,
          generation: gone.generation,
          action: 'connection.disconnect',
          result: 'ok',
        })
        return { connection: gone, revocation: moved, type: type ?? null }
      })
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

    async sweep() {
      let claimed: RevocationRow[]
      do {
        claimed = await claimRevocations(database, sweepSize)
        await Promise.all(claimed.map(withdrawSafely))
      } while (claimed.length === sweepSize)
    },
  }
}

const upstreamOf = {
  revoked: 'revoked',
  refused: 'manual',
  client_refused: 'pending',
  retry: 'pending',
} as const satisfies Record<RevokeOutcome, DisconnectAnswer['upstream']>

function suspensionOf(row: RevocationRow, { revision }: Registration) {
  const reason = 'client_refused' as const
  return { tenantId: row.integrationOwner, id: row.integrationId, revision, reason, canaryInMs }
}

function manualUrl(connection: ConnectionRow, type: CredentialType | null): string {
  const { manualPath } = handlingOf(requireProvider(connection.provider), type)
  return joinBelow(connection.host, manualPath).href
}
