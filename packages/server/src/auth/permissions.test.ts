import { apiKeyRoles, nameOf, permissions, routeList, routes } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { type AppParts, createApp } from '../http/app.ts'
import { accessOf, permissionsOf, rolesWith } from './permissions.ts'

/** Pages that a browser visits by itself; no program calls them. */
const pages = [
  'GET /connect/style.css',
  'GET /connect/page.js',
  'POST /connect/start',
  'GET /connect/link/:link',
  'POST /connect/link/:link',
  'GET /connect/done',
  'GET /connect/key',
  'POST /connect/key',
  'GET /connect/device',
  'POST /connect/device',
  'GET /oauth/callback/:integrationId',
  'GET /approvals/open/:link',
  'GET /approvals/:approvalId',
  'POST /approvals/:approvalId',
  'GET /.well-known/oauth-protected-resource/mcp/:provider',
]

verifies('T29:every-route', () => {
  // Its handlers are never called, so of all parts it needs what is read while it is put together.
  const parts = { publicUrl: 'https://keywell.example', role: 'all', appearance: {} }
  const app = createApp(parts as AppParts)
  const served = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`)
  expect([...new Set(served)].sort()).toEqual([...routeList.map(nameOf), ...pages].sort())
  for (const { path, access } of routeList) {
    // What stands in front of a path must be the guard of what the table says of it.
    const guarded = path.startsWith('/v1/') || path === routes.service.metrics.path
    expect(typeof access === 'object', path).toBe(guarded)
    expect(access === 'connect_token', path).toBe(path.startsWith('/connect/'))
  }
  for (const route of ['GET /v1/forgotten', 'GET /livez', 'POST /connect/flows', 'toString']) {
    expect(accessOf(route), route).toBeUndefined()
  }
})

verifies('agent:role', () => {
  // Every permission is listed here that an agent must not have: a new one is a decision.
  const own = permissionsOf(['agent'])
  expect([...own]).toEqual(['tools:execute', 'providers:read'])
  const open = routeList.filter(
    ({ access }) => typeof access === 'object' && own.has(access.permission),
  )
  expect(open.map(({ id }) => id)).toEqual([
    'tools.list',
    'tools.listScoped',
    'tools.execute',
    'providers.list',
    'providers.categories',
    'providers.get',
    'scopes.plan',
  ])
})

test('every permission belongs to a role, and of all roles only backend reads and uses credentials', () => {
  for (const permission of permissions) expect(rolesWith(permission), permission).not.toEqual([])
  expect(rolesWith('credentials:read')).toEqual(['backend'])
  expect(rolesWith('requests:send')).toEqual(['backend'])
  expect(rolesWith('api_keys:manage')).toEqual(['admin'])
  expect(permissionsOf([...apiKeyRoles])).toEqual(new Set(permissions))
})
