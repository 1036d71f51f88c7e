import { apiKeyRoles } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { type AppParts, createApp } from './app.ts'
import { permissions, permissionsOf, rolesWith, ruledRoutes, ruleOf } from './permissions.ts'

/** Routes that take no API key: health, browsers with a connect token or none, the description. */
const withoutKey = [
  'GET /livez',
  'GET /readyz',
  'GET /openapi.json',
  'GET /connect/style.css',
  'GET /connect/providers',
  'GET /connect/flows/:id',
  'DELETE /connect/flows/:id',
  'POST /connect/flows',
  'POST /connect/start',
  'GET /oauth/callback/:integrationId',
]

verifies('T29:every-route', () => {
  // Its handlers are never called, so of all parts it needs what is read while it is put together.
  const app = createApp({ publicUrl: 'https://keywell.example', role: 'all' } as AppParts)
  const routes = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`)
  expect([...new Set(routes)].sort()).toEqual([...ruledRoutes, ...withoutKey].sort())
  // Whoever walks the description walks them all.
  const { paths = {} } = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: '', version: '' },
  })
  const described = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item ?? {}).map(
      (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    ),
  )
  expect(described.filter((route) => route.includes(' /v1/')).sort()).toEqual(
    ruledRoutes.filter((route) => route !== 'GET /metrics').sort(),
  )
  expect(ruleOf('GET /v1/forgotten')).toBeUndefined()
  expect(ruleOf('toString')).toBeUndefined()
})

test('every permission belongs to a role, and of all roles only backend reads credentials', () => {
  for (const permission of permissions) expect(rolesWith(permission), permission).not.toEqual([])
  expect(rolesWith('credentials:read')).toEqual(['backend'])
  expect(rolesWith('api_keys:manage')).toEqual(['admin'])
  expect(permissionsOf([...apiKeyRoles])).toEqual(new Set(permissions))
})
