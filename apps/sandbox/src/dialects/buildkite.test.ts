import * as oauth from 'oauth4webapi'
import { expect, onTestFinished, test } from 'vitest'
import { type Buildkite, type BuildkiteOptions, createBuildkite } from './buildkite/index.ts'
import type { Application } from './buildkite/state.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'

const ada = 'ada@example.com'
const insecure = { [oauth.allowInsecureRequests]: true }

async function start(options: BuildkiteOptions = {}, input: Partial<Application> = {}) {
  const buildkite = await createBuildkite(options)
  onTestFinished(() => buildkite.stop())
  return { buildkite, application: buildkite.registerApplication({ name: 'Northwind', ...input }) }
}

async function post(buildkite: Buildkite, path: string, form: Record<string, string>) {
  const body = new URLSearchParams(form)
  const response = await fetch(buildkite.urls.web + path, { method: 'POST', body })
  return { status: response.status, body: await bodyOf(response) }
}

const device = (
  buildkite: Buildkite,
  { clientId }: Application,
  more: Record<string, string> = {},
) => {
  const form = { client_id: clientId, scope: 'read_user read_organizations', ...more }
  return post(buildkite, '/oauth/device_authorization', form)
}

const poll = (buildkite: Buildkite, { clientId }: Application, deviceCode: unknown) =>
  post(buildkite, '/oauth/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    client_id: clientId,
    device_code: String(deviceCode),
  })

const refresh = (
  buildkite: Buildkite,
  { clientId }: Application,
  token: unknown,
  more: Record<string, string> = {},
) =>
  post(buildkite, '/oauth/token', {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: String(token),
    ...more,
  })

async function tokenFor(buildkite: Buildkite, application: Application) {
  const { body } = await device(buildkite, application)
  await buildkite.answerDevice(String(body.user_code))
  return (await poll(buildkite, application, body.device_code)).body
}

async function api(buildkite: Buildkite, path: string, token: unknown, method = 'GET') {
  const headers = { authorization: `Bearer ${token}` }
  return await fetch(buildkite.urls.api + path, { method, headers })
}

test('a strict client walks the device flow and refreshes', async () => {
  const { buildkite, application } = await start()
  const server = {
    issuer: buildkite.urls.web,
    device_authorization_endpoint: `${buildkite.urls.web}/oauth/device_authorization`,
    token_endpoint: `${buildkite.urls.web}/oauth/token`,
  }
  const client = { client_id: application.clientId }
  const none = oauth.None()
  const parameters = new URLSearchParams({ scope: 'read_user' })
  const started = await oauth.processDeviceAuthorizationResponse(
    server,
    client,
    await oauth.deviceAuthorizationRequest(server, client, none, parameters, insecure),
  )
  expect(started).toMatchObject({ expires_in: 600, interval: 5 })
  expect(started.verification_uri_complete).toContain(started.user_code)
  await buildkite.answerDevice(started.user_code)
  const tokens = await oauth.processDeviceCodeResponse(
    server,
    client,
    await oauth.deviceCodeGrantRequest(server, client, none, started.device_code, insecure),
  )
  expect(tokens).toMatchObject({ expires_in: 86_400, scope: 'read_user' })
  const next = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(
      server,
      client,
      none,
      tokens.refresh_token ?? '',
      insecure,
    ),
  )
  expect((await api(buildkite, '/v2/user', next.access_token)).status).toBe(200)
  expect((await api(buildkite, '/v2/user', tokens.access_token)).status).toBe(401)
  expect(buildkite.unexpected()).toEqual([])
})

test('an access token starts with bkua_, and looks at itself without a scope', async () => {
  const { buildkite } = await start()
  const input = { email: ada, scopes: ['read_builds'], lifetimeSeconds: 604_800 }
  const token = buildkite.createAccessToken(input)
  expect(token).toMatch(/^bkua_/)
  expect(await bodyOf(await api(buildkite, '/v2/access-token', token))).toMatchObject({
    scopes: ['read_builds'],
    expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
    user: { email: ada, name: 'Ada Okafor' },
  })
  const lasting = buildkite.createAccessToken({ email: ada, scopes: [] })
  const described = await bodyOf(await api(buildkite, '/v2/access-token', lasting))
  expect(described.expires_at).toBeNull()
  buildkite.advance(604_800)
  expect((await api(buildkite, '/v2/access-token', token)).status).toBe(401)
  expect((await api(buildkite, '/v2/access-token', lasting)).status).toBe(200)
})

test('an access token ends itself', async () => {
  const { buildkite } = await start()
  const token = buildkite.createAccessToken({ email: ada, scopes: [] })
  expect((await api(buildkite, '/v2/access-token', token, 'DELETE')).status).toBe(204)
  expect((await api(buildkite, '/v2/access-token', token)).status).toBe(401)
  expect((await api(buildkite, '/v2/access-token', token, 'DELETE')).status).toBe(401)
})

test('a token of an application ends itself, and is refreshed all the same', async () => {
  const { buildkite, application } = await start()
  const { access_token, refresh_token } = await tokenFor(buildkite, application)
  expect((await api(buildkite, '/v2/access-token', access_token, 'DELETE')).status).toBe(204)
  expect((await api(buildkite, '/v2/access-token', access_token)).status).toBe(401)
  expect((await refresh(buildkite, application, refresh_token)).status).toBe(200)
})

test('a token that Buildkite revoked after a leak is unknown without warning', async () => {
  const { buildkite } = await start()
  const token = buildkite.createAccessToken({ email: ada, scopes: [] })
  buildkite.revokeAccessToken(token)
  const response = await api(buildkite, '/v2/access-token', token)
  expect([response.status, (await bodyOf(response)).message]).toEqual([
    401,
    expect.stringContaining('Please supply a valid API Access Token'),
  ])
})

test('a call without its scope is forbidden, and names it', async () => {
  const { buildkite } = await start()
  const token = buildkite.createAccessToken({ email: ada, scopes: ['read_builds'] })
  const response = await api(buildkite, '/v2/user', token)
  expect([response.status, await bodyOf(response)]).toEqual([
    403,
    { message: "Your access token doesn't have the read_user scope" },
  ])
})

test('an authorisation is for one organisation, which a request may preselect', async () => {
  const { buildkite, application } = await start()
  const organizations = async (more: Record<string, string>, picked?: string) => {
    const { body } = await device(buildkite, application, more)
    await buildkite.answerDevice(String(body.user_code), 'approve', picked)
    const { body: token } = await poll(buildkite, application, body.device_code)
    const response = await api(buildkite, '/v2/organizations', token.access_token)
    return JSON.parse(await response.text())
  }
  expect(await organizations({}, 'southwind')).toEqual([{ slug: 'southwind', name: 'southwind' }])
  expect(await organizations({}, 'northwind')).toMatchObject([{ slug: 'northwind' }])
  const { body } = await device(buildkite, application, { organization: 'southwind' })
  const page = await fetch(`${buildkite.urls.web}/oauth/device`, {
    method: 'POST',
    body: new URLSearchParams({ user_code: String(body.user_code) }),
  })
  expect(await page.text()).toMatch(/<option>southwind<\/option><option>northwind<\/option>/)
})

test('a device request needs valid scopes and a client that is enabled', async () => {
  const { buildkite, application } = await start()
  for (const scope of ['', 'everything', 'read_user everything']) {
    const { status, body } = await device(buildkite, application, { scope })
    expect([status, body]).toEqual([400, { error: 'invalid_scope' }])
  }
  application.enabled = false
  const { status, body } = await device(buildkite, application)
  expect([status, body]).toEqual([401, { error: 'invalid_client' }])
})

test('a confidential client shows its secret, but not when it polls', async () => {
  const { buildkite, application } = await start({}, { confidential: true })
  expect((await device(buildkite, application)).body.error).toBe('invalid_client')
  const wrong = { client_secret: 'wrong' }
  expect((await device(buildkite, application, wrong)).body.error).toBe('invalid_client')
  const right = { client_secret: application.clientSecret }
  const { body } = await device(buildkite, application, right)
  await buildkite.answerDevice(String(body.user_code))
  const { body: token } = await poll(buildkite, application, body.device_code)
  expect(token).toHaveProperty('access_token')
  const bare = await refresh(buildkite, application, token.refresh_token)
  expect(bare.body.error).toBe('invalid_client')
  expect((await refresh(buildkite, application, token.refresh_token, right)).status).toBe(200)
})

test('polls are answered as RFC 8628 says, and an early one makes the interval longer', async () => {
  const { buildkite, application } = await start()
  const { body } = await device(buildkite, application)
  const errors: unknown[] = []
  for (const pause of [0, 5, 4, 9, 15]) {
    buildkite.advance(pause)
    errors.push((await poll(buildkite, application, body.device_code)).body.error)
  }
  const [pending, slow] = ['authorization_pending', 'slow_down']
  expect(errors).toEqual([pending, pending, slow, slow, pending])
  await buildkite.answerDevice(String(body.user_code), 'deny')
  buildkite.advance(15)
  const denied = await poll(buildkite, application, body.device_code)
  expect([denied.status, denied.body.error]).toEqual([400, 'access_denied'])
})

test('a device code ends after ten minutes, at its use, and is nothing to another client', async () => {
  const { buildkite, application } = await start()
  const { body: late } = await device(buildkite, application)
  buildkite.advance(600)
  const expired = await poll(buildkite, application, late.device_code)
  expect(expired.body.error).toBe('expired_token')
  const { body } = await device(buildkite, application)
  await buildkite.answerDevice(String(body.user_code))
  const other = buildkite.registerApplication({ name: 'Other' })
  expect((await poll(buildkite, other, body.device_code)).body.error).toBe('invalid_grant')
  expect((await poll(buildkite, application, body.device_code)).status).toBe(200)
  buildkite.advance(5)
  const again = await poll(buildkite, application, body.device_code)
  expect(again.body.error).toBe('invalid_grant')
})

test('an application decides whether tokens end, and whether they are refreshed', async () => {
  const input = { expiresInSeconds: null, refreshTokens: false }
  const { buildkite, application } = await start({}, input)
  const token = await tokenFor(buildkite, application)
  expect(Object.keys(token)).toEqual(['access_token', 'token_type', 'scope'])
  buildkite.advance(400 * 86_400)
  expect((await api(buildkite, '/v2/user', token.access_token)).status).toBe(200)
})

test('what a refresh does to the old token can be chosen, since no page says it', async () => {
  const outcomes = async (options: BuildkiteOptions) => {
    const { buildkite, application } = await start(options)
    const first = await tokenFor(buildkite, application)
    const second = await refresh(buildkite, application, first.refresh_token)
    const again = await refresh(buildkite, application, first.refresh_token)
    const after = await refresh(buildkite, application, second.body.refresh_token)
    return [again.status, after.status]
  }
  expect(await outcomes({})).toEqual([400, 200])
  expect(await outcomes({ rotation: { kind: 'strict_family' } })).toEqual([400, 400])
  expect(await outcomes({ rotation: { kind: 'additional' } })).toEqual([200, 200])
})

test('a user who revokes an application ends all its tokens', async () => {
  const { buildkite, application } = await start()
  const { access_token, refresh_token } = await tokenFor(buildkite, application)
  expect(buildkite.revokeGrant(application, ada)).toBe(1)
  expect((await api(buildkite, '/v2/user', access_token)).status).toBe(401)
  const { body } = await refresh(buildkite, application, refresh_token)
  expect(body.error).toBe('invalid_grant')
})

test('there are two limits, of which the reset is in seconds that remain', async () => {
  const { buildkite } = await start()
  const token = buildkite.createAccessToken({ email: ada, scopes: [] })
  const call = () => api(buildkite, '/v2/access-token', token)
  const first = await call()
  const limits = ['', 'user-'].map((kind) =>
    ['scope', 'limit', 'remaining', 'reset'].map((name) =>
      first.headers.get(`ratelimit-${kind}${name}`),
    ),
  )
  expect(limits).toEqual([
    ['rest', '200', '199', '60'],
    ['rest_user', '50', '49', '60'],
  ])
  buildkite.advance(20)
  for (let count = 0; count < 49; count += 1) await call()
  const limited = await call()
  expect([limited.status, await bodyOf(limited)]).toMatchObject([
    429,
    { scope: 'rest_user', limit: 50, current: 51 },
  ])
  expect(Number(limited.headers.get('ratelimit-user-reset'))).toBeLessThanOrEqual(40)
  buildkite.advance(60)
  expect((await call()).status).toBe(200)
})
