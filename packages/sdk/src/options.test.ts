import { inspect } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { Keywell, type KeywellOptions } from './index.ts'

const right: KeywellOptions = { url: 'http://127.0.0.1:1', apiKey: 'kw_secret' }

afterEach(() => vi.unstubAllEnvs())

test('address and key come from the environment by default', () => {
  vi.stubEnv('KEYWELL_URL', 'http://127.0.0.1:1')
  vi.stubEnv('KEYWELL_API_KEY', 'kw_secret')
  expect(() => new Keywell()).not.toThrow()
})

test('what is missing is named, with the fix', () => {
  vi.stubEnv('KEYWELL_URL', '')
  vi.stubEnv('KEYWELL_API_KEY', '')
  expect(() => new Keywell()).toThrow(/Set KEYWELL_URL/)
  expect(() => new Keywell({ url: 'http://127.0.0.1:1' })).toThrow(/Set KEYWELL_API_KEY/)
})

test.each<[string, KeywellOptions, RegExp]>([
  ['no URL', { url: 'keywell.example' }, /`url` must be an http or https URL/],
  ['another protocol', { url: 'ftp://keywell.example' }, /`url` must be an http/],
  ['a user in the URL', { url: 'https://a:b@keywell.example' }, /must not contain a user/],
  ['a query in the URL', { url: 'https://keywell.example?a' }, /must not contain/],
  ['a line end in the key', { apiKey: 'kw\n' }, /`apiKey` must be printable/],
  ['no entries', { maxEntries: 0 }, /`maxEntries` must be a whole number above 0; got 0/],
  ['half an entry', { maxEntries: 1.5 }, /`maxEntries`/],
  ['no end of staleness', { maxStaleMs: Number.POSITIVE_INFINITY }, /`maxStaleMs`/],
  ['staleness that is not a number', { maxStaleMs: Number.NaN }, /`maxStaleMs`.*NaN/],
  ['a shorter bound when it is down', { staleIfUnavailableMs: 1 }, /must not be shorter/],
  ['a negative idle time', { idleAfterMs: -1 }, /`idleAfterMs`/],
  ['no time to answer', { requestTimeoutMs: 0 }, /`requestTimeoutMs`/],
  // A caller without types may pass anything.
  ['no function', { fetch: 'fetch' as never }, /`fetch` must be a function/],
])('refuses %s', (_, wrong, message) => {
  const make = () => new Keywell({ ...right, ...wrong })
  expect(make).toThrow(TypeError)
  expect(make).toThrow(message)
})

test('a key that is refused is not shown', () => {
  const make = () => new Keywell({ ...right, apiKey: 'kw_real key' })
  expect(make).toThrow(/`apiKey` must be/)
  expect(make).not.toThrow(/kw_real/)
})

test('the key does not show in logs or JSON', () => {
  const keywell = new Keywell(right)
  expect(inspect(keywell, { depth: 9, showHidden: true })).not.toContain('kw_secret')
  expect(JSON.stringify(keywell)).not.toContain('kw_secret')
})
