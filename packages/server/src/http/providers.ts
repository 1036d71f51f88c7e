import { routes } from '@keywell/protocol'
import { defaultHostOf, defaultScopesOf } from '@keywell/providers'
import { listTools, summarizeTool } from '@keywell/tools'
import type { Hono } from 'hono'
import type { Catalogue } from '../catalogue.ts'
import { viewGroups, viewPresets, viewScope } from '../scope-views.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function providerRoutes(
  app: Hono<Environment>,
  { catalogue }: { catalogue: Catalogue },
): void {
  serve(app, routes.providers.list, () => ({
    providers: catalogue.all.map((provider) => ({
      name: provider.name,
      title: provider.title,
      documentationUrl: provider.documentationUrl,
      defaultHost: defaultHostOf(provider) ?? null,
      methods: provider.auth.map(({ id, kind, title }) => ({ id, kind, title })),
      defaultScopes: [...defaultScopesOf(provider)],
      scopes: provider.scopes.map((scope) => ({
        ...viewScope(provider, scope),
        administratorsOnly: scope.administratorsOnly ?? false,
      })),
      scopeGroups: viewGroups(provider, provider.scopes),
      scopePresets: viewPresets(provider, provider.scopes),
      tools: listTools(provider.name).map(summarizeTool),
    })),
  }))
}
