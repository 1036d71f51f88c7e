// Named so that it counts as a test everywhere (build, lint) and is not run as one.
import { onTestFinished } from 'vitest'
import {
  type Application,
  createSandbox,
  type IssuedToken,
  type Sandbox,
  type SandboxControl,
  type SandboxOptions,
  type SandboxVisitor,
  sandboxControl,
  sandboxPassword,
  sandboxVisitor,
} from './index.ts'

export const callback = 'http://127.0.0.1:9/callback'

export interface Answer {
  status: number
  headers: Headers
  /** Parsed if it is JSON. */
  body: Record<string, unknown>
  text: string
}

/** A sandbox with one confidential application, and short ways to call it over real sockets. */
export interface Stage {
  sandbox: Sandbox
  url: string
  control: SandboxControl
  application: Application
  /** Moves the sandbox's clock. */
  pass(seconds: number): void
  visitor(username?: string): SandboxVisitor
  authorizeUrl(parameters?: Record<string, string>): URL
  /** A form, sent as the application unless other credentials are in it. */
  post(
    path: string,
    form: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Answer>
  get(path: string, accessToken?: string): Promise<Answer>
  /** A pair, issued without a browser. */
  issue(scopes?: string[], username?: string): Promise<IssuedToken>
  refresh(refreshToken: string | null, more?: Record<string, string>): Promise<Answer>
}

export async function startStage(options: SandboxOptions = {}): Promise<Stage> {
  let now = Date.parse('2026-03-01T10:00:00Z')
  const sandbox = await createSandbox({
    clock: () => now,
    applications: [{ name: 'Northwind', redirectUris: [callback] }],
    ...options,
  })
  onTestFinished(() => sandbox.stop())
  const control = sandboxControl(sandbox.controlUrl)
  const [application] = await control.applications()
  if (application === undefined) throw new Error('the stage needs an application')
  const { clientId, clientSecret } = application

  const stage: Stage = {
    sandbox,
    url: sandbox.url,
    control,
    application,
    pass: (seconds) => {
      now += seconds * 1_000
    },
    visitor: (username = 'ada') => sandboxVisitor({ username, password: sandboxPassword }),
    authorizeUrl(parameters = {}) {
      const url = new URL(`${sandbox.url}/oauth/authorize`)
      const all = {
        client_id: clientId,
        redirect_uri: callback,
        response_type: 'code',
        scope: 'api',
        state: 'st',
        ...parameters,
      }
      for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
      return url
    },
    async post(path, form, headers = {}) {
      const own =
        'client_id' in form || 'authorization' in headers
          ? {}
          : { client_id: clientId, client_secret: clientSecret }
      const body = new URLSearchParams({ ...own, ...form })
      return await read(await fetch(sandbox.url + path, { method: 'POST', headers, body }))
    },
    async get(path, accessToken) {
      const headers: Record<string, string> =
        accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }
      return await read(await fetch(sandbox.url + path, { headers, redirect: 'manual' }))
    },
    issue: (scopes = ['api'], username = 'ada') =>
      control.issueToken({ clientId, username, scopes }),
    refresh: (refreshToken, more = {}) =>
      stage.post('/oauth/token', {
        grant_type: 'refresh_token',
        refresh_token: refreshToken ?? '',
        ...more,
      }),
  }
  return stage
}

export async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  const { status, headers } = response
  return { status, headers, text, body: isJson ? JSON.parse(text) : {} }
}
