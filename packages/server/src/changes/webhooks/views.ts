import type { Delivery, Webhook } from '@keywell/protocol'
import { installation } from '../../store/scope.ts'
import type { DeliveryRow } from '../../store/webhook-deliveries.ts'
import type { WebhookEndpointRow } from '../../store/webhook-endpoints.ts'

/** An endpoint as the API shows it: without its secret. */
export function viewWebhook(row: WebhookEndpointRow): Webhook {
  return {
    // The ids were made with this prefix, or parsed when the endpoint was made.
    id: row.id as Webhook['id'],
    tenantId: tenantOf(row.tenantId) as Webhook['tenantId'],
    url: row.url,
    events: row.events,
    enabled: row.disabledReason === null,
    disabledReason: row.disabledReason,
    previousSecretUntil: row.previousUntil?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  }
}

export function viewDelivery(row: DeliveryRow): Delivery {
  return {
    // As above.
    id: row.id as Delivery['id'],
    tenantId: tenantOf(row.tenantId) as Delivery['tenantId'],
    connectionId: row.connectionId as Delivery['connectionId'],
    type: row.type,
    state: row.state,
    attempts: row.attempts,
    lastStatus: row.lastStatus,
    lastError: row.lastError,
    dueAt: row.state === 'due' ? row.dueAt.toISOString() : null,
    createdAt: row.createdAt.toISOString(),
    deliveredAt: row.state === 'delivered' ? (row.endedAt?.toISOString() ?? null) : null,
  }
}

function tenantOf(owner: string): string | null {
  return owner === installation ? null : owner
}
