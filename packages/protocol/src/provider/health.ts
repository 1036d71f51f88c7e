import { z } from 'zod'
import { anyOfSchema } from './condition.ts'
import { requestSchema } from './request.ts'
import { pointersSchema } from './texts.ts'

/** A request that shows whether a credential is active. An answer that neither condition knows is `unknown`. */
export const healthSchema = z.strictObject({
  request: requestSchema,
  active: anyOfSchema,
  /** Counts only where `active` does not hold. */
  inactive: anyOfSchema,
  /** What an answer that says `active` states beside it. */
  details: z.strictObject({
    /** A list, or with `scopeSeparator` a text as well. */
    scopes: pointersSchema.optional(),
    /** The name of a header that has them, where the body has none; with `scopeSeparator`. */
    scopesHeader: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, 'must be the name of a header')
      .optional(),
    scopeSeparator: z.enum([' ', ',']).optional(),
    /** Seconds left. */
    expiresIn: pointersSchema.optional(),
    /** `day`: the credential ends with the first moment of that day, UTC. */
    expiresAt: z
      .strictObject({
        at: pointersSchema,
        format: z.enum(['day', 'rfc3339', 'utc', 'epoch_seconds']),
      })
      .optional(),
  }),
})
