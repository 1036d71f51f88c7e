/**
 * The engine of Keywell as a library:
 *
 * ```ts
 * const keywell = createKeywell({
 *   database: await openPostgres({ url }),
 *   keys: localKeys(keyFile({ path: '/run/keywell/keys', warn })),
 *   publicUrl: 'https://connect.example.com',
 * })
 * await keywell.start()
 * serve({
 *   fetch: (request, { incoming }) => keywell.fetch(request, { address: incoming.socket.remoteAddress }),
 * })
 * ```
 */

export { type ApiKeyRole, apiKeyRoles, KeywellError, Secret } from '@keywell/protocol'
export type { VerifyOptions as VerifyAuditOptions } from './audit/verify.ts'
export type { AuditFinding, AuditReport } from './audit/verify-chain.ts'
export type { OperatorKeys } from './auth/operator-keys.ts'
export { defaultRateLimits, type RateLimitSettings } from './auth/rate-limits.ts'
export type { KeyOperations } from './encryption-keys/operations.ts'
export type { From } from './http/context.ts'
export type { Appearance, Logo } from './http/pages/appearance.ts'
export { createKeywell } from './keywell.ts'
export type { Logger } from './logger.ts'
export type { Scrape } from './metrics/scrape.ts'
export { discoverIssuer } from './oauth/discover.ts'
export type { KeywellOptions, KeywellService } from './options.ts'
export type { EgressProxy, PrivateHost } from './outbound/outbound.ts'
export type { FaultPoint, FaultPointName } from './refresh/fault-point.ts'
export type { OperatorIncidents } from './refresh/operator-incidents.ts'
export type { Timing } from './refresh/timing.ts'
export { scrubbed, scrubText } from './scrub.ts'
export { type Database, DatabaseUnavailable, type Sql } from './store/database.ts'
export { MayNotMigrate, migrate, SchemaTooNew } from './store/migrate.ts'
export { openPglite } from './store/pglite.ts'
export { openPostgres } from './store/postgres.ts'
export { RolesMissing } from './store/roles.ts'
export type { OperatorTenants } from './tenants/operator-tenants.ts'
export type { KeyProvider } from './vault/key-provider.ts'
export { createKeyFile, keyDescriptor, keyFile, keyVariable } from './vault/key-source.ts'
export { type EncryptionContext, type KeyService, kmsKeys } from './vault/kms-keys.ts'
export { localKeys } from './vault/local-keys.ts'
export { openPrivateFolder, readPrivateFile, writePrivateFile } from './vault/private-file.ts'
export { VaultError } from './vault/vault.ts'
