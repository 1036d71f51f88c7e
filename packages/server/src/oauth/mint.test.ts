import { type KeyExchangeMethod, type ProviderDefinition, Secret } from '@keywell/protocol'
import { reachOf } from '@keywell/providers'
import { UnsecuredJWT } from 'jose'
import { afterAll, expect, test } from 'vitest'
import { listeners } from '../outbound/listeners.test.support.ts'
import { createOutbound } from '../outbound/outbound.ts'
import { mintToken } from './mint.ts'

// How answers to a request for an access token are read, at a real listener.

const running = listeners()
const closers: (() => Promise<void>)[] = [running.close]
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

interface Answer {
  status?: number
  headers?: Record<string, string>
  body: unknown
}

/** What a provider that answers so is understood as. */
async function mint(answer: Answer, change: Partial<KeyExchangeMethod['token']> = {}) {
  const listener = await running.http((_, response) => {
    const { status = 200, headers, body } = answer
    response.writeHead(status, headers).end(JSON.stringify(body))
  })
  const outbound = createOutbound({ allow: [{ origin: listener.origin }] })
  closers.push(outbound.close)
  const method: KeyExchangeMethod = {
    id: 'exchange',
    kind: 'key_exchange',
    title: 'access token',
    fields: [{ name: 'secret', label: 'Secret', secret: true }],
    typedAccount: { id: '$hash' },
    steps: ['Make a token.'],
    send: [{ in: 'header', name: 'Authorization', value: 'Bearer {token}' }],
    health: {
      request: { method: 'GET', url: 'https://api.example/me', headers: {} },
      active: [{ status: [200] }],
      inactive: [{ status: [401] }],
      details: {},
    },
    manualUrl: 'https://acme.example/tokens',
    defaultScopes: [],
    renewal: { by: 'mint', maxRequestSeconds: 30, defaultExpiresIn: 3600 },
    token: {
      url: `${listener.origin}/token`,
      headers: {},
      method: 'POST',
      body: { json: { secret: '{secret}' } },
      answer: { accessToken: ['/token', '/access_token'], expiresIn: ['/expires_in'] },
      errors: [
        { if: [{ status: [403], at: '/message', contains: 'suspended' }], is: 'suspended' },
        { if: [{ status: [401] }], is: 'rejected' },
      ],
      ...change,
    },
  }
  const scopes = [{ name: 'read', wire: 'acme:read' }]
  const api = { base: 'https://api.example' }
  const provider = { name: 'acme', api, scopes } as unknown as ProviderDefinition
  const reach = reachOf(provider, method, {})
  const fields = { secret: new Secret('the-seed') }
  const seed = { provider, method, variables: {}, fields, reach }
  const outcome = await mintToken(outbound, seed, { tenantId: 'ten_1' })
  expect(JSON.stringify(outcome)).not.toContain('the-seed')
  return outcome
}

test('an answer brings its access token and its end, and nothing else is kept of it', async () => {
  const body = { token: 'at-1', refresh_token: 'rt-1', expires_in: 600 }
  expect(await mint({ body })).toMatchObject({
    kind: 'tokens',
    tokens: { refreshToken: null },
    expiresInMs: 600_000,
    scopes: null,
    refreshExpiresInMs: null,
  })
})

test('the end of a JWT counts from its beginning, whatever the clock of the provider is', async () => {
  const answer = { accessToken: ['/token'], expiresAtFromJwt: true } as const
  const token = new UnsecuredJWT().setIssuedAt(1_000_000).setExpirationTime(1_000_600).encode()
  expect(await mint({ body: { token } }, { answer })).toMatchObject({ expiresInMs: 600_000 })
  const endless = new UnsecuredJWT().setIssuedAt(1_000_000).encode()
  for (const body of [{ token: endless }, { token: 'no-jwt' }]) {
    expect(await mint({ body }, { answer })).toMatchObject({ kind: 'tokens', expiresInMs: null })
  }
})

test('granted scopes have their names here', async () => {
  const answer = { accessToken: ['/token'], scope: ['/scope'] }
  const body = { token: 'at-1', scope: 'acme:read other' }
  expect(await mint({ body }, { answer })).toMatchObject({ scopes: ['read', 'other'] })
})

test.each<[string, Answer, Record<string, unknown>]>([
  ['a refusal of the definition', { status: 401, body: {} }, { kind: 'rejected' }],
  ['a suspension', { status: 403, body: { message: 'It is suspended.' } }, { kind: 'suspended' }],
  ['another 403', { status: 403, body: { message: 'No.' } }, { kind: 'ambiguous' }],
  ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }, { kind: 'rejected' }],
  // There is no integration whose client it could be: it is what was typed.
  ['invalid_client', { status: 400, body: { error: 'invalid_client' } }, { kind: 'rejected' }],
  [
    'invalid_scope',
    { status: 400, body: { error: 'invalid_scope' } },
    { kind: 'request_rejected' },
  ],
  [
    'a limit',
    { status: 429, headers: { 'retry-after': '7' }, body: {} },
    { kind: 'not_processed', retryAfterMs: 7_000 },
  ],
  ['a server error', { status: 503, body: {} }, { kind: 'ambiguous' }],
  ['no token', { body: {} }, { kind: 'ambiguous' }],
  ['a token that no header may hold', { body: { token: 'a b' } }, { kind: 'ambiguous' }],
  ['a token with a failure', { status: 500, body: { token: 'at-1' } }, { kind: 'ambiguous' }],
])('%s is told from the others', async (_, answer, outcome) => {
  expect(await mint(answer)).toMatchObject(outcome)
})
