import { KeywellError } from '@keywell/protocol'
import type { Vault } from '../vault/vault.ts'
import type { AuditKey } from './seal.ts'

const label = 'keywell/1/audit'

/** The keys of the audit log: a subkey of each version of the installation's key. */
export interface AuditKeys {
  /** Takes up the present one. If it fails, the one that is there serves on: each row names its version. */
  load(): Promise<void>
  /**
   * What new rows are sealed with. It is at hand, since whoever writes a row may hold the only
   * connection to the database.
   *
   * @throws KeywellError `unavailable` before it was loaded: what cannot be sealed is not written
   */
  current(): AuditKey
  /** The one of a version, to check with. @throws VaultError when it is gone */
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
