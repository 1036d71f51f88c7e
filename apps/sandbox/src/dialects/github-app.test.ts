import { createAppAuth } from '@octokit/auth-app'
import { Octokit } from '@octokit/core'
import { expect, test } from 'vitest'
import { visit } from './core/visit.ts'
import {
  api,
  appToken,
  callback,
  gitHubApp,
  mint,
  mintLater,
  post,
  start,
  tokenFor,
} from './github.test.support.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'

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
    'northwind/charts',
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
