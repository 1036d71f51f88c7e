import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Answer, callback, type Stage, startStage } from '../stage.test.support.ts'

const verifier = 'v'.repeat(43)
const s256 = {
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
}

async function codeFor(stage: Stage, parameters: Record<string, string> = {}): Promise<string> {
  const back = await stage.visitor().authorize(stage.authorizeUrl(parameters))
  return back.searchParams.get('code') ?? ''
}

function exchange(stage: Stage, code: string, more: Record<string, string> = {}): Promise<Answer> {
  return stage.post('/oauth/token', {
    grant_type: 'authorization_code',
    code,
    redirect_uri: callback,
    ...more,
  })
}

test('the answer: two opaque tokens of 64 hexadecimal characters, 7200 seconds, and no caching', async () => {
  const stage = await startStage()
  const { status, headers, body } = await exchange(stage, await codeFor(stage))
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(body).toEqual({
    access_token: expect.stringMatching(/^[0-9a-f]{64}$/),
    refresh_token: expect.stringMatching(/^[0-9a-f]{64}$/),
    token_type: 'Bearer',
    expires_in: 7200,
    scope: 'api',
    created_at: Date.parse('2026-03-01T10:00:00Z') / 1_000,
  })
})

test('a code works once; a second use is refused, and the first pair lives', async () => {
  const stage = await startStage()
  const code = await codeFor(stage)
  const first = await exchange(stage, code)
  const second = await exchange(stage, code)
  expect([second.status, second.body.error]).toEqual([400, 'invalid_grant'])
  expect((await stage.get('/api/v4/user', String(first.body.access_token))).status).toBe(200)
})

test('a code that is exchanged twice at once gives one pair', async () => {
  const stage = await startStage()
  const code = await codeFor(stage)
  const answers = await Promise.all([exchange(stage, code), exchange(stage, code)])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
})

test('a code lives 10 minutes', async () => {
  const stage = await startStage()
  const [early, late] = [await codeFor(stage), await codeFor(stage)]
  stage.pass(599)
  expect((await exchange(stage, early)).status).toBe(200)
  stage.pass(1)
  expect((await exchange(stage, late)).body.error).toBe('invalid_grant')
})

test('PKCE: S256 and plain', async () => {
  const stage = await startStage()
  const plain = { code_challenge: verifier, code_challenge_method: 'plain' }
  const byDefault = { code_challenge: verifier }
  for (const challenge of [s256, plain, byDefault]) {
    const code = await codeFor(stage, challenge)
    const answer = await exchange(stage, code, { code_verifier: verifier })
    expect(answer.status, JSON.stringify(challenge)).toBe(200)
  }
})

test('PKCE: a wrong verifier is refused, and does not burn the code', async () => {
  const stage = await startStage()
  const code = await codeFor(stage, s256)
  const wrong = await exchange(stage, code, { code_verifier: 'w'.repeat(43) })
  expect([wrong.status, wrong.body.error]).toEqual([400, 'invalid_grant'])
  expect((await exchange(stage, code, { code_verifier: verifier })).status).toBe(200)
})

test('PKCE: a missing verifier is a missing parameter', async () => {
  const stage = await startStage()
  const { status, body } = await exchange(stage, await codeFor(stage, s256))
  expect([status, body]).toEqual([
    400,
    {
      error: 'invalid_request',
      error_description: 'Missing required parameter: code_verifier.',
    },
  ])
})

test('PKCE: a verifier without a challenge is refused', async () => {
  const stage = await startStage()
  const answer = await exchange(stage, await codeFor(stage), { code_verifier: verifier })
  expect(answer.body.error).toBe('invalid_grant')
})

test('another redirect URI is refused, a missing one is a missing parameter', async () => {
  const stage = await startStage()
  const code = await codeFor(stage)
  const other = await exchange(stage, code, { redirect_uri: `${callback}/x` })
  expect(other.body.error).toBe('invalid_grant')
  const none = await exchange(stage, code, { redirect_uri: '' })
  expect(none.body.error_description).toBe('Missing required parameter: redirect_uri.')
})

test('the code of another client is refused', async () => {
  const stage = await startStage()
  const other = await stage.control.registerApplication({ name: 'B', redirectUris: [callback] })
  const answer = await exchange(stage, await codeFor(stage), {
    client_id: other.clientId,
    client_secret: other.clientSecret,
  })
  expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant'])
})

test.each([
  ['a wrong secret', { client_secret: 'wrong' }],
  ['no secret', {}],
  ['an unknown client', { client_id: 'nobody', client_secret: 'x' }],
])('%s is invalid_client, with a challenge', async (_, credentials) => {
  const stage = await startStage()
  const { clientId } = stage.application
  const answer = await exchange(stage, await codeFor(stage), {
    client_id: clientId,
    ...credentials,
  })
  expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client'])
  expect(answer.headers.get('www-authenticate')).toMatch(
    /^Bearer realm="Doorkeeper", error="invalid_client", error_description="/,
  )
})

test('a public client needs no secret, and may not show a wrong one', async () => {
  const stage = await startStage({
    applications: [{ name: 'A', redirectUris: [callback], confidential: false }],
  })
  const { clientId: client_id } = stage.application
  const code = await codeFor(stage)
  const wrong = await exchange(stage, code, { client_id, client_secret: 'wrong' })
  expect(wrong.status).toBe(401)
  expect((await exchange(stage, code, { client_id })).status).toBe(200)
})

test('client credentials: no refresh token, no user, and no GET /user', async () => {
  const stage = await startStage()
  const form = { grant_type: 'client_credentials', scope: 'api' }
  const { status, body } = await stage.post('/oauth/token', form)
  expect([status, 'refresh_token' in body]).toEqual([200, false])
  const token = String(body.access_token)
  expect((await stage.get('/oauth/token/info', token)).body.resource_owner_id).toBeNull()
  expect((await stage.get('/api/v4/user', token)).status).toBe(401)
  expect((await stage.post('/oauth/token', { ...form, scope: 'root' })).body.error).toBe(
    'invalid_scope',
  )
})

test.each([
  ['no grant type', {}, 'invalid_request'],
  ['an unknown grant type', { grant_type: 'magic' }, 'unsupported_grant_type'],
  ['a grant type named like a method', { grant_type: 'constructor' }, 'unsupported_grant_type'],
  ['the password grant', { grant_type: 'password' }, 'unsupported_grant_type'],
  ['no code', { grant_type: 'authorization_code', redirect_uri: callback }, 'invalid_request'],
  [
    'an unknown code',
    { grant_type: 'authorization_code', code: 'x', redirect_uri: callback },
    'invalid_grant',
  ],
  ['no refresh token', { grant_type: 'refresh_token' }, 'invalid_request'],
  [
    'an unknown refresh token',
    { grant_type: 'refresh_token', refresh_token: 'x' },
    'invalid_grant',
  ],
])('%s: 400 %s', async (_, form, error) => {
  const stage = await startStage()
  const { status, headers, body } = await stage.post('/oauth/token', form)
  expect([status, body.error]).toEqual([400, error])
  expect(typeof body.error_description).toBe('string')
  expect(headers.get('www-authenticate')).toContain(`error="${error}"`)
})

test.each([
  ['text', 'text/plain', 'hello'],
  ['broken JSON', 'application/json', '{"grant_type":'],
  ['a JSON array', 'application/json', '[1]'],
  ['nested JSON', 'application/json', '{"grant_type":{"a":1}}'],
  ['nothing', 'application/x-www-form-urlencoded', ''],
  ['a broken Basic header', 'application/x-www-form-urlencoded', 'grant_type=refresh_token'],
])('a body that is %s is refused, not an error of the server', async (_, type, body) => {
  const stage = await startStage()
  const response = await fetch(`${stage.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': type, authorization: 'Basic %%%' },
    body,
  })
  expect([400, 401]).toContain(response.status)
})

test('JSON is taken too, and a body without end is cut off', async () => {
  const stage = await startStage()
  const { clientId, clientSecret } = stage.application
  const post = (body: object) =>
    fetch(`${stage.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const { refreshToken } = await stage.issue()
  const form = {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
    client_secret: clientSecret,
  }
  expect((await post(form)).status).toBe(200)
  expect((await post({ ...form, scope: 'x'.repeat(2_000_000) })).status).toBe(413)
})

test('browsers of other origins may call token, revoke and userinfo, with simple headers', async () => {
  const stage = await startStage()
  for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/userinfo']) {
    const response = await fetch(stage.url + path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    })
    expect(response.headers.get('access-control-allow-origin'), path).toBe('*')
    expect(response.headers.get('access-control-allow-headers'), path).toBe('Authorization')
  }
})

test('a body that comes in pieces, without a length, is read and bounded too', async () => {
  const stage = await startStage()
  const post = (size: number) =>
    fetch(`${stage.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new Blob([`grant_type=refresh_token&scope=${'x'.repeat(size)}`]).stream(),
      duplex: 'half',
    } as RequestInit)
  expect((await post(10)).status).toBe(401)
  expect((await post(2_000_000)).status).toBe(413)
})
