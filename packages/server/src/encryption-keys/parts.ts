import type { Audit } from '../audit/audit.ts'
import type { AuditKeys } from '../audit/audit-keys.ts'
import type { Sleep } from '../clock.ts'
import type { Database } from '../store/database.ts'
import type { KeyProvider } from '../vault/key-provider.ts'
import type { Vault } from '../vault/vault.ts'

/** What the operations work with. */
export interface KeyParts {
  database: Database
  keys: KeyProvider
  vault: Vault
  audit: Pick<Audit, 'write'>
  auditKeys: Pick<AuditKeys, 'load' | 'find'>
  /** How many days the audit log is kept. */
  auditDays: number
  randomBytes: (bytes: number) => Uint8Array
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

/** Called now and then with how far an operation has come. */
export type Progress = (done: number) => void

export interface RotateTenantOptions {
  /** Destroys versions that have been disabled for long enough, and begins nothing. Default false. */
  destroy?: boolean
  /** Begins another rotation although one is under way. Default false. */
  again?: boolean
  onProgress?: Progress
}
