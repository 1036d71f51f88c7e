import { getBearerHandler, getPersonalAccessTokenHandler, WebApi } from 'azure-devops-node-api'
import { expect, test } from 'vitest'
import { bodyOf } from './mapped-fetch.test.support.ts'
import { ada, basic, profile, start, tokenFor } from './microsoft.test.support.ts'

test('the client of Azure DevOps connects with a token of Entra and with a personal one', async () => {
  const { microsoft, app } = await start()
  const { access_token } = await tokenFor(microsoft, app)
  const personal = microsoft.createPersonalAccessToken({ email: ada })
  for (const handler of [
    getBearerHandler(String(access_token)),
    getPersonalAccessTokenHandler(personal),
  ]) {
    const connection = new WebApi(`${microsoft.urls.dev}/northwind`, handler)
    expect((await connection.connect()).authenticatedUser).toMatchObject({
      id: 'd6245f20-0000-44d9-9d2d-000000000101',
      providerDisplayName: 'Ada Okafor',
    })
  }
})

test('the profile has an id of Azure DevOps, which is not that of Entra', async () => {
  const { microsoft, app } = await start()
  const { access_token } = await tokenFor(microsoft, app)
  const me = await bodyOf(await profile(microsoft, `Bearer ${access_token}`))
  expect(me).toMatchObject({ id: microsoft.users[0]?.profileId, emailAddress: ada })
  expect(me.id).not.toBe(microsoft.users[0]?.oid)
})

test('Azure DevOps answers a bad credential with a page to sign in: 203, 302, or 401 to a change', async () => {
  const { microsoft, app } = await start()
  const { access_token } = await tokenFor(microsoft, app)
  microsoft.advance(4_500)
  const authorization = `Bearer ${access_token}`
  const page = await profile(microsoft, authorization)
  expect([page.status, page.headers.get('content-type')]).toEqual([
    203,
    expect.stringContaining('text/html'),
  ])
  expect((await profile(microsoft, basic('nonsense'))).status).toBe(203)
  microsoft.refuseWith(302)
  const away = await profile(microsoft, authorization)
  expect([away.status, away.headers.get('location')]).toEqual([
    302,
    `${microsoft.urls.vssps}/_signin`,
  ])
  const change = await fetch(`${microsoft.urls.dev}/northwind/_apis/projects`, {
    method: 'PATCH',
    headers: { authorization },
  })
  expect([change.status, await change.text()]).toEqual([401, expect.stringContaining('TF400813')])
})

test('a personal access token is the password of HTTP Basic, and says when it has expired', async () => {
  const { microsoft } = await start()
  const token = microsoft.createPersonalAccessToken({ email: ada, lifetimeSeconds: 3_600 })
  expect((await profile(microsoft, basic(token))).status).toBe(200)
  expect((await profile(microsoft, `Bearer ${token}`)).status).toBe(203)
  microsoft.advance(3_600)
  const expired = await profile(microsoft, basic(token))
  expect([expired.status, (await bodyOf(expired)).message]).toEqual([
    401,
    'Access Denied: The Personal Access Token used has expired.',
  ])
  expect(expired.headers.get('x-tfs-serviceerror')).toMatch(/^Access%20Denied/)
  const other = microsoft.createPersonalAccessToken({ email: ada })
  microsoft.revokePersonalAccessToken(other)
  expect((await profile(microsoft, basic(other))).status).toBe(203)
})

test('a rate limit of Azure DevOps names a pause', async () => {
  const { microsoft } = await start()
  const headers = { authorization: basic(microsoft.createPersonalAccessToken({ email: ada })) }
  microsoft.addFault(microsoft.rateLimit())
  const url = `${microsoft.urls.dev}/northwind/_apis/projects`
  const limited = await fetch(url, { headers })
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '30'])
  expect((await fetch(url, { headers })).status).toBe(200)
})
