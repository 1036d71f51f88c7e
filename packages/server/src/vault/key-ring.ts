import type { RandomBytes } from './bytes.ts'
import type { LendKey } from './envelope.ts'
import { keyUnavailable, VaultError } from './errors.ts'
import type { KeyProvider, WrapContext, Wrapped } from './key-provider.ts'
import { providerFailed, tenantKeyBytes, wrapNewKey } from './wrapping.ts'

/** A tenant key as it is stored: wrapped by a root key, and `null` once it is destroyed. */
export interface TenantKeyRow {
  tenantId: string
  version: number
  kekId: string
  wrapped: Uint8Array | null
  state: 'active' | 'decrypt_only' | 'disabled' | 'destroyed'
}

/** The table of tenant keys. Implemented by `store/`, over all tenants. */
export interface TenantKeyStore {
  find(tenantId: string, version: number | 'active'): Promise<TenantKeyRow | undefined>
  /** Inserts version 1 as active; false when another process was first. */
  insertFirst(row: {
    tenantId: string
    version: number
    kekId: string
    wrapped: Uint8Array
  }): Promise<boolean>
  /** Distinct ids of the root keys of rows that are not destroyed. */
  kekIds(): Promise<string[]>
  hasSealedRecords(): Promise<boolean>
}

/** How long an unwrapped key is kept. A key service that is down is not noticed for as long. */
export const keyLifetimeMs: number = 5 * 60_000
/** How many unwrapped keys are kept. */
export const maxHeldKeys = 10_000
/** How often expired keys are dropped. */
const sweepMs = 30_000
/** What the `int` column of a version can hold; a changed header may name more. */
const maxKeyVersion = 0x7fff_ffff

interface HeldKey {
  readonly tenantId: string
  readonly key: Uint8Array
  readonly until: number
}

interface Unwrapping {
  readonly tenantId: string
  readonly done: Promise<void>
}

/**
 * The tenant keys in clear, for a few minutes: found in the store, unwrapped by the provider, filled
 * with zeros when they go. A key never leaves; what derives from it comes here (see `LendKey`).
 */
export class KeyRing {
  readonly #keys: KeyProvider
  readonly #store: TenantKeyStore
  readonly #randomBytes: RandomBytes
  readonly #now: () => number
  /** In the order of their end, since all live equally long. */
  readonly #held = new Map<string, HeldKey>()
  readonly #unwrapping = new Map<string, Unwrapping>()
  #sweep: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: {
    keys: KeyProvider
    store: TenantKeyStore
    randomBytes: RandomBytes
    now: () => number
  }) {
    this.#keys = options.keys
    this.#store = options.store
    this.#randomBytes = options.randomBytes
    this.#now = options.now
  }

  /** The version that new records are sealed under; makes a tenant's first key. */
  async activeVersion(tenantId: string): Promise<number> {
    const row = (await this.#store.find(tenantId, 'active')) ?? (await this.#makeFirst(tenantId))
    return row.version
  }

  /** Lends one key. The function that it gives rejects with `VaultError` `key_unavailable`. */
  lender({ tenantId, version }: { tenantId: string; version: number }): LendKey {
    const id = `${version} ${tenantId}`
    return async (derive) => {
      for (;;) {
        this.#dropExpired()
        const held = this.#held.get(id)
        if (held) return derive(held.key)
        await this.#unwrapOnce(id, tenantId, version)
      }
    }
  }

  /** Forgets a tenant's keys, also those that are being unwrapped right now. */
  evict(tenantId: string): void {
    for (const [id, held] of this.#held) if (held.tenantId === tenantId) this.#drop(id, held)
    for (const [id, { tenantId: owner }] of this.#unwrapping) {
      if (owner === tenantId) this.#unwrapping.delete(id)
    }
  }

  close(): void {
    this.#closed = true
    for (const [id, held] of this.#held) this.#drop(id, held)
    this.#unwrapping.clear()
    clearInterval(this.#sweep)
  }

  async #makeFirst(tenantId: string): Promise<TenantKeyRow> {
    const version = 1
    const { kekId, bytes } = await wrapNewKey(this.#keys, { tenantId, version }, this.#randomBytes)
    await this.#store.insertFirst({ tenantId, version, kekId, wrapped: bytes })
    // Read again in both cases: another process may have been first, and the row is the truth.
    const row = await this.#store.find(tenantId, 'active')
    if (row) return row
    const destroyed = (await this.#store.find(tenantId, version))?.state === 'destroyed'
    throw destroyed
      ? keyUnavailable('tenant_destroyed', 'the keys of this tenant were destroyed')
      : keyUnavailable('missing', 'this tenant has keys, but none that is active')
  }

  /** One unwrap in flight per key; other callers wait for it. */
  #unwrapOnce(id: string, tenantId: string, version: number): Promise<void> {
    const running = this.#unwrapping.get(id)
    if (running) return running.done

    const unwrapping: Unwrapping = {
      tenantId,
      done: this.#unwrap(tenantId, version)
        .then((key) => {
          // Evicted meanwhile: the row may have changed, so waiting callers must read it again.
          if (this.#unwrapping.get(id) !== unwrapping) key.fill(0)
          else this.#hold(id, { tenantId, key, until: this.#now() + keyLifetimeMs })
        })
        .finally(() => {
          if (this.#unwrapping.get(id) === unwrapping) this.#unwrapping.delete(id)
        }),
    }
    this.#unwrapping.set(id, unwrapping)
    return unwrapping.done
  }

  async #unwrap(tenantId: string, version: number): Promise<Uint8Array> {
    if (this.#closed) throw keyUnavailable('closed', 'the vault was closed')
    const possible = version > 0 && version <= maxKeyVersion
    const row = possible ? await this.#store.find(tenantId, version) : undefined
    if (!row) throw keyUnavailable('missing', `this tenant has no key of version ${version}`)
    if (row.state === 'disabled') {
      throw keyUnavailable('disabled', `key version ${version} is disabled, and still needed`)
    }
    if (row.state === 'destroyed' || !row.wrapped) {
      const lives = await this.#store.find(tenantId, 'active')
      const state = lives ? 'destroyed' : 'tenant_destroyed'
      throw keyUnavailable(state, `key version ${version} was destroyed`)
    }
    const wrapped = { kekId: row.kekId, bytes: row.wrapped }
    const key = await this.#unwrapOrReload(wrapped, { tenantId, version }).catch(providerFailed)
    if (key.length === tenantKeyBytes) return key
    throw keyUnavailable('provider_failed', 'the key provider gave a key of a wrong length')
  }

  /** A root key that was added while we run is found by reading the source once more. */
  async #unwrapOrReload(wrapped: Wrapped, context: WrapContext): Promise<Uint8Array> {
    try {
      return await this.#keys.unwrap(wrapped, context)
    } catch (error) {
      const unknown = error instanceof VaultError && error.keyState === 'root_key_unknown'
      if (!unknown || !this.#keys.reload || this.#closed) throw error
      await this.#keys.reload()
      return this.#keys.unwrap(wrapped, context)
    }
  }

  #hold(id: string, held: HeldKey): void {
    this.#held.set(id, held)
    if (this.#held.size > maxHeldKeys) this.#dropFirst()
    // Keys go at their time even when none is asked for.
    this.#sweep ??= setInterval(() => this.#dropExpired(), sweepMs).unref()
  }

  #dropExpired(): void {
    const now = this.#now()
    for (const [id, held] of this.#held) {
      if (held.until > now) return
      this.#drop(id, held)
    }
  }

  #dropFirst(): void {
    const [first] = this.#held
    if (first) this.#drop(...first)
  }

  #drop(id: string, held: HeldKey): void {
    held.key.fill(0)
    this.#held.delete(id)
  }
}
