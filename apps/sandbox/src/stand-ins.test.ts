import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bodyOf } from './dialects/mapped-fetch.test.support.ts'
import { createStandIns, type StandIns, sandboxPassword } from './index.ts'

const callback = 'http://127.0.0.1:9/callback'

async function start(dataDir?: string): Promise<StandIns> {
  const standIns = await createStandIns({ dataDir })
  onTestFinished(() => standIns.stop())
  return standIns
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'stand-ins-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

async function register({ controlUrl }: StandIns, provider: string, more: object = {}) {
  const response = await fetch(`${controlUrl}/${provider}/applications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Acme', redirectUris: [callback], ...more }),
  })
  return await bodyOf(response)
}

/** A browser of its own, as far as cookies go. */
function browser() {
  let cookie = ''
  return async (
    url: string | URL,
    form?: Record<string, string>,
    origin = new URL(url).origin,
  ): Promise<Response> => {
    const headers = { cookie, origin }
    const response = await fetch(url, {
      redirect: 'manual',
      headers,
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    return response
  }
}

async function signIn(visit: ReturnType<typeof browser>, url: string, username: string) {
  const form = { username, password: sandboxPassword, return_to: '/' }
  return await visit(`${url}/sign_in`, form)
}

function authorizeUrl({ urls }: StandIns, clientId: unknown): URL {
  const url = new URL(`${urls.github}/login/oauth/authorize`)
  const query = { client_id: String(clientId), scope: 'read:user', prompt: 'select_account' }
  url.search = new URLSearchParams(query).toString()
  return url
}

async function tokenOf(standIns: StandIns, app: Record<string, unknown>, code: string) {
  const { clientId, clientSecret } = app
  const response = await fetch(`${standIns.urls.github}/login/oauth/access_token`, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({
      client_id: String(clientId),
      client_secret: String(clientSecret),
      code,
    }),
  })
  return String((await bodyOf(response)).access_token)
}

async function userOf({ urls }: StandIns, token: string) {
  const headers = { authorization: `Bearer ${token}`, 'user-agent': 'test' }
  return await bodyOf(await fetch(`${urls.github}/api/v3/user`, { headers }))
}

async function consent(standIns: StandIns, app: Record<string, unknown>, username: string) {
  const visit = browser()
  await signIn(visit, standIns.urls.github, username)
  const url = authorizeUrl(standIns, app.clientId)
  const form = { ...Object.fromEntries(url.searchParams), decision: 'approve' }
  const back = await visit(url.origin + url.pathname, form)
  const { searchParams } = new URL(back.headers.get('location') ?? '')
  return await tokenOf(standIns, app, searchParams.get('code') ?? '')
}

test('each browser signs in by itself, and consents as whom it has signed in', async () => {
  const standIns = await start()
  const app = await register(standIns, 'github')
  const [ada, grace] = await Promise.all(
    ['ada', 'grace'].map((username) => consent(standIns, app, username)),
  )
  expect(await userOf(standIns, ada ?? '')).toMatchObject({ login: 'ada' })
  expect(await userOf(standIns, grace ?? '')).toMatchObject({ login: 'grace' })
})

test('a browser that has not signed in is asked to, and comes back', async () => {
  const standIns = await start()
  const url = authorizeUrl(standIns, 'any')
  const visit = browser()
  const asked = await visit(url)
  const to = new URL(asked.headers.get('location') ?? '', url)
  expect(to.pathname).toBe('/sign_in')
  const returnTo = to.searchParams.get('return_to') ?? ''
  const form = { username: 'ada', return_to: returnTo }
  const wrong = await visit(`${url.origin}/sign_in`, { ...form, password: 'no' })
  expect([wrong.status, await wrong.text()]).toEqual([422, expect.stringContaining('belong')])
  const right = await visit(`${url.origin}/sign_in`, { ...form, password: sandboxPassword })
  expect(right.headers.get('location')).toBe(url.pathname + url.search)
  await visit(`${url.origin}/sign_out`, {})
  expect((await visit(url)).headers.get('location')).toContain('/sign_in')
})

test.each(['https://evil.example/', '//evil.example/', '/\\evil.example/'])(
  'a sign-in leads to no other site: %s',
  async (returnTo) => {
    const { urls } = await start()
    const form = { username: 'ada', password: sandboxPassword, return_to: returnTo }
    const response = await browser()(`${urls.github}/sign_in`, form)
    expect(response.headers.get('location')).toBe('/')
  },
)

test('a form of another site decides nothing', async () => {
  const standIns = await start()
  const { clientId } = await register(standIns, 'github')
  const visit = browser()
  await signIn(visit, standIns.urls.github, 'ada')
  const url = authorizeUrl(standIns, clientId)
  const form = { ...Object.fromEntries(url.searchParams), decision: 'approve' }
  const foreign = await visit(url.origin + url.pathname, form, 'https://evil.example')
  expect(foreign.status).toBe(403)
  const own = await visit(url.origin + url.pathname, form)
  expect(own.headers.get('location')).toContain('code=')
})

test('apps, tokens and browsers outlive a restart', async () => {
  const data = folder()
  const first = await start(data)
  const app = await register(first, 'github')
  const token = await consent(first, app, 'ada')
  const [{ adminKey }] = first.at.algolia.applications
  await first.stop()
  for (const name of readdirSync(data)) expect(statSync(join(data, name)).mode & 0o077).toBe(0)

  const second = await start(data)
  expect(await userOf(second, token)).toMatchObject({ login: 'ada' })
  expect(second.at.algolia.applications[0].adminKey).toBe(adminKey)
  // With other addresses it is the same app, and keeps its secret.
  const { clientId, clientSecret } = app
  const moved = await register(second, 'github', { clientId, redirectUris: [`${callback}/2`] })
  expect(moved).toMatchObject({ clientId, clientSecret, redirectUris: [`${callback}/2`] })
  // A grant is one with its tokens again: what is taken back is dead.
  const [known] = second.at.github.apps()
  if (known !== undefined) second.at.github.revokeAuthorization(known, 'ada')
  expect(await userOf(second, token)).toMatchObject({ message: 'Bad credentials' })
})

test('a file that is none of a stand-in ends the start, and is named', async () => {
  const data = folder()
  writeFileSync(join(data, 'github.data'), 'something else')
  await expect(createStandIns({ dataDir: data })).rejects.toThrow(/github\.data is not a data file/)
})

test.each(['github', 'bitbucket', 'azure-devops', 'buildkite'])(
  'an app is registered by the control port: %s',
  async (provider) => {
    const standIns = await start()
    const { clientId } = await register(standIns, provider)
    const listed = await fetch(`${standIns.controlUrl}/${provider}/applications`)
    expect(JSON.parse(await listed.text())).toEqual([
      expect.objectContaining({ clientId, redirectUris: [callback] }),
    ])
  },
)

test('the control port answers no page of another site', async () => {
  const { controlUrl } = await start()
  const response = await fetch(`${controlUrl}/github/applications`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify({ name: 'Acme', redirectUris: [callback] }),
  })
  expect(response.ok).toBe(false)
})
