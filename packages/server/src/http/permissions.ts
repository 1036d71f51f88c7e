import type { ApiKeyRole } from '@keywell/protocol'

/** What a route can need. */
export const permissions = [
  'credentials:read',
  'connections:read',
  'connections:write',
  'sessions:write',
  'integrations:read',
  'integrations:write',
  'webhooks:read',
  'webhooks:write',
  'providers:read',
  'changes:read',
  'metrics:read',
  'audit:read',
  'api_keys:manage',
  'tenants:manage',
] as const
export type Permission = (typeof permissions)[number]

const rolesTable = {
  admin: permissions.filter((permission) => permission !== 'credentials:read'),
  backend: [
    'credentials:read',
    'connections:read',
    'connections:write',
    'sessions:write',
    'integrations:read',
    'providers:read',
    'changes:read',
  ],
  connect: ['sessions:write', 'connections:read', 'providers:read'],
  read_only: [
    'connections:read',
    'integrations:read',
    'webhooks:read',
    'providers:read',
    'changes:read',
    'metrics:read',
  ],
  audit: ['audit:read', 'metrics:read'],
} as const satisfies Record<ApiKeyRole, readonly Permission[]>

/** What the first key of an installation can do. */
export const everyRole: readonly ApiKeyRole[] = ['admin', 'backend']

export interface RouteRule {
  needs: Permission
  /**
   * Limits of a key that the route's handler holds (`access.ts`). A key with another limit is refused
   * here: whoever adds a route and forgets, shuts somebody out and lets nobody in.
   */
  holds: readonly ('tenants' | 'providers')[]
}

const everyLimit = ['tenants', 'providers'] as const

/** Every route that takes an API key. One that is not here answers nobody, and a test names it. */
const routesTable: Readonly<Record<string, RouteRule>> = {
  'POST /v1/credentials': { needs: 'credentials:read', holds: everyLimit },
  'GET /v1/connections': { needs: 'connections:read', holds: everyLimit },
  'POST /v1/connections': { needs: 'connections:write', holds: everyLimit },
  'GET /v1/connections/:id': { needs: 'connections:read', holds: everyLimit },
  'DELETE /v1/connections/:id': { needs: 'connections:write', holds: everyLimit },
  'POST /v1/connect/sessions': { needs: 'sessions:write', holds: everyLimit },
  'POST /v1/connect/sessions/:id/confirm': { needs: 'sessions:write', holds: everyLimit },
  'GET /v1/integrations': { needs: 'integrations:read', holds: ['tenants'] },
  'POST /v1/integrations': { needs: 'integrations:write', holds: ['tenants'] },
  'PUT /v1/integrations/:id/client': { needs: 'integrations:write', holds: ['tenants'] },
  'GET /v1/providers': { needs: 'providers:read', holds: everyLimit },
  'GET /v1/webhooks': { needs: 'webhooks:read', holds: ['tenants'] },
  'POST /v1/webhooks': { needs: 'webhooks:write', holds: ['tenants'] },
  'GET /v1/webhooks/:id': { needs: 'webhooks:read', holds: ['tenants'] },
  'PATCH /v1/webhooks/:id': { needs: 'webhooks:write', holds: ['tenants'] },
  'DELETE /v1/webhooks/:id': { needs: 'webhooks:write', holds: ['tenants'] },
  'POST /v1/webhooks/:id/rotate-secret': { needs: 'webhooks:write', holds: ['tenants'] },
  'GET /v1/webhooks/:id/deliveries': { needs: 'webhooks:read', holds: ['tenants'] },
  'POST /v1/webhooks/:id/deliveries/:messageId/replay': {
    needs: 'webhooks:write',
    holds: ['tenants'],
  },
  'POST /v1/webhooks/:id/replay-dead': { needs: 'webhooks:write', holds: ['tenants'] },
  'POST /v1/webhooks/:id/test': { needs: 'webhooks:write', holds: ['tenants'] },
  // The stream tells of all tenants, and its chain of signatures has no gaps.
  'GET /v1/changes': { needs: 'changes:read', holds: [] },
  'GET /v1/changes/keys': { needs: 'changes:read', holds: everyLimit },
  'GET /v1/audit': { needs: 'audit:read', holds: ['tenants'] },
  'GET /v1/audit/export': { needs: 'audit:read', holds: ['tenants'] },
  'GET /v1/audit/head': { needs: 'audit:read', holds: ['tenants'] },
  'GET /v1/api-keys': { needs: 'api_keys:manage', holds: [] },
  'POST /v1/api-keys': { needs: 'api_keys:manage', holds: [] },
  'DELETE /v1/api-keys/:id': { needs: 'api_keys:manage', holds: [] },
  'POST /v1/api-keys/:id/rotate': { needs: 'api_keys:manage', holds: [] },
  'GET /v1/tenants/:id': { needs: 'tenants:manage', holds: ['tenants'] },
  // It cannot be undone, so it is for whoever may do everything, and for nobody in part.
  'DELETE /v1/tenants/:id': { needs: 'tenants:manage', holds: [] },
  'GET /v1/tenants/:id/export': { needs: 'tenants:manage', holds: ['tenants'] },
  'GET /v1/tenants/:id/policy': { needs: 'tenants:manage', holds: ['tenants'] },
  // Whoever is held to it must not be able to lift it: a key of the tenant's own neither.
  'PUT /v1/tenants/:id/policy': { needs: 'tenants:manage', holds: [] },
  'DELETE /v1/tenants/:id/policy': { needs: 'tenants:manage', holds: [] },
  // Names of hosts, sums of all tenants.
  'GET /metrics': { needs: 'metrics:read', holds: [] },
}

/** What a route needs, by its `METHOD /path/:id`; undefined for one that is not in the table. */
export function ruleOf(route: string): RouteRule | undefined {
  return Object.hasOwn(routesTable, route) ? routesTable[route] : undefined
}

/** All routes of the table, as `METHOD /path/:id`. */
export const ruledRoutes: readonly string[] = Object.keys(routesTable)

export function permissionsOf(roles: readonly ApiKeyRole[]): Set<Permission> {
  return new Set(roles.flatMap((role) => rolesTable[role]))
}

/** Whether one of the roles includes it; asked at every call. */
export function allows(roles: readonly ApiKeyRole[], permission: Permission): boolean {
  return roles.some((role) => {
    const included: readonly Permission[] = rolesTable[role]
    return included.includes(permission)
  })
}

/** Roles with a permission, to tell whoever lacks it. */
export function rolesWith(permission: Permission): ApiKeyRole[] {
  // Object.keys forgets the literal types; the table above is the proof.
  const roles = Object.keys(rolesTable) as ApiKeyRole[]
  return roles.filter((role) => allows([role], permission))
}
