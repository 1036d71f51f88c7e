import { KeywellError } from '@keywell/protocol'
import { LRUCache } from 'lru-cache'
import { isKeyOutage, keyLifetimeMs, type Vault, VaultError } from '../vault/vault.ts'

/** Versions before the present one that are at hand; each is one rotation of the installation's key. */
const maxHeld = 16

/** A pepper that hangs on the installation's key, in its versions; each row that is under it names one. */
export interface Peppers<Macs> {
  /** Takes up the present one, and forgets the others. */
  load(): Promise<void>
  /**
   * What new rows are written under.
   *
   * @throws KeywellError `unavailable` before it was loaded
   */
  present(): { version: number; macs: Macs }
  /**
   * What a row is checked with; undefined: this version is disabled or destroyed, or never was. Not to be
   * called inside a transaction, as the vault is not.
   *
   * @throws VaultError `key_unavailable` when keys cannot be unwrapped now
   */
  find(version: number): Promise<Macs | undefined>
}

/**
 * @param label names the one use of the pepper (`keywell/1/api-key`)
 * @param macsUnder makes what is to be had of the pepper's bytes
 */
export function createPeppers<Macs extends object>(
  vault: Pick<Vault, 'subkeyOf'>,
  label: string,
  macsUnder: (pepper: Uint8Array) => Macs,
): Peppers<Macs> {
  /** No longer than the vault keeps the key that they hang on. */
  const before = new LRUCache<number, Macs>({ max: maxHeld, ttl: keyLifetimeMs })
  let loaded: { version: number; macs: Macs } | undefined

  function present(): { version: number; macs: Macs } {
    if (loaded === undefined) throw new KeywellError('unavailable', 'The service is starting.')
    return loaded
  }

  return {
    async load() {
      const { version, key } = await vault.subkeyOf(label)
      before.clear()
      if (loaded?.version !== version) loaded = { version, macs: macsUnder(key) }
    },

    present,

    async find(version) {
      if (version === present().version) return present().macs
      const held = before.get(version)
      if (held !== undefined) return held
      try {
        const macs = macsUnder((await vault.subkeyOf(label, version)).key)
        before.set(version, macs)
        return macs
      } catch (error) {
        if (!(error instanceof VaultError) || isKeyOutage(error)) throw error
        return undefined
      }
    },
  }
}
