/** What the store holds a statement to, for the tests that try to get past it. */
export { migrate } from '../../packages/server/src/store/migrate.ts'
export { RolesMissing } from '../../packages/server/src/store/roles.ts'
export {
  everyTenant,
  installation,
  type Scope,
  schemaOwner,
} from '../../packages/server/src/store/scope.ts'
export { type TenantTable, tenantTables } from '../../packages/server/src/store/tenant-tables.ts'
