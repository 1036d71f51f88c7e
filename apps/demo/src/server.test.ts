import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDemo, type Demo, type DemoOptions } from './index.ts'

const origin = 'http://localhost:7402'
const keywellUrl = 'http://keywell.test'
const gitlabHost = 'https://gitlab.test'
const mira = 'user_mira'
const jonas = 'user_jonas'

let assets: string
let demo: Demo
let edge: Edge
let failures: unknown[]
let nowMs: number

beforeEach(() => {
  assets = mkdtempSync(join(tmpdir(), 'demo-assets-'))
  mkdirSync(join(assets, 'assets'))
  writeFileSync(join(assets, 'index.html'), '<title>Acme</title>')
  writeFileSync(join(assets, 'assets', 'index-a1b2.js'), 'export {}')
  edge = createEdge()
  failures = []
  nowMs = Date.UTC(2026, 0, 1)
  demo = start()
})

afterEach(() => {
  demo.close()
  rmSync(assets, { recursive: true })
})

function start(options: Partial<DemoOptions> = {}): Demo {
  let drawn = 0
  return createDemo({
    keywellUrl,
    apiKey: 'kw_test',
    origin,
    assets,
    gitlabHost,
    fetch: edge.fetch,
    now: () => nowMs,
    // Different each time, as real ones are.
    randomBytes: (length) => {
      drawn += 1
      return Buffer.alloc(length, drawn)
    },
    onError: (error) => failures.push(error),
    ...options,
  })
}

// -- Sign-in ----------------------------------------------------------------------------------

test('signs in, says who it is, signs out', async () => {
  const answer = await post('/api/sign-in', { personId: mira })
  expect(answer.status).toBe(200)
  const setCookie = answer.headers.get('set-cookie') ?? ''
  expect(setCookie).toMatch(/^acme_session=[\w-]{43}; /)
  expect(setCookie).toContain('HttpOnly')
  expect(setCookie).toContain('SameSite=Lax')
  expect(setCookie).not.toContain('Secure')

  const cookie = cookieOf(answer)
  expect(await (await get('/api/me', cookie)).json()).toMatchObject({
    person: { id: mira, tenant: { id: 'org_northwind' } },
    gitlabHost,
  })
  expect((await post('/api/sign-out', undefined, cookie)).status).toBe(204)
  expect(await (await get('/api/me', cookie)).json()).toBeNull()
  await expectFailure(await get('/api/projects', cookie), 401, 'signed_out')
})

test('the cookie is Secure where the origin is', async () => {
  demo.close()
  demo = start({ origin: 'https://acme.test' })
  const answer = await send('/api/sign-in', {
    method: 'POST',
    headers: { origin: 'https://acme.test' },
    body: JSON.stringify({ personId: mira }),
  })
  expect(answer.headers.get('set-cookie')).toContain('Secure')
})

test('signing in again ends the session before', async () => {
  const first = await signIn(mira)
  const second = cookieOf(await post('/api/sign-in', { personId: jonas }, first))
  expect(await (await get('/api/me', first)).json()).toBeNull()
  expect(await (await get('/api/me', second)).json()).toMatchObject({ person: { id: jonas } })
})

test('a session ends after seven days', async () => {
  const cookie = await signIn(mira)
  nowMs += 7 * 24 * 3600 * 1000 - 1
  expect(await (await get('/api/me', cookie)).json()).not.toBeNull()
  nowMs += 1
  expect(await (await get('/api/me', cookie)).json()).toBeNull()
})

test.each([
  ['an unknown person', JSON.stringify({ personId: 'user_nobody' })],
  ['no person', JSON.stringify({})],
  ['a number', JSON.stringify({ personId: 7 })],
  ['no JSON', 'personId=user_mira'],
  ['nothing', ''],
])('refuses to sign in %s', async (_, body) => {
  const answer = await send('/api/sign-in', { method: 'POST', headers: { origin }, body })
  await expectFailure(answer, 400, 'invalid_request')
  expect(answer.headers.get('set-cookie')).toBeNull()
})

test('an invented cookie has no session', async () => {
  await signIn(mira)
  expect(await (await get('/api/me', 'acme_session=AAAA')).json()).toBeNull()
})

// -- Requests of other sites ------------------------------------------------------------------

test.each([
  ['another site', { origin: 'https://evil.test' }],
  ['another port of this machine', { origin: 'http://localhost:7401' }],
  ['a sandboxed frame', { origin: 'null' }],
  ['no origin at all', {}],
])('refuses every write that comes from %s', async (_, headers: Record<string, string>) => {
  const cookie = await signIn(mira)
  const callsBefore = edge.calls.length
  const writes = [
    ['POST', '/api/sign-in'],
    ['POST', '/api/sign-out'],
    ['POST', '/api/keywell/session'],
    ['POST', '/api/keywell/finish'],
    ['DELETE', `/api/keywell/connections/${connectionId}`],
  ] as const
  for (const [method, path] of writes) {
    const answer = await send(path, { method, headers: { ...headers, cookie } })
    await expectFailure(answer, 403, 'forbidden')
  }
  expect(edge.calls.length).toBe(callsBefore)
  expect(await (await get('/api/me', cookie)).json()).not.toBeNull()
})

// -- Two users of two tenants -----------------------------------------------------------------

test('asks Keywell for the signed-in user only, whatever the request says', async () => {
  for (const [person, tenantId] of [
    [mira, 'org_northwind'],
    [jonas, 'org_umbrella'],
  ] as const) {
    const cookie = await signIn(person)
    await get('/api/keywell/connections?tenantId=org_other&userId=user_other', cookie)
    const list = edge.lastCall('/v1/connections')
    expect(Object.fromEntries(list.url.searchParams)).toMatchObject({ tenantId, userId: person })

    const body = { tenantId: 'org_other', userId: 'user_other' }
    expect((await post('/api/keywell/session', body, cookie)).status).toBe(400)
    const made = await post('/api/keywell/session', {}, cookie)
    expect(made.status).toBe(201)
    expect(edge.lastCall('/v1/connect/sessions').body).toMatchObject({
      tenantId,
      userId: person,
      origins: [origin],
      returnUrl: `${origin}/api/keywell/finish`,
      scopes: { gitlab: { required: ['read_api'] } },
    })
  }
})

test('each user sees the projects of their own connection', async () => {
  const miras = await get('/api/projects', await signIn(mira))
  const jonass = await get('/api/projects', await signIn(jonas))
  expect(await miras.json()).toMatchObject({ projects: [{ path: 'group/user_mira' }] })
  expect(await jonass.json()).toMatchObject({ projects: [{ path: 'group/user_jonas' }] })
})

test('signed out, nothing of Keywell can be reached', async () => {
  await expectFailure(await get('/api/keywell/connections'), 401, 'signed_out')
  await expectFailure(await post('/api/keywell/session', {}), 401, 'signed_out')
  expect(edge.calls).toEqual([])
})

test('a popup that comes back signed out is led to the sign-in screen', async () => {
  const answer = await send('/api/keywell/finish?keywell_ticket=t', {
    headers: { 'sec-fetch-mode': 'navigate' },
  })
  expect([answer.status, answer.headers.get('location')]).toEqual([302, '/'])
})

// -- Projects ---------------------------------------------------------------------------------

test('lists projects, with what GitLab leaves out as null', async () => {
  edge.gitlab = () =>
    Response.json(
      [
        project({ id: 1, description: '', open_issues_count: undefined }),
        project({ id: 2, open_issues_count: 3, visibility: 'internal' }),
      ],
      { headers: { 'x-next-page': '2' } },
    )
  const answer = await get('/api/projects', await signIn(mira))
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(await answer.json()).toEqual({
    more: true,
    projects: [
      expect.objectContaining({ id: 1, description: null, openIssues: null }),
      expect.objectContaining({ id: 2, openIssues: 3, visibility: 'internal' }),
    ],
  })
  const call = edge.lastCall('/api/v4/projects')
  expect(call.url.origin).toBe(gitlabHost)
  expect(call.headers.get('authorization')).toBe('Bearer token-of-user_mira')
})

test('no answer holds a token', async () => {
  const cookie = await signIn(mira)
  for (const path of ['/api/projects', '/api/keywell/connections', '/api/me']) {
    expect(await (await get(path, cookie)).text()).not.toContain('token-of')
  }
})

test.each([
  ['not_connected', 404, 409, 'not_connected'],
  ['needs_reauth', 409, 409, 'needs_reauth'],
  ['unavailable', 503, 503, 'unavailable'],
  ['integration_missing', 409, 500, 'internal'],
  ['unauthorized', 401, 500, 'internal'],
])('Keywell says %s', async (code, keywellStatus, status, shown) => {
  edge.credentials = () => problem(code, keywellStatus)
  await expectFailure(await get('/api/projects', await signIn(mira)), status, shown)
  // An outage or a bug is in the log; an error that the user can repair is not.
  expect(failures).toHaveLength(status >= 500 ? 1 : 0)
})

test.each([
  ['500', () => new Response('oops', { status: 500 }), 502, 'provider_error'],
  ['403', () => new Response('{}', { status: 403 }), 409, 'scope_missing'],
  ['a page instead of JSON', () => new Response('<html>'), 502, 'provider_error'],
  ['an object instead of a list', () => Response.json({ message: 'x' }), 502, 'provider_error'],
  [
    'a link that is no web address',
    () => Response.json([project({ web_url: 'javascript:alert(1)' })]),
    502,
    'provider_error',
  ],
  [
    'nothing',
    () => {
      throw new TypeError('fetch failed')
    },
    503,
    'unavailable',
  ],
])('GitLab answers %s', async (_, gitlab: () => Response, status, code) => {
  edge.gitlab = gitlab
  await expectFailure(await get('/api/projects', await signIn(mira)), status, code)
})

// -- The page ---------------------------------------------------------------------------------

test('every address is the page, under a strict policy', async () => {
  for (const path of ['/', '/settings/integrations', '/nowhere']) {
    const answer = await get(path)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('<title>Acme</title>')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    const policy = answer.headers.get('content-security-policy')?.split('; ')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("style-src 'self'")
    expect(policy).toContain(`connect-src 'self' ${keywellUrl}`)
    expect(policy).toContain(`form-action 'self' ${keywellUrl}`)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy?.join()).not.toContain('unsafe')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin')
  }
})

test('built files are kept for good, others of that folder are not found', async () => {
  const answer = await get('/assets/index-a1b2.js')
  expect(answer.headers.get('cache-control')).toContain('immutable')
  expect((await get('/assets/gone.js')).headers.get('cache-control')).toBe('no-store')
  await expectFailure(await get('/assets/gone.js'), 404, 'not_found')
  await expectFailure(await get('/assets/..%2findex.html'), 404, 'not_found')
  await expectFailure(await get('/api/nowhere', await signIn(mira)), 404, 'not_found')
})

test('the finish page keeps the policy that Keywell gave it', async () => {
  const cookie = await signIn(mira)
  const answer = await get('/api/keywell/finish', cookie)
  expect(answer.headers.get('content-type')).toContain('text/html')
  expect(answer.headers.get('content-security-policy')).toContain("script-src 'nonce-")
})

// -- Helpers ----------------------------------------------------------------------------------

interface Call {
  url: URL
  body: Record<string, unknown>
  headers: Headers
}

interface Edge {
  fetch: typeof fetch
  calls: Call[]
  /** Throws if there was none. */
  lastCall: (path: string) => Call
  credentials: (body: Record<string, unknown>) => Response
  gitlab: (call: Call) => Response
}

const connectionId = 'con_01JD0000000000000000000000'

/** Stands in for the network: the Keywell service on one host, GitLab on the other. */
function createEdge(): Edge {
  const self: Edge = {
    calls: [],
    lastCall: (path) => {
      const call = self.calls.findLast(({ url }) => url.pathname === path)
      if (!call) throw new Error(`${path} was never called`)
      return call
    },
    credentials: ({ userId }) => Response.json(credential(String(userId))),
    gitlab: ({ headers }) => {
      const owner = headers.get('authorization')?.split('token-of-')[1]
      return Response.json([project({ path_with_namespace: `group/${owner}` })])
    },
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const url = new URL(request.url)
      // The change stream stays open, without events, until it is closed.
      if (url.pathname === '/v1/changes') return openStream(request.signal)
      const text = await request.text()
      const call = { url, body: text ? JSON.parse(text) : {}, headers: request.headers }
      self.calls.push(call)
      if (url.origin === gitlabHost) return self.gitlab(call)
      if (url.origin !== keywellUrl) throw new Error(`unexpected call of ${url.origin}`)
      return keywell(call)
    },
  }
  const keywell = ({ url, body }: Call): Response => {
    switch (url.pathname) {
      case '/v1/credentials':
        return self.credentials(body)
      case '/v1/connections':
        return Response.json({ connections: [], nextCursor: null })
      case '/v1/connect/sessions':
        return Response.json(
          {
            sessionId: 'ses_01JD0000000000000000000000',
            connectToken: 'connect-token',
            serviceUrl: keywellUrl,
            expiresAt: new Date(nowMs + 600_000).toISOString(),
          },
          { status: 201 },
        )
      default:
        return problem('not_found', 404)
    }
  }
  return self
}

function openStream(signal: AbortSignal): Response {
  const body = new ReadableStream({
    start(controller) {
      signal.addEventListener('abort', () => controller.error(signal.reason))
      controller.enqueue(new TextEncoder().encode('event: hello\ndata: {"position":"1"}\n\n'))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

function credential(userId: string) {
  return {
    unchanged: false,
    connectionId,
    generation: 1,
    type: 'oauth_token',
    credential: `token-of-${userId}`,
    headers: [{ name: 'Authorization', value: `Bearer token-of-${userId}` }],
    expiresAt: new Date(nowMs + 7_200_000).toISOString(),
    expiresInMs: 7_200_000,
    scopes: ['read_api'],
    missingScopes: [],
    host: gitlabHost,
    account: { id: '1', name: null, username: null, avatarUrl: null },
  }
}

function project(changes: Record<string, unknown>) {
  return {
    id: 1,
    name: 'Webshop',
    path_with_namespace: 'group/webshop',
    description: 'A shop',
    web_url: `${gitlabHost}/group/webshop`,
    visibility: 'private',
    open_issues_count: 0,
    last_activity_at: '2026-01-01T00:00:00.000Z',
    ...changes,
  }
}

function problem(code: string, status: number): Response {
  const body = { type: 'about:blank', title: code, status, code, detail: code, nextStep: 'Wait.' }
  return Response.json(body, { status, headers: { 'content-type': 'application/problem+json' } })
}

function send(path: string, init?: RequestInit): Promise<Response> {
  return Promise.resolve(demo.fetch(new Request(origin + path, init)))
}

function get(path: string, cookie = ''): Promise<Response> {
  return send(path, { headers: { cookie } })
}

function post(path: string, body: unknown, cookie = ''): Promise<Response> {
  const headers = { origin, cookie, 'content-type': 'application/json' }
  return send(path, { method: 'POST', headers, ...(body ? { body: JSON.stringify(body) } : {}) })
}

async function signIn(personId: string): Promise<string> {
  return cookieOf(await post('/api/sign-in', { personId }))
}

function cookieOf(answer: Response): string {
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

async function expectFailure(answer: Response, status: number, code: string): Promise<void> {
  expect([answer.status, await answer.json()]).toEqual([
    status,
    { code, message: expect.stringMatching(/\w\.$|\.$/) },
  ])
}
