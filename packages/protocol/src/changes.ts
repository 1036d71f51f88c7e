import { z } from 'zod'
import {
  connectionIdSchema,
  connectionNameSchema,
  providerNameSchema,
  tenantIdSchema,
  userIdSchema,
} from './ids.ts'

/**
 * `needs_reauth`: the grant is gone without a user's act; `revoked`: by one. `degraded` and `recovered`
 * come once per outage, and the credential is served throughout; an incident of a provider
 * is reported once for all of its connections instead, by the webhook event `incident.opened`. `updated`: the provider shows the account
 * by another name, username or picture, or says other scopes; the credential is the same. `ends_soon`: the grant comes
 * to its end, which no refresh moves; thirty days before it, and three.
 */
export const changeKindSchema = z.enum([
  'connected',
  'refreshed',
  'degraded',
  'recovered',
  'updated',
  'ends_soon',
  'needs_reauth',
  'revoked',
  'disconnected',
])
export type ChangeKind = z.infer<typeof changeKindSchema>

/** Where a change stands in the log, and whose it is. */
const placeSchema = z.object({
  /** Opaque and growing; send the last one seen as `Last-Event-ID`. */
  position: z.string(),
  tenantId: tenantIdSchema,
  at: z.iso.datetime(),
})

/** Something happened to a connection. */
export const connectionChangeSchema = placeSchema.extend({
  kind: changeKindSchema,
  /** Null: the connection is the tenant's. */
  userId: userIdSchema.nullable(),
  connectionId: connectionIdSchema,
  provider: providerNameSchema,
  host: z.string(),
  /** Name of the connection. */
  name: connectionNameSchema,
  /** Generation after the change; readers drop what is older. */
  generation: z.int().nonnegative(),
})
export type ConnectionChange = z.infer<typeof connectionChangeSchema>

/**
 * The tenant's policy, or a provider that it has defined for itself, is another one: of all that is held for it, nothing
 * says any more that it may be used, or how. A change of the installation's providers is not one of a tenant: it does not
 * fit, and readers drop everything.
 */
export const tenantChangeSchema = placeSchema.extend({ kind: z.enum(['policy', 'providers']) })
export type TenantChange = z.infer<typeof tenantChangeSchema>

/**
 * One entry of the change log, as an event `change` of `GET /v1/changes` carries it. A reader may only
 * evict or shorten by it, never bring anything back.
 */
export const changeSchema = z.discriminatedUnion('kind', [
  connectionChangeSchema,
  tenantChangeSchema,
])
export type Change = z.infer<typeof changeSchema>

/**
 * Names of the events of the stream; `stream-events.ts` says what is in them. `hello` opens it. `flush` says
 * that changes may have been missed: drop everything that is held. A `heartbeat` comes every `heartbeatMs`; a
 * reader that receives nothing for three of them has lost the stream.
 */
export const changeEvents = {
  hello: 'hello',
  change: 'change',
  flush: 'flush',
  heartbeat: 'heartbeat',
} as const
export const heartbeatMs = 5_000
