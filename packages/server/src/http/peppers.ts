import { KeywellError } from '@keywell/protocol'
import { LRUCache } from 'lru-cache'
import { isKeyOutage, keyLifetimeMs, type Vault, VaultError } from '../vault/vault.ts'
import { createKeyMacs, type KeyMacs } from './key-macs.ts'

const label = 'keywell/1/api-key'
/** Versions before the present one that are at hand; each is one rotation of the installation's key. */
const maxHeld = 16

/** The pepper of API keys in its versions, of which each row names one. */
export interface Peppers {
  /** Takes up the present one, and forgets the others. */
  load(): Promise<void>
  /**
   * What new rows are written under.
   *
   * @throws KeywellError `unavailable` before it was loaded
   */
  present(): { version: number; macs: KeyMacs }
  /**
   * What a row is checked with; undefined: this version is disabled or destroyed, or never was. Not to be
   * called inside a transaction, as the vault is not.
   *
   * @throws VaultError `key_unavailable` when keys cannot be unwrapped now
   */
  find(version: number): Promise<KeyMacs | undefined>
}

export function createPeppers(vault: Pick<Vault, 'subkeyOf'>): Peppers {
  /** No longer than the vault keeps the key that they hang on. */
  const before = new LRUCache<number, KeyMacs>({ max: maxHeld, ttl: keyLifetimeMs })
  let loaded: { version: number; macs: KeyMacs } | undefined

  function present(): { version: number; macs: KeyMacs } {
    if (loaded === undefined) throw new KeywellError('unavailable', 'The service is starting.')
    return loaded
  }

  return {
    async load() {
      const { version, key } = await vault.subkeyOf(label)
      before.clear()
      if (loaded?.version !== version) loaded = { version, macs: createKeyMacs(key) }
    },

    present,

    async find(version) {
      if (version === present().version) return present().macs
      const held = before.get(version)
      if (held !== undefined) return held
      try {
        const macs = createKeyMacs((await vault.subkeyOf(label, version)).key)
        before.set(version, macs)
        return macs
      } catch (error) {
        if (!(error instanceof VaultError) || isKeyOutage(error)) throw error
        return undefined
      }
    },
  }
}
