import type { Audit } from '../audit/audit.ts'
import type { FieldsOf, Logger } from '../logger.ts'
import type { Sql } from '../store/database.ts'
import {
  clearIntegration,
  countRequestRejection,
  type SuspensionReason,
  suspendIntegration,
} from '../store/integrations.ts'
import { installation } from '../store/scope.ts'

/** Requests in a row that were refused as wrong, over all connections of an integration. */
const maxRequestRejections = 3

/** The integration whose client was used for a call. */
export interface UsedIntegration {
  integrationOwner: string
  integrationId: string
  provider: string
  host: string
}

/** Suspends and resumes integrations by the answers of their provider. */
export interface Suspension {
  /** The client, or a request with it, was refused: the connections wait until the client is corrected. */
  suspend(
    sql: Sql,
    integration: UsedIntegration,
    why: { reason: SuspensionReason; revision: number; actor: string },
  ): Promise<void>
  /** The client was accepted. */
  clear(sql: Sql, integration: UsedIntegration, by: { actor: string }): Promise<void>
}

export function createSuspension(parts: {
  audit: Audit
  logger: Logger
  timing: { /** Between two attempts with a client that is refused. */ readonly canaryMs: number }
}): Suspension {
  const { audit, logger } = parts
  return {
    async suspend(sql, used, { reason, revision, actor }) {
      const { integrationOwner, integrationId: id } = used
      const integration = { tenantId: integrationOwner, id }
      if (
        reason === 'request_rejected' &&
        (await countRequestRejection(sql, integration)) < maxRequestRejections
      )
        return
      const canaryInMs = parts.timing.canaryMs
      if (!(await suspendIntegration(sql, { ...integration, revision, reason, canaryInMs }))) return
      const named = describeIntegration(used)
      logger.error({ alarm: 'integration_suspended', ...named, reason }, 'integration suspended')
      const entry = { actor, reason, tenantId: integrationOwner, result: 'failed' } as const
      await audit.write(sql, { ...entry, action: 'integration.suspend' })
    },

    async clear(sql, used, { actor }) {
      const { integrationOwner: tenantId, integrationId: id } = used
      if (!(await clearIntegration(sql, { tenantId, id }))) return
      logger.info(describeIntegration(used), 'integration resumed')
      const entry = { actor, tenantId, reason: id, result: 'ok' } as const
      await audit.write(sql, { ...entry, action: 'integration.resume' })
    },
  }
}

/** For the log: without a tenant, it is the installation's. */
export function describeIntegration(used: UsedIntegration): FieldsOf<'integration resumed'> {
  const { integrationOwner: tenantId, provider, host, integrationId } = used
  return { ...(tenantId !== installation && { tenantId }), provider, host, integrationId }
}
