import {
  type ApiKeyRole,
  nameOf,
  type Permission,
  permissions,
  type Route,
  routeList,
} from '@keywell/protocol'

/** They act as a user, or let somebody do so. */
const usesCredentials: ReadonlySet<Permission> = new Set([
  'credentials:read',
  'requests:send',
  'tools:execute',
  'approvals:decide',
  'mcp_tokens:write',
])

const rolesTable = {
  admin: permissions.filter((permission) => !usesCredentials.has(permission)),
  backend: [
    'credentials:read',
    'requests:send',
    'tools:execute',
    'approvals:read',
    'approvals:decide',
    'mcp_tokens:write',
    'connections:read',
    'connections:write',
    'sessions:write',
    'integrations:read',
    'providers:read',
    'changes:read',
  ],
  /** Not `requests:send`, which asks no person. */
  agent: ['tools:execute', 'providers:read'],
  connect: ['sessions:write', 'connections:read', 'providers:read'],
  read_only: [
    'connections:read',
    'integrations:read',
    'webhooks:read',
    'events:read',
    'providers:read',
    'changes:read',
    'metrics:read',
  ],
  audit: ['audit:read', 'events:read', 'metrics:read'],
} as const satisfies Record<ApiKeyRole, readonly Permission[]>

/** What the first key of an installation can do. */
export const everyRole: readonly ApiKeyRole[] = ['admin', 'backend']

/** What a route asks of an API key. */
export type KeyAccess = Exclude<Route['access'], string>

const keyRoutes: ReadonlyMap<string, KeyAccess> = new Map(
  routeList.flatMap((route) =>
    typeof route.access === 'string' ? [] : [[nameOf(route), route.access]],
  ),
)

/** What a route asks of a key, by its `METHOD /path/:connectionId`; undefined for one that takes no key. */
export function accessOf(route: string): KeyAccess | undefined {
  return keyRoutes.get(route)
}

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

/** Roles with a permission, for the error of a key that lacks it. */
export function rolesWith(permission: Permission): ApiKeyRole[] {
  // Object.keys forgets the literal types; the table above is the proof.
  const roles = Object.keys(rolesTable) as ApiKeyRole[]
  return roles.filter((role) => allows([role], permission))
}
