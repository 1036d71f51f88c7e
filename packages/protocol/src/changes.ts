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
 * come once per outage, and the credential is served throughout.
 */
export const changeKindSchema = z.enum([
  'connected',
  'refreshed',
  'degraded',
  'recovered',
  'needs_reauth',
  'revoked',
  'disconnected',
])
export type ChangeKind = z.infer<typeof changeKindSchema>

/**
 * One entry of the change log, as an event `change` of `GET /v1/changes` carries it. A reader may only
 * evict or shorten by it, never bring anything back.
 */
export const changeSchema = z.object({
  /** Opaque and growing; send the last one seen as `Last-Event-ID`. */
  position: z.string(),
  kind: changeKindSchema,
  tenantId: tenantIdSchema,
  userId: userIdSchema,
  connectionId: connectionIdSchema,
  provider: providerNameSchema,
  host: z.string(),
  /** Name of the connection. */
  name: connectionNameSchema,
  /** Generation after the change; readers drop what is older. */
  generation: z.int().nonnegative(),
  at: z.iso.datetime(),
})
export type Change = z.infer<typeof changeSchema>

/**
 * Names of the events of the stream. Their data is a signed token (`stream-events.ts`).
 * `hello` opens it. `flush` says that changes may have been missed: drop everything that is held. A
 * `heartbeat` comes every `heartbeatMs`; a reader that is told nothing for three of them has lost the
 * stream.
 */
export const changeEvents = {
  hello: 'hello',
  change: 'change',
  flush: 'flush',
  heartbeat: 'heartbeat',
} as const
export const heartbeatMs = 5_000
