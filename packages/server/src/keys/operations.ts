import { KeywellError } from '@keywell/protocol'
import type { Audit } from '../audit/audit.ts'
import type { AuditKeys } from '../audit/audit-keys.ts'
import type { Database } from '../store/database.ts'
import type { Sleep } from '../timers.ts'
import type { KeyProvider } from '../vault/key-provider.ts'
import { isKeyOutage, type Vault } from '../vault/vault.ts'
import { type RootRotation, rotateRoot } from './rotate-root.ts'
import { rotateTenant, type TenantRotation } from './rotate-tenant.ts'
import { type KeyStatus, readKeyStatus } from './status.ts'
import { type Verification, verifyRecords } from './verify.ts'

/** What the operations work with. */
export interface KeyParts {
  database: Database
  keys: KeyProvider
  vault: Vault
  audit: Pick<Audit, 'write'>
  auditKeys: Pick<AuditKeys, 'load' | 'find'>
  /** How many days the audit log is kept. */
  auditDays: number
  random: (bytes: number) => Uint8Array
  sleep: Sleep
  waits: KeyWaits
  /** Brings the tables up to date. */
  migrate: () => Promise<void>
}

/** How long things rest before the next step, in milliseconds. */
export interface KeyWaits {
  /** From the day on that nothing new is sealed by a version until it may be disabled; default 10 minutes. */
  settleMs: number
  /** From when a version was disabled until it may be destroyed; default 7 days. */
  destroyMs: number
  /** How long a rotation waits for running processes to learn of a root key; default 15 seconds. */
  replicasMs: number
}

export const defaultKeyWaits: KeyWaits = {
  settleMs: 10 * 60_000,
  destroyMs: 7 * 24 * 3_600_000,
  replicasMs: 15_000,
}

/** Told now and then how far an operation has come. */
export type Progress = (done: number) => void

export interface RotateTenantOptions {
  /** Destroys versions that have been disabled for long enough, and begins nothing. Default false. */
  destroy?: boolean
  /** Begins another rotation although one is under way. Default false. */
  again?: boolean
  onProgress?: Progress
}

/** Every key can be replaced while reads go on; this is how. Each may be stopped anywhere and run again. */
export interface KeyOperations {
  /** What wraps what, what is left of a rotation, and which root keys the running processes hold. */
  status(): Promise<KeyStatus>
  /**
   * Wraps every tenant key with the primary root key. Records are not touched.
   *
   * @throws KeywellError `conflict` while a running process does not know the primary key
   */
  rotateRoot(options?: { onProgress?: Progress }): Promise<RootRotation>
  /**
   * Gives a tenant a new key, or goes on with a rotation that is under way, as far as it can go now:
   * records move, then the old version is disabled, and with `destroy` those are destroyed that have
   * been disabled for long enough.
   *
   * `@install` is the installation itself. Its old version is needed for longer: until each API key was
   * used once more, and until the audit log has forgotten the last entry that it sealed.
   *
   * @throws KeywellError `not_found` for a tenant without keys, and `conflict` while a running process
   * does not know the primary root key
   */
  rotateTenant(tenantId: string, options?: RotateTenantOptions): Promise<TenantRotation>
  /** Opens every record, of one tenant or of all, and hands out nothing. */
  verify(options?: { tenantId?: string; onProgress?: Progress }): Promise<Verification>
}

export function createKeyOperations(parts: KeyParts): KeyOperations {
  const looking = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    await parts.migrate()
    return await run()
  }
  // What changes anything is in the audit log, so it takes the keys of that.
  const changing = <Result>(run: () => Promise<Result>): Promise<Result> =>
    looking(async () => {
      await parts.auditKeys.load().catch((cause: unknown) => {
        if (!isKeyOutage(cause)) throw cause
        throw new KeywellError('unavailable', 'The key store does not answer.', { cause })
      })
      return await run()
    })
  return {
    status: () => looking(() => readKeyStatus(parts)),
    rotateRoot: (options = {}) => changing(() => rotateRoot(parts, options)),
    rotateTenant: (tenantId, options = {}) =>
      changing(() => rotateTenant(parts, { tenantId, ...options })),
    verify: (options = {}) => looking(() => verifyRecords(parts, options)),
  }
}
