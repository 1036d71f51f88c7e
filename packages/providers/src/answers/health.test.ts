import type { HealthDefinition } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { readHealth } from './health.ts'

const definition = {
  request: { method: 'GET', url: 'https://api.example/self', headers: {} },
  active: [{ status: [200] }],
  inactive: [{ status: [401] }, { status: [200], at: '/active', equals: false }],
  details: {},
} satisfies HealthDefinition

const stated = (details: HealthDefinition['details'], body: unknown) =>
  readHealth({ ...definition, details }, { status: 200, body })

test('an answer that both conditions know is of an active credential', () => {
  expect(stated({}, { active: false })).toEqual({ status: 'active' })
  expect(readHealth(definition, { status: 401, body: undefined })).toEqual({ status: 'inactive' })
  expect(readHealth(definition, { status: 403, body: undefined })).toEqual({ status: 'unknown' })
})

test('scopes are a list, or a text where the provider writes one', () => {
  const scopes = ['/scopes', '/scope']
  expect(stated({ scopes }, { scope: 'a b' })).toEqual({ status: 'active' })
  const withComma = { scopes, scopeSeparator: ',' } as const
  expect(stated(withComma, { scope: 'a, b,,c ' })).toMatchObject({ scopes: ['a', 'b', 'c'] })
  expect(stated(withComma, { scopes: ['a,b', 1] })).toMatchObject({ scopes: ['a,b'] })
})

test.each([
  ['day', '2026-12-31', '2026-12-31T00:00:00.000Z'],
  ['rfc3339', '2026-12-31T10:00:00+01:00', '2026-12-31T09:00:00.000Z'],
  ['utc', '2026-12-31 09:00:00 UTC', '2026-12-31T09:00:00.000Z'],
  ['epoch_seconds', 1_798_675_200, '2026-12-31T00:00:00.000Z'],
] as const)('an end as %s', (format, value, date) => {
  const expiresAt = { at: ['/end'], format }
  expect(stated({ expiresAt }, { end: value })).toEqual({
    status: 'active',
    expiresAt: new Date(date),
  })
})

test.each([
  ['day', '31.12.2026'],
  ['day', '2026-12-31T00:00:00Z'],
  ['rfc3339', '2026-12-31'],
  ['utc', '2026-12-31 09:00:00'],
  ['rfc3339', '2026-12-31T10:00:00'],
  ['epoch_seconds', '1798675200'],
  ['epoch_seconds', 1e300],
  ['day', null],
] as const)('an end that is no %s is none: %j', (format, value) => {
  expect(stated({ expiresAt: { at: ['/end'], format } }, { end: value })).toEqual({
    status: 'active',
  })
})
