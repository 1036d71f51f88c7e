import { z } from 'zod'
import {
  connectionIdSchema,
  connectionNameSchema,
  providerNameSchema,
  tenantIdSchema,
  userIdSchema,
} from './ids.ts'

export const changeKindSchema = z.enum(['connected', 'refreshed', 'needs_reauth', 'disconnected'])
export type ChangeKind = z.infer<typeof changeKindSchema>

/**
 * One entry of the change log, as an event `change` of `GET /v1/changes`; the event's `id` is
 * `position`. A reader may only evict or shorten by it, never bring anything back.
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
 * Names of the events of the stream.
 * `hello` opens it and carries `{ position }`. `flush` says that changes may have been missed: drop
 * everything that is held. A comment line comes every `heartbeatMs`; a reader that sees nothing for
 * three of them has lost the stream.
 */
export const changeEvents = { hello: 'hello', change: 'change', flush: 'flush' } as const
export const helloSchema = z.object({ position: z.string() })
export const heartbeatMs = 5_000
