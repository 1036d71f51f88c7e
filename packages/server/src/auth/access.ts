import { type ApiKeyRole, KeywellError, keyLimits, type TenantId } from '@keywell/protocol'
import { accessOf, allows, rolesWith } from './permissions.ts'

/** What the key of a request may do. */
export interface Access {
  /** Of the key. */
  id: string
  roles: readonly ApiKeyRole[]
  /** Null: all of them. */
  tenants: readonly string[] | null
  providers: readonly string[] | null
  /** That connect sessions may name; null: all that the installation allows. */
  origins: readonly string[] | null
  /** Milliseconds since 1970; null: it has none. */
  expiresAt: number | null
}

/** What a key may do, as text: two that are equal allow the same. Its end may be another by now. */
export function grantsOf({ id, roles, tenants, providers }: Access): string {
  return JSON.stringify([id, roles, tenants, providers])
}

/** The access of a request. */
export interface RequestAccess extends Access {
  /** Called when the request names what its key may not see, and is answered as if nothing were there. */
  beyond(tenantId: string | undefined): void
}

/**
 * Refuses a key whose roles do not allow the route (`METHOD /path`), or with a limit that the route does not enforce.
 * A route that takes no key, or is not in the table, is refused to every key.
 */
export function requirePermission(access: Access, name: string): void {
  const demanded = accessOf(name)
  if (demanded === undefined) throw new KeywellError('forbidden', `No key may call ${name}.`)
  const { permission, enforces } = demanded
  if (!allows(access.roles, permission)) {
    throw new KeywellError(
      'forbidden',
      `${name} needs ${permission}, which the roles of this key (${access.roles.join(', ')}) do not include.`,
      { nextStep: `Use a key with one of the roles ${rolesWith(permission).join(', ')}.` },
    )
  }
  for (const limit of keyLimits) {
    if (access[limit] !== null && !enforces.includes(limit)) {
      throw new KeywellError('forbidden', `${name} is not for keys that are limited to ${limit}.`)
    }
  }
}

/**
 * Tenant of whatever a key may not see. Ids of tenants never begin with "@", so it has no rows: what is
 * foreign is looked up, answered and timed like what never was (T19).
 */
const noTenant = '@nobody'

/** A query as this key may ask it. One that is aimed at what the key may not see will find nothing. */
export function withinLimits<
  // A string: what belongs to no tenant stands under `@install`, and no limited key is for that.
  Query extends { tenantId?: string | undefined; provider?: string | undefined },
>(access: RequestAccess, query: Query): Query {
  if (seesTenant(access, query.tenantId) && seesProvider(access, query.provider)) return query
  access.beyond(query.tenantId)
  // No id that came in can be this one; that is the point.
  return { ...query, tenantId: noTenant as TenantId }
}

/** Before something is made. The error says what the key may not do; that reveals only its own limits. */
export function requireWithinLimits(
  access: Access,
  wanted: { tenantId: TenantId | undefined; providers?: readonly string[] | undefined },
): void {
  if (!seesTenant(access, wanted.tenantId)) {
    const what = wanted.tenantId === undefined ? 'the whole installation' : 'this tenant'
    throw new KeywellError('forbidden', `This key is limited to tenants; it is not for ${what}.`)
  }
  const foreign = wanted.providers?.filter((provider) => !seesProvider(access, provider)) ?? []
  if (foreign.length > 0) {
    throw new KeywellError('forbidden', `This key is not for the provider ${foreign.join(', ')}.`)
  }
}

/** What a key limited to providers may deal with, as a list of names; undefined: everything. */
export function providersOf({ providers }: Access): string[] | undefined {
  return providers === null ? undefined : [...providers]
}

/** Whether a key may deal with what belongs to a tenant, or to the installation. */
export function isWithinLimits(access: Access, tenantId: string | undefined): boolean {
  return seesTenant(access, tenantId)
}

function seesTenant({ tenants }: Access, tenantId: string | undefined): boolean {
  return tenants === null || tenants.some((each) => each === tenantId)
}

function seesProvider({ providers }: Access, provider: string | undefined): boolean {
  return providers === null || provider === undefined || providers.includes(provider)
}
