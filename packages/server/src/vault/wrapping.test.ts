import { describe, expect, it } from 'vitest'
import { kmsKeys } from './kms-keys.ts'
import { localKeys } from './local-keys.ts'
import {
  count,
  keyService,
  keysFrom,
  otherRootKey,
  outcome,
  rootKey,
  startRefusal,
} from './parts.test.support.ts'
import { rewrap } from './wrapping.ts'

const where = { tenantId: 'ten_a', version: 3 }
const tenantKey = count(0x33, 32)

describe('wrapping a key anew', () => {
  it('gives the same key under the primary root key', async () => {
    const old = await localKeys(keysFrom([rootKey])).wrap(tenantKey, where)
    const keys = localKeys(keysFrom([otherRootKey, rootKey]))
    const wrapped = await rewrap(keys, old, where)
    expect(wrapped.kekId).toBe(keys.primary)
    expect(wrapped.kekId).not.toBe(old.kekId)
    expect(await localKeys(keysFrom([otherRootKey])).unwrap(wrapped, where)).toEqual(tenantKey)
  })

  it('is refused when what was wrapped comes back as another key', async () => {
    const keys = keyService()
    const old = await keys.wrap(tenantKey, where)
    const wrap = keys.wrap
    keys.wrap = async (key, context) =>
      wrap(
        key.map((byte) => byte ^ 1),
        context,
      )
    expect(await outcome(rewrap(keys, old, where))).toBe('key_unavailable: provider_failed')
    expect(keys.given.flatMap((key) => [...key]).every((byte) => byte === 0)).toBe(true)
  })

  it('is refused for a key of another tenant or version, and under a root key that is unknown', async () => {
    const keys = localKeys(keysFrom([rootKey]))
    const old = await keys.wrap(tenantKey, where)
    expect(await outcome(rewrap(keys, old, { ...where, tenantId: 'ten_b' }))).toBe('key_commit')
    expect(await outcome(rewrap(keys, old, { ...where, version: 2 }))).toBe('key_commit')
    const others = localKeys(keysFrom([otherRootKey]))
    expect(await outcome(rewrap(others, old, where))).toBe('key_unavailable: root_key_unknown')
  })
})

describe('root keys in a key service', () => {
  const service = {
    encrypt: async (_: string, bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x5a),
    decrypt: async (_: string, bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x5a),
  }

  it('have ids of their names: the first wraps, all unwrap, others are unknown', async () => {
    const both = kmsKeys({ service, keyNames: ['one', 'two'] })
    expect(both.ids).toEqual([
      kmsKeys({ service, keyNames: ['one'] }).primary,
      kmsKeys({ service, keyNames: ['two'] }).primary,
    ])
    expect(both.primary).toMatch(/^kek_[0-9a-f]{16}$/)
    const wrapped = await kmsKeys({ service, keyNames: ['two'] }).wrap(tenantKey, where)
    expect(await both.unwrap(wrapped, where)).toEqual(tenantKey)
    const one = kmsKeys({ service, keyNames: ['one'] })
    expect(await outcome(one.unwrap(wrapped, where))).toBe('key_unavailable: root_key_unknown')
  })

  it('send the service the tenant of the key, and the id of the root key', async () => {
    const sent: unknown[] = []
    const curious = {
      ...service,
      encrypt: async (name: string, bytes: Uint8Array, context: object) => {
        sent.push([name, context])
        return bytes
      },
    }
    const keys = kmsKeys({ service: curious, keyNames: ['one'] })
    await keys.wrap(tenantKey, where)
    const kek = keys.primary
    expect(sent).toEqual([['one', { purpose: 'tenant_key', tenant: 'ten_a', version: '3', kek }]])
  })

  it('end a call that is not answered, and say so', async () => {
    let ended = false
    const silent = {
      ...service,
      decrypt: (_name: string, _bytes: Uint8Array, _context: object, signal: AbortSignal) => {
        signal.addEventListener('abort', () => {
          ended = true
        })
        return new Promise<never>(() => {})
      },
    }
    const keys = kmsKeys({ service: silent, keyNames: ['one'], timeoutMs: 20 })
    const wrapped = await keys.wrap(tenantKey, where)
    await expect(keys.unwrap(wrapped, where)).rejects.toThrow('did not answer within 20 ms')
    expect(ended).toBe(true)
  })

  it('do nothing when they were closed, or when none is named', async () => {
    const keys = kmsKeys({ service, keyNames: ['one'] })
    const wrapped = await keys.wrap(tenantKey, where)
    keys.close()
    expect(await outcome(keys.wrap(tenantKey, where))).toBe('key_unavailable: closed')
    expect(await outcome(keys.unwrap(wrapped, where))).toBe('key_unavailable: closed')
    expect(await startRefusal(() => kmsKeys({ service, keyNames: [] }))).toContain('name one')
  })
})
