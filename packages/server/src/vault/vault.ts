import { randomBytes as systemRandomBytes } from 'node:crypto'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { lengthPrefixed, type RandomBytes } from './bytes.ts'
import { VaultError } from './errors.ts'
import type { KeyProvider } from './key-provider.ts'
import { KeyRing, type TenantKeyStore } from './key-ring.ts'
import { openRecord, type RecordContext, sealRecord } from './record.ts'

export { isKeyOutage, VaultError } from './errors.ts'
export { keyLifetimeMs, type TenantKeyStore } from './key-ring.ts'
export type { RecordContext } from './record.ts'

/**
 * Turns bytes into sealed bytes and back, under a key per tenant that only a root key opens.
 *
 * ```ts
 * const vault = createVault({ keys: localKeys(keyFile({ path, warn })), store })
 * await vault.start()
 * const { sealed, keyVersion } = await vault.seal(context, body)
 * const same = await vault.open(context, sealed)
 * ```
 *
 * `seal` and `open` read the key table: call them outside a transaction, since on a database with
 * one connection they would wait for their own caller.
 */
export interface Vault {
  /**
   * The checks of the boot: every root key that the table names is there, and the installation's
   * own key can be unwrapped; it is made when nothing was ever sealed.
   *
   * @throws VaultError `start`, with one sentence that says what is missing and how to supply it
   */
  start(): Promise<void>
  /**
   * Seals at most 65,532 bytes under the tenant's active key, which is made at its first seal.
   *
   * @throws VaultError `too_large` or `key_unavailable`
   */
  seal(
    context: RecordContext,
    body: Uint8Array,
  ): Promise<{ sealed: Uint8Array; keyVersion: number }>
  /** @throws VaultError with one of the five inner names; see `VaultErrorReason` */
  open(context: RecordContext, sealed: Uint8Array): Promise<Uint8Array>
  /**
   * 32 bytes for one use that the label names (`keywell/1/audit`), from a version of the installation's
   * key. Default: the active one.
   *
   * @throws VaultError `key_unavailable`
   */
  subkeyOf(label: string, version?: number): Promise<{ version: number; key: Uint8Array }>
  /** Forgets a tenant's keys. Call it when a row of the key table has changed. */
  evict(tenantId: string): void
  /** Fills every key in memory with zeros, the provider's included. Nothing works afterwards. */
  close(): void
}

/** Called when an operation begins; what it answers is called when that ends. It must not throw. */
export type VaultWatch = (operation: 'seal' | 'open') => (result: 'ok' | 'failed') => void

/** Called when a record was not sealed or not opened, before the caller gets the error. It must not throw. */
export type VaultRefused = (error: VaultError, context: RecordContext) => void

/** Tenant of the keys that belong to no tenant; the API refuses ids that begin with `@`. */
export const installation = '@install'

/**
 * @param options.randomBytes default: the system's generator
 * @param options.now milliseconds of a clock that never goes back; default `performance.now`
 * @param options.begun called for every seal and open, for metrics; default: none
 * @param options.refused called for every refusal, with its inner reason, for an alarm; default: none
 */
export function createVault(options: {
  keys: KeyProvider
  store: TenantKeyStore
  randomBytes?: RandomBytes
  now?: () => number
  begun?: VaultWatch
  refused?: VaultRefused
}): Vault {
  const { keys, store, randomBytes = systemRandomBytes, now = () => performance.now() } = options
  const { begun = () => () => {}, refused = () => {} } = options
  const ring = new KeyRing({ keys, store, randomBytes, now })

  async function subkeyOf(label: string, asked?: number) {
    const version = asked ?? (await ring.activeVersion(installation))
    const info = lengthPrefixed(label, version)
    const lend = ring.lender({ tenantId: installation, version })
    return { version, key: await lend((key) => hkdf(sha256, key, new Uint8Array(32), info, 32)) }
  }

  async function watched<Result>(
    operation: 'seal' | 'open',
    context: RecordContext,
    run: () => Promise<Result>,
  ): Promise<Result> {
    const ended = begun(operation)
    try {
      const result = await run()
      ended('ok')
      return result
    } catch (error) {
      ended('failed')
      if (error instanceof VaultError) refused(error, context)
      throw error
    }
  }

  return {
    start: () => start({ keys, store, ring }),

    seal: (context, body) =>
      watched('seal', context, async () => {
        const { tenantId } = context
        const keyVersion = await ring.activeVersion(tenantId)
        const lend = ring.lender({ tenantId, version: keyVersion })
        const sealed = await sealRecord(lend, { context, keyVersion, body, randomBytes })
        return { sealed, keyVersion }
      }),

    open: (context, sealed) =>
      watched('open', context, () => {
        const { tenantId } = context
        return openRecord((version) => ring.lender({ tenantId, version }), context, sealed)
      }),

    subkeyOf,

    evict: (tenantId) => ring.evict(tenantId),

    close() {
      ring.close()
      keys.close()
    },
  }
}

async function start({
  keys,
  store,
  ring,
}: {
  keys: KeyProvider
  store: TenantKeyStore
  ring: KeyRing
}): Promise<void> {
  // In this order: a record that is there when we look has its key in the table already.
  const used = await store.hasSealedRecords()
  const needed = await store.kekIds()
  if (needed.length === 0 && used) {
    throw new VaultError(
      'start',
      'The key table is empty beside sealed records: this is the wrong database, or its tenant_keys were lost; restore them from a backup.',
    )
  }
  requireRootKeys(keys, needed)
  if (needed.length > 0 && !(await store.find(installation, 'active'))) {
    throw new VaultError(
      'start',
      `The key table has no active key of ${installation}, which every start but the first needs: restore it from a backup.`,
    )
  }
  await proveInstallKey(ring)
}

function requireRootKeys(keys: KeyProvider, needed: readonly string[]): void {
  const missing = needed.filter((id) => !keys.ids.includes(id))
  if (missing.length === 0) return
  throw new VaultError(
    'start',
    `The root key ${missing.join(', ')} wrapped keys of this database and is not among those given (${keys.ids.join(', ')}): ${keys.howToAdd}.`,
  )
}

async function proveInstallKey(ring: KeyRing): Promise<void> {
  try {
    const version = await ring.activeVersion(installation)
    await ring.lender({ tenantId: installation, version })(() => new Uint8Array())
  } catch (cause) {
    if (!(cause instanceof VaultError)) throw cause
    throw new VaultError(
      'start',
      `The installation's own key cannot be unwrapped (${cause.reason}): ${cause.message}. Check the root key and that this is its database.`,
      { cause },
    )
  }
}
