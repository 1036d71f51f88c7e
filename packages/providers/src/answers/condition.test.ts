import type { Condition } from '@keywell/protocol'
import { describe, expect, test } from 'vitest'
import { fulfils, holds, type ProviderAnswer } from './condition.ts'

const answer = {
  status: 403,
  headers: new Headers({ 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
  text: 'expired token',
  body: {
    error: 'bad_refresh_token',
    code: 50076,
    ok: false,
    nothing: null,
    scopes: ['a', 'b'],
    user: { id: 7 },
    'a/b~c': 'escaped',
    list: [{ id: 1 }, { id: 2 }],
  },
} satisfies ProviderAnswer

const cases: readonly (readonly [Condition, boolean])[] = [
  [{ status: [401, 403] }, true],
  [{ status: [401] }, false],
  [{ at: '/error', equals: 'bad_refresh_token' }, true],
  [{ at: '/error', equals: 'bad' }, false],
  [{ at: '/nothing', equals: null }, true],
  [{ at: '/missing', equals: null }, false],
  [{ at: '/ok', equals: false }, true],
  [{ at: '/ok', notEquals: true }, true],
  [{ at: '/missing', notEquals: true }, true],
  [{ at: '/code', oneOf: [50076, 50079] }, true],
  [{ at: '/code', oneOf: ['50076'] }, false],
  [{ at: '/error', startsWith: 'bad_' }, true],
  [{ at: '/code', startsWith: '5' }, false],
  [{ at: '/error', contains: 'refresh' }, true],
  [{ at: '/error', matches: '^bad_(refresh|access)_token$' }, true],
  [{ at: '/error', matches: '^refresh' }, false],
  [{ at: '/scopes', includes: ['b'] }, true],
  [{ at: '/scopes', includes: ['b', 'c'] }, false],
  [{ at: '/error', includes: ['bad'] }, false],
  [{ at: '/user/id', exists: true }, true],
  [{ at: '/nothing', exists: true }, false],
  [{ at: '/nothing', exists: false }, true],
  [{ at: '/user', type: 'object' }, true],
  [{ at: '/scopes', type: 'array' }, true],
  [{ at: '/scopes', type: 'object' }, false],
  [{ at: '/nothing', type: 'object' }, false],
  [{ at: '/a~1b~0c', equals: 'escaped' }, true],
  [{ at: '/list/1/id', equals: 2 }, true],
  [{ at: '/list/length', exists: true }, true],
  [{ at: '/toString', exists: true }, false],
  [{ at: '/__proto__', exists: true }, false],
  [{ at: ['/missing', '/nothing', '/code'], equals: 50076 }, true],
  [{ header: { name: 'www-authenticate', contains: 'INVALID_token' } }, true],
  [{ header: { name: 'x-other', contains: '' } }, false],
  [{ text: 'expired' }, true],
  [{ text: 'Expired' }, false],
  [{ status: [403], at: '/ok', equals: true }, false],
  [
    {
      all: [
        { at: '/ok', equals: false },
        { at: '/code', exists: true },
      ],
    },
    true,
  ],
  [
    {
      all: [
        { at: '/ok', equals: false },
        { at: '/code', exists: false },
      ],
    },
    false,
  ],
  [
    {
      any: [
        { at: '/ok', equals: true },
        { at: '/code', exists: true },
      ],
    },
    true,
  ],
  [{ status: [200], any: [{ at: '/code', exists: true }] }, false],
  [{ all: [{ any: [{ text: 'revoked' }, { text: 'expired' }] }, { status: [403] }] }, true],
]

describe('a condition', () => {
  test.each(cases)('%j: %s', (condition, isTrue) => {
    expect(holds(answer, condition)).toBe(isTrue)
  })

  test('of a list, one suffices', () => {
    expect(fulfils(answer, [{ status: [200] }, { text: 'token' }])).toBe(true)
    expect(fulfils(answer, [{ status: [200] }])).toBe(false)
  })

  test('holds for no answer that was no JSON, unless it asks for what is missing', () => {
    const page = { status: 403, body: undefined }
    expect(holds(page, { at: '/error', exists: false })).toBe(true)
    for (const condition of [
      { at: '', exists: true },
      { at: '/error', type: 'string' },
      { text: 'x' },
      { header: { name: 'a', contains: '' } },
    ] as const) {
      expect(holds(page, condition), JSON.stringify(condition)).toBe(false)
    }
  })

  test('takes time in proportion to the text, whatever its pattern', () => {
    const text = `${'a'.repeat(100_000)}!`
    expect(holds({ status: 200, body: { text } }, { at: '/text', matches: '^(a+)+$' })).toBe(true)
    expect(
      holds(
        { status: 200, body: { text: `${'a'.repeat(50)}!` } },
        { at: '/text', matches: '^(a|a|aa)+$' },
      ),
    ).toBe(false)
  })
})
