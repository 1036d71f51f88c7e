import * as oauth from 'oauth4webapi'
import { expect, onTestFinished, test } from 'vitest'
import type { Client } from './core/client.ts'
import { type Decision, visit } from './core/visit.ts'
import { createGeneric, type Generic } from './generic/index.ts'
import type { GenericOptions } from './generic/state.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'

const callback = 'http://127.0.0.1:9/callback'
const insecure = { [oauth.allowInsecureRequests]: true }
const verifier = 'v'.repeat(43)

async function start(options: GenericOptions = {}) {
  const generic = await createGeneric(options)
  onTestFinished(() => generic.stop())
  const input = { name: 'Northwind', redirectUris: [callback] }
  return { generic, client: generic.registerClient(input) }
}

async function authorize(
  generic: Generic,
  { clientId }: Client,
  more: Record<string, string> = {},
  decision: Decision = 'approve',
) {
  const url = new URL(`${generic.urls.issuer}/authorize`)
  const parameters = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: callback,
    scope: 'read write offline_access',
    state: 'st',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  }
  url.search = new URLSearchParams(parameters).toString()
  return await visit(url, decision)
}

async function post(generic: Generic, client: Client, path: string, form: Record<string, string>) {
  const response = await fetch(generic.urls.issuer + path, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: client.clientId,
      client_secret: client.clientSecret,
      ...form,
    }),
  })
  const text = await response.text()
  const body: Record<string, unknown> = text === '' ? {} : JSON.parse(text)
  return { status: response.status, body }
}

async function exchange(generic: Generic, client: Client, back: URL, more = {}) {
  return await post(generic, client, '/token', {
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: callback,
    code_verifier: verifier,
    ...more,
  })
}

async function tokenFor(generic: Generic, client: Client, scope = 'read write offline_access') {
  return (await exchange(generic, client, await authorize(generic, client, { scope }))).body
}

const refresh = (generic: Generic, client: Client, token: unknown, more = {}) =>
  post(generic, client, '/token', {
    grant_type: 'refresh_token',
    refresh_token: String(token),
    ...more,
  })

async function account(generic: Generic, headers: Record<string, string>) {
  return await fetch(`${generic.urls.api}/account`, { headers })
}

const withToken = async (generic: Generic, token: unknown) =>
  (await account(generic, { authorization: `Bearer ${token}` })).status

test.each(['client_secret_post', 'client_secret_basic'] as const)(
  'a strict client walks the whole of OpenID Connect by %s',
  async (method) => {
    const { generic, client } = await start({ clientAuthentication: [method] })
    // What this server reads in HTTP Basic is not form-encoded: a secret of plain letters is the same in both.
    if (method === 'client_secret_basic') client.clientSecret = 'plainletters'
    const issuer = new URL(generic.urls.issuer)
    const discovered = await oauth.discoveryRequest(issuer, insecure)
    const server = await oauth.processDiscoveryResponse(issuer, discovered)
    const me = { client_id: client.clientId }
    const authenticate =
      method === 'client_secret_post'
        ? oauth.ClientSecretPost(client.clientSecret)
        : oauth.ClientSecretBasic(client.clientSecret)
    const nonce = oauth.generateRandomNonce()
    const scope = 'openid profile email offline_access'
    const back = await authorize(generic, client, { scope, nonce })
    const parameters = oauth.validateAuthResponse(server, me, back, 'st')
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      me,
      authenticate,
      parameters,
      callback,
      verifier,
      insecure,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(server, me, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    })
    await oauth.validateApplicationLevelSignature(server, response, insecure)
    const info = await oauth.processUserInfoResponse(
      server,
      me,
      oauth.getValidatedIdTokenClaims(tokens)?.sub ?? '',
      await oauth.userInfoRequest(server, me, tokens.access_token, insecure),
    )
    expect(info).toMatchObject({ sub: 'u-101', name: 'Ada Okafor', email: 'ada@example.com' })

    const refreshed = await oauth.processRefreshTokenResponse(
      server,
      me,
      await oauth.refreshTokenGrantRequest(
        server,
        me,
        authenticate,
        tokens.refresh_token ?? '',
        insecure,
      ),
    )
    const inspect = async (token: string) =>
      await oauth.processIntrospectionResponse(
        server,
        me,
        await oauth.introspectionRequest(server, me, authenticate, token, insecure),
      )
    expect(await inspect(tokens.access_token)).toEqual({ active: false })
    expect(await inspect(refreshed.access_token)).toMatchObject({ active: true, sub: 'u-101' })
    const token = refreshed.refresh_token ?? ''
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, me, authenticate, token, insecure),
    )
    expect(await inspect(refreshed.access_token)).toEqual({ active: false })
    expect(generic.unexpected()).toEqual([])
  },
)

test('a client that shows itself in another way than the listed one is refused', async () => {
  const { generic, client } = await start({ clientAuthentication: ['client_secret_basic'] })
  const { status, body } = await refresh(generic, client, 'any')
  expect([status, body]).toEqual([401, { error: 'invalid_client' }])
  expect(generic.unexpected()).toEqual([
    'POST /token: the client shows itself by client_secret_post',
  ])
})

test('a wrong secret is an invalid client', async () => {
  const { generic, client } = await start()
  const wrong = { ...client, clientSecret: 'wrong' }
  expect(await refresh(generic, wrong, 'any')).toEqual({
    status: 401,
    body: { error: 'invalid_client' },
  })
})

test('each rule of rotation does what its name says', async () => {
  const outcomes = async (rotation: GenericOptions['rotation']) => {
    const { generic, client } = await start(rotation === undefined ? {} : { rotation })
    const first = await tokenFor(generic, client)
    const second = (await refresh(generic, client, first.refresh_token)).body
    const again = await refresh(generic, client, first.refresh_token)
    return {
      newToken: typeof second.refresh_token,
      again: again.status,
      oldAccess: await withToken(generic, first.access_token),
      after: await withToken(generic, second.access_token),
    }
  }
  expect(await outcomes({ kind: 'strict' })).toEqual({
    newToken: 'string',
    again: 400,
    oldAccess: 401,
    after: 200,
  })
  expect(await outcomes({ kind: 'strict_family' })).toMatchObject({ again: 400, after: 401 })
  expect(await outcomes({ kind: 'grace', seconds: 60 })).toMatchObject({ again: 200, after: 200 })
  expect(await outcomes({ kind: 'additional' })).toMatchObject({ again: 200, oldAccess: 200 })
  expect(await outcomes({ kind: 'none' })).toMatchObject({ newToken: 'undefined', again: 200 })
})

test('the grace of a used refresh token ends', async () => {
  const { generic, client } = await start({ rotation: { kind: 'grace', seconds: 60 } })
  const { refresh_token } = await tokenFor(generic, client)
  await refresh(generic, client, refresh_token)
  generic.advance(60)
  expect((await refresh(generic, client, refresh_token)).body.error).toBe('invalid_grant')
})

test('tokens end, or have no end and no `expires_in`', async () => {
  const { generic, client } = await start({ refreshSeconds: 7_200 })
  const token = await tokenFor(generic, client)
  expect(token.expires_in).toBe(3_600)
  generic.advance(3_600)
  expect(await withToken(generic, token.access_token)).toBe(401)
  generic.advance(3_600)
  expect((await refresh(generic, client, token.refresh_token)).status).toBe(400)
  const lasting = await start({ accessSeconds: null })
  const forever = await tokenFor(lasting.generic, lasting.client)
  expect(forever).not.toHaveProperty('expires_in')
  lasting.generic.advance(400 * 86_400)
  expect(await withToken(lasting.generic, forever.access_token)).toBe(200)
})

test('a refresh token takes offline_access, unless the server gives it to all', async () => {
  const { generic, client } = await start()
  expect(await tokenFor(generic, client, 'read')).not.toHaveProperty('refresh_token')
  const other = await start({ alwaysRefreshable: true })
  expect(await tokenFor(other.generic, other.client, 'read')).toHaveProperty('refresh_token')
})

test('scopes have the separator that was chosen, both ways', async () => {
  const { generic, client } = await start({ scopeSeparator: ',' })
  expect((await tokenFor(generic, client, 'read,write')).scope).toBe('read,write')
})

test('a refresh may ask for less, and for no more', async () => {
  const { generic, client } = await start()
  const { refresh_token } = await tokenFor(generic, client, 'read offline_access')
  const more = await refresh(generic, client, refresh_token, { scope: 'read write' })
  expect(more.body.error).toBe('invalid_scope')
  const less = await refresh(generic, client, refresh_token, { scope: 'read' })
  expect(less.body.scope).toBe('read')
})

test('codes are checked: client, redirect URI, verifier, time and use', async () => {
  const { generic, client } = await start()
  const other = generic.registerClient({ name: 'Other', redirectUris: [callback] })
  const back = await authorize(generic, client)
  const errors = [
    await exchange(generic, other, back),
    await exchange(generic, client, back, { redirect_uri: `${callback}/x` }),
    await exchange(generic, client, back, { code_verifier: 'w'.repeat(43) }),
  ].map(({ body }) => body.error)
  expect(errors).toEqual(['invalid_grant', 'invalid_grant', 'invalid_grant'])
  expect((await exchange(generic, client, back)).status).toBe(200)
  expect((await exchange(generic, client, back)).status).toBe(400)
  const late = await authorize(generic, client)
  generic.advance(60)
  expect((await exchange(generic, client, late)).status).toBe(400)
})

test('a bad request ends on a page or at the client, with state and issuer', async () => {
  const { generic, client } = await start()
  const elsewhere = { redirect_uri: `${callback}/x` }
  await expect(authorize(generic, client, elsewhere)).rejects.toThrow('unknown redirect URI')
  const errors: unknown[] = []
  for (const more of [
    { response_type: 'token' },
    { scope: 'everything' },
    { code_challenge_method: 'plain' },
  ]) {
    const back = await authorize(generic, client, more)
    expect(back.searchParams.get('iss')).toBe(generic.urls.issuer)
    errors.push(back.searchParams.get('error'))
  }
  expect(errors).toEqual(['unsupported_response_type', 'invalid_scope', 'invalid_request'])
  const denied = await authorize(generic, client, {}, 'deny')
  expect([denied.searchParams.get('error'), denied.searchParams.get('state')]).toEqual([
    'access_denied',
    'st',
  ])
})

test('an access token is revoked alone, and a client revokes nothing of another', async () => {
  const { generic, client } = await start()
  const other = generic.registerClient({ name: 'Other', redirectUris: [callback] })
  const { access_token, refresh_token } = await tokenFor(generic, client)
  const revoke = (by: Client, token: unknown) =>
    post(generic, by, '/revoke', { token: String(token) })
  expect((await revoke(other, access_token)).status).toBe(200)
  expect(await withToken(generic, access_token)).toBe(200)
  await revoke(client, access_token)
  expect(await withToken(generic, access_token)).toBe(401)
  expect((await refresh(generic, client, refresh_token)).status).toBe(200)
})

test('a user who takes back a grant ends its tokens', async () => {
  const { generic, client } = await start()
  const { access_token, refresh_token } = await tokenFor(generic, client)
  expect(generic.revokeGrant(client, 'ada')).toBe(1)
  const response = await account(generic, { authorization: `Bearer ${access_token}` })
  expect([response.status, await bodyOf(response)]).toEqual([401, { error: 'invalid_token' }])
  expect((await refresh(generic, client, refresh_token)).body.error).toBe('invalid_grant')
})

test('an API key works in its header until it is revoked', async () => {
  const { generic } = await start({ keyHeader: 'x-acme-token' })
  const key = generic.createKey('grace')
  const response = await account(generic, { 'x-acme-token': key })
  expect(await bodyOf(response)).toEqual({ id: 'u-102', name: 'Grace Lindqvist' })
  expect((await account(generic, { 'x-api-key': key })).status).toBe(401)
  generic.revokeKey(key)
  expect((await account(generic, { 'x-acme-token': key })).status).toBe(401)
})

test('a user name and a password work by HTTP Basic, whatever characters they have', async () => {
  const { generic } = await start()
  const password = 'a-~%+:b'
  generic.setPassword('ada', password)
  const basic = (text: string) => ({
    authorization: `Basic ${Buffer.from(text).toString('base64')}`,
  })
  expect((await account(generic, basic(`ada:${password}`))).status).toBe(200)
  expect((await account(generic, basic('ada:wrong'))).status).toBe(401)
  expect((await account(generic, basic(`grace:${password}`))).status).toBe(401)
  generic.setPassword('ada', undefined)
  const response = await account(generic, basic(`ada:${password}`))
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([
    401,
    'Basic realm="generic"',
  ])
})
