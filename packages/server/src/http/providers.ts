import {
  KeywellError,
  type listProvidersSchema,
  type PlannedScopes,
  type Provider,
  type ProviderDefinition,
  type ProviderList,
  planScopes,
  type planScopesSchema,
  routes,
  type TenantId,
  toolsOf,
} from '@keywell/protocol'
import { defaultHostOf, defaultScopesOf } from '@keywell/providers'
import { listTools, summarizeTool } from '@keywell/tools'
import type { Hono } from 'hono'
import type { z } from 'zod'
import { type RequestAccess, withinLimits } from '../auth/access.ts'
import type { Catalogue } from '../catalogue.ts'
import { brandOf } from '../provider-brand.ts'
import { viewGroups, viewPresets, viewScope } from '../scope-views.ts'
import { installation } from '../store/scope.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function providerRoutes(
  app: Hono<Environment>,
  { catalogue }: { catalogue: Catalogue },
): void {
  serve(app, routes.providers.list, ({ query, access }) =>
    pageOf(catalogue.list(viewerOf(access, query)), query),
  )
  serve(app, routes.providers.categories, ({ query, access }) => {
    const counts = new Map<ProviderDefinition['category'], number>()
    for (const { category } of catalogue.list(viewerOf(access, query))) {
      counts.set(category, (counts.get(category) ?? 0) + 1)
    }
    const names = [...counts.keys()].sort()
    return { categories: names.map((name) => ({ name, providers: counts.get(name) ?? 0 })) }
  })
  serve(app, routes.providers.get, ({ params, query, access }) =>
    viewProvider(catalogue.get(viewerOf(access, query), params.name)),
  )
  serve(app, routes.scopes.plan, ({ body, access }) => {
    const provider = viewProvider(catalogue.get(viewerOf(access, body), body.provider))
    return planned(provider, body)
  })
}

/** By the functions that an SDK and a page plan with, over what they read of the provider. */
function planned(
  provider: Provider,
  { tools, scopes }: z.output<typeof planScopesSchema>,
): PlannedScopes {
  return {
    ...(tools && { plan: planScopes({ provider, tools }) }),
    ...(scopes && { access: toolsOf({ provider, scopes }) }),
  }
}

/** Whose providers are shown. To a key that is not for the tenant, those that everybody has. */
function viewerOf(
  access: RequestAccess,
  { tenantId }: { tenantId?: TenantId | undefined },
): string {
  return tenantId === undefined ? installation : withinLimits(access, { tenantId }).tenantId
}

type ListQuery = z.output<typeof listProvidersSchema>

/** In the order of the catalogue. @throws KeywellError `invalid_request` when the provider of the cursor is gone */
function pageOf(all: readonly ProviderDefinition[], query: ListQuery): ProviderList {
  const begin =
    query.cursor === undefined ? 0 : all.findIndex(({ name }) => name === query.cursor) + 1
  if (query.cursor !== undefined && begin === 0) {
    throw new KeywellError('invalid_request', 'cursor: names no provider of the catalogue', {
      nextStep: 'Begin again without a cursor.',
    })
  }
  const found = all.slice(begin).filter((provider) => fits(provider, query))
  const page = found.slice(0, query.limit)
  const last = found.length > query.limit ? page.at(-1) : undefined
  return { providers: page.map(viewProvider), nextCursor: last?.name ?? null }
}

function fits(
  { name, title, category, state, auth }: ProviderDefinition,
  { query, ...wanted }: ListQuery,
): boolean {
  const text = ` ${title} ${name}`.toLowerCase()
  return (
    (query === undefined || text.includes(` ${query.toLowerCase()}`)) &&
    (wanted.category === undefined || category === wanted.category) &&
    (wanted.state === undefined || state === wanted.state) &&
    (wanted.method === undefined ||
      auth.some(({ id, kind }) => id === wanted.method || kind === wanted.method))
  )
}

function viewProvider(provider: ProviderDefinition): Provider {
  return {
    name: provider.name,
    ...brandOf(provider),
    category: provider.category,
    state: provider.state,
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
  }
}
