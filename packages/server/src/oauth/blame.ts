import type { Audit } from '../audit/audit.ts'
import type { Logger } from '../logger.ts'
import type { Sql } from '../store/database.ts'
import {
  clearIntegration,
  countRequestRejection,
  type SuspensionReason,
  suspendIntegration,
} from '../store/integrations.ts'

/** Requests in a row that were refused as wrong, over all connections of an integration. */
const maxRequestRejections = 3

/** The integration whose client was used for a call. */
export interface BlamedIntegration {
  integrationOwner: string
  integrationId: string
}

/** Suspends and resumes integrations by the answers of their provider. */
export interface Blame {
  /** The client, or a request with it, was refused: the connections wait until the client is corrected. */
  suspend(
    sql: Sql,
    integration: BlamedIntegration,
    why: { reason: SuspensionReason; revision: number; actor: string },
  ): Promise<void>
  /** The client was accepted. */
  clear(sql: Sql, integration: BlamedIntegration, by: { actor: string }): Promise<void>
}

export function createBlame(parts: {
  audit: Audit
  logger: Logger
  timing: { /** Between two attempts with a client that is refused. */ readonly canaryMs: number }
}): Blame {
  const { audit, logger } = parts
  return {
    async suspend(sql, { integrationOwner, integrationId: id }, { reason, revision, actor }) {
      const integration = { tenantId: integrationOwner, id }
      if (
        reason === 'request_rejected' &&
        (await countRequestRejection(sql, integration)) < maxRequestRejections
      )
        return
      const canaryInMs = parts.timing.canaryMs
      if (!(await suspendIntegration(sql, { ...integration, revision, reason, canaryInMs }))) return
      logger.error(
        { alarm: 'integration_suspended', integrationId: id, reason },
        'the provider refuses an integration; its connections wait until its client is mended',
      )
      const entry = { actor, reason, tenantId: integrationOwner, result: 'failed' } as const
      await audit.write(sql, { ...entry, action: 'integration.suspend' })
    },

    async clear(sql, { integrationOwner: tenantId, integrationId: id }, { actor }) {
      if (!(await clearIntegration(sql, { tenantId, id }))) return
      logger.info({ integrationId: id }, 'the client is taken again')
      const entry = { actor, tenantId, reason: id, result: 'ok' } as const
      await audit.write(sql, { ...entry, action: 'integration.resume' })
    },
  }
}
