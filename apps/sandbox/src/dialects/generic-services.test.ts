import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { expect, onTestFinished, test } from 'vitest'
import { createGeneric, type Generic, type Service } from './generic/index.ts'
import type { GenericOptions } from './generic/state.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'

// https://datatracker.ietf.org/doc/html/rfc6749#section-4.4, https://datatracker.ietf.org/doc/html/rfc7523

const insecure = { [oauth.allowInsecureRequests]: true }
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

async function start(options: GenericOptions = {}) {
  const generic = await createGeneric(options)
  onTestFinished(() => generic.stop())
  const { issuer } = generic.urls
  const server = { issuer, token_endpoint: `${issuer}/token` }
  return { generic, server, service: generic.createService('ada') }
}

async function post(url: string, body: URLSearchParams | string) {
  const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : {}
  const response = await fetch(url, { method: 'POST', body, headers })
  return { status: response.status, body: await bodyOf(response) }
}

async function accountOf(generic: Generic, token: unknown) {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${generic.urls.api}/account`, { headers })
  return response.status === 200 ? bodyOf(response) : response.status
}

function signed(generic: Generic, { clientId, keyId, privateKey }: Service, claims = {}) {
  const now = Math.floor(Date.now() / 1_000)
  const usual = { iss: clientId, sub: 'ada', aud: `${generic.urls.issuer}/token`, iat: now }
  return new SignJWT({ ...usual, exp: now + 300, jti: crypto.randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: keyId })
    .sign(createPrivateKey(privateKey))
}

const assert = (generic: Generic, assertion: string) =>
  post(`${generic.urls.issuer}/token`, new URLSearchParams({ grant_type: jwtBearer, assertion }))

test('a strict client gets a token of its own by client credentials', async () => {
  const { generic, server, service } = await start()
  const client = { client_id: service.clientId }
  const secret = oauth.ClientSecretPost(service.clientSecret)
  const response = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    secret,
    { scope: 'read' },
    insecure,
  )
  const tokens = await oauth.processClientCredentialsResponse(server, client, response)
  expect(tokens).toMatchObject({ expires_in: 3_600, scope: 'read' })
  expect(tokens).not.toHaveProperty('refresh_token')
  expect(await accountOf(generic, tokens.access_token)).toMatchObject({ id: 'u-101' })
  expect(generic.unexpected()).toEqual([])
})

test('a strict client gets one by a signed statement, which counts once', async () => {
  const { generic, server, service } = await start()
  const client = { client_id: service.clientId }
  const assertion = await signed(generic, service, { scope: 'read write' })
  const ask = () =>
    oauth.genericTokenEndpointRequest(server, client, () => {}, jwtBearer, { assertion }, insecure)
  const tokens = await oauth.processGenericTokenEndpointResponse(server, client, await ask())
  expect(tokens.scope).toBe('read write')
  expect(await accountOf(generic, tokens.access_token)).toMatchObject({ id: 'u-101' })
  expect(await bodyOf(await ask())).toEqual({ error: 'invalid_grant' })
})

test.each<[string, Record<string, unknown>]>([
  ['for another server', { aud: 'https://other.example/token' }],
  ['of another issuer', { iss: 'svc-unknown' }],
  ['for another person', { sub: 'grace' }],
  ['past its end', { exp: Math.floor(Date.now() / 1_000) - 1 }],
  ['without an id', { jti: undefined }],
])('a statement %s is refused', async (_, claims) => {
  const { generic, service } = await start()
  const answer = await assert(generic, await signed(generic, service, claims))
  expect(answer).toEqual({ status: 400, body: { error: 'invalid_grant' } })
})

test('a statement that another key has signed is refused', async () => {
  const { generic, service } = await start()
  const { privateKey } = generic.createService('ada')
  const answer = await assert(generic, await signed(generic, { ...service, privateKey }))
  expect(answer.body).toEqual({ error: 'invalid_grant' })
})

test('a name and a secret in JSON bring a token that ends', async () => {
  const { generic, service } = await start({ accessSeconds: 60 })
  const exchange = (secret: string) =>
    post(
      `${generic.urls.issuer}/exchange`,
      JSON.stringify({ identifier: service.clientId, secret }),
    )
  const { body } = await exchange(service.clientSecret)
  expect(body).toMatchObject({ expires_in: 60 })
  const { access_token: token } = Object(body)
  expect(await accountOf(generic, token)).toMatchObject({ id: 'u-101' })
  generic.advance(61)
  expect(await accountOf(generic, token)).toBe(401)
  expect(await exchange('wrong')).toMatchObject({ status: 401 })
})

test('a suspended service comes back, and one that has ended does not', async () => {
  const { generic, service } = await start()
  const ask = async () => assert(generic, await signed(generic, service))
  generic.suspendService(service, true)
  expect(await ask()).toMatchObject({ status: 403 })
  generic.suspendService(service, false)
  const { body } = await ask()
  generic.endService(service)
  expect(await ask()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  // What was given lives on to its end.
  expect(await accountOf(generic, Object(body).access_token)).toMatchObject({ id: 'u-101' })
})

test('an app of a person is no service', async () => {
  const { generic } = await start()
  const { clientId, clientSecret } = generic.registerClient({ name: 'App', redirectUris: [] })
  const form = {
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
  }
  const answer = await post(`${generic.urls.issuer}/token`, new URLSearchParams(form))
  expect(answer).toEqual({ status: 400, body: { error: 'unauthorized_client' } })
})
