import type { Logger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import { keysChannel, rootKeysChanged } from '../store/key-rotation.ts'
import type { KeyProvider } from '../vault/key-provider.ts'
import type { Vault } from '../vault/vault.ts'

/**
 * Hears when keys are replaced, so that a tenant's are forgotten at once and root keys are read again.
 * Whoever misses it keeps a key for at most five minutes, and reads its root keys again when it meets one
 * that it does not know.
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
  logger: Logger
}): KeyWatch {
  const { database, keys, vault, logger } = parts
  let unlisten = async () => {}

  async function reload(): Promise<void> {
    try {
      await keys.reload?.()
      await parts.reloaded()
      logger.info({ primary: keys.primary, known: keys.ids }, 'root keys were read again')
    } catch (error) {
      logger.warn(
        { reason: String(error) },
        'root keys could not be read again; the old ones stand',
      )
    }
  }

  return {
    async start() {
      unlisten = await database.listen(keysChannel, (changed) => {
        if (changed === rootKeysChanged) void reload()
        else vault.evict(changed)
      })
    },
    stop: () => unlisten(),
  }
}
