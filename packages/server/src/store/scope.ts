/*
 * Whose rows a statement can see and write. The database holds it, by its row security, whatever the text
 * of the statement says (migrations/0001_tenants.sql).
 */

/** Owner of what belongs to no tenant. The API refuses tenant ids that begin with `@`. */
export const installation = '@install'

/** Not a tenant's. Recognised by its value, so that it is the same in every copy of the package. */
export interface WideScope {
  readonly wide: 'every tenant' | 'schema owner'
}

/** For work that serves all tenants: has what such work needs, and no sealed value. */
export const everyTenant: WideScope = Object.freeze({ wide: 'every tenant' })

/** For migrations only: as the login role, which owns the tables or may do nothing. */
export const schemaOwner: WideScope = Object.freeze({ wide: 'schema owner' })

/** Rows of one tenant, of those of a list, or one of the two above. */
export type Scope = string | readonly string[] | WideScope

/** A tenant, and what the installation shares with it: integrations, endpoints for the events of all tenants. */
export function withInstallation(tenantId: string): readonly string[] {
  return [tenantId, installation]
}
