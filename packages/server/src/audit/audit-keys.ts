import { KeywellError } from '@keywell/protocol'
import type { Logger } from '../logger.ts'
import { type After, createLoop } from '../timers.ts'
import type { Vault } from '../vault/vault.ts'
import type { AuditKey } from './seal.ts'

const label = 'keywell/1/audit'
/** How often it is looked whether the installation's key was rotated. */
const reloadMs = 5 * 60_000

/** The keys of the audit log: a subkey of each version of the installation's key. */
export interface AuditKeys {
  /** Loads the current one, and looks for a newer one from then on. */
  start(): Promise<void>
  /**
   * What new rows are sealed with. It is at hand, since whoever writes a row may hold the only
   * connection to the database.
   *
   * @throws KeywellError `unavailable` before the start: what cannot be sealed is not written
   */
  current(): AuditKey
  /** The one of a version, to check with. @throws VaultError when it is gone */
  find(version: number): Promise<AuditKey>
  stop(): Promise<void>
}

export function createAuditKeys(parts: {
  vault: Pick<Vault, 'subkeyOf'>
  logger: Logger
  after: After
}): AuditKeys {
  const { vault, logger, after } = parts
  let current: AuditKey | undefined
  const reloading = createLoop(reload, reloadMs, after)

  /** The one that is there serves on: each row names the version that sealed it. */
  async function reload(): Promise<void> {
    try {
      current = await vault.subkeyOf(label)
    } catch (error) {
      logger.warn({ reason: String(error) }, 'the audit key could not be looked up; kept as it was')
    }
  }

  return {
    async start() {
      if (current !== undefined) return
      current = await vault.subkeyOf(label)
      reloading.start()
    },
    current() {
      if (current === undefined) throw new KeywellError('unavailable', 'The service is starting.')
      return current
    },
    find: (version) => vault.subkeyOf(label, version),
    stop: reloading.stop,
  }
}
