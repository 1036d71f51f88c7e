import { createDecipheriv, hkdfSync } from 'node:crypto'
import { gcm } from '@noble/ciphers/aes.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import type { TenantKeyRow } from './key-ring.ts'
import { localKeys } from './local-keys.ts'
import {
  body,
  context,
  count,
  type KeyTable,
  keysFrom,
  keyTable,
  outcome,
  rootKey,
  utf8,
} from './parts.test.support.ts'
import { maxBodyBytes } from './record.ts'
import { createVault, installation, type RecordContext } from './vault.ts'

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))

function setUp(table: KeyTable = keyTable()) {
  const keys = localKeys(keysFrom([rootKey]))
  return { vault: createVault({ keys, store: table }), table, keys }
}

describe('a round trip', () => {
  it('gives back what was sealed, and names the version of the key', async () => {
    const { vault } = setUp()
    const { sealed, keyVersion } = await vault.seal(context, body)
    expect(keyVersion).toBe(1)
    expect(await vault.open(context, sealed)).toEqual(body)
    expect(Buffer.from(sealed).includes('at-1')).toBe(false)
  })

  it('holds for every context and body', async () => {
    const { vault } = setUp()
    const part = fc.string({ unit: 'grapheme', maxLength: 40 })
    const contexts = fc.record<RecordContext>({
      type: fc.constantFrom(
        'credential',
        'orphan',
        'integration',
        'flow',
        'endpoint',
        'install',
        'approval',
        'tool_call',
      ),
      tenantId: fc.constantFrom('ten_a', 'ten_b', installation),
      recordId: part,
      field: part,
      generation: fc.nat(0xffff_ffff),
      schema: fc.nat(255),
      bound: fc.array(part, { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(
        contexts,
        fc.uint8Array({ maxLength: 2_000 }),
        async (anywhere, anything) => {
          const { sealed } = await vault.seal(anywhere, anything)
          expect(await vault.open(anywhere, sealed)).toEqual(anything)
        },
      ),
      { numRuns: 150 },
    )
  })

  it.each([0, 1, 123, 124, 125, maxBodyBytes - 1, maxBodyBytes])(
    'takes %i bytes',
    async (length) => {
      const { vault } = setUp()
      const long = new Uint8Array(length).fill(0xee)
      const { sealed } = await vault.seal(context, long)
      expect(await vault.open(context, sealed)).toEqual(long)
    },
  )

  it('refuses a body beyond the maximum before anything is sealed', async () => {
    const { vault, table } = setUp()
    await vault.seal(context, body)
    expect(await outcome(vault.seal(context, new Uint8Array(maxBodyBytes + 1)))).toBe('too_large')
    expect(table.rows).toHaveLength(1)
  })

  it('makes records that grow in steps of 128 bytes', async () => {
    const { vault } = setUp()
    const size = async (length: number) =>
      (await vault.seal(context, new Uint8Array(length))).sealed.length
    expect(await size(0)).toBe(228)
    expect(await size(124)).toBe(228)
    expect(await size(125)).toBe(356)
    expect(await size(200)).toBe(356)
    expect(await size(maxBodyBytes)).toBe(65_636)
  })

  it('does not care what happens to the bytes that were handed in', async () => {
    const { vault } = setUp()
    const { sealed } = await vault.seal(context, body)
    // A database driver may hand out either of the two.
    for (const given of [sealed.slice(), Buffer.from(sealed)]) {
      const opening = vault.open(context, given)
      given.fill(0)
      expect(await opening).toEqual(body)
    }
  })
})

verifies.suite('vault:format', () => {
  const salt = count(0x40, 32)
  const nonce = count(0x80, 12)
  const tenantKey = count(0x00, 32)
  const fixed = (length: number) => (length === 32 ? salt : nonce)

  const contextBytes = hex(`
    0000000a63726564656e7469616c0000000574656e5f6100000005636f6e5f31
    00000009746f6b656e5f73657400000004000000070000000400000001000000
    057573725f3100000005696e745f310000001668747470733a2f2f6769746c61
    622e6578616d706c65`)
  const recordKey = hex('fb2f89b3fbc8df2344a05b0bc370d3b94d18cd444843df4cc60e25211f99854a')
  const commitment = hex('f02568d7251a6ba7bf157b6be2bfec094f2dfc9cb1b02378c54501553a8da8f9')
  const record = hex(`
    4b57010100000003404142434445464748494a4b4c4d4e4f5051525354555657
    58595a5b5c5d5e5ff02568d7251a6ba7bf157b6be2bfec094f2dfc9cb1b02378
    c54501553a8da8f9808182838485868788898a8bcb0f03e747d554fe10ba56ed
    0a8fea407723ba21e225864457d577ca71f5427dd847bf2174caa69d85cdf863
    e100d428f837921512681603117af9d184cc87d27456f6bced2201f9b8017d28
    05355eae134e00d7c9a002e196b684a6f48230452e2bb447a5ca2c61c779ca0c
    6ef4262b689981a33ff3a38a96cb3057beb871d9d8b46521c0e9d866db7747bc
    c4625b0a`)
  const wrapped = hex(`
    4b57010100000003404142434445464748494a4b4c4d4e4f5051525354555657
    58595a5b5c5d5e5f11dd27b8a321571ad02b99a233db8e6b3a2bd696a3d17cb5
    e56b571fbfbda12c808182838485868788898a8bb3d3ac3b64fc9523f4309b36
    62f0c5a59b9a04fd06db88ed0ab3690d850eb46c347060a1349aa39c3e6dbd86
    6a3c08ac`)

  const row: TenantKeyRow = {
    tenantId: 'ten_a',
    version: 3,
    kekId: 'kek_ef4b0ecb4dfbe9b7',
    wrapped,
    state: 'active',
  }

  it('names the root key, wraps the tenant key and unwraps it', async () => {
    const keys = localKeys(keysFrom([rootKey]), fixed)
    expect(keys.primary).toBe('kek_ef4b0ecb4dfbe9b7')
    const where = { tenantId: 'ten_a', version: 3 }
    expect((await keys.wrap(tenantKey, where)).bytes).toEqual(wrapped)
    expect(await keys.unwrap({ kekId: keys.primary, bytes: wrapped }, where)).toEqual(tenantKey)
  })

  it('seals the record, byte for byte, and opens it', async () => {
    const keys = localKeys(keysFrom([rootKey]))
    const vault = createVault({ keys, store: keyTable([row]), randomBytes: fixed })
    const { sealed, keyVersion } = await vault.seal(context, body)
    expect(keyVersion).toBe(3)
    expect(Buffer.from(sealed).toString('hex')).toBe(Buffer.from(record).toString('hex'))
    expect(await vault.open(context, record)).toEqual(body)
  })

  // An implementation of the page and not of our code: the formats meet only in the bytes.
  const prefixed = (...parts: Uint8Array[]) =>
    Buffer.concat(
      parts.flatMap((part) => {
        const length = Buffer.alloc(4)
        length.writeUInt32BE(part.length)
        return [length, part]
      }),
    )
  const header = record.subarray(0, 8)
  const info = prefixed(utf8('keywell/1/record'), header, contextBytes)
  const aad = prefixed(header, salt, contextBytes)
  const padded = Buffer.concat([Buffer.of(0, 0, 0, body.length), body, Buffer.alloc(80)])

  it('derives the key and the commitment of the page (node:crypto)', () => {
    const derived = new Uint8Array(hkdfSync('sha256', tenantKey, salt, info, 64))
    expect(derived).toEqual(Uint8Array.of(...recordKey, ...commitment))
  })

  it('seals what node:crypto opens', () => {
    const decipher = createDecipheriv('aes-256-gcm', recordKey, nonce)
    decipher.setAAD(aad)
    decipher.setAuthTag(record.subarray(-16))
    expect(Buffer.concat([decipher.update(record.subarray(84, -16)), decipher.final()])).toEqual(
      padded,
    )
  })

  it('seals what pure JavaScript opens, and opens what that seals', async () => {
    const pure = gcm(recordKey, nonce, aad)
    expect(Buffer.from(pure.decrypt(record.subarray(84)))).toEqual(padded)
    const theirs = Uint8Array.of(
      ...record.subarray(0, 84),
      ...gcm(recordKey, nonce, aad).encrypt(padded),
    )
    const { vault } = setUp(keyTable([row]))
    expect(await vault.open(context, theirs)).toEqual(body)
  })

  it.each([
    ['a pad byte that is not zero', (plain: Buffer) => plain.writeUInt8(1, 127)],
    ['a length beyond the padding', (plain: Buffer) => plain.writeUInt32BE(125, 0)],
    ['a length of 4 GB', (plain: Buffer) => plain.writeUInt32BE(0xffff_ffff, 0)],
  ])('refuses %s, sealed on purpose', async (_, spoil) => {
    const plain = Buffer.from(padded)
    spoil(plain)
    const spoilt = Uint8Array.of(
      ...record.subarray(0, 84),
      ...gcm(recordKey, nonce, aad).encrypt(plain),
    )
    const { vault } = setUp(keyTable([row]))
    expect(await outcome(vault.open(context, spoilt))).toBe('padding')
  })

  it('refuses a padding that has a whole step too much', async () => {
    const plain = Buffer.concat([padded, Buffer.alloc(128)])
    const longer = Uint8Array.of(
      ...record.subarray(0, 84),
      ...gcm(recordKey, nonce, aad).encrypt(plain),
    )
    const { vault } = setUp(keyTable([row]))
    expect(await outcome(vault.open(context, longer))).toBe('padding')
  })

  it('never opens a wrapped key as a record', async () => {
    const { vault } = setUp(keyTable([row]))
    expect(await outcome(vault.open(context, wrapped))).toBe('key_commit')
  })
})

verifies.suite('vault:changed-record', () => {
  it('does not open with any bit flipped', async () => {
    const { vault } = setUp()
    const { sealed } = await vault.seal(context, body)
    const outcomes: Record<string, number> = {}
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = sealed.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const result = await outcome(vault.open(context, changed))
      outcomes[result] = (outcomes[result] ?? 0) + 1
    }
    expect(outcomes).toEqual({
      format: 32,
      'key_unavailable: missing': 32,
      key_commit: 512,
      tampered: 1248,
    })
  })

  it('does not open shorter', async () => {
    const { vault } = setUp()
    const { sealed } = await vault.seal(context, body)
    for (let length = 0; length < sealed.length; length += 1) {
      const result = await outcome(vault.open(context, sealed.subarray(0, length)))
      expect(result, `${length} bytes`).toBe(length < 100 ? 'format' : 'tampered')
    }
  })

  it('does not open longer', async () => {
    const { vault } = setUp()
    const { sealed } = await vault.seal(context, body)
    for (const extra of [1, 16, 128, 65_536]) {
      const longer = new Uint8Array(sealed.length + extra)
      longer.set(sealed)
      const expected = extra === 65_536 ? 'format' : 'tampered'
      expect(await outcome(vault.open(context, longer))).toBe(expected)
    }
  })
})

verifies.suite('vault:context', () => {
  it.each<[string, Partial<RecordContext>]>([
    ['type', { type: 'orphan' }],
    ['record', { recordId: 'con_2' }],
    ['field', { field: 'api_key' }],
    ['generation', { generation: 8 }],
    ['schema', { schema: 2 }],
    ['user', { bound: ['usr_2', 'int_1', 'https://gitlab.example'] }],
    ['integration', { bound: ['usr_1', 'int_2', 'https://gitlab.example'] }],
    ['host', { bound: ['usr_1', 'int_1', 'https://attacker.example'] }],
    ['order of what is bound', { bound: ['int_1', 'usr_1', 'https://gitlab.example'] }],
    ['number of bound parts', { bound: ['usr_1', 'int_1', 'https://gitlab.example', ''] }],
    ['edge between two parts', { recordId: 'con_1t', field: 'oken_set' }],
    ['edge between field and bound', { bound: ['usr_1int_1', '', 'https://gitlab.example'] }],
  ])('keeps a record from opening under another %s', async (_, change) => {
    const { vault } = setUp()
    const { sealed } = await vault.seal(context, body)
    expect(await outcome(vault.open({ ...context, ...change }, sealed))).toBe('key_commit')
    expect(await outcome(vault.open(context, sealed))).toBe('opened')
  })

  it('keeps a record from opening for another tenant, with a key of its own or without', async () => {
    const { vault } = setUp()
    const { sealed } = await vault.seal(context, body)
    const theirs = { ...context, tenantId: 'ten_b' }
    expect(await outcome(vault.open(theirs, sealed))).toBe('key_unavailable: missing')
    await vault.seal(theirs, body)
    expect(await outcome(vault.open(theirs, sealed))).toBe('key_commit')
  })

  it('keeps a record from opening under another version of the key', async () => {
    const { vault, table, keys } = setUp()
    const { sealed } = await vault.seal(context, body)
    const second = await keys.wrap(count(0x33, 32), { tenantId: 'ten_a', version: 2 })
    table.rows.push({
      tenantId: 'ten_a',
      version: 2,
      kekId: second.kekId,
      wrapped: second.bytes,
      state: 'decrypt_only',
    })
    const moved = sealed.slice()
    moved[7] = 2
    expect(await outcome(vault.open(context, moved))).toBe('key_commit')
  })

  it('never opens under any context but its own', async () => {
    const { vault } = setUp()
    const part = fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'a\0b')
    const contexts = fc.record<RecordContext>({
      type: fc.constantFrom('credential', 'orphan'),
      tenantId: fc.constant('ten_a'),
      recordId: part,
      field: part,
      generation: fc.nat(2),
      schema: fc.nat(2),
      bound: fc.array(part, { maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(contexts, contexts, async (mine, other) => {
        fc.pre(JSON.stringify(mine) !== JSON.stringify(other))
        const { sealed } = await vault.seal(mine, body)
        expect(await outcome(vault.open(other, sealed))).toBe('key_commit')
      }),
      { numRuns: 200 },
    )
  })

  it.each<[string, Partial<RecordContext>]>([
    ['a lone surrogate, which UTF-8 cannot tell from another', { recordId: 'a\ud800' }],
    ['a negative number', { generation: -1 }],
    ['a fraction', { generation: 1.5 }],
    ['a number of more than 32 bits', { generation: 2 ** 32 }],
  ])('refuses %s', async (_, change) => {
    const { vault } = setUp()
    await expect(vault.seal({ ...context, ...change }, body)).rejects.toThrow(TypeError)
  })
})

verifies.suite('vault:randomness', () => {
  it('gives every record a salt and a nonce of its own', async () => {
    const { vault } = setUp()
    const seen = new Set<string>()
    const seals = 10_000
    for (let round = 0; round < seals / 100; round += 1) {
      const batch = Array.from({ length: 100 }, () => vault.seal(context, new Uint8Array()))
      for (const { sealed } of await Promise.all(batch)) {
        seen.add(`salt ${Buffer.from(sealed.subarray(8, 40)).toString('hex')}`)
        seen.add(`nonce ${Buffer.from(sealed.subarray(72, 84)).toString('hex')}`)
      }
    }
    expect(seen.size).toBe(2 * seals)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no entropy')
      },
    ],
    ['gives too little', (length: number) => new Uint8Array(length - 1)],
    ['gives nothing', () => new Uint8Array()],
  ])('makes neither record nor key when the generator %s', async (_, randomBytes) => {
    const table = keyTable()
    const keys = localKeys(keysFrom([rootKey]))
    const broken = createVault({ keys, store: table, randomBytes })
    await expect(broken.seal(context, body)).rejects.toThrow(/entropy|random/)
    expect(table.rows).toEqual([])

    await createVault({ keys, store: table }).seal(context, body)
    await expect(broken.seal(context, body)).rejects.toThrow(/entropy|random/)
  })
})
