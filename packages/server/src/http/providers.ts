import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { scopeViewSchema } from '@keywell/protocol'
import { providers } from '@keywell/providers'
import { createRouter, type Environment, json } from './context.ts'

const providerSchema = z.object({
  name: z.string(),
  title: z.string(),
  documentationUrl: z.string(),
  defaultHost: z.string(),
  defaultScopes: z.array(z.string()),
  scopes: z.array(scopeViewSchema.extend({ administratorsOnly: z.boolean() })),
})

const list = createRoute({
  method: 'get',
  path: '/',
  summary: 'The catalogue',
  responses: { 200: json(z.object({ providers: z.array(providerSchema) }), 'All providers') },
})

export function providerRoutes(): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(list, (c) =>
    c.json(
      {
        providers: providers.map((provider) => ({
          name: provider.name,
          title: provider.title,
          documentationUrl: provider.documentationUrl,
          defaultHost: provider.defaultHost,
          defaultScopes: [...provider.defaultScopes],
          scopes: provider.scopes.map((scope) => ({
            name: scope.name,
            sentence: scope.sentence,
            risk: scope.risk,
            implies: [...scope.implies],
            administratorsOnly: scope.administratorsOnly ?? false,
          })),
        })),
      },
      200,
    ),
  )
  return router
}
