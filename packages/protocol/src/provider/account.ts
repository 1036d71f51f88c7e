import { z } from 'zod'
import { requestSchema } from './request.ts'
import { pointerSchema, pointersSchema } from './texts.ts'

/** Places of which the first counts that has a text; none: the answer does not say. */
const optionalTextSchema = z.array(pointerSchema).max(5)

/** Where an answer names an account. */
export const accountReaderSchema = z.strictObject({
  /**
   * The provider's stable id, never a name or an address. `integer`: a positive number; `text`: a text that is not
   * empty. What stands there and is neither is no account.
   */
  id: z.strictObject({ at: pointersSchema, type: z.enum(['integer', 'text']) }),
  name: optionalTextSchema,
  username: optionalTextSchema,
  avatarUrl: optionalTextSchema,
})

/** How the account is found that a credential belongs to. */
export const identitySchema = z.strictObject({
  request: requestSchema,
  account: accountReaderSchema,
  /** Any of these scopes, or one that implies it, opens the request. Empty: it needs none. */
  scopes: z.array(z.string()).max(50),
  /** Used when none of `scopes` was granted. */
  fallback: z.strictObject({ request: requestSchema, account: accountReaderSchema }).optional(),
})
