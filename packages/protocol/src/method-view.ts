import { z } from 'zod'
import { methodIdSchema } from './ids.ts'

/** A method of a provider, for whoever chooses among them. */
export const methodViewSchema = z.object({
  id: methodIdSchema,
  /**
   * `oauth2`: by consent at the provider. `installation`: an administrator there installs the app. All others by what a
   * person makes there and types: with `key` it is sent itself.
   */
  kind: z.enum([
    'oauth2',
    'key',
    'key_exchange',
    'client_credentials',
    'jwt_bearer',
    'installation',
  ]),
  /** What people call it there. */
  title: z.string(),
})
export type MethodView = z.infer<typeof methodViewSchema>
