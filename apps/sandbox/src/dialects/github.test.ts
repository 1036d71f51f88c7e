import { createHash, createPrivateKey } from 'node:crypto'
import { createAppAuth } from '@octokit/auth-app'
import { Octokit } from '@octokit/core'
import {
  checkToken,
  createDeviceCode,
  deleteAuthorization,
  deleteToken,
  exchangeDeviceCode,
  exchangeWebFlowCode,
  getWebFlowAuthorizationUrl,
  refreshToken,
} from '@octokit/oauth-methods'
import { SignJWT } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { visit } from './core/visit.ts'
import { createGitHub, type GitHub } from './github/index.ts'
import type { GitHubApp, OAuthApp } from './github/state.ts'
import { bodyOf, mappedFetch } from './mapped-fetch.test.support.ts'

const callback = 'http://127.0.0.1:9/callback'

async function start() {
  const github = await createGitHub()
  onTestFinished(() => github.stop())
  const fetch = mappedFetch({
    'https://github.com': github.urls.web,
    'https://api.github.com': github.urls.api,
  })
  /** GitHub's own client, which believes that it talks to github.com. */
  const { request } = new Octokit({ request: { fetch } })
  return { github, fetch, request }
}

function oauthApp(github: GitHub): OAuthApp {
  return github.registerOAuthApp({ name: 'Northwind', redirectUris: [callback], deviceFlow: true })
}

function gitHubApp(github: GitHub): GitHubApp {
  return github.registerGitHubApp({ name: 'Northwind', redirectUris: [callback], deviceFlow: true })
}

function authorizeUrl(github: GitHub, parameters: Record<string, string>): URL {
  const url = new URL(`${github.urls.web}/login/oauth/authorize`)
  url.search = new URLSearchParams(parameters).toString()
  return url
}

async function codeFor(github: GitHub, parameters: Record<string, string>): Promise<string> {
  const back = await visit(authorizeUrl(github, parameters))
  return back.searchParams.get('code') ?? ''
}

async function post(
  github: GitHub,
  form: Record<string, string>,
  accept = 'application/json',
): Promise<Response> {
  const body = new URLSearchParams(form)
  return await fetch(`${github.urls.web}/login/oauth/access_token`, {
    method: 'POST',
    headers: { accept },
    body,
  })
}

async function api(github: GitHub, path: string, token: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${token}`, 'user-agent': 'test' }
  return await fetch(github.urls.api + path, { ...init, headers })
}

/** A token for ada, by the web flow. */
async function tokenFor(
  github: GitHub,
  { clientId: client_id, clientSecret: client_secret }: OAuthApp | GitHubApp,
  scope?: string,
) {
  const code = await codeFor(github, { client_id, ...(scope === undefined ? {} : { scope }) })
  return await bodyOf(await post(github, { client_id, client_secret, code }))
}

test("GitHub's own client walks the web flow of an OAuth app", async () => {
  const { github, request, fetch } = await start()
  const { clientId, clientSecret } = oauthApp(github)
  const { url } = getWebFlowAuthorizationUrl({
    clientType: 'oauth-app',
    clientId,
    scopes: ['repo', 'gist'],
    redirectUrl: callback,
    state: 'st',
    request,
  })
  const back = await visit(url.replace('https://github.com', github.urls.web))
  expect(back.searchParams.get('state')).toBe('st')
  const code = back.searchParams.get('code') ?? ''
  const client = { clientType: 'oauth-app', clientId, clientSecret, request } as const
  const { authentication } = await exchangeWebFlowCode({ ...client, code })
  expect(authentication.token).toMatch(/^gho_\w{36}$/)

  const octokit = new Octokit({ auth: authentication.token, request: { fetch } })
  expect((await octokit.request('GET /user')).data).toMatchObject({ login: 'ada', id: 583231 })
  const checked = await checkToken({ ...client, token: authentication.token })
  expect(checked.authentication.scopes).toEqual(['repo', 'gist'])
  await deleteToken({ ...client, token: authentication.token })
  await expect(octokit.request('GET /user')).rejects.toMatchObject({ status: 401 })
  expect(github.unexpected()).toEqual([])
})

test("GitHub's own client walks the device flow", async () => {
  const { github, request } = await start()
  const { clientId, clientSecret } = gitHubApp(github)
  const client = { clientType: 'github-app', clientId, clientSecret, request } as const
  const { data } = await createDeviceCode(client)
  expect(data).toMatchObject({ expires_in: 900, interval: 5 })
  const poll = () => exchangeDeviceCode({ ...client, code: data.device_code })
  await expect(poll()).rejects.toThrow('authorization_pending')
  await github.answerDevice(data.user_code)
  github.advance(5)
  const { authentication } = await poll()
  expect(authentication.token).toMatch(/^ghu_/)
})

test("GitHub's own client refreshes a token of a GitHub App, and sees its ends", async () => {
  const { github, request } = await start()
  const app = gitHubApp(github)
  const { clientId, clientSecret } = app
  const code = await codeFor(github, { client_id: clientId })
  const client = { clientType: 'github-app', clientId, clientSecret, request } as const
  const { authentication: first } = await exchangeWebFlowCode({ ...client, code })
  if (!('refreshToken' in first)) throw new Error('it has none')
  const hours = (Date.parse(String(first.expiresAt)) - Date.now()) / 3_600_000
  expect(hours).toBeCloseTo(8, 1)
  const second = await refreshToken({ ...client, refreshToken: String(first.refreshToken) })
  expect(second.authentication.refreshToken).toMatch(/^ghr_\w{76}$/)
  expect((await api(github, '/user', first.token)).status).toBe(401)
  expect((await api(github, '/user', second.authentication.token)).status).toBe(200)
})

test("GitHub's own client acts as an app and as its installation", async () => {
  const { github, fetch } = await start()
  const app = gitHubApp(github)
  const { id } = github.install(app, 'northwind')
  const auth = { appId: app.appId, privateKey: app.privateKey, installationId: id }
  const octokit = new Octokit({ authStrategy: createAppAuth, auth, request: { fetch } })
  expect((await octokit.request('GET /app')).data).toMatchObject({ id: app.appId })
  const { data } = await octokit.request('GET /installation/repositories')
  expect(data.repositories.map(({ full_name }) => full_name)).toEqual([
    'northwind/harbour',
    'northwind/site',
  ])
  const minted = await octokit.auth({ type: 'installation' })
  expect(minted).toMatchObject({ token: expect.stringMatching(/^ghs_/) })
  expect(github.unexpected()).toEqual([])
})

test('an app may name itself by its client id in its own token', async () => {
  const { github, fetch } = await start()
  const app = gitHubApp(github)
  const auth = { appId: app.clientId, privateKey: app.privateKey }
  const octokit = new Octokit({ authStrategy: createAppAuth, auth, request: { fetch } })
  expect((await octokit.request('GET /app')).data).toMatchObject({ slug: 'northwind' })
})

test('an error at the token endpoint comes with the status of a success', async () => {
  const { github } = await start()
  const { clientId: client_id, clientSecret: client_secret } = oauthApp(github)
  const code = await codeFor(github, { client_id, redirect_uri: callback })
  const client = { client_id, client_secret }
  const attempts = [
    [{ ...client, code: 'f00' }, 'bad_verification_code'],
    [{ client_id, client_secret: 'wrong', code }, 'incorrect_client_credentials'],
    [{ client_id: 'Iv1.f00', client_secret, code }, 'incorrect_client_credentials'],
    [{ ...client, code, redirect_uri: `${callback}/x` }, 'redirect_uri_mismatch'],
    [{ ...client, grant_type: 'refresh_token', refresh_token: 'ghr_f00' }, 'bad_refresh_token'],
    [{ ...client, grant_type: 'password' }, 'unsupported_grant_type'],
  ] as const
  for (const [form, error] of attempts) {
    const response = await post(github, form)
    expect([response.status, (await bodyOf(response)).error]).toEqual([200, error])
  }
  expect((await bodyOf(await post(github, { ...client, code }))).token_type).toBe('bearer')
})

test('a code works once, and ends after ten minutes', async () => {
  const { github } = await start()
  const { clientId: client_id, clientSecret: client_secret } = oauthApp(github)
  const use = async (code: string) => bodyOf(await post(github, { client_id, client_secret, code }))
  const code = await codeFor(github, { client_id })
  expect(await use(code)).toHaveProperty('access_token')
  expect(await use(code)).toHaveProperty('error', 'bad_verification_code')
  const late = await codeFor(github, { client_id })
  github.advance(600)
  expect(await use(late)).toHaveProperty('error', 'bad_verification_code')
})

test('what was given to one app is nothing to another', async () => {
  const { github } = await start()
  const [app, other] = [gitHubApp(github), gitHubApp(github)]
  const { clientId: client_id, clientSecret: client_secret } = other
  const client = { client_id, client_secret }
  const code = await codeFor(github, { client_id: app.clientId })
  expect((await bodyOf(await post(github, { ...client, code }))).error).toBe(
    'bad_verification_code',
  )
  const refresh_token = String((await tokenFor(github, app)).refresh_token)
  const refresh = { ...client, grant_type: 'refresh_token', refresh_token }
  expect((await bodyOf(await post(github, refresh))).error).toBe('bad_refresh_token')
  const { device_code, user_code } = await startDevice(github, app.clientId)
  await github.answerDevice(String(user_code))
  const stolen = await pollDevice(github, client_id, device_code)
  expect(stolen.error).toBe('incorrect_device_code')
})

test('a token that its app ended takes its refresh token along', async () => {
  const { github, request } = await start()
  const app = gitHubApp(github)
  const { clientId, clientSecret } = app
  const { access_token, refresh_token } = await tokenFor(github, app)
  const client = { clientType: 'github-app', clientId, clientSecret, request } as const
  await deleteToken({ ...client, token: String(access_token) })
  await expect(refreshToken({ ...client, refreshToken: String(refresh_token) })).rejects.toThrow(
    'bad_refresh_token',
  )
})

test('the answer is a form, unless JSON or XML is asked for', async () => {
  const { github } = await start()
  const { clientId: client_id, clientSecret: client_secret } = oauthApp(github)
  const answers = async (accept: string) => {
    const code = await codeFor(github, { client_id, scope: 'repo gist' })
    const response = await post(github, { client_id, client_secret, code }, accept)
    return [response.headers.get('content-type'), await response.text()]
  }
  expect(await answers('*/*')).toEqual([
    'application/x-www-form-urlencoded; charset=utf-8',
    expect.stringMatching(/^access_token=gho_\w+&token_type=bearer&scope=repo%2Cgist$/),
  ])
  expect(await answers('application/xml')).toEqual([
    'application/xml',
    expect.stringContaining('<scope>repo,gist</scope>'),
  ])
})

test('granted scopes are separated by commas, and hold none that another includes', async () => {
  const { github } = await start()
  const token = await tokenFor(github, oauthApp(github), 'user gist user:email nonsense')
  expect(token.scope).toBe('user,gist')
  const response = await api(github, '/user', String(token.access_token))
  expect(response.headers.get('x-oauth-scopes')).toBe('user, gist')
})

test('consent is skipped for scopes that were authorised before', async () => {
  const { github } = await start()
  const app = oauthApp(github)
  await tokenFor(github, app, 'repo')
  const page = async (more: Record<string, string>) => {
    const url = authorizeUrl(github, { client_id: app.clientId, ...more })
    return (await fetch(url, { redirect: 'manual' })).status
  }
  expect(await page({ scope: 'repo' })).toBe(302)
  expect(await page({ scope: 'repo gist' })).toBe(200)
  expect(await page({ scope: 'repo', prompt: 'select_account' })).toBe(200)
  github.signIn('grace')
  expect(await page({ scope: 'repo' })).toBe(200)
})

test('a request without scopes gets those that were authorised before', async () => {
  const { github } = await start()
  const app = oauthApp(github)
  await tokenFor(github, app, 'repo')
  await tokenFor(github, app, 'user')
  expect((await tokenFor(github, app)).scope).toBe('repo,user')
})

test('the account that consents may be another than before', async () => {
  const { github } = await start()
  const app = oauthApp(github)
  await tokenFor(github, app, 'repo')
  github.signIn('grace')
  const token = await tokenFor(github, app, 'repo')
  const user = await bodyOf(await api(github, '/user', String(token.access_token)))
  expect(user.login).toBe('grace')
})

test('PKCE is checked when a challenge was sent, and is S256 alone', async () => {
  const { github } = await start()
  const { clientId: client_id, clientSecret: client_secret } = oauthApp(github)
  const verifier = 'v'.repeat(43)
  const code_challenge = createHash('sha256').update(verifier).digest('base64url')
  const parameters = { client_id, code_challenge, code_challenge_method: 'S256' }
  const code = await codeFor(github, parameters)
  const form = { client_id, client_secret, code }
  expect(await bodyOf(await post(github, form))).toHaveProperty('error')
  const wrong = { ...form, code_verifier: 'w'.repeat(43) }
  expect(await bodyOf(await post(github, wrong))).toHaveProperty('error')
  const right = { ...form, code_verifier: verifier }
  expect(await bodyOf(await post(github, right))).toHaveProperty('access_token')
  const plain = { ...parameters, code_challenge_method: 'plain' }
  await expect(visit(authorizeUrl(github, plain))).rejects.toThrow('Only S256')
})

test('a redirect URI lies below the callback of an OAuth app, and is exactly one of a GitHub App', async () => {
  const { github } = await start()
  const registered = 'https://example.com/path'
  const input = { name: 'Northwind', redirectUris: [registered] }
  const of = (client_id: string) => async (redirect_uri: string) => {
    const back = await visit(authorizeUrl(github, { client_id, redirect_uri, state: 'st' }))
    expect(back.searchParams.get('state')).toBe('st')
    return back.searchParams.get('error') ?? back.origin + back.pathname
  }
  const oauth = of(github.registerOAuthApp(input).clientId)
  for (const good of [registered, `${registered}/sub/other`, 'https://oauth.example.com/path']) {
    expect(await oauth(good)).toBe(good)
  }
  const bad = ['/bar', '/', ':8080/path', '/pathology'].map((end) => `https://example.com${end}`)
  for (const uri of [...bad, 'https://example.org/path', 'http://example.com/path']) {
    expect(await oauth(uri)).toBe('redirect_uri_mismatch')
  }
  const app = of(github.registerGitHubApp(input).clientId)
  expect(await app(registered)).toBe(registered)
  expect(await app(`${registered}/sub`)).toBe('redirect_uri_mismatch')
})

test('a denial comes back with the state', async () => {
  const { github } = await start()
  const { clientId: client_id } = oauthApp(github)
  const back = await visit(authorizeUrl(github, { client_id, state: 'st' }), 'deny')
  expect(Object.fromEntries(back.searchParams)).toMatchObject({
    error: 'access_denied',
    error_description: 'The user has denied your application access.',
    state: 'st',
  })
})

test('an app that GitHub has suspended sends everybody back', async () => {
  const { github } = await start()
  const app = oauthApp(github)
  app.suspended = true
  const back = await visit(authorizeUrl(github, { client_id: app.clientId }))
  expect(back.searchParams.get('error')).toBe('application_suspended')
})

test('without a verified address a user gets no token', async () => {
  const { github } = await start()
  const [ada] = github.users
  if (ada !== undefined) ada.emailVerified = false
  expect(await tokenFor(github, oauthApp(github))).toHaveProperty('error', 'unverified_user_email')
})

test('ten tokens of one scope set live, and the oldest dies of the eleventh', async () => {
  const { github } = await start()
  const app = oauthApp(github)
  const other = String((await tokenFor(github, app, 'gist')).access_token)
  const tokens: string[] = []
  for (let count = 0; count < 11; count += 1) {
    tokens.push(String((await tokenFor(github, app, 'repo')).access_token))
  }
  const statuses = await Promise.all(
    [other, ...tokens].map(async (token) => (await api(github, '/user', token)).status),
  )
  expect(statuses).toEqual([200, 401, ...Array(10).fill(200)])
})

test('a token of a GitHub App ends after 8 hours, its refresh token after 6 months and at its use', async () => {
  const { github } = await start()
  const app = gitHubApp(github)
  const client = { client_id: app.clientId, client_secret: app.clientSecret }
  const token = await tokenFor(github, app)
  expect(token).toMatchObject({
    expires_in: 28_800,
    refresh_token_expires_in: 15_811_200,
    scope: '',
    token_type: 'bearer',
  })
  const refresh = async (refresh_token: unknown) =>
    bodyOf(
      await post(github, {
        ...client,
        grant_type: 'refresh_token',
        refresh_token: String(refresh_token),
      }),
    )
  github.advance(28_800)
  expect((await api(github, '/user', String(token.access_token))).status).toBe(401)
  const next = await refresh(token.refresh_token)
  expect((await api(github, '/user', String(next.access_token))).status).toBe(200)
  expect(await refresh(token.refresh_token)).toHaveProperty('error', 'bad_refresh_token')
  // Who shows a used one ends nothing else.
  expect((await api(github, '/user', String(next.access_token))).status).toBe(200)
  github.advance(15_811_200)
  expect(await refresh(next.refresh_token)).toHaveProperty('error', 'bad_refresh_token')
})

test('a GitHub App may let its tokens live for ever', async () => {
  const { github } = await start()
  const input = { name: 'Northwind', redirectUris: [callback], expiringUserTokens: false }
  const token = await tokenFor(github, github.registerGitHubApp(input))
  expect(Object.keys(token)).toEqual(['access_token', 'token_type', 'scope'])
})

test('only a token that came from a device is refreshed without the secret', async () => {
  const { github } = await start()
  const app = gitHubApp(github)
  const { clientId: client_id } = app
  const web = await tokenFor(github, app)
  const refresh = async (refresh_token: unknown) =>
    bodyOf(
      await post(github, {
        client_id,
        grant_type: 'refresh_token',
        refresh_token: String(refresh_token),
      }),
    )
  expect(await refresh(web.refresh_token)).toHaveProperty('error', 'incorrect_client_credentials')
  const { device_code, user_code } = await startDevice(github, client_id)
  await github.answerDevice(String(user_code))
  const device = await pollDevice(github, client_id, device_code)
  expect(await refresh(device.refresh_token)).toHaveProperty('access_token')
})

async function startDevice(github: GitHub, client_id: string) {
  const response = await fetch(`${github.urls.web}/login/device/code`, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ client_id, scope: 'repo' }),
  })
  return await bodyOf(response)
}

async function pollDevice(github: GitHub, client_id: string, device_code: unknown) {
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  return await bodyOf(
    await post(github, { client_id, grant_type, device_code: String(device_code) }),
  )
}

test('the device flow has to be switched on', async () => {
  const { github } = await start()
  const { clientId } = github.registerOAuthApp({ name: 'Northwind', redirectUris: [callback] })
  expect(await startDevice(github, clientId)).toHaveProperty('error', 'device_flow_disabled')
})

test('a poll that comes early adds five seconds to the interval', async () => {
  const { github } = await start()
  const { clientId } = oauthApp(github)
  const { device_code } = await startDevice(github, clientId)
  const poll = () => pollDevice(github, clientId, device_code)
  expect(await poll()).toHaveProperty('error', 'authorization_pending')
  github.advance(4)
  expect(await poll()).toMatchObject({ error: 'slow_down', interval: 10 })
  github.advance(9)
  expect(await poll()).toMatchObject({ error: 'slow_down', interval: 15 })
  github.advance(15)
  expect(await poll()).toHaveProperty('error', 'authorization_pending')
})

test('a device code ends by denial, by time and by use', async () => {
  const { github } = await start()
  const { clientId } = oauthApp(github)
  const denied = await startDevice(github, clientId)
  await github.answerDevice(String(denied.user_code), 'deny')
  const answer = await pollDevice(github, clientId, denied.device_code)
  expect(answer).toHaveProperty('error', 'access_denied')

  const used = await startDevice(github, clientId)
  await github.answerDevice(String(used.user_code))
  expect(await pollDevice(github, clientId, used.device_code)).toMatchObject({ scope: 'repo' })
  const again = await pollDevice(github, clientId, used.device_code)
  expect(again).toHaveProperty('error', 'incorrect_device_code')

  const late = await startDevice(github, clientId)
  github.advance(900)
  const expired = await pollDevice(github, clientId, late.device_code)
  expect(expired).toHaveProperty('error', 'expired_token')
  await expect(github.answerDevice(String(late.user_code))).rejects.toThrow('not valid')
})

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

/** A token of the app for itself, with these times. */
async function appToken(
  app: GitHubApp,
  { iat, exp }: { iat: number; exp: number },
  key?: GitHubApp,
) {
  const now = Math.floor(Date.now() / 1_000)
  return await new SignJWT({})
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(`${app.appId}`)
    .setIssuedAt(now + iat)
    .setExpirationTime(now + exp)
    .sign(createPrivateKey((key ?? app).privateKey))
}

test("an app's own token is signed by its key, and lives ten minutes at most", async () => {
  const { github } = await start()
  const app = gitHubApp(github)
  const other = gitHubApp(github)
  const call = async (token: string) => {
    const response = await api(github, '/app', token)
    const { message } = await bodyOf(response)
    return [response.status, message]
  }
  expect((await call(await appToken(app, { iat: -60, exp: 540 })))[0]).toBe(200)
  expect(await call(await appToken(app, { iat: -60, exp: 700 }))).toEqual([
    401,
    "'Expiration time' claim ('exp') is too far in the future",
  ])
  expect((await call(await appToken(app, { iat: 60, exp: 540 })))[1]).toContain("'Issued at'")
  expect((await call(await appToken(app, { iat: -90, exp: -30 })))[1]).toContain('future time')
  const forged = [401, 'A JSON web token could not be decoded']
  expect(await call(await appToken(app, { iat: -60, exp: 540 }, other))).toEqual(forged)
  expect(await call('ghs_f00')).toEqual(forged)
})

async function mint(github: GitHub, app: GitHubApp, id: number, permissions?: object) {
  const token = await appToken(app, { iat: -60, exp: 540 })
  return await api(github, `/app/installations/${id}/access_tokens`, token, {
    method: 'POST',
    ...(permissions === undefined ? {} : { body: JSON.stringify({ permissions }) }),
  })
}

test("an installation's token ends after an hour, by itself, and with the installation", async () => {
  const { github } = await start()
  const app = gitHubApp(github)
  const installation = github.install(app, 'northwind')
  const minted = async () => String((await bodyOf(await mint(github, app, installation.id))).token)
  const status = async (token: string) =>
    (await api(github, '/installation/repositories', token)).status
  const [first, second] = [await minted(), await minted()]
  expect(await status(first)).toBe(200)
  expect((await api(github, '/user', first)).status).toBe(403)
  const end = await api(github, '/installation/token', first, { method: 'DELETE' })
  expect([end.status, await status(first), await status(second)]).toEqual([204, 401, 200])
  github.advance(3_600)
  expect(await status(second)).toBe(401)
  const third = await bodyOf(await mintLater(github, app, installation.id, 3_600))
  expect(await status(String(third.token))).toBe(200)
  github.uninstall(installation)
  expect(await status(String(third.token))).toBe(401)
})

async function mintLater(github: GitHub, app: GitHubApp, id: number, later: number) {
  const token = await appToken(app, { iat: later - 60, exp: later + 540 })
  const path = `/app/installations/${id}/access_tokens`
  return await api(github, path, token, { method: 'POST' })
}

test('an installation that is suspended gives no token, and lets in none; one that is gone is not found', async () => {
  const { github } = await start()
  const app = gitHubApp(github)
  const installation = github.install(app, 'northwind')
  const { token } = await bodyOf(await mint(github, app, installation.id))
  github.suspend(installation)
  const refused = await mint(github, app, installation.id)
  expect([refused.status, (await bodyOf(refused)).message]).toEqual([
    403,
    'This installation has been suspended',
  ])
  expect((await api(github, '/installation/repositories', String(token))).status).toBe(403)
  const look = async () =>
    await api(
      github,
      `/app/installations/${installation.id}`,
      await appToken(app, { iat: -60, exp: 540 }),
    )
  expect(await bodyOf(await look())).toMatchObject({ suspended_at: expect.any(String) })
  github.unsuspend(installation)
  expect(await bodyOf(await look())).toMatchObject({ suspended_at: null })
  github.uninstall(installation)
  expect((await look()).status).toBe(404)
  expect((await mint(github, app, installation.id)).status).toBe(404)
})

test("an installation's token has no more permissions than the installation", async () => {
  const { github } = await start()
  const app = gitHubApp(github)
  const { id } = github.install(app, 'ada')
  expect((await mint(github, app, id, { contents: 'write' })).status).toBe(422)
  const less = await bodyOf(await mint(github, app, id, { contents: 'read' }))
  expect(less.permissions).toEqual({ contents: 'read' })
})

test('an installation of another app is not found', async () => {
  const { github } = await start()
  const { id } = github.install(gitHubApp(github), 'ada')
  expect((await mint(github, gitHubApp(github), id)).status).toBe(404)
})

test('a user sees the installations of the app on their own accounts, with a token of that app', async () => {
  const { github } = await start()
  const app = gitHubApp(github)
  const [onAda, , onNorthwind] = ['ada', 'grace', 'northwind'].map((who) =>
    github.install(app, who),
  )
  github.install(gitHubApp(github), 'ada')
  const { access_token } = await tokenFor(github, app)
  const list = await bodyOf(await api(github, '/user/installations', String(access_token)))
  expect(list).toMatchObject({
    total_count: 2,
    installations: [
      { id: onAda?.id, account: { login: 'ada', type: 'User' } },
      { id: onNorthwind?.id },
    ],
  })
  const personal = github.createPersonalAccessToken({ login: 'ada', scopes: ['repo'] })
  expect((await api(github, '/user/installations', personal)).status).toBe(403)
})

test('an installation sends the browser to the setup page, or to the callback with a code', async () => {
  const { github } = await start()
  const input = {
    name: 'North Wind',
    redirectUris: [callback],
    setupUrl: 'http://127.0.0.1:9/setup',
  }
  const app = github.registerGitHubApp(input)
  const page = `${github.urls.web}/apps/north-wind/installations/new?state=st`
  const setup = await visit(page, 'approve', { account: 'northwind' })
  expect([setup.pathname, setup.searchParams.get('setup_action')]).toEqual(['/setup', 'install'])
  expect(setup.searchParams.get('state')).toBe('st')
  app.authorizesOnInstall = true
  const back = await visit(page, 'approve', { account: 'northwind' })
  expect(back.searchParams.get('installation_id')).toBe(setup.searchParams.get('installation_id'))
  const { clientId: client_id, clientSecret: client_secret } = app
  const code = back.searchParams.get('code') ?? ''
  const token = await bodyOf(await post(github, { client_id, client_secret, code }))
  expect(token.access_token).toMatch(/^ghu_/)
})

test('an answer that is lost after a refresh has rotated leaves the old pair dead', async () => {
  const { github } = await start()
  const app = gitHubApp(github)
  const { clientId: client_id, clientSecret: client_secret } = app
  const token = await tokenFor(github, app)
  const refresh_token = String(token.refresh_token)
  const form = { client_id, client_secret, grant_type: 'refresh_token', refresh_token }
  github.addFault({ bodyHas: 'refresh_token', effect: { kind: 'drop', after: true } })
  await expect(post(github, form)).rejects.toThrow()
  expect(github.requests().at(-1)?.status).toBe('dropped')
  expect(await bodyOf(await post(github, form))).toHaveProperty('error', 'bad_refresh_token')
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
