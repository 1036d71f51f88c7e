import type { Audit } from '../../audit/audit.ts'
import type { Logger } from '../../logger.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { Outbound } from '../../outbound/outbound.ts'
import type { Database } from '../../store/database.ts'
import {
  type ClaimedDelivery,
  deleteDeliveries,
  endDeliveries,
  settleDelivery,
} from '../../store/webhook-deliveries.ts'
import {
  findWebhookEndpoint,
  setWebhookEndpointState,
  type WebhookEndpointRow,
} from '../../store/webhook-endpoints.ts'
import { type Attempt, pauseAfter, sendMessage } from './attempt.ts'
import type { SigningSecrets } from './signing-secrets.ts'

export interface DeliveryParts {
  database: Database
  secrets: SigningSecrets
  outbound: Outbound
  audit: Audit
  logger: Logger
  /** A random number from 0 to 1. */
  jitter: () => number
  metrics: Pick<Metrics, 'webhookTried'>
}

/**
 * Sends claimed deliveries of one endpoint, and records what came of each. Never rejects: after a failure on
 * our side they become due again when the lease ends.
 */
export async function deliverBatch(
  parts: DeliveryParts,
  { endpointOwner, endpointId }: ClaimedDelivery,
  batch: readonly ClaimedDelivery[],
): Promise<void> {
  const sql = parts.database.of(endpointOwner)
  try {
    const endpoint = await findWebhookEndpoint(sql, endpointOwner, endpointId)
    if (endpoint === undefined) {
      await deleteDeliveries(sql, { endpointOwner, endpointId })
    } else if (endpoint.disabledReason !== null) {
      await endDeliveries(sql, { endpointOwner, endpointId, error: 'endpoint_disabled' })
    } else {
      const secrets = await openSecrets(parts, endpoint)
      await Promise.all(batch.map((delivery) => deliver(parts, endpoint, secrets, delivery)))
    }
  } catch (error) {
    parts.logger.warn({ endpointId, reason: String(error) }, 'webhook handling failed')
  }
}

async function openSecrets(
  { secrets, logger }: DeliveryParts,
  endpoint: WebhookEndpointRow,
): Promise<Uint8Array[] | undefined> {
  try {
    return await secrets.open(endpoint)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    logger.error({ endpointId: endpoint.id, reason }, 'webhook secret unreadable')
    return undefined
  }
}

async function deliver(
  parts: DeliveryParts,
  endpoint: WebhookEndpointRow,
  secrets: Uint8Array[] | undefined,
  delivery: ClaimedDelivery,
): Promise<void> {
  const { database, outbound, jitter, metrics, logger } = parts
  const attempt =
    secrets === undefined
      ? { status: null, error: 'secret_unreadable', heldForMs: 0 }
      : await sendMessage(outbound, { url: endpoint.url, secrets, delivery })
  const pauseMs = attempt.error === 'gone' ? undefined : pauseAfter(delivery.attempts, jitter)
  const state = attempt.error === null ? 'delivered' : pauseMs === undefined ? 'dead' : 'due'
  const retryInMs = Math.max(pauseMs ?? 0, attempt.heldForMs)
  await settleDelivery(database.of(delivery.tenantId), {
    ...delivery,
    ...attempt,
    state,
    retryInMs,
  })
  metrics.webhookTried(state === 'due' ? 'retried' : state)
  if (attempt.error !== null) {
    const nextAttemptInMs = state === 'due' ? retryInMs : null
    logger.warn({ ...logFields(delivery, attempt), nextAttemptInMs }, 'webhook delivery failed')
  }
  if (attempt.error === 'gone') await disable(parts, endpoint)
}

/** Without the URL, which may hold a secret of the receiver, and without the body. */
function logFields(delivery: ClaimedDelivery, { status, error }: Attempt) {
  const { tenantId, endpointId, id: deliveryId, attempts: attempt } = delivery
  return { tenantId, endpointId, deliveryId, attempt, status, reason: error ?? 'unknown' }
}

/** After 410 (Gone): the receiver does not want messages any more. */
async function disable(
  { database, audit }: DeliveryParts,
  { tenantId, id }: WebhookEndpointRow,
): Promise<void> {
  await database.transaction(tenantId, async (sql) => {
    const disabled = await setWebhookEndpointState(sql, { tenantId, id, disabledReason: 'gone' })
    if (disabled === undefined) return
    const ref = { endpointOwner: tenantId, endpointId: id }
    await endDeliveries(sql, { ...ref, error: 'endpoint_disabled' })
    await audit.write(sql, {
      tenantId,
      actor: 'service',
      action: 'webhook.disable',
      result: 'ok',
      reason: id,
    })
  })
}
