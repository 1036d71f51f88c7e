import { z } from 'zod'
import { headersSchema, templateSchema } from './texts.ts'

/** A call of the provider's API with a connection's credential. */
export const requestSchema = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  url: templateSchema,
  /**
   * Beside those that carry the credential. `{name}` in a value stands for a variable of the connection's host, or for
   * a field of a key that is no secret.
   */
  headers: headersSchema,
})
