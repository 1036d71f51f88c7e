import { z } from 'zod'
import { connectionIdSchema, messageIdSchema, tenantIdSchema, webhookIdSchema } from './ids.ts'
import { knownFields } from './known-fields.ts'
import { deliverySchema, webhookEventTypeSchema } from './webhooks.ts'

const time = z.iso.datetime({ offset: true })

/** `POST /v1/events/search`. */
export const searchEventsSchema = knownFields({
  tenantId: tenantIdSchema,
  /** Default: all. */
  types: z.array(webhookEventTypeSchema).min(1).max(50).optional(),
  connectionId: connectionIdSchema.optional(),
  /** Not before this time. */
  from: time.optional(),
  /** Before this time. */
  to: time.optional(),
  /** Answers at most this many, at most 500. Default: 100. */
  limit: z.number().int().min(1).max(500).default(100),
  /** `nextCursor` of the page before. */
  cursor: messageIdSchema.optional(),
})
export type SearchEvents = z.input<typeof searchEventsSchema>

/** An event of a tenant that webhooks are sent, and how far that is. */
export const eventSchema = z.object({
  /** The `webhook-id` of its messages. */
  id: messageIdSchema,
  type: z.string(),
  connectionId: connectionIdSchema.nullable(),
  createdAt: z.iso.datetime(),
  /** One for each webhook that listened to it. */
  deliveries: z.array(
    z.object({
      webhookId: webhookIdSchema,
      state: deliverySchema.shape.state,
      attempts: z.int().nonnegative(),
      lastStatus: z.int().nullable(),
      lastError: z.string().nullable(),
      deliveredAt: z.iso.datetime().nullable(),
    }),
  ),
})
export type KeywellEvent = z.infer<typeof eventSchema>

/** Newest first. */
export const eventPageSchema = z.object({
  events: z.array(eventSchema),
  nextCursor: messageIdSchema.nullable(),
})
export type EventPage = z.infer<typeof eventPageSchema>
