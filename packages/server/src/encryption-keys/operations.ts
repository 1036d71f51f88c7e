import { KeywellError } from '@keywell/protocol'
import { isKeyOutage } from '../vault/vault.ts'
import type { KeyParts, Progress, RotateTenantOptions } from './parts.ts'
import { type RootRotation, rotateRoot } from './rotate-root.ts'
import { rotateTenant, type TenantRotation } from './rotate-tenant.ts'
import { type KeyStatus, readKeyStatus } from './status.ts'
import { type Verification, verifyRecords } from './verify.ts'

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
