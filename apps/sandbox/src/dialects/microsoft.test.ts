import { createHash } from 'node:crypto'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { visit } from './core/visit.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'
import {
  ada,
  authorize,
  callback,
  code,
  msal,
  post,
  profile,
  refresh,
  start,
  tenant,
  tokenFor,
} from './microsoft.test.support.ts'

test("Microsoft's own client walks the flow, refreshes, and asks for a second resource", async () => {
  const { microsoft, app } = await start()
  const client = msal(microsoft, app)
  const verifier = 'v'.repeat(43)
  const url = await client.getAuthCodeUrl({
    scopes: [code, 'https://graph.microsoft.com/User.Read'],
    redirectUri: callback,
    codeChallenge: createHash('sha256').update(verifier).digest('base64url'),
    codeChallengeMethod: 'S256',
  })
  const back = await visit(url.replace('https://login.microsoftonline.com', microsoft.urls.login))
  const first = await client.acquireTokenByCode({
    scopes: [code],
    redirectUri: callback,
    code: back.searchParams.get('code') ?? '',
    codeVerifier: verifier,
  })
  expect(first.account).toMatchObject({ username: ada, tenantId: tenant })
  expect((await profile(microsoft, `Bearer ${first.accessToken}`)).status).toBe(200)

  const { account } = first
  if (account === null) throw new Error('there is no account')
  const again = await client.acquireTokenSilent({ scopes: [code], account, forceRefresh: true })
  expect(again?.accessToken).not.toBe(first.accessToken)
  const graph = await client.acquireTokenSilent({
    scopes: ['https://graph.microsoft.com/User.Read'],
    account,
  })
  const me = await fetch(`${microsoft.urls.graph}/v1.0/me`, {
    headers: { authorization: `Bearer ${graph?.accessToken}` },
  })
  expect(await bodyOf(me)).toMatchObject({ userPrincipalName: ada })
  expect(microsoft.unexpected()).toEqual([])
})

test("Microsoft's own client takes a demand of an administrator for an interaction", async () => {
  const { microsoft, app } = await start()
  const client = msal(microsoft, app)
  const { refresh_token } = await tokenFor(microsoft, app)
  const ask = () =>
    client.acquireTokenByRefreshToken({ refreshToken: String(refresh_token), scopes: [code] })
  expect((await ask())?.accessToken).toMatch(/^eyJ/)
  microsoft.setPolicy(ada, 'use_multi_factor')
  await expect(ask()).rejects.toMatchObject({
    name: 'InteractionRequiredAuthError',
    errorCode: 'invalid_grant',
    subError: 'basic_action',
  })
})

test('without offline_access there is no refresh token', async () => {
  const { microsoft, app } = await start()
  expect(await tokenFor(microsoft, app, code)).not.toHaveProperty('refresh_token')
  expect(await tokenFor(microsoft, app)).toMatchObject({
    token_type: 'Bearer',
    scope: code,
    expires_in: 4_499,
    refresh_token: expect.any(String),
  })
})

test('a refresh keeps the old refresh token alive, and ends after 90 days', async () => {
  const { microsoft, app } = await start()
  const first = await tokenFor(microsoft, app)
  const second = await refresh(microsoft, app, first.refresh_token)
  expect(second.body.refresh_token).not.toBe(first.refresh_token)
  expect((await refresh(microsoft, app, first.refresh_token)).status).toBe(200)
  expect((await profile(microsoft, `Bearer ${first.access_token}`)).status).toBe(200)
  microsoft.advance(89 * 86_400)
  const third = await refresh(microsoft, app, second.body.refresh_token)
  microsoft.advance(86_400)
  const { body } = await refresh(microsoft, app, second.body.refresh_token)
  expect(body).toMatchObject({ error: 'invalid_grant', error_codes: [700082] })
  expect((await refresh(microsoft, app, third.body.refresh_token)).status).toBe(200)
})

test('a token is for one resource, which the scope of a refresh picks', async () => {
  const { microsoft, app } = await start()
  const token = await tokenFor(microsoft, app, `${code} User.Read offline_access`)
  const ask = async (scope?: string) => {
    const more: Record<string, string> = scope === undefined ? {} : { scope }
    const { body } = await refresh(microsoft, app, token.refresh_token, more)
    const authorization = `Bearer ${body.access_token}`
    const graph = await fetch(`${microsoft.urls.graph}/v1.0/me`, { headers: { authorization } })
    return [body.scope, (await profile(microsoft, authorization)).status, graph.status]
  }
  expect(await ask()).toEqual([code, 200, 401])
  const graph = 'https://graph.microsoft.com/User.Read'
  expect(await ask('User.Read')).toEqual([graph, 203, 200])
  expect(await ask(`https://app.vssps.visualstudio.com/vso.code User.Read`)).toEqual([
    code,
    200,
    401,
  ])
  expect(await ask('https://graph.microsoft.com/.default')).toMatchObject({ 1: 203, 2: 200 })
})

test('an exchange that names two resources is refused', async () => {
  const { microsoft, app } = await start()
  const scope = `${code} User.Read offline_access`
  const back = await authorize(microsoft, app, { scope })
  const form = { code: back.searchParams.get('code') ?? '', redirect_uri: callback, scope }
  const { body } = await post(microsoft, app, { grant_type: 'authorization_code', ...form })
  expect(body.error_codes).toEqual([28000])
})

test('errors say more by their number than by their code', async () => {
  const { microsoft, app } = await start()
  const token = await tokenFor(microsoft, app)
  const used = await authorize(microsoft, app)
  const spent = used.searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code: spent, redirect_uri: callback }
  await post(microsoft, app, form)
  const late = (await authorize(microsoft, app)).searchParams.get('code') ?? ''
  microsoft.advance(600)
  const wrong = { ...app, clientSecret: 'wrong' }
  const outcomes = [
    await post(microsoft, app, form),
    await post(microsoft, app, { ...form, code: late }),
    await post(microsoft, app, { grant_type: 'password' }),
    await refresh(microsoft, app, 'nonsense'),
    await refresh(microsoft, app, token.refresh_token, { scope: 'api://nobody/x' }),
    await refresh(microsoft, app, token.refresh_token, { scope: 'Mail.Read' }),
    await refresh(microsoft, wrong, token.refresh_token),
    await refresh(microsoft, { ...app, clientId: 'nobody' }, token.refresh_token),
    await refresh(microsoft, app, token.refresh_token, { client_secret: '' }),
  ].map(({ status, body }) => [status, body.error, body.error_codes])
  expect(outcomes).toEqual([
    [400, 'invalid_grant', [54005]],
    [400, 'invalid_grant', [70008]],
    [400, 'unsupported_grant_type', [70003]],
    [400, 'invalid_grant', [9002313]],
    [400, 'invalid_scope', [70011]],
    [400, 'invalid_grant', [65001]],
    [401, 'invalid_client', [7000215]],
    [400, 'unauthorized_client', [700016]],
    [401, 'invalid_client', [7000218]],
  ])
})

test('each demand of an administrator has its own answer to a refresh, and ends with a sign-in', async () => {
  const { microsoft, app } = await start()
  const { refresh_token } = await tokenFor(microsoft, app)
  const answers = []
  for (const policy of ['use_multi_factor', 'enroll_multi_factor', 'blocked'] as const) {
    microsoft.setPolicy(ada, policy)
    const { body } = await refresh(microsoft, app, refresh_token)
    answers.push([body.error, body.error_codes, body.suberror, typeof body.claims])
  }
  expect(answers).toEqual([
    ['invalid_grant', [50076], 'basic_action', 'undefined'],
    ['interaction_required', [50079], undefined, 'string'],
    ['invalid_grant', [53003], undefined, 'undefined'],
  ])
  await tokenFor(microsoft, app)
  expect((await refresh(microsoft, app, refresh_token)).status).toBe(200)
})

test('a consent that was taken back is asked for again', async () => {
  const { microsoft, app } = await start()
  const { refresh_token } = await tokenFor(microsoft, app)
  microsoft.withdrawConsent(app, ada)
  const { body } = await refresh(microsoft, app, refresh_token)
  expect(body).toMatchObject({ error_codes: [65001], suberror: 'consent_required' })
  const silent = await authorize(microsoft, app, { prompt: 'none' })
  expect(silent.searchParams.get('error')).toBe('interaction_required')
  await tokenFor(microsoft, app)
  expect((await refresh(microsoft, app, refresh_token)).status).toBe(200)
})

test('a user whose sessions are revoked needs a fresh sign-in', async () => {
  const { microsoft, app } = await start()
  const { refresh_token } = await tokenFor(microsoft, app)
  expect(microsoft.revokeSessions(app, ada)).toBe(1)
  const { body } = await refresh(microsoft, app, refresh_token)
  expect(body).toMatchObject({ error: 'invalid_grant', error_codes: [50173] })
})

test('a client secret ends, and everything ends with it until there is a new one', async () => {
  const { microsoft, app } = await start()
  const { refresh_token } = await tokenFor(microsoft, app)
  app.secretExpiresAt = Date.now() - 1
  const { status, body } = await refresh(microsoft, app, refresh_token)
  expect([status, body.error, body.error_codes]).toEqual([401, 'invalid_client', [7000222]])
})

test('a secret beside an Origin is refused', async () => {
  const { microsoft, app } = await start()
  const { refresh_token } = await tokenFor(microsoft, app)
  const form = { grant_type: 'refresh_token', refresh_token: String(refresh_token) }
  const { body } = await post(microsoft, app, form, { origin: 'https://app.example' })
  expect(body).toMatchObject({ error: 'invalid_request', error_codes: [9002326] })
  expect(microsoft.unexpected()).toEqual([
    'POST /common/oauth2/v2.0/token: an Origin beside the secret of a client',
  ])
})

test('the client may show itself by HTTP Basic', async () => {
  const { microsoft, app } = await start()
  const { refresh_token } = await tokenFor(microsoft, app)
  const shown = Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64')
  const response = await fetch(`${microsoft.urls.login}/common/oauth2/v2.0/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${shown}` },
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: String(refresh_token),
    }),
  })
  expect(response.status).toBe(200)
})

test('what was given to one app is nothing to another, and PKCE and the redirect URI are checked', async () => {
  const { microsoft, app } = await start()
  const other = microsoft.registerApp({ name: 'Other', redirectUris: [callback] })
  const { refresh_token } = await tokenFor(microsoft, app)
  expect((await refresh(microsoft, other, refresh_token)).body.error).toBe('invalid_grant')
  const verifier = 'v'.repeat(43)
  const code_challenge = createHash('sha256').update(verifier).digest('base64url')
  const more = { code_challenge, code_challenge_method: 'S256' }
  const value = (await authorize(microsoft, app, more)).searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code: value, redirect_uri: callback }
  const proof = { ...form, code_verifier: verifier }
  const numbers = [
    await post(microsoft, other, proof),
    await post(microsoft, app, form),
    await post(microsoft, app, { ...proof, redirect_uri: `${callback}/x` }),
  ].map(({ body }) => body.error_codes)
  expect(numbers).toEqual([[70008], [501481], [500112]])
  expect((await post(microsoft, app, proof)).status).toBe(200)
})

test('a request that is wrong ends on a page of Microsoft', async () => {
  const { microsoft, app } = await start()
  const elsewhere = { redirect_uri: `${callback}/x` }
  await expect(authorize(microsoft, app, elsewhere)).rejects.toThrow('AADSTS50011')
  const nobody = { ...app, clientId: 'nobody' }
  await expect(authorize(microsoft, nobody)).rejects.toThrow('AADSTS700016')
  await expect(authorize(microsoft, app, { tenantId: 'nowhere' })).rejects.toThrow('AADSTS90002')
  const foreign = { tenantId: '8b0b7b1c-2222-4b8e-8f1d-2f2b6c1f0a02' }
  await expect(authorize(microsoft, app, foreign)).rejects.toThrow('AADSTS50020')
})

test('a denial comes back with the state', async () => {
  const { microsoft, app } = await start()
  const back = await authorize(microsoft, app, {}, 'deny')
  expect(Object.fromEntries(back.searchParams)).toMatchObject({
    error: 'access_denied',
    state: 'st',
  })
})

test('the issuer has the tenant of the user, and the document of `common` has none', async () => {
  const { microsoft, app } = await start()
  const issuers: unknown[] = []
  for (const email of [ada, 'grace@southwind.example']) {
    microsoft.signIn(email)
    const { id_token } = await tokenFor(microsoft, app, 'openid User.Read')
    const keys = createRemoteJWKSet(new URL(`${microsoft.urls.login}/common/discovery/v2.0/keys`))
    const { payload } = await jwtVerify(String(id_token), keys, { audience: app.clientId })
    issuers.push(payload.iss)
    expect(payload.iss).toBe(`${microsoft.urls.login}/${payload.tid}/v2.0`)
  }
  expect(new Set(issuers).size).toBe(2)
  const url = `${microsoft.urls.login}/common/v2.0/.well-known/openid-configuration`
  expect((await bodyOf(await fetch(url))).issuer).toContain('{tenantid}')
})
