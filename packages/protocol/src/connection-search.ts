import { z } from 'zod'
import { connectionSchema, healthStatusSchema } from './connections.ts'
import { reauthReasonSchema } from './errors.ts'
import {
  connectionNameSchema,
  methodIdSchema,
  providerNameSchema,
  tenantIdSchema,
  userIdSchema,
} from './ids.ts'
import { knownFields } from './known-fields.ts'

/** Values of one list. */
const maxValues = 100

/** `eq`, `in` and `ne`: all that are given hold together. */
function textFilter<Value extends z.ZodType>(value: Value) {
  return knownFields({
    eq: value.optional(),
    in: z.array(value).min(1).max(maxValues).optional(),
    ne: value.optional(),
  }).optional()
}

const time = z.iso.datetime({ offset: true })
const timeFilter = {
  gt: time.optional(),
  gte: time.optional(),
  lt: time.optional(),
  lte: time.optional(),
}
const exists = z.boolean().optional()
const line = z.string().min(1).max(2000)

/** What a connection must be; all that is said holds together. The fields are those of `Connection`. */
const connectionFilterSchema = knownFields({
  userId: textFilter(userIdSchema),
  provider: textFilter(providerNameSchema),
  host: textFilter(line),
  name: textFilter(connectionNameSchema),
  status: textFilter(z.enum(['active', 'expired', 'revoked'])),
  reason: textFilter(reauthReasonSchema),
  health: textFilter(healthStatusSchema),
  /** `account.id`. */
  accountId: textFilter(line),
  /** The method of the provider by which it was made. */
  method: textFilter(methodIdSchema),
  /** It has all of them. */
  scopes: knownFields({ in: z.array(z.string().min(1).max(300)).min(1).max(maxValues) }).optional(),
  createdAt: knownFields(timeFilter).optional(),
  updatedAt: knownFields(timeFilter).optional(),
  /** `exists`: whether it has an end. */
  endsAt: knownFields({ ...timeFilter, exists }).optional(),
  /** `health.checkedAt`. */
  checkedAt: knownFields({ ...timeFilter, exists }).optional(),
})
export type ConnectionFilter = z.output<typeof connectionFilterSchema>

const sortBySchema = z.enum(['createdAt', 'updatedAt', 'endsAt', 'checkedAt', 'name', 'provider'])

/** `POST /v1/connections/search`. */
export const searchConnectionsSchema = knownFields({
  tenantId: tenantIdSchema,
  /** Each word of it begins a word of the account's name or username. Default: any account. */
  query: z.string().trim().min(1).max(200).optional(),
  /** Default: all connections. */
  filter: connectionFilterSchema.default({}),
  /** At most two; then by id, which is about the order of creation. What has no such time comes last, or first with `desc`. */
  sort: z
    .array(knownFields({ by: sortBySchema, order: z.enum(['asc', 'desc']).default('asc') }))
    .max(2)
    .default([]),
  /** Answers at most this many, at most 500. Default: 100. */
  limit: z.number().int().min(1).max(500).default(100),
  /** `nextCursor` of the page before, of the same search. */
  cursor: z.string().max(4000).optional(),
})
export type SearchConnections = z.input<typeof searchConnectionsSchema>

export const connectionPageSchema = z.object({
  connections: z.array(connectionSchema),
  /** Opaque; null: this is the last page. */
  nextCursor: z.string().nullable(),
})
export type ConnectionPage = z.infer<typeof connectionPageSchema>
