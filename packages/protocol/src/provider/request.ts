import { z } from 'zod'
import { headersSchema, templateSchema } from './texts.ts'

/** A call of the provider's API with a connection's credential. */
export const requestSchema = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  url: templateSchema,
  /** Beside those of the API. */
  headers: headersSchema,
})
