import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatPosition, isAfter, type Position, parsePosition } from './position.ts'

const positions: fc.Arbitrary<Position> = fc.record({
  xid: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  seq: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  at: fc.nat(4_102_444_800_000),
})

test('a position is read as it was written', () => {
  fc.assert(
    fc.property(positions, (position) => {
      expect(parsePosition(formatPosition(position))).toEqual(position)
    }),
  )
})

test('the transaction comes first, then the number; time takes no part', () => {
  const at = 1_760_000_000_000
  expect(isAfter({ xid: 2n, seq: 1n, at }, { xid: 1n, seq: 9n, at })).toBe(true)
  expect(isAfter({ xid: 1n, seq: 10n, at }, { xid: 1n, seq: 9n, at })).toBe(true)
  expect(isAfter({ xid: 1n, seq: 9n, at: at + 1 }, { xid: 1n, seq: 9n, at })).toBe(false)
})

test('any two positions are equal or one is after the other', () => {
  fc.assert(
    fc.property(positions, positions, (one, other) => {
      const equal = one.xid === other.xid && one.seq === other.seq
      expect([isAfter(one, other), isAfter(other, one), equal].filter(Boolean)).toHaveLength(1)
    }),
  )
})

test('what is no position is none', () => {
  const texts = [
    '',
    '1',
    '1.2',
    '1.2.3.4',
    '-1.2.3',
    '1.2.x',
    ' 1.2.3',
    '1.2.3\n',
    '0x1.2.3',
    '1e3.2.3',
  ]
  for (const text of [...texts, `${'9'.repeat(500)}.1.1`])
    expect(parsePosition(text)).toBeUndefined()
})
