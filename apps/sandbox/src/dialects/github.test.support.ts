// Named so that it counts as a test everywhere (build, lint) and is not run as one.
import { createPrivateKey } from 'node:crypto'
import { Octokit } from '@octokit/core'
import { SignJWT } from 'jose'
import { onTestFinished } from 'vitest'
import { visit } from './core/visit.ts'
import { createGitHub, type GitHub } from './github/index.ts'
import type { GitHubApp, OAuthApp } from './github/state.ts'
import { bodyOf, mappedFetch } from './mapped-fetch.test.support.ts'

export const callback = 'http://127.0.0.1:9/callback'

export async function start() {
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

export function oauthApp(github: GitHub): OAuthApp {
  return github.registerOAuthApp({ name: 'Northwind', redirectUris: [callback], deviceFlow: true })
}

export function gitHubApp(github: GitHub): GitHubApp {
  return github.registerGitHubApp({ name: 'Northwind', redirectUris: [callback], deviceFlow: true })
}

export function authorizeUrl(github: GitHub, parameters: Record<string, string>): URL {
  const url = new URL(`${github.urls.web}/login/oauth/authorize`)
  url.search = new URLSearchParams(parameters).toString()
  return url
}

export async function codeFor(github: GitHub, parameters: Record<string, string>): Promise<string> {
  const back = await visit(authorizeUrl(github, parameters))
  return back.searchParams.get('code') ?? ''
}

export async function post(
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

export async function api(github: GitHub, path: string, token: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${token}`, 'user-agent': 'test' }
  return await fetch(github.urls.api + path, { ...init, headers })
}

/** A token for ada, by the web flow. */
export async function tokenFor(
  github: GitHub,
  { clientId: client_id, clientSecret: client_secret }: OAuthApp | GitHubApp,
  scope?: string,
) {
  const code = await codeFor(github, { client_id, ...(scope === undefined ? {} : { scope }) })
  return await bodyOf(await post(github, { client_id, client_secret, code }))
}

export async function startDevice(github: GitHub, client_id: string) {
  const response = await fetch(`${github.urls.web}/login/device/code`, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ client_id, scope: 'repo' }),
  })
  return await bodyOf(response)
}

export async function pollDevice(github: GitHub, client_id: string, device_code: unknown) {
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  return await bodyOf(
    await post(github, { client_id, grant_type, device_code: String(device_code) }),
  )
}

/** A token of the app for itself, with these times. */
export async function appToken(
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

export async function mint(github: GitHub, app: GitHubApp, id: number, permissions?: object) {
  const token = await appToken(app, { iat: -60, exp: 540 })
  return await api(github, `/app/installations/${id}/access_tokens`, token, {
    method: 'POST',
    ...(permissions === undefined ? {} : { body: JSON.stringify({ permissions }) }),
  })
}

export async function mintLater(github: GitHub, app: GitHubApp, id: number, later: number) {
  const token = await appToken(app, { iat: later - 60, exp: later + 540 })
  const path = `/app/installations/${id}/access_tokens`
  return await api(github, path, token, { method: 'POST' })
}
