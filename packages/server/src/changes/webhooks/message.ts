import type {
  Account,
  ChangeKind,
  WebhookApproval,
  WebhookConnection,
  WebhookEventType,
  WebhookIncident,
  WebhookPayload,
} from '@keywell/protocol'
import type { ApprovalRow } from '../../store/approvals.ts'
import { type ConnectionRow, ofTenant } from '../../store/connections.ts'
import type { IncidentRow } from '../../store/provider-incidents.ts'
import { installation } from '../../store/scope.ts'
import type { DeliveryRow } from '../../store/webhook-deliveries.ts'

/** The fields of a connection that a message has. A row of `connections` fits. */
export type MessageConnection = Pick<
  ConnectionRow,
  | 'tenantId'
  | 'id'
  | 'userId'
  | 'provider'
  | 'host'
  | 'name'
  | 'generation'
  | 'status'
  | 'reason'
  | 'health'
  | 'healthReason'
  | 'account'
>

export interface Message {
  tenantId: string
  connectionId: string
  type: WebhookEventType
  data: WebhookConnection
}

/** The message of a change. Its fields are listed here, so that no other field of a connection is ever sent. */
export function messageOf(kind: ChangeKind, connection: MessageConnection): Message {
  const { id, userId, provider, host, name, generation, status, reason } = connection
  // The ids were parsed when the connection was made.
  const ofUser = userId === ofTenant ? null : userId
  const ids = { connectionId: id, tenantId: connection.tenantId, userId: ofUser } as Pick<
    WebhookConnection,
    'connectionId' | 'tenantId' | 'userId'
  >
  const type: WebhookEventType = `connection.${kind}`
  const data: WebhookConnection = {
    ...ids,
    provider,
    host,
    name,
    generation,
    status,
    reason,
    health: { status: connection.health, reason: connection.healthReason },
    account: viewAccount(connection.account),
  }
  return { tenantId: connection.tenantId, connectionId: id, type, data }
}

/** The message of an incident. It is the same for every endpoint, so it has nothing of a tenant but its id. */
export function messageOfIncident(
  type: Extract<WebhookEventType, `incident.${string}`>,
  { id, tenantId, provider, host, beganAt }: IncidentRow,
): { type: WebhookEventType; data: WebhookIncident } {
  // As above.
  const ids = {
    incidentId: id,
    tenantId: tenantId === installation ? null : tenantId,
  } as Pick<WebhookIncident, 'incidentId' | 'tenantId'>
  return { type, data: { ...ids, provider, host, beganAt: beganAt.toISOString() } }
}

/** The message of an approval: ids, since what the call would do is sealed, and stays so. */
export function messageOfApproval(
  type: Extract<WebhookEventType, `tool.${string}`>,
  row: Pick<ApprovalRow, 'tenantId' | 'id' | 'connectionId' | 'tool' | 'endsAt'>,
): { tenantId: string; type: WebhookEventType; connectionId: string; data: WebhookApproval } {
  const { tenantId, id: approvalId, connectionId, tool, endsAt } = row
  // As above.
  const ids = { approvalId, tenantId, connectionId } as Pick<
    WebhookApproval,
    'approvalId' | 'tenantId' | 'connectionId'
  >
  return { tenantId, type, connectionId, data: { ...ids, tool, endsAt: endsAt.toISOString() } }
}

function viewAccount({ id, name, username, avatarUrl }: Account): Account {
  return { id, name, username, avatarUrl }
}

/** The body of a delivery: the same text on each attempt. */
export function bodyOf(delivery: Pick<DeliveryRow, 'type' | 'createdAt' | 'data'>): string {
  const { type, createdAt, data } = delivery
  // Written by `messageOf`, by the heads of the audit log or for the test of an endpoint, and checked then.
  const payload = { type, timestamp: createdAt.toISOString(), data } as WebhookPayload
  return JSON.stringify(payload)
}
