import { z } from 'zod'
import { methodIdSchema } from './ids.ts'

/** A method of a provider, for whoever chooses among them. */
export const methodViewSchema = z.object({
  id: methodIdSchema,
  /** `oauth2`: by consent at the provider. `key`: by a key that a person makes there. */
  kind: z.enum(['oauth2', 'key']),
  /** What people call it there. */
  title: z.string(),
})
export type MethodView = z.infer<typeof methodViewSchema>
