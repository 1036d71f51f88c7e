import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { KeywellError, Secret } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { writeKey } from './auth/key-text.ts'
import type { Logger } from './logger.ts'
import { scrubbed, scrubText } from './scrub.ts'

const token = `glpat-${'marked1secret'.repeat(2)}`
const apiKey = writeKey(
  `key_${'0'.repeat(26)}` as Parameters<typeof writeKey>[0],
  (bytes) => new Uint8Array(randomBytes(bytes)),
)
const jwt = `eyJhbGciOiJFZERTQSJ9.${Buffer.from('{"sub":"x"}').toString('base64url')}.c2lnbmF0dXJlLW9m`

/** Everything that was written, as text, with whatever an object would show. */
function write(fields: object, message = 'something happened'): string {
  const lines: unknown[] = []
  const record = (...line: unknown[]) => void lines.push(line)
  const logger: Logger = { debug: record, info: record, warn: record, error: record }
  scrubbed(logger).error(fields, message)
  return JSON.stringify(lines) + inspect(lines, { depth: 20, showHidden: true })
}

verifies('logs:off', () => {
  const written: string[] = []
  const record = (_: object, message: string) => void written.push(message)
  const isLevelEnabled = (level: string) => level !== 'debug'
  const logger = scrubbed({
    debug: record,
    info: record,
    warn: record,
    error: record,
    isLevelEnabled,
  })
  const costly = {
    get reason(): string {
      throw new Error('a line that is not written was made')
    },
  }
  logger.debug(costly, 'unlisten failed')
  expect(written).toEqual([])
  expect(() => logger.warn(costly, 'sweep failed')).toThrow('was made')
  expect([logger.isLevelEnabled('debug'), logger.isLevelEnabled('info')]).toEqual([false, true])
})

verifies('T20:scrubber', () => {
  const secrets: [what: string, text: string, secret: string][] = [
    ['an API key', `key ${apiKey}`, apiKey.slice(30)],
    ['a connect token', `token ${jwt} here`, 'c2lnbmF0dXJlLW9m'],
    ['a GitLab token', `sent ${token}.`, token],
    ['a GitLab OAuth secret', `gloas-${'ab12'.repeat(16)}`, 'ab12ab12'],
    ['a GitHub token', `gho_${'Ab1'.repeat(12)}`, 'Ab1Ab1'],
    ['a GitHub refresh token', `ghr_${'Ab1'.repeat(24)}`, 'Ab1Ab1'],
    ['a webhook secret', `whsec_${'MfKQ9r8GKYqrTwjU'.repeat(2)}`, 'MfKQ9r8'],
    ['a header', 'authorization: Bearer 0a1b2c3d4e5f0a1b', '0a1b2c3d4e5f'],
    ['a basic header', `Basic ${btoa('user:password-of-mine')}`, btoa('user:password-of-mine')],
    ['a code in a URL', 'https://a.example/cb?code=0a1b2c&x=1', '0a1b2c'],
    ['a state in a URL', 'https://a.example/cb?x=1&state=0a1b2c', '0a1b2c'],
    ['a form', 'grant_type=refresh_token&refresh_token=0a1b2c3d', '0a1b2c3d'],
    ['a database URL', 'postgres://keywell:hunter2@db:5432/keywell', 'hunter2'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----', 'MC4CAQ'],
  ]
  for (const [what, text, secret] of secrets) {
    const places: [place: string, written: string][] = [
      ['message', write({}, text)],
      ['field', write({ reason: text })],
      ['deep', write({ a: { b: [{ c: text }] } })],
      ['error', write({ error: new Error(text) })],
      [
        'cause',
        write({
          error: new Error('outer', {
            cause: new KeywellError('internal', 'inner', { cause: new TypeError(text) }),
          }),
        }),
      ],
      ['thrown', write({ cause: text })],
    ]
    for (const [place, written] of places)
      expect(written, `${what}, as ${place}`).not.toContain(secret)
  }
  // By name, where the value has no shape.
  for (const name of [
    'authorization',
    'cookie',
    'clientSecret',
    'password',
    'access_token',
    'refreshToken',
    'code_verifier',
    'ticket',
    'apiKey',
  ]) {
    expect(write({ [name]: 'plain-looking' }), name).not.toContain('plain-looking')
    expect(
      write({ error: new Error('x', { cause: { headers: { [name]: 'plain-looking' } } }) }),
      name,
    ).not.toContain('plain-looking')
  }
  expect(write({ it: new Secret('plain-looking') })).not.toContain('plain-looking')
  // What a library hangs on its errors is not written at all.
  const error = Object.assign(new Error('socket hang up'), { config: { data: 'plain-looking' } })
  expect(write({ error })).not.toContain('plain-looking')
  const bytes = new TextEncoder().encode('plain-looking')
  expect(write({ bytes })).not.toContain([...bytes].join(','))
})

test('what a line is about stays', () => {
  const written = write(
    {
      requestId: 'req_01HZX3W2N4Q6S8T0V2X4Z6B8D0',
      keyId: 'key_01HZX3W2N4Q6S8T0V2X4Z6B8D0',
      code: 'unavailable',
      state: 'backoff',
      host: 'https://gitlab.com/api/v4?page=2',
      generation: 7,
      took: 12.5,
      none: null,
      at: new Date(0),
      error: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    },
    'refreshing con_01HZX3W2N4Q6S8T0V2X4Z6B8D0 of Basic English, code 7',
  )
  expect(written).not.toContain('redacted')
  for (const kept of [
    'ECONNREFUSED',
    'backoff',
    'page=2',
    '1970',
    '12.5',
    'unavailable',
    'req_01',
  ]) {
    expect(written).toContain(kept)
  }
  expect(scrubText(`key ${apiKey}`)).toContain(apiKey.slice(0, 29))
})

test('it ends, whatever it is given', () => {
  const ring: Record<string, unknown> = { name: 'ring' }
  ring.self = ring
  const causes = new Error('first')
  causes.cause = causes
  expect(write({ ring, causes })).toContain('deeper')
  const long = 'a.'.repeat(100_000)
  expect(write({ long, text: `${'x://'.repeat(50_000)}` }).length).toBeLessThan(100_000)
  expect(write({ many: Array.from({ length: 5_000 }, (_, index) => index) })).not.toContain('4999')
})
