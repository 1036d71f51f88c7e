import { KeywellError } from '@keywell/protocol'
import type { Vault } from '../vault/vault.ts'
import type { AuditKey } from './seal.ts'

const label = 'keywell/1/audit'

/** The keys of the audit log: a subkey of each version of the installation's key. */
export interface AuditKeys {
  /** Loads the present key. If that fails, the previous one stays in use: each row names its version. */
  load(): Promise<void>
  /**
   * The key of new rows. It is in memory, because the caller that writes a row may hold the only connection
   * to the database.
   *
   * @throws KeywellError `unavailable` before it was loaded: a row that cannot be sealed is not written
   */
  current(): AuditKey
  /** The key of a version, to check old rows. @throws VaultError when it is gone */
  find(version: number): Promise<AuditKey>
}

export function createAuditKeys(vault: Pick<Vault, 'subkeyOf'>): AuditKeys {
  let current: AuditKey | undefined

  return {
    async load() {
      current = await vault.subkeyOf(label)
    },
    current() {
      if (current === undefined) throw new KeywellError('unavailable', 'The service is starting.')
      return current
    },
    find: (version) => vault.subkeyOf(label, version),
  }
}
