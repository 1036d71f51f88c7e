import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { expect, onTestFinished, test } from 'vitest'
import { type Bitbucket, type BitbucketOptions, createBitbucket } from './bitbucket/index.ts'
import type { Consumer } from './bitbucket/state.ts'
import { type Decision, visit } from './core/visit.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'

// What is used of it: the package's own types do not compile with ours.
interface Client {
  users: { getAuthedUser(parameters: object): Promise<{ data: object }> }
  repositories: {
    list(parameters: { workspace: string; pagelen: number }): Promise<{ data: Page }>
  }
  hasNextPage(page: Page): boolean
  getNextPage(page: Page): Promise<{ data: Page }>
}
interface Page {
  values: { slug: string }[]
}
interface ClientOptions {
  baseUrl: string
  auth: { token: string } | { username: string; password: string }
  notice: false
}
const require = createRequire(import.meta.url)
const { Bitbucket: BitbucketClient }: { Bitbucket: new (options: ClientOptions) => Client } =
  require('bitbucket')

const callback = 'http://127.0.0.1:9/callback'

async function start(options: BitbucketOptions = {}) {
  const bitbucket = await createBitbucket(options)
  onTestFinished(() => bitbucket.stop())
  const input = { name: 'Northwind', redirectUris: [callback] }
  return { bitbucket, consumer: bitbucket.registerConsumer(input) }
}

async function authorize(
  bitbucket: Bitbucket,
  { clientId }: Consumer,
  more: Record<string, string> = {},
  decision: Decision = 'approve',
) {
  const url = new URL(`${bitbucket.urls.web}/site/oauth2/authorize`)
  const parameters = { client_id: clientId, response_type: 'code', state: 'st', ...more }
  url.search = new URLSearchParams(parameters).toString()
  return await visit(url, decision)
}

const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

async function post(
  bitbucket: Bitbucket,
  form: Record<string, string>,
  { clientId, clientSecret }: Pick<Consumer, 'clientId' | 'clientSecret'>,
) {
  const response = await fetch(`${bitbucket.urls.web}/site/oauth2/access_token`, {
    method: 'POST',
    headers: { authorization: basic(clientId, clientSecret) },
    body: new URLSearchParams(form),
  })
  return { status: response.status, body: await bodyOf(response) }
}

async function tokenFor(bitbucket: Bitbucket, consumer: Consumer) {
  const back = await authorize(bitbucket, consumer)
  const code = back.searchParams.get('code') ?? ''
  return (await post(bitbucket, { grant_type: 'authorization_code', code }, consumer)).body
}

const refresh = (bitbucket: Bitbucket, consumer: Consumer, token: unknown) =>
  post(bitbucket, { grant_type: 'refresh_token', refresh_token: String(token) }, consumer)

async function api(bitbucket: Bitbucket, path: string, authorization: string) {
  return await fetch(bitbucket.urls.api + path, { headers: { authorization } })
}

function client(bitbucket: Bitbucket, token: unknown): Client {
  const baseUrl = `${bitbucket.urls.api}/2.0`
  return new BitbucketClient({ baseUrl, auth: { token: String(token) }, notice: false })
}

test("Bitbucket's client reads the account, and every page of a list", async () => {
  const { bitbucket, consumer } = await start()
  const { access_token } = await tokenFor(bitbucket, consumer)
  const reader = client(bitbucket, access_token)
  expect((await reader.users.getAuthedUser({})).data).toMatchObject({
    type: 'user',
    uuid: '{d301aafa-d676-4ee0-88be-962be7417567}',
    nickname: 'ada',
  })
  const { data } = await reader.repositories.list({ workspace: 'northwind', pagelen: 2 })
  expect(reader.hasNextPage(data)).toBe(true)
  const next = await reader.getNextPage(data)
  const slugs = [data, next.data].flatMap(({ values = [] }) =>
    values.map((each) => Object(each).slug),
  )
  expect(slugs).toEqual(['harbour', 'notes', 'site'])
  expect(reader.hasNextPage(next.data)).toBe(false)
  expect(bitbucket.unexpected()).toEqual([])
})

test("Bitbucket's client uses an API token by HTTP Basic", async () => {
  const { bitbucket } = await start()
  const email = 'ada@example.com'
  const password = bitbucket.createApiToken({ email, scopes: ['read:user:bitbucket'] })
  const baseUrl = `${bitbucket.urls.api}/2.0`
  const reader = new BitbucketClient({
    baseUrl,
    auth: { username: email, password },
    notice: false,
  })
  expect((await reader.users.getAuthedUser({})).data).toMatchObject({ nickname: 'ada' })
})

test('the token endpoint answers with the scopes of the consumer, whatever was asked for', async () => {
  const { bitbucket, consumer } = await start()
  const back = await authorize(bitbucket, consumer, { scope: 'account' })
  expect(back.searchParams.get('state')).toBe('st')
  const code = back.searchParams.get('code') ?? ''
  const { body } = await post(bitbucket, { grant_type: 'authorization_code', code }, consumer)
  expect(body).toMatchObject({
    scope: 'account repository',
    expires_in: 7_200,
    token_type: 'bearer',
    state: 'authorization_code',
  })
})

test('before the changes of 2026 scopes come back as `scopes`, and a refresh token goes on', async () => {
  const { bitbucket, consumer } = await start({ rotates: false })
  const first = await tokenFor(bitbucket, consumer)
  expect(first).toMatchObject({ scopes: 'account repository' })
  expect(first).not.toHaveProperty('scope')
  bitbucket.advance(400 * 86_400)
  const { body: second } = await refresh(bitbucket, consumer, first.refresh_token)
  expect(second.refresh_token).toBe(first.refresh_token)
  const { body: third } = await refresh(bitbucket, consumer, first.refresh_token)
  for (const { access_token } of [second, third]) {
    expect((await api(bitbucket, '/2.0/user', `Bearer ${access_token}`)).status).toBe(200)
  }
})

test('tokens are longer than 2,500 characters', async () => {
  const { bitbucket, consumer } = await start()
  const { access_token, refresh_token } = await tokenFor(bitbucket, consumer)
  expect(String(access_token).length).toBeGreaterThan(2_500)
  expect(String(refresh_token).length).toBeGreaterThan(2_500)
})

test('a refresh token works for ten minutes after its first use, and ends unused after three months', async () => {
  const { bitbucket, consumer } = await start()
  const first = await tokenFor(bitbucket, consumer)
  const second = await refresh(bitbucket, consumer, first.refresh_token)
  expect(second.body.refresh_token).not.toBe(first.refresh_token)
  bitbucket.advance(599)
  const again = await refresh(bitbucket, consumer, first.refresh_token)
  expect(again.body).toMatchObject({ state: 'refresh_token' })
  bitbucket.advance(1)
  const late = await refresh(bitbucket, consumer, first.refresh_token)
  expect(late.body).toHaveProperty('error')
  // The pair that replaced it lives on.
  const third = await refresh(bitbucket, consumer, second.body.refresh_token)
  expect(third.status).toBe(200)
  bitbucket.advance(90 * 86_400)
  expect((await refresh(bitbucket, consumer, third.body.refresh_token)).status).toBe(400)
})

test('the access token that a refresh replaces lives to its end', async () => {
  const { bitbucket, consumer } = await start()
  const { access_token, refresh_token } = await tokenFor(bitbucket, consumer)
  await refresh(bitbucket, consumer, refresh_token)
  const user = () => api(bitbucket, '/2.0/user', `Bearer ${access_token}`)
  expect((await user()).status).toBe(200)
  bitbucket.advance(7_200)
  const response = await user()
  expect([response.status, await bodyOf(response)]).toEqual([
    401,
    { type: 'error', error: { message: 'Access token expired.' } },
  ])
})

test('a dead refresh token is an invalid request', async () => {
  const { bitbucket, consumer } = await start()
  const { access_token, refresh_token } = await tokenFor(bitbucket, consumer)
  expect(bitbucket.revokeGrant(consumer, 'ada')).toBe(1)
  expect(await refresh(bitbucket, consumer, refresh_token)).toEqual({
    status: 400,
    body: { error: 'invalid_request', error_description: 'Invalid refresh_token' },
  })
  const response = await api(bitbucket, '/2.0/user', `Bearer ${access_token}`)
  expect([response.status, await response.text()]).toEqual([
    401,
    expect.stringContaining('Token is invalid, expired, or not supported'),
  ])
})

test('a grant type that is not known is refused as a dead grant would be', async () => {
  const { bitbucket, consumer } = await start()
  expect(await post(bitbucket, { grant_type: 'password' }, consumer)).toEqual({
    status: 400,
    body: { error: 'invalid_grant', error_description: 'Unsupported grant type' },
  })
})

test('a wrong client is unauthorized, by HTTP Basic as in the body', async () => {
  const { bitbucket, consumer } = await start()
  const wrong = { ...consumer, clientSecret: 'wrong' }
  const refused = await refresh(bitbucket, wrong, 'any')
  expect([refused.status, refused.body.error]).toEqual([400, 'unauthorized_client'])
  const { refresh_token } = await tokenFor(bitbucket, consumer)
  const inBody = async (client_secret: string) => {
    const response = await fetch(`${bitbucket.urls.web}/site/oauth2/access_token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: consumer.clientId,
        client_secret,
        grant_type: 'refresh_token',
        refresh_token: String(refresh_token),
      }),
    })
    return response.status
  }
  expect(await inBody('wrong')).toBe(400)
  expect(await inBody(consumer.clientSecret)).toBe(200)
})

test('what was given to one consumer is nothing to another', async () => {
  const { bitbucket, consumer } = await start()
  const other = bitbucket.registerConsumer({ name: 'Other', redirectUris: [callback] })
  const { refresh_token } = await tokenFor(bitbucket, consumer)
  expect((await refresh(bitbucket, other, refresh_token)).status).toBe(400)
  const code = (await authorize(bitbucket, consumer)).searchParams.get('code') ?? ''
  const exchange = { grant_type: 'authorization_code', code }
  expect((await post(bitbucket, exchange, other)).body.error).toBe('invalid_grant')
  expect((await post(bitbucket, exchange, consumer)).status).toBe(200)
  expect((await post(bitbucket, exchange, consumer)).status).toBe(400)
})

test('without a callback URL the consumer has no code grant', async () => {
  const { bitbucket } = await start()
  const consumer = bitbucket.registerConsumer({ name: 'Northwind', redirectUris: [] })
  await expect(authorize(bitbucket, consumer)).rejects.toThrow('No callback uri')
})

test('a redirect URI lies below the callback URL', async () => {
  const { bitbucket, consumer } = await start()
  const below = `${callback}/function`
  const back = await authorize(bitbucket, consumer, { redirect_uri: below })
  expect(back.pathname).toBe('/callback/function')
  const elsewhere = { redirect_uri: 'http://127.0.0.1:9/callback.evil' }
  await expect(authorize(bitbucket, consumer, elsewhere)).rejects.toThrow('does not match')
})

test('a denial comes back with the state', async () => {
  const { bitbucket, consumer } = await start()
  const back = await authorize(bitbucket, consumer, {}, 'deny')
  expect([back.searchParams.get('error'), back.searchParams.get('state')]).toEqual([
    'access_denied',
    'st',
  ])
})

test('a code challenge that was sent is checked', async () => {
  const { bitbucket, consumer } = await start()
  const verifier = 'v'.repeat(43)
  const code_challenge = createHash('sha256').update(verifier).digest('base64url')
  const more = { code_challenge, code_challenge_method: 'S256' }
  const code = (await authorize(bitbucket, consumer, more)).searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code }
  expect((await post(bitbucket, form, consumer)).status).toBe(400)
  const right = { ...form, code_verifier: verifier }
  expect((await post(bitbucket, right, consumer)).status).toBe(200)
})

test('a token without the scope is refused with what it has and what it lacks', async () => {
  const { bitbucket } = await start()
  const input = { name: 'Northwind', redirectUris: [callback], scopes: ['repository:write'] }
  const { access_token } = await tokenFor(bitbucket, bitbucket.registerConsumer(input))
  const response = await api(bitbucket, '/2.0/user', `Bearer ${access_token}`)
  expect([response.status, await bodyOf(response)]).toMatchObject([
    403,
    { error: { detail: { required: ['account'], granted: ['repository:write'] } } },
  ])
  const list = await api(bitbucket, '/2.0/repositories/northwind', `Bearer ${access_token}`)
  expect(list.status).toBe(200)
})

test('an API token works with the address of its account alone, until it ends or is revoked', async () => {
  const { bitbucket } = await start()
  const scopes = ['read:user:bitbucket']
  const input = { email: 'ada@example.com', scopes, lifetimeSeconds: 3_600 }
  const token = bitbucket.createApiToken(input)
  const status = async (name: string, secret: string) =>
    (await api(bitbucket, '/2.0/user', basic(name, secret))).status
  expect(await status('ada@example.com', token)).toBe(200)
  expect(await status('ada', token)).toBe(401)
  expect(await status('grace@example.com', token)).toBe(401)
  const other = bitbucket.createApiToken({ email: 'ada@example.com', scopes: [] })
  expect(await status('ada@example.com', other)).toBe(403)
  bitbucket.revokeApiToken(other)
  expect(await status('ada@example.com', other)).toBe(401)
  bitbucket.advance(3_600)
  const response = await api(bitbucket, '/2.0/user', basic('ada@example.com', token))
  expect([response.status, await response.text()]).toEqual([401, ''])
  expect(response.headers.get('www-authenticate')).toContain('Basic')
})

test('a rate limit may name no pause', async () => {
  const { bitbucket, consumer } = await start()
  const { access_token } = await tokenFor(bitbucket, consumer)
  bitbucket.addFault(bitbucket.rateLimit())
  const response = await api(bitbucket, '/2.0/user', `Bearer ${access_token}`)
  expect([response.status, response.headers.has('retry-after')]).toEqual([429, false])
})

test('a token in the query is nothing', async () => {
  const { bitbucket, consumer } = await start()
  const { access_token } = await tokenFor(bitbucket, consumer)
  const url = `${bitbucket.urls.api}/2.0/user?access_token=${access_token}`
  expect((await fetch(url)).status).toBe(401)
  expect(bitbucket.unexpected()).toEqual(['GET /2.0/user: a token in the query'])
})
