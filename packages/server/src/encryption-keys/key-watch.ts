import { type After, createLoop } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import { keysChannel, rootKeysChanged } from '../store/key-rotation.ts'
import { installation } from '../store/scope.ts'
import { findTenantKey } from '../store/tenant-keys.ts'
import type { KeyProvider } from '../vault/key-provider.ts'
import type { Vault } from '../vault/vault.ts'

/** How often the version of the installation's key is polled, in milliseconds. */
export const pollEveryMs = 10_000

interface KeyWatchParts {
  database: Database
  keys: KeyProvider
  vault: Pick<Vault, 'evict'>
  /** Called when the root keys were read again. */
  reloaded: () => Promise<void>
  /** Called when the installation's key is another, or may be: what is derived from it is derived again. */
  installKeyChanged: () => Promise<void>
  logger: Logger
  after: After
}

/**
 * Notices when keys are replaced, so that a tenant's are evicted at once and root keys are read again. A
 * process that misses the notification keeps a tenant's key for at most five minutes, and reads its root keys
 * again when it meets one that it does not know. What is derived from the installation's key is kept for
 * longer, so the version of that key is polled, too.
 */
export class KeyWatch {
  readonly #parts: KeyWatchParts
  readonly #polling: ReturnType<typeof createLoop>
  /** The version of the installation's key that everything has taken up. */
  #takenUp: number | undefined
  #unlisten = async () => {}

  constructor(parts: KeyWatchParts) {
    this.#parts = parts
    this.#polling = createLoop(() => this.#poll(), pollEveryMs, parts.after)
  }

  async start(): Promise<void> {
    const { database } = this.#parts
    this.#unlisten = await database.listen(keysChannel, (changed) => this.#notified(changed))
    this.#polling.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#polling.stop(), this.#unlisten()])
  }

  #notified(changed: string): void {
    if (changed === rootKeysChanged) return void this.#reload()
    this.#parts.vault.evict(changed)
    if (changed === installation) void this.#takeUp()
  }

  async #reload(): Promise<void> {
    const { keys, logger, reloaded } = this.#parts
    try {
      await keys.reload?.()
      await reloaded()
      logger.info({ primary: keys.primary, known: [...keys.ids] }, 'root keys reloaded')
    } catch (error) {
      logger.warn({ reason: String(error) }, 'root key reload failed')
    }
  }

  async #poll(): Promise<void> {
    const version = await this.#activeVersion().catch(() => this.#takenUp)
    if (version !== this.#takenUp) await this.#takeUp()
  }

  /** What fails is tried again at the next poll. */
  async #takeUp(): Promise<void> {
    try {
      this.#takenUp = undefined
      const version = await this.#activeVersion()
      await this.#parts.installKeyChanged()
      this.#takenUp = version
    } catch (error) {
      this.#parts.logger.warn({ reason: String(error) }, 'installation key reload failed')
    }
  }

  async #activeVersion(): Promise<number | undefined> {
    const sql = this.#parts.database.of(installation)
    return (await findTenantKey(sql, installation, 'active'))?.version
  }
}
