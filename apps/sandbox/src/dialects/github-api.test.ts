import { deleteAuthorization, deleteToken } from '@octokit/oauth-methods'
import { expect, test } from 'vitest'
import type { OAuthApp } from './github/state.ts'
import { api, gitHubApp, oauthApp, post, start, tokenFor } from './github.test.support.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'

test("deleting an authorisation ends all tokens of the user and the app, and no one else's", async () => {
  const { github, request } = await start()
  const app = oauthApp(github)
  const first = String((await tokenFor(github, app, 'repo')).access_token)
  const second = String((await tokenFor(github, app, 'gist')).access_token)
  github.signIn('grace')
  const other = String((await tokenFor(github, app, 'repo')).access_token)
  const { clientId, clientSecret } = app
  const client = { clientType: 'oauth-app', clientId, clientSecret, request } as const
  await deleteAuthorization({ ...client, token: first })
  const statuses = [first, second, other].map(
    async (token) => (await api(github, '/user', token)).status,
  )
  expect(await Promise.all(statuses)).toEqual([401, 401, 200])
})

test('a token is ended by the basic credentials of its own app alone', async () => {
  const { github, request } = await start()
  const app = oauthApp(github)
  const other = oauthApp(github)
  const token = String((await tokenFor(github, app)).access_token)
  const end = ({ clientId, clientSecret }: OAuthApp) =>
    deleteToken({ clientType: 'oauth-app', clientId, clientSecret, token, request })
  await expect(end({ ...app, clientSecret: 'wrong' })).rejects.toMatchObject({ status: 404 })
  await expect(end(other)).rejects.toMatchObject({ status: 422 })
  expect((await api(github, '/user', token)).status).toBe(200)
  expect((await end(app)).status).toBe(204)
  await expect(end(app)).rejects.toMatchObject({ status: 422 })
})

test('a user who takes back an authorisation ends its tokens, and the refresh token with them', async () => {
  const { github } = await start()
  const app = gitHubApp(github)
  const token = await tokenFor(github, app)
  expect(github.revokeAuthorization(app, 'ada')).toBe(1)
  const response = await api(github, '/user', String(token.access_token))
  expect([response.status, (await bodyOf(response)).message]).toEqual([401, 'Bad credentials'])
  const { clientId: client_id, clientSecret: client_secret } = app
  const refresh_token = String(token.refresh_token)
  const form = { client_id, client_secret, grant_type: 'refresh_token', refresh_token }
  expect(await bodyOf(await post(github, form))).toHaveProperty('error', 'bad_refresh_token')
})

test('a classic personal access token has scopes and perhaps an end, a fine-grained one has no scopes', async () => {
  const { github } = await start()
  const login = 'ada'
  const lifetimeSeconds = 86_400
  const classic = github.createPersonalAccessToken({ login, scopes: ['repo'], lifetimeSeconds })
  const fine = github.createPersonalAccessToken({ login, scopes: null })
  expect([classic, fine]).toEqual([
    expect.stringMatching(/^ghp_\w{36}$/),
    expect.stringMatching(/^github_pat_/),
  ])
  const { headers } = await api(github, '/user', classic)
  expect(headers.get('x-oauth-scopes')).toBe('repo')
  expect(headers.get('github-authentication-token-expiration')).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/,
  )
  const second = (await api(github, '/user', fine)).headers
  expect(second.has('x-oauth-scopes')).toBe(false)
  expect(second.has('github-authentication-token-expiration')).toBe(false)
  github.advance(lifetimeSeconds)
  expect((await api(github, '/user', classic)).status).toBe(401)
  github.revokePersonalAccessToken(fine)
  expect((await api(github, '/user', fine)).status).toBe(401)
})

test('an organisation refuses a living token of an OAuth app, or one without single sign-on', async () => {
  const { github } = await start()
  const [northwind] = github.organizations
  if (northwind === undefined) throw new Error('there is none')
  const token = String((await tokenFor(github, oauthApp(github), 'repo')).access_token)
  const harbour = () => api(github, '/repos/northwind/harbour', token)
  expect((await harbour()).status).toBe(200)
  northwind.restrictsOAuthApps = true
  const restricted = await harbour()
  expect([restricted.status, await restricted.text()]).toEqual([
    403,
    expect.stringContaining('OAuth App access restrictions'),
  ])
  expect((await api(github, '/repos/northwind/site', token)).status).toBe(200)
  northwind.restrictsOAuthApps = false
  northwind.enforcesSaml = true
  const saml = await harbour()
  expect([saml.status, saml.headers.get('x-github-sso')]).toEqual([
    403,
    expect.stringMatching(/^required; url=/),
  ])
  expect((await api(github, '/user', token)).status).toBe(200)
})

test('a private repository is not there for a token without the scope', async () => {
  const { github } = await start()
  const token = String((await tokenFor(github, oauthApp(github), 'gist')).access_token)
  expect((await api(github, '/repos/ada/notes', token)).status).toBe(404)
})

test('a secondary rate limit is a 403 that names a pause', async () => {
  const { github } = await start()
  const token = github.createPersonalAccessToken({ login: 'ada', scopes: [] })
  github.addFault(github.secondaryRateLimit())
  const limited = await api(github, '/user', token)
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([403, '60'])
  expect((await api(github, '/user', token)).status).toBe(200)
})

test('a call without a user agent is forbidden', async () => {
  const { github } = await start()
  const token = github.createPersonalAccessToken({ login: 'ada', scopes: [] })
  const headers = { authorization: `Bearer ${token}`, 'user-agent': '' }
  expect((await fetch(`${github.urls.api}/user`, { headers })).status).toBe(403)
})

test('a request that no page of GitHub speaks of is kept', async () => {
  const { github } = await start()
  const { clientId: client_id } = oauthApp(github)
  await fetch(`${github.urls.web}/oauth/token`, { method: 'POST' })
  await fetch(`${github.urls.web}/login/oauth/access_token`, {
    method: 'POST',
    headers: { authorization: 'Basic eDp5' },
    body: new URLSearchParams({ client_id }),
  })
  expect(github.unexpected()).toEqual([
    'POST /oauth/token: there is nothing at this address',
    'POST /login/oauth/access_token: the client is named in the body here, not in HTTP Basic',
  ])
})
