import { describe, expect, it, vi } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { keyLifetimeMs, maxHeldKeys } from './key-ring.ts'
import { localKeys } from './local-keys.ts'
import {
  body,
  context,
  count,
  keyService,
  keysFrom,
  keyTable,
  otherRootKey,
  outcome,
  rootKey,
} from './parts.test.support.ts'
import { createVault, installation } from './vault.ts'

/** A vault on a key service, with a record of `ten_a` and with no key in memory. */
async function setUp() {
  const table = keyTable()
  const keys = keyService()
  let nowMs = 0
  const now = () => nowMs
  const { sealed } = await createVault({ keys, store: table }).seal(context, body)
  keys.unwraps = 0
  keys.given.length = 0
  const vault = createVault({ keys, store: table, now })
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { vault, table, keys, sealed, pass, now }
}

const isWiped = (key: Uint8Array | undefined) => key?.every((byte) => byte === 0)

describe('the first key of a tenant', () => {
  it('is made at the first seal, wrapped, as version 1', async () => {
    const table = keyTable()
    const vault = createVault({ keys: localKeys(keysFrom([rootKey])), store: table })
    await vault.seal(context, body)
    await vault.seal(context, body)
    expect(table.rows).toEqual([
      {
        tenantId: 'ten_a',
        version: 1,
        kekId: 'kek_ef4b0ecb4dfbe9b7',
        wrapped: expect.any(Uint8Array),
        state: 'active',
      },
    ])
    expect(table.rows[0]?.wrapped).toHaveLength(132)
  })

  it('is one, however many vaults make it at once', async () => {
    const table = keyTable()
    const find = table.find
    let waiting = 0
    let release = () => {}
    const bothLooked = new Promise<void>((resolve) => {
      release = resolve
    })
    // No vault goes on before both have seen that there is no key.
    table.find = async (...query) => {
      const row = await find(...query)
      if (query[1] === 'active' && row === undefined) {
        waiting += 1
        if (waiting === 2) release()
        await bothLooked
      }
      return row
    }
    const replicas = [1, 2].map(() =>
      createVault({ keys: localKeys(keysFrom([rootKey])), store: table }),
    )
    const records = await Promise.all(replicas.map((vault) => vault.seal(context, body)))
    expect(waiting).toBe(2)
    expect(table.rows).toHaveLength(1)
    for (const vault of replicas) {
      for (const { sealed } of records) expect(await vault.open(context, sealed)).toEqual(body)
    }
  })

  it('is not made again for a tenant that was destroyed', async () => {
    const { vault, table, sealed } = await setUp()
    Object.assign(table.rows[0] ?? {}, { state: 'destroyed', wrapped: null })
    expect(await outcome(vault.seal(context, body))).toBe('key_unavailable: tenant_destroyed')
    expect(await outcome(vault.open(context, sealed))).toBe('key_unavailable: tenant_destroyed')
    expect(table.rows).toHaveLength(1)
  })

  it('is not replaced when no version is active', async () => {
    const { vault, table } = await setUp()
    Object.assign(table.rows[0] ?? {}, { state: 'decrypt_only' })
    expect(await outcome(vault.seal(context, body))).toBe('key_unavailable: missing')
    expect(table.rows).toHaveLength(1)
  })
})

verifies.suite('vault:key-states', () => {
  async function rotated() {
    const world = await setUp()
    const key = count(0x33, 32)
    const { kekId, bytes } = await world.keys.wrap(key, { tenantId: 'ten_a', version: 2 })
    Object.assign(world.table.rows[0] ?? {}, { state: 'decrypt_only' })
    world.table.rows.push({
      tenantId: 'ten_a',
      version: 2,
      kekId,
      wrapped: bytes,
      state: 'active',
    })
    return world
  }

  it('decrypt_only opens, and the active one seals', async () => {
    const { vault, sealed } = await rotated()
    expect(await vault.open(context, sealed)).toEqual(body)
    const second = await vault.seal(context, body)
    expect(second.keyVersion).toBe(2)
    expect(await vault.open(context, second.sealed)).toEqual(body)
  })

  it('disabled refuses, and says that the version is still needed', async () => {
    const { vault, table, sealed } = await rotated()
    Object.assign(table.rows[0] ?? {}, { state: 'disabled' })
    expect(await outcome(vault.open(context, sealed))).toBe('key_unavailable: disabled')
  })

  it('destroyed refuses for the version, and is no word on the tenant', async () => {
    const { vault, table, sealed } = await rotated()
    Object.assign(table.rows[0] ?? {}, { state: 'destroyed', wrapped: null })
    expect(await outcome(vault.open(context, sealed))).toBe('key_unavailable: destroyed')
  })

  it('takes effect at once for a key in memory that was evicted', async () => {
    const { vault, table, sealed } = await rotated()
    await vault.open(context, sealed)
    Object.assign(table.rows[0] ?? {}, { state: 'disabled' })
    expect(await outcome(vault.open(context, sealed))).toBe('opened')
    vault.evict('ten_a')
    expect(await outcome(vault.open(context, sealed))).toBe('key_unavailable: disabled')
  })
})

describe('keys in memory', () => {
  it('are unwrapped once for many records, also at the same time', async () => {
    const { vault, keys, sealed } = await setUp()
    await Promise.all(Array.from({ length: 50 }, () => vault.open(context, sealed)))
    await vault.open(context, sealed)
    expect(keys.unwraps).toBe(1)
  })

  it('are kept for five minutes, and then filled with zeros', async () => {
    const { vault, keys, sealed, pass } = await setUp()
    await vault.open(context, sealed)
    pass(keyLifetimeMs - 1)
    await vault.open(context, sealed)
    expect(keys.unwraps).toBe(1)
    expect(isWiped(keys.given[0])).toBe(false)
    pass(1)
    await vault.open(context, sealed)
    expect(keys.unwraps).toBe(2)
    expect(isWiped(keys.given[0])).toBe(true)
    expect(isWiped(keys.given[1])).toBe(false)
  })

  it('go at their time even when none is requested', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const { vault, keys, sealed, pass } = await setUp()
      await vault.open(context, sealed)
      pass(keyLifetimeMs)
      vi.advanceTimersByTime(60_000)
      expect(isWiped(keys.given[0])).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })

  it('are ten thousand at most; the oldest goes', async () => {
    const { vault, table, keys, sealed } = await setUp()
    const [row] = table.rows
    // Every tenant has the same key: the service doesn't mind, and it makes the test quick.
    table.find = async (tenantId) => row && { ...row, tenantId }
    await vault.open(context, sealed)
    const [oldest] = keys.given
    for (let tenant = 1; tenant < maxHeldKeys; tenant += 1) {
      await vault.seal({ ...context, tenantId: `ten_${tenant}` }, new Uint8Array())
    }
    expect(isWiped(oldest)).toBe(false)
    await vault.seal({ ...context, tenantId: 'ten_last' }, new Uint8Array())
    expect(isWiped(oldest)).toBe(true)
    expect(keys.given.filter((key) => !isWiped(key))).toHaveLength(maxHeldKeys)
  })

  it('go when their tenant is evicted, and no other tenant with it', async () => {
    const { vault, keys, sealed } = await setUp()
    await vault.open(context, sealed)
    await vault.seal({ ...context, tenantId: 'ten_b' }, body)
    vault.evict('ten_a')
    expect(keys.given.map(isWiped)).toEqual([true, false])
  })

  it('do not come back by an unwrap that began before the eviction', async () => {
    const { vault, table, keys, sealed } = await setUp()
    let open = () => {}
    keys.gate = new Promise((resolve) => {
      open = resolve
    })
    const opening = outcome(vault.open(context, sealed))
    await vi.waitFor(() => expect(keys.unwraps).toBe(1))
    Object.assign(table.rows[0] ?? {}, { state: 'destroyed', wrapped: null })
    vault.evict('ten_a')
    open()
    expect(await opening).toBe('key_unavailable: tenant_destroyed')
    expect(isWiped(keys.given[0])).toBe(true)
  })

  it('serve while the key service is down, and then its failure is reported', async () => {
    const { vault, keys, sealed, pass } = await setUp()
    await vault.open(context, sealed)
    keys.failure = new Error('throttled')
    expect(await outcome(vault.open(context, sealed))).toBe('opened')
    pass(keyLifetimeMs)
    expect(await outcome(vault.open(context, sealed))).toBe('key_unavailable: provider_failed')
    keys.failure = undefined
    expect(await outcome(vault.open(context, sealed))).toBe('opened')
  })

  it('are wiped by close, and nothing works afterwards', async () => {
    const { vault, keys, sealed } = await setUp()
    await vault.open(context, sealed)
    vault.close()
    expect(isWiped(keys.given[0])).toBe(true)
    expect(await outcome(vault.open(context, sealed))).toBe('key_unavailable: closed')
    expect(await outcome(vault.seal(context, body))).toBe('key_unavailable: closed')
  })

  it('are never used after they were wiped: what is sealed while keys go opens later', async () => {
    const { vault, table, keys } = await setUp()
    const records = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        if (index % 3 === 0) vault.evict('ten_a')
        const { sealed } = await vault.seal(context, body)
        vault.evict('ten_a')
        return sealed
      }),
    )
    const reader = createVault({ keys, store: table })
    for (const sealed of records) expect(await reader.open(context, sealed)).toEqual(body)
  })
})

describe('a root key that is unknown', () => {
  it('is looked for once more in the source', async () => {
    const table = keyTable()
    const writer = createVault({ keys: localKeys(keysFrom([otherRootKey])), store: table })
    const { sealed } = await writer.seal(context, body)

    const supplied = [rootKey]
    const reader = createVault({ keys: localKeys(keysFrom(supplied, true)), store: table })
    expect(await outcome(reader.open(context, sealed))).toBe('key_unavailable: root_key_unknown')
    supplied.push(otherRootKey)
    expect(await reader.open(context, sealed)).toEqual(body)
  })

  it('is not looked for in a source that can be read only once', async () => {
    const table = keyTable()
    const writer = createVault({ keys: localKeys(keysFrom([otherRootKey])), store: table })
    const { sealed } = await writer.seal(context, body)
    const supplied = [rootKey]
    const reader = createVault({ keys: localKeys(keysFrom(supplied)), store: table })
    supplied.push(otherRootKey)
    expect(await outcome(reader.open(context, sealed))).toBe('key_unavailable: root_key_unknown')
  })
})

describe('a wrapped key', () => {
  const where = { tenantId: 'ten_a', version: 1 }

  it('opens only for its tenant, its version and its root key', async () => {
    const keys = localKeys(keysFrom([rootKey, otherRootKey]))
    const wrapped = await keys.wrap(count(1, 32), where)
    expect(await outcome(keys.unwrap(wrapped, where))).toBe('opened')
    expect(await outcome(keys.unwrap(wrapped, { ...where, tenantId: 'ten_b' }))).toBe('key_commit')
    expect(await outcome(keys.unwrap(wrapped, { ...where, version: 2 }))).toBe('key_commit')
    const [, other = ''] = keys.ids
    expect(await outcome(keys.unwrap({ ...wrapped, kekId: other }, where))).toBe('key_commit')
  })

  it('does not open with any bit flipped', async () => {
    const keys = localKeys(keysFrom([rootKey]))
    const { kekId, bytes } = await keys.wrap(count(1, 32), where)
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = bytes.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(await outcome(keys.unwrap({ kekId, bytes: changed }, where))).not.toBe('opened')
    }
  })
})

describe('a subkey', () => {
  it('is the same for every replica, and another for every label', async () => {
    const table = keyTable()
    const replica = () => createVault({ keys: localKeys(keysFrom([rootKey])), store: table })
    const pepper = await replica().subkeyOf('keywell/1/api-key')
    expect(pepper.version).toBe(1)
    expect(pepper.key).toHaveLength(32)
    expect(await replica().subkeyOf('keywell/1/api-key')).toEqual(pepper)
    expect((await replica().subkeyOf('keywell/1/audit')).key).not.toEqual(pepper.key)
    expect(table.rows.map((row) => row.tenantId)).toEqual([installation])
  })
})
