import { type After, createLoop } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import { keysChannel, rootKeysChanged } from '../store/key-rotation.ts'
import { installation } from '../store/scope.ts'
import { findTenantKey } from '../store/tenant-keys.ts'
import type { KeyProvider } from '../vault/key-provider.ts'
import type { Vault } from '../vault/vault.ts'

/** How often it is looked whether the installation's key was replaced without our hearing of it. */
export const lookEveryMs = 10_000

/**
 * Hears when keys are replaced, so that a tenant's are forgotten at once and root keys are read again.
 * Whoever misses it keeps a key for at most five minutes, and reads its root keys again when it meets one
 * that it does not know. What is derived from the installation's key is held for longer, so that key is
 * looked at, too.
 */
export interface KeyWatch {
  start(): Promise<void>
  stop(): Promise<void>
}

export function createKeyWatch(parts: {
  database: Database
  keys: KeyProvider
  vault: Pick<Vault, 'evict'>
  /** Called when the root keys were read again. */
  reloaded: () => Promise<void>
  /** Called when the installation's key is another, or may be: what is derived from it is derived again. */
  installKeyChanged: () => Promise<void>
  logger: Logger
  after: After
}): KeyWatch {
  const { database, keys, vault, logger } = parts
  let unlisten = async () => {}
  /** The version of the installation's key that everything has taken up. */
  let takenUp: number | undefined
  const looking = createLoop(look, lookEveryMs, parts.after)

  async function reload(): Promise<void> {
    try {
      await keys.reload?.()
      await parts.reloaded()
      logger.info({ primary: keys.primary, known: [...keys.ids] }, 'root keys reloaded')
    } catch (error) {
      logger.warn({ reason: String(error) }, 'root key reload failed')
    }
  }

  /** What fails is tried again at the next look. */
  async function takeUp(): Promise<void> {
    try {
      takenUp = undefined
      const version = await activeVersion()
      await parts.installKeyChanged()
      takenUp = version
    } catch (error) {
      logger.warn({ reason: String(error) }, 'installation key reload failed')
    }
  }

  async function look(): Promise<void> {
    const version = await activeVersion().catch(() => takenUp)
    if (version !== takenUp) await takeUp()
  }

  async function activeVersion(): Promise<number | undefined> {
    return (await findTenantKey(database.of(installation), installation, 'active'))?.version
  }

  function hear(changed: string): void {
    if (changed === rootKeysChanged) return void reload()
    vault.evict(changed)
    if (changed === installation) void takeUp()
  }

  return {
    async start() {
      unlisten = await database.listen(keysChannel, hear)
      looking.start()
    },
    async stop() {
      await Promise.all([looking.stop(), unlisten()])
    },
  }
}
