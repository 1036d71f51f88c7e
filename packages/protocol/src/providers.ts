import { z } from 'zod'
import { scopeViewSchema } from './connect.ts'

/** `GET /v1/providers`. */
export const providerListSchema = z.object({
  providers: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      documentationUrl: z.string(),
      defaultHost: z.string(),
      defaultScopes: z.array(z.string()),
      scopes: z.array(scopeViewSchema.extend({ administratorsOnly: z.boolean() })),
    }),
  ),
})
