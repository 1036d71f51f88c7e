import { type ApiKeyWithSecret, routes, type Secret } from '@keywell/protocol'
import type { Hono } from 'hono'
import type { ApiKeys } from '../auth/api-keys.ts'
import { requestedKey, viewApiKey } from '../auth/operator-keys.ts'
import type { ApiKeyRow } from '../store/api-keys.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function apiKeyRoutes(app: Hono<Environment>, apiKeys: ApiKeys): void {
  serve(app, routes.apiKeys.create, async ({ body, access, caller }) =>
    withSecret(await apiKeys.create(requestedKey(body), { ...caller, access })),
  )
  serve(app, routes.apiKeys.list, async () => ({
    apiKeys: (await apiKeys.list()).map(viewApiKey),
  }))
  serve(app, routes.apiKeys.revoke, async ({ params, access, caller }) =>
    viewApiKey(await apiKeys.revoke(params.apiKeyId, { ...caller, access })),
  )
  serve(app, routes.apiKeys.rotate, async ({ params, body, access, caller }) => {
    const overlapMs = body.overlapSeconds * 1000
    return withSecret(await apiKeys.rotate(params.apiKeyId, overlapMs, { ...caller, access }))
  })
}

/** The one answer that shows a key, right after it was made. */
function withSecret({ row, key }: { row: ApiKeyRow; key: Secret }): ApiKeyWithSecret {
  return { ...viewApiKey(row), key: key.expose() }
}
