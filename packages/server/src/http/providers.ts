import { routes } from '@keywell/protocol'
import { providers } from '@keywell/providers'
import type { Hono } from 'hono'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function providerRoutes(app: Hono<Environment>): void {
  serve(app, routes.providers.list, () => ({
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
  }))
}
