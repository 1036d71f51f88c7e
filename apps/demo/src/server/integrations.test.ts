import { expect, onTestFinished, test } from 'vitest'
import { createDemo } from '../index.ts'

const origin = 'http://localhost:7402'
const keywellUrl = 'http://keywell.test'
const host = 'https://provider.test/root'

interface Call {
  url: URL
  body: Record<string, unknown>
  headers: Headers
}

/** Acme with a signed-in user; the network beyond it is what a test says. */
async function start(answers: { provider?: () => Response; providers?: object[] } = {}) {
  const calls: Call[] = []
  const failures: unknown[] = []
  const demo = createDemo({
    keywellUrl,
    apiKey: 'kw_test',
    origin,
    assets: '/nowhere',
    now: Date.now,
    randomBytes: (length) => Buffer.alloc(length, 1),
    onError: (error) => failures.push(error),
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const url = new URL(request.url)
      if (url.pathname === '/v1/changes') return new Response(null, { status: 503 })
      const text = await request.text()
      calls.push({ url, body: text ? JSON.parse(text) : {}, headers: request.headers })
      if (url.origin !== keywellUrl) return answers.provider?.() ?? Response.json({})
      if (url.pathname === '/v1/providers') {
        return Response.json({ providers: answers.providers ?? [], nextCursor: null })
      }
      return url.pathname === '/v1/credentials' ? credential() : session()
    },
  })
  onTestFinished(() => demo.close())
  const send = (path: string, init: RequestInit = {}) =>
    demo.fetch(new Request(origin + path, { ...init, headers: { origin, ...init.headers } }))
  const body = JSON.stringify({ personId: 'user_mira' })
  const signedIn = await send('/api/sign-in', { method: 'POST', body })
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  const get = (path: string) => send(path, { headers: { cookie } })
  const post = (path: string) => send(path, { method: 'POST', body: '{}', headers: { cookie } })
  return { get, post, calls, failures }
}

function credential(): Response {
  return Response.json({
    unchanged: false,
    connectionId: 'con_01JD0000000000000000000000',
    generation: 1,
    type: 'api_key',
    credential: 'secret',
    headers: [
      { name: 'X-Application', value: 'A1' },
      { name: 'X-Key', value: 'secret' },
    ],
    expiresAt: null,
    expiresInMs: null,
    scopes: [],
    missingScopes: [],
    host,
    account: { id: '1', name: null, username: null, avatarUrl: null },
  })
}

function session(): Response {
  const expiresAt = new Date(Date.now() + 600_000).toISOString()
  const sessionId = 'ses_01JD0000000000000000000000'
  const answer = { sessionId, connectToken: 'token', serviceUrl: keywellUrl, expiresAt }
  return Response.json(answer, { status: 201 })
}

const known = (name: string, title: string, method: string, defaultHost: string | null) => ({
  name,
  title,
  category: 'code',
  state: 'preview',
  documentationUrl: 'https://provider.test/docs',
  mark: null,
  defaultHost,
  defaultScopes: [],
  scopes: [],
  scopeGroups: [],
  scopePresets: [],
  tools: [],
  methods: [
    { id: 'other', kind: 'oauth2', title: 'another way' },
    { id: method, kind: 'key', title: `${title} key` },
  ],
})

test('says what Keywell says of the providers that Acme works with, and no others', async () => {
  const { get, failures } = await start({
    providers: [
      known('algolia', 'Algolia', 'api_key', null),
      known('github', 'GitHub', 'oauth_app', 'https://github.com'),
      known('elsewhere', 'Elsewhere', 'api_key', null),
      // By the method that Acme works with, or not at all.
      known('buildkite', 'Buildkite', 'something_else', 'https://api.buildkite.com'),
    ],
  })
  const said = await get('/api/integrations')
  expect(failures).toEqual([])
  expect(await said.json()).toEqual([
    {
      provider: 'github',
      title: 'GitHub',
      method: { id: 'oauth_app', title: 'GitHub key' },
      asksPlace: false,
    },
    {
      provider: 'algolia',
      title: 'Algolia',
      method: { id: 'api_key', title: 'Algolia key' },
      asksPlace: true,
    },
  ])
})

test.each([
  ['github', '/user/repos', [{ full_name: 'northwind/site' }], ['northwind/site']],
  [
    'bitbucket',
    '/user/workspaces',
    { values: [{ workspace: { slug: 'northwind' } }] },
    ['northwind'],
  ],
  ['azure-devops', '/northwind/_apis/projects', { value: [{ name: 'Harbour' }] }, ['Harbour']],
  ['buildkite', '/v2/organizations', [{ name: 'Northwind' }], ['Northwind']],
  ['algolia', '/1/indexes', { items: [{ name: 'articles', entries: 3 }] }, ['articles']],
])('reads at %s with the credential of the user', async (provider, path, answer, items) => {
  const { get, calls } = await start({ provider: () => Response.json(answer) })
  const read = await get(`/api/integrations/${provider}/items`)
  expect(await read.json()).toEqual({ items })
  const asked = calls.find(({ url }) => url.pathname === '/v1/credentials')
  expect(asked?.body).toMatchObject({ provider, tenantId: 'org_northwind', userId: 'user_mira' })
  const sent = calls.at(-1)
  expect(sent?.url.origin + (sent?.url.pathname ?? '')).toBe(host + path)
  expect(sent?.headers.get('x-application')).toBe('A1')
})

test.each([
  ['it refuses', () => Response.json({ message: 'no' }, { status: 403 }), 502, 'provider_error'],
  ['it answers otherwise', () => Response.json({ items: 'none' }), 502, 'provider_error'],
  ['it answers no JSON', () => new Response('<html>'), 502, 'provider_error'],
  [
    'nothing answers',
    () => {
      throw new TypeError('fetch failed')
    },
    503,
    'unavailable',
  ],
])('where %s, a page says so', async (_, provider, status, code) => {
  const { get, failures } = await start({ provider })
  const answer = await get('/api/integrations/algolia/items')
  expect([answer.status, (await answer.json()).code]).toEqual([status, code])
  expect(failures.length).toBeGreaterThan(0)
})

test.each(['elsewhere', 'constructor', 'gitlab'])(
  'there is nothing of a provider that Acme does not read by name: %s',
  async (provider) => {
    const { get, calls } = await start()
    expect((await get(`/api/integrations/${provider}/items`)).status).toBe(404)
    expect(calls).toEqual([])
  },
)

test('a session has the scopes of each provider, and the keys that Acme can use', async () => {
  const { post, calls } = await start()
  expect((await post('/api/keywell/session')).status).toBe(201)
  const { scopes, methods, device } = calls.at(-1)?.body ?? {}
  expect(scopes).toMatchObject({
    gitlab: { required: ['read_api'] },
    github: { required: ['read:user'] },
    buildkite: { required: ['read_user', 'read_organizations'] },
  })
  // What its keys may do, Algolia does not say.
  expect(scopes).not.toHaveProperty('algolia')
  expect(methods).toEqual(['oauth', 'api_key'])
  expect(device).toBe(true)
})

test('nobody who is signed out is answered', async () => {
  const demo = createDemo({
    keywellUrl,
    apiKey: 'kw_test',
    origin,
    assets: '/nowhere',
    now: Date.now,
    randomBytes: (length) => Buffer.alloc(length, 1),
    onError: () => {},
    fetch: async () => new Response(null, { status: 503 }),
  })
  onTestFinished(() => demo.close())
  for (const path of ['/api/integrations', '/api/integrations/github/items']) {
    expect((await demo.fetch(new Request(origin + path))).status).toBe(401)
  }
})
