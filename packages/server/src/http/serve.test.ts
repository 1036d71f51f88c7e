import { routes } from '@keywell/protocol'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { Environment } from './context.ts'
import type { Principal } from './principal.ts'
import { serve } from './serve.ts'

const path = '/v1/tools'

/** A route for API keys, behind a guard that lets this principal in. */
async function statusFor(principal: Principal | undefined): Promise<number> {
  const app = new Hono<Environment>()
  app.use(async (c, next) => {
    c.set('principal', principal)
    await next()
  })
  app.onError((_, c) => c.body(null, 500))
  serve(app, routes.tools.list, () => ({ tools: [], totalSize: 0 }))
  return (await app.request(path)).status
}

test('a route is served to the kind of principal that it is for, and without its guard to nobody', async () => {
  const access = { id: 'key_1', roles: [], tenants: null, providers: null, origins: null }
  const asked = { ...access, expiresAt: null, beyond: () => {} }
  expect(await statusFor({ kind: 'api_key', access: asked })).toBe(200)
  expect(await statusFor(undefined)).toBe(500)
  expect(await statusFor({ kind: 'hosted_page' })).toBe(500)
})
