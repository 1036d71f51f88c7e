import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  base32,
  connectionIdSchema,
  connectionNameSchema,
  makeId,
  tenantIdSchema,
  userIdSchema,
} from './ids.ts'

describe('ids that Keywell makes', () => {
  test('carry their prefix and are accepted by their own schema only', () => {
    const connection = makeId('connection', randomBytes(10), Date.now())
    const session = makeId('session', randomBytes(10), Date.now())
    expect(connectionIdSchema.parse(connection)).toBe(connection)
    expect(connectionIdSchema.safeParse(session).success).toBe(false)
  })

  test('sort by age', () => {
    const times = fc.array(fc.integer({ min: 0, max: 2 ** 45 }), { minLength: 2, maxLength: 20 })
    fc.assert(
      fc.property(times, (list) => {
        const ids = list
          .sort((a, b) => a - b)
          .map((time, index) => makeId('flow', new Uint8Array(10).fill(index), time))
        expect([...ids].sort()).toEqual(ids)
      }),
    )
  })

  test('differ by their random part within one millisecond', () => {
    const ids = new Set(Array.from({ length: 1000 }, () => makeId('flow', randomBytes(10), 1)))
    expect(ids.size).toBe(1000)
  })

  test.each(['con_', 'con_short', 'ses_01', `con_${'I'.repeat(26)}`, 42, null])(
    'refuses %j',
    (value) => {
      expect(connectionIdSchema.safeParse(value).success).toBe(false)
    },
  )

  test('base32 is Crockford’s, padded with zero bits', () => {
    expect(base32(Uint8Array.of())).toBe('')
    expect(base32(Uint8Array.of(0xff))).toBe('ZW')
    expect(base32(Uint8Array.of(0, 0, 0, 0, 1))).toBe('00000001')
  })
})

describe('ids that the app chose', () => {
  test.each(['a', 'org_acme', '__proto__', 'a/b:c|d', 'ä', '123', 'a@b.example', ' '])(
    'takes %j as it is',
    (id) => {
      expect(tenantIdSchema.parse(id)).toBe(id)
      expect(userIdSchema.parse(id)).toBe(id)
    },
  )

  test.each([
    ['empty', ''],
    ['huge', 'x'.repeat(201)],
    ['with NUL', 'a\0b'],
    ['with a line feed', 'a\nb'],
    ['reserved', '@install'],
    ['a lone surrogate', 'a\ud800'],
    ['no text', 42],
  ])('refuses an id that is %s', (_what, id) => {
    expect(tenantIdSchema.safeParse(id).success).toBe(false)
  })

  test('names of connections are short and plain', () => {
    expect(connectionNameSchema.safeParse('work-2').success).toBe(true)
    for (const name of ['', 'A', '-a', 'a b', 'x'.repeat(64), '__proto__']) {
      expect(connectionNameSchema.safeParse(name).success, name).toBe(false)
    }
  })
})
