/** Which instance an address means: what a field for it asks the service, and what it can be used for. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CheckHost, CreateSession, HostCheck } from '@keywell/protocol'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { type Answer, appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

let stage: Stage
/** Something else than GitLab, on a host that may be called. */
let other: Server
let otherUrl: string
const asked: IncomingMessage[] = []
let next = 0

/** Nothing listens there, and the service may call it. */
const nobody = 'http://127.0.0.1:1'

beforeAll(async () => {
  other = createServer((request, response) => {
    asked.push(request)
    if (request.url?.startsWith('/moved/')) {
      response.writeHead(302, { location: `${stage.sandbox.url}/.well-known/openid-configuration` })
    }
    if (request.url?.startsWith('/huge/')) response.write('x'.repeat(2_000_000))
    response.end(JSON.stringify({ issuer: otherUrl, secret: 'inner-secret' }))
  }).listen(0, '127.0.0.1')
  await once(other, 'listening')
  otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  stage = await createStage(await openEmbedded(), {
    relativeRoot: '/git/lab',
    privateHosts: [{ origin: otherUrl }, { origin: nobody }],
  })
})
afterAll(async () => {
  other.close()
  await stage.stop()
})
beforeEach(() => {
  asked.length = 0
})

/** Of a new user, since a user may look at a few hosts only. */
function newUser() {
  next += 1
  return { tenantId: `ten_host_${next}`, userId: 'usr_host' }
}

async function check(
  host: string,
  { session, ...more }: Partial<CheckHost> & { session?: Partial<CreateSession> } = {},
): Promise<Answer<HostCheck & { code?: string }>> {
  const methods = ['oauth' as const, 'key' as const]
  const { connectToken } = await stage.session({ methods, ...newUser(), ...session })
  return stage.page(connectToken, 'POST', '/connect/hosts', { provider: 'gitlab', host, ...more })
}

verifies('hosts:found', async () => {
  const { url } = stage.sandbox
  const { origin } = new URL(url)
  for (const typed of [url, `${url}/`, ` ${url}/ada/webshop/-/issues/1?sort=asc#top `]) {
    expect(must(await check(typed), 200), typed).toEqual({
      host: url,
      status: 'ready',
      methods: ['oauth', 'personal_access_token'],
      nextStep: null,
      registration: null,
    })
  }
  // At its own address the provider is not asked who it is.
  const byConsent = { method: 'oauth' }
  expect(must(await check('gitlab.com/gitlab-org', byConsent), 200)).toMatchObject({
    host: 'https://gitlab.com',
    status: 'not_registered',
    methods: ['personal_access_token'],
  })
  // Where any method will do, a key is one.
  expect(must(await check('gitlab.com/gitlab-org'), 200)).toMatchObject({ status: 'ready' })
  expect(must(await check('gitlab.com', { method: 'key' }), 200)).toMatchObject({ status: 'ready' })
  // The root is not what it would be without its path.
  expect(must(await check(origin), 200)).toMatchObject({ host: origin, status: 'not_recognised' })
  expect(must(await check(`${otherUrl}/x`), 200)).toMatchObject({
    host: otherUrl,
    status: 'not_recognised',
    nextStep: expect.stringContaining('Something else than GitLab answers'),
  })
  expect(must(await check(nobody), 200)).toMatchObject({
    host: nobody,
    status: 'unreachable',
    nextStep: expect.stringContaining('KEYWELL_ALLOW_HOSTS'),
  })
})

verifies('hosts:not-registered', async () => {
  const scopes = { gitlab: { required: ['read_user' as const], optional: ['api' as const] } }
  const bare = must(await check('gitlab.com', { method: 'oauth', session: { scopes } }), 200)
  expect(bare).toMatchObject({
    status: 'not_registered',
    nextStep: expect.stringContaining('POST /v1/integrations'),
    registration: {
      page: 'https://gitlab.com/-/user_settings/applications',
      redirectUri: null,
      scopes: ['read_user', 'api'],
      steps: expect.arrayContaining([expect.stringContaining('Redirect URI')]),
    },
  })
  // With a draft of the tenant's own there is a redirect URI to paste; another tenant does not see it.
  const who = newUser()
  const draft = must(
    await stage.call<{ id: string; redirectUri: string }>('POST', '/v1/integrations', {
      tenantId: who.tenantId,
      provider: 'gitlab',
      scopes: ['read_api'],
    }),
    201,
  )
  expect(must(await check('gitlab.com', { method: 'oauth', session: who }), 200)).toMatchObject({
    status: 'not_registered',
    nextStep: expect.stringContaining(draft.id),
    registration: { redirectUri: draft.redirectUri, scopes: ['read_api'] },
  })
  expect(
    must(await check('gitlab.com', { method: 'oauth' }), 200).registration?.redirectUri,
  ).toBeNull()
})

verifies('hosts:allowed', async () => {
  const session = { hosts: [stage.sandbox.url] }
  // Only what the session allows is called, whatever else the address could mean.
  expect(must(await check(`${stage.sandbox.url}/ada`, { session }), 200)).toMatchObject({
    host: stage.sandbox.url,
    status: 'ready',
  })
  expect((await check(`${otherUrl}/a/b`, { session })).body.code).toBe('host_not_allowed')
  expect((await check('git@', {})).body.code).toBe('host_not_allowed')
  expect((await check(otherUrl, { session: { providers: [] } })).body.code).toBe('unknown_provider')
  const keysOnly = { method: 'oauth', session: { methods: ['key'] } }
  expect((await check(otherUrl, keysOnly)).body.code).toBe('method_not_offered')
  const who = newUser()
  const policy = { hosts: [stage.sandbox.url] }
  must(await stage.call('PUT', `/v1/tenants/${who.tenantId}/policy`, policy), 200)
  expect((await check(`${otherUrl}/a`, { session: who })).body.code).toBe('not_allowed_for_tenant')
  expect(asked, 'what is not allowed is not called').toEqual([])
  const { connectToken } = await stage.session(newUser())
  const foreign = { provider: 'gitlab', host: otherUrl }
  const page = ['POST', '/connect/hosts', foreign] as const
  expect((await stage.page(connectToken, ...page, 'https://evil.example')).status).toBe(403)
  expect((await stage.page('no-token', ...page, appOrigin)).status).toBe(401)
  expect(asked).toEqual([])
})

verifies('T23:host-check', async () => {
  // Nothing goes along that could be of use to whoever answers.
  must(await check(`${otherUrl}/group`), 200)
  expect(asked.map(({ url }) => url)).toEqual([
    '/.well-known/openid-configuration',
    '/group/.well-known/openid-configuration',
  ])
  for (const { method, headers } of asked) {
    expect(method).toBe('GET')
    expect(headers).not.toHaveProperty('authorization')
    expect(headers).not.toHaveProperty('cookie')
    expect(JSON.stringify(headers)).not.toContain('ten_host')
  }
  // A redirect leads nowhere, a large answer is not read, and nothing of an answer is told.
  for (const path of ['moved', 'huge']) {
    const { body } = await check(`${otherUrl}/${path}`)
    expect(body, path).toMatchObject({ status: 'not_recognised' })
    expect(JSON.stringify(body)).not.toMatch(/inner-secret|xxx/)
  }
  // What may not be called answers as what is not there: neither names nor ports of a network can be told.
  const told = async (host: string) => {
    const { status, body } = await check(host)
    return JSON.stringify([status, body]).replaceAll(body.host, 'HOST')
  }
  const absent = await told(nobody)
  for (const host of [
    'http://127.0.0.1:2',
    'https://127.0.0.1',
    'https://10.0.0.1',
    'https://[::1]',
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:169.254.169.254]',
    'https://2130706433',
    'localhost',
    'http://localhost:5432',
  ]) {
    expect(await told(host), host).toBe(absent)
  }
})

verifies('limits:host-checks', async () => {
  const who = newUser()
  const answers = await Promise.all(
    Array.from({ length: 14 }, () => check('gitlab.com', { method: 'oauth', session: who })),
  )
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThanOrEqual(3)
  expect(refused[0]?.body).toMatchObject({
    code: 'rate_limited',
    retryAfterMs: expect.any(Number),
  })
  expect((await check('gitlab.com')).status, 'of another user').toBe(200)
})
