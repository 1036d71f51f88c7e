import { createHash } from 'node:crypto'
import { Octokit } from '@octokit/core'
import {
  checkToken,
  deleteToken,
  exchangeWebFlowCode,
  getWebFlowAuthorizationUrl,
  refreshToken,
} from '@octokit/oauth-methods'
import { expect, test } from 'vitest'
import { visit } from './core/visit.ts'
import {
  api,
  authorizeUrl,
  callback,
  codeFor,
  gitHubApp,
  oauthApp,
  pollDevice,
  post,
  start,
  startDevice,
  tokenFor,
} from './github.test.support.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'

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
