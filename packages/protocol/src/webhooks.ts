import { z } from 'zod'
import { auditTenantSchema } from './audit.ts'
import { accountSchema, connectionStatusSchema, healthStatusSchema } from './connections.ts'
import { reauthReasonSchema } from './errors.ts'
import {
  approvalIdSchema,
  connectionIdSchema,
  connectionNameSchema,
  incidentIdSchema,
  messageIdSchema,
  providerNameSchema,
  tenantIdSchema,
  userIdSchema,
  webhookIdSchema,
} from './ids.ts'
import { knownFields } from './known-fields.ts'

/** Each kind of change, by its name. (The service's types hold it.) */
const connectionEvents = [
  'connection.connected',
  'connection.refreshed',
  'connection.degraded',
  'connection.recovered',
  'connection.updated',
  'connection.ends_soon',
  'connection.needs_reauth',
  'connection.revoked',
  'connection.disconnected',
] as const

/**
 * `opened`: a provider refuses all connections, and none of them ends. `released`: it answers as before.
 * `confirmed`: the grants are gone, and their connections end. Each is sent once per incident.
 */
const incidentEvents = ['incident.opened', 'incident.released', 'incident.confirmed'] as const

/** A call of a tool waits for a person, and what became of that. `expired`: it was decided by nobody in time. */
const approvalEvents = [
  'tool.approval_requested',
  'tool.approval_approved',
  'tool.approval_denied',
  'tool.approval_expired',
] as const

/** Events that an endpoint can ask for. */
export const webhookEvents = [
  ...connectionEvents,
  ...incidentEvents,
  ...approvalEvents,
  'audit.head',
] as const
export const webhookEventTypeSchema = z.enum(webhookEvents)
export type WebhookEventType = z.infer<typeof webhookEventTypeSchema>

/** Events that an endpoint receives by default: all but the refreshes, which are routine, and `audit.head`. */
export const defaultWebhookEvents: readonly WebhookEventType[] = [
  ...connectionEvents.filter((event) => event !== 'connection.refreshed'),
  ...incidentEvents,
  ...approvalEvents,
]

/**
 * A connection as it stood right after the change. Never holds a secret. Its user, its name and its account
 * are null in a message that was sent, or sent again, after the tenant was erased.
 */
export const webhookConnectionSchema = z.object({
  connectionId: connectionIdSchema,
  tenantId: tenantIdSchema,
  userId: userIdSchema.nullable(),
  provider: providerNameSchema,
  host: z.string(),
  /** Name of the connection. */
  name: connectionNameSchema.nullable(),
  generation: z.int().nonnegative(),
  status: connectionStatusSchema,
  /** Why its user must connect again; null while they need not. */
  reason: reauthReasonSchema.nullable(),
  health: z.object({ status: healthStatusSchema, reason: z.string().nullable() }),
  account: accountSchema.nullable(),
})
export type WebhookConnection = z.infer<typeof webhookConnectionSchema>

/** The provider and the host that have the incident. A tenant's endpoint receives the incidents of hosts where the tenant has connections. */
export const webhookIncidentSchema = z.object({
  incidentId: incidentIdSchema,
  /** Null: the connections of all tenants. */
  tenantId: tenantIdSchema.nullable(),
  provider: providerNameSchema,
  host: z.string(),
  beganAt: z.iso.datetime(),
})
export type WebhookIncident = z.infer<typeof webhookIncidentSchema>

/** Ids of an approval; `GET /v1/approvals/:approvalId` says whose call it is, what it would do, and who decided. */
export const webhookApprovalSchema = z.object({
  approvalId: approvalIdSchema,
  tenantId: tenantIdSchema,
  connectionId: connectionIdSchema,
  tool: z.string(),
  endsAt: z.iso.datetime(),
})
export type WebhookApproval = z.infer<typeof webhookApprovalSchema>

/** The signed end of a tenant's chain in the audit log. Kept elsewhere, it shows when the end is cut off. */
export const webhookAuditHeadSchema = z.object({
  tenantId: auditTenantSchema,
  position: z.int().positive(),
  /** As `GET /v1/audit/head` has it, which also has the keys that check it. */
  token: z.string(),
})
export type WebhookAuditHead = z.infer<typeof webhookAuditHeadSchema>

/**
 * The body of a message. Its id is the header `webhook-id`, the same on each attempt; order is not
 * promised, so compare `timestamp` or `data.generation`.
 */
export const webhookPayloadSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(connectionEvents),
    /** When the change was made; the header `webhook-timestamp` says when it was sent. */
    timestamp: z.iso.datetime(),
    data: webhookConnectionSchema,
  }),
  z.object({
    type: z.enum(incidentEvents),
    timestamp: z.iso.datetime(),
    data: webhookIncidentSchema,
  }),
  z.object({
    type: z.enum(approvalEvents),
    timestamp: z.iso.datetime(),
    data: webhookApprovalSchema,
  }),
  /** A minute after the chain has grown. */
  z.object({
    type: z.literal('audit.head'),
    timestamp: z.iso.datetime(),
    data: webhookAuditHeadSchema,
  }),
  /** Sent by `POST /v1/webhooks/:webhookId/test`, whatever the endpoint listens for. */
  z.object({
    type: z.literal('webhook.test'),
    timestamp: z.iso.datetime(),
    data: z.object({ webhookId: webhookIdSchema }),
  }),
])
export type WebhookPayload = z.infer<typeof webhookPayloadSchema>

/** The headers of Standard Webhooks. */
export const webhookHeaders = {
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
} as const

/** `https:`; which of them may be reached is the service's to say. */
const url = z.url({ protocol: /^https?$/ }).max(2000)
const events = z.array(webhookEventTypeSchema).min(1).max(webhookEvents.length)

/** Names the owner of a webhook. Default: the installation, whose webhooks receive the events of all tenants. */
export const webhookOwnerSchema = z.object({ tenantId: tenantIdSchema.optional() })

/** `POST /v1/webhooks`. */
export const createWebhookSchema = knownFields({
  /** Receives the events of this tenant alone. Default: those of all tenants. */
  tenantId: tenantIdSchema.optional(),
  url,
  events: events.default([...defaultWebhookEvents]),
})
export type CreateWebhook = z.input<typeof createWebhookSchema>

/** `PATCH /v1/webhooks/:webhookId`; what is left out stays. */
export const updateWebhookSchema = knownFields({
  tenantId: tenantIdSchema.optional(),
  url: url.optional(),
  events: events.optional(),
  /** False: nothing is sent, and what happens meanwhile is not kept for it. */
  enabled: z.boolean().optional(),
})
export type UpdateWebhook = z.input<typeof updateWebhookSchema>

export const webhookSchema = z.object({
  id: webhookIdSchema,
  /** Null: the installation's, which receives the events of all tenants. */
  tenantId: tenantIdSchema.nullable(),
  url: z.string(),
  events: z.array(webhookEventTypeSchema),
  enabled: z.boolean(),
  /** `operator`, or `gone`: the receiver answered 410. Null while it is enabled. */
  disabledReason: z.enum(['operator', 'gone']).nullable(),
  /** Until then messages are signed with the secret before the last rotation too. */
  previousSecretUntil: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
})
export type Webhook = z.infer<typeof webhookSchema>
export const webhookListSchema = z.object({ webhooks: z.array(webhookSchema) })
export type WebhookList = z.infer<typeof webhookListSchema>

/** Answered when a secret is made; it is never shown again. */
export const webhookWithSecretSchema = webhookSchema.extend({
  /** `whsec_` and base64, as Standard Webhooks writes it. */
  secret: z.string(),
})
export type WebhookWithSecret = z.infer<typeof webhookWithSecretSchema>

const deliveryStateSchema = z.enum(['due', 'delivered', 'dead'])

/** One message to one endpoint: delivered ones are kept for 7 days, dead ones for 30. */
export const deliverySchema = z.object({
  /** The message's `webhook-id`. */
  id: messageIdSchema,
  /** `webhook.test`, or one of `webhookEvents`. */
  type: z.string(),
  /** The tenant that it is about; null for the installation itself. */
  tenantId: tenantIdSchema.nullable(),
  connectionId: connectionIdSchema.nullable(),
  state: deliveryStateSchema,
  attempts: z.int().nonnegative(),
  /** Of the last answer; null when there was none. */
  lastStatus: z.int().nullable(),
  /** Why the last attempt failed, in a fixed word. */
  lastError: z.string().nullable(),
  /** When it is tried next; null when it has ended. */
  dueAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  deliveredAt: z.iso.datetime().nullable(),
})
export type Delivery = z.infer<typeof deliverySchema>

export const listDeliveriesSchema = z.object({
  tenantId: tenantIdSchema.optional(),
  state: deliveryStateSchema.optional(),
  /** Answers at most this many, at most 500. Default: 100. */
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** `nextCursor` of the page before. */
  cursor: messageIdSchema.optional(),
})
/** Newest first. */
export const deliveryListSchema = z.object({
  deliveries: z.array(deliverySchema),
  nextCursor: messageIdSchema.nullable(),
})
export type DeliveryList = z.infer<typeof deliveryListSchema>

/** How many dead deliveries were made due again. */
export const replayAnswerSchema = z.object({ replayed: z.int().nonnegative() })
export type ReplayAnswer = z.infer<typeof replayAnswerSchema>
