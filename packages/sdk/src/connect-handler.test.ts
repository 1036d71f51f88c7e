import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Scene, useEngine } from '../../../test/support/engine.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell, type SignedIn } from './index.ts'
import { newId } from './testing/ids.ts'

const origin = 'https://app.example'
const mount = `${origin}/api/keywell`

const engine = useEngine()
let service: Scene
let who: Scene['who']
let keywell: Keywell
beforeEach(() => {
  service = engine.current
  who = service.who
  keywell = new Keywell({ ...service.options, appOrigin: origin })
})
afterEach(() => keywell.close())

/** As a page of the app's own origin sends it. */
function call(method: string, path: string, body?: unknown, signedIn: SignedIn = who) {
  return keywell.connectHandler(
    new Request(mount + path, {
      method,
      headers: { origin, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
    signedIn,
  )
}

/** As a browser arrives that the service sent back. */
function arrive(parameters: Record<string, string>, signedIn: SignedIn = who) {
  const query = new URLSearchParams(parameters)
  return keywell.connectHandler(new Request(`${mount}/finish?${query}`), signedIn)
}

/** A flow of the signed-in user that has come back from the provider. */
async function startedFlow(how: Parameters<Scene['consent']>[1] = {}) {
  const session = await (await call('POST', '/session')).json()
  const { sessionId, flowId, ticket } = await service.consent(session, how)
  return { session: sessionId, flow: flowId, ticket }
}

async function problem(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({ code, status, nextStep: expect.any(String) })
}

describe('POST session', () => {
  test('makes a session for the signed-in user, that comes back to finish', async () => {
    const policy: SignedIn = {
      ...who,
      providers: ['gitlab'],
      scopes: { gitlab: { required: ['api'] } },
      methods: ['key'],
      allowAccountChange: true,
    }
    const response = await call('POST', '/session', undefined, policy)
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const answer = await response.json()
    expect(answer).toMatchObject({ connectToken: expect.any(String), serviceUrl: service.url })
    expect(service.sessions.get(answer.sessionId)).toMatchObject({
      ...who,
      providers: ['gitlab'],
      scopes: { gitlab: { required: ['api'] } },
      origins: [origin],
      returnUrl: `${mount}/finish`,
      returnMode: 'query',
      methods: ['key'],
      allowAccountChange: true,
    })
  })

  test('reconnects the connection that the body names', async () => {
    const { id: connectionId } = (await service.connect()).connection
    const { sessionId } = await (await call('POST', '/session', { connectionId })).json()
    expect(service.sessions.get(sessionId)).toMatchObject({ connectionId })
  })

  test('takes nothing else from the browser', async () => {
    const planted = {
      tenantId: 'org_evil',
      userId: 'user_evil',
      providers: ['evil'],
      origins: ['https://evil.example'],
      returnUrl: 'https://evil.example/finish',
      scopes: { gitlab: { required: ['sudo'] } },
      allowAccountChange: true,
    }
    await problem(await call('POST', '/session', planted), 400, 'invalid_request')
    for (const [name, value] of Object.entries(planted)) {
      const refused = await call('POST', '/session', { [name]: value })
      expect(await refused.json()).toMatchObject({ detail: expect.stringContaining(`"${name}"`) })
    }
    expect(service.sessions.size).toBe(0)
  })

  test('behind a proxy takes origin and mount point from its options', async () => {
    const proxied = { ...who, origin: 'https://public.example', basePath: '/app/keywell/' }
    const response = await keywell.connectHandler(
      new Request('http://10.0.0.7:3000/keywell/session', {
        method: 'POST',
        headers: { origin: 'https://public.example' },
      }),
      proxied,
    )
    const { sessionId } = await response.json()
    expect(service.sessions.get(sessionId)).toMatchObject({
      origins: ['https://public.example'],
      returnUrl: 'https://public.example/app/keywell/finish',
    })
  })

  test('with returnTo comes back to a page of the app, in the fragment', async () => {
    const single = { ...who, returnTo: '/connected' }
    const response = await call('POST', '/session', { returnMode: 'fragment' }, single)
    const { sessionId } = await response.json()
    expect(service.sessions.get(sessionId)).toMatchObject({
      returnUrl: `${origin}/connected`,
      returnMode: 'fragment',
    })
  })

  test.each<[string, unknown]>([
    ['a fragment that no page picks up', { returnMode: 'fragment' }],
    ['an unknown return mode', { returnMode: 'form' }],
    ['a connection id that is none', { connectionId: 'x' }],
    ['a misspelt field', { connectionID: newId('connection') }],
    ['a list', []],
    ['a text', 'hello'],
  ])('refuses %s', async (_, body) => {
    await problem(await call('POST', '/session', body), 400, 'invalid_request')
    expect(service.sessions.size).toBe(0)
  })

  test('refuses a body that is no JSON, or too large', async () => {
    const send = (body: string) =>
      keywell.connectHandler(
        new Request(`${mount}/session`, { method: 'POST', headers: { origin }, body }),
        who,
      )
    await problem(await send('{'), 400, 'invalid_request')
    await problem(await send(JSON.stringify('x'.repeat(20_000))), 413, 'payload_too_large')
  })
})

describe('GET finish', () => {
  test('speaks the language of the browser, or the one that the backend names', async () => {
    const languageOf = async (accepted: string, language?: string) => {
      const headers = { 'accept-language': accepted }
      const request = new Request(`${mount}/finish`, { headers })
      const response = await keywell.connectHandler(request, { ...who, language })
      return (await response.text()).match(/<html lang="(\w+)"/)?.[1]
    }
    expect(await languageOf('de-CH, en;q=0.5')).toBe('de')
    expect(await languageOf('de-CH, en;q=0.5', 'en')).toBe('en')
    expect(await languageOf('fr', 'de')).toBe('de')
  })

  test('confirms for the signed-in user, and sends a message to the page that began', async () => {
    const { session, flow, ticket } = await startedFlow()
    const response = await arrive({
      keywell_session: session,
      keywell_flow: flow,
      keywell_ticket: ticket,
    })
    expect(response.status).toBe(200)
    const html = await response.text()
    expect(html).toContain('You can close this window.')
    expect(html).toContain('The account of Ada Okafor is connected.')
    expect(html).not.toContain(ticket)
    expect(messageIn(html)).toEqual({ flowId: flow, status: 'connected' })
  })

  test('locks its page down', async () => {
    const { session, flow, ticket } = await startedFlow()
    const [one, two] = [
      await arrive({ keywell_session: session, keywell_flow: flow, keywell_ticket: ticket }),
      await arrive({}),
    ]
    const policy = one.headers.get('content-security-policy') ?? ''
    const nonce = /'nonce-([^']{22,})'/.exec(policy)?.[1]
    expect(policy).toContain("default-src 'none'; script-src 'nonce-")
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain("frame-ancestors 'none'")
    const html = await one.text()
    expect(html.match(/<script/g)).toHaveLength(1)
    expect(html).toContain(`<script nonce="${nonce}">`)
    expect(html.match(/<style/g)).toHaveLength(1)
    expect(html).toContain(`<style nonce="${nonce}">`)
    expect(html).not.toMatch(/ style=/)
    expect(two.headers.get('content-security-policy')).not.toBe(policy)
    expect(one.headers.get('cache-control')).toBe('no-store')
    expect(one.headers.get('referrer-policy')).toBe('no-referrer')
  })

  test('in redirect mode goes on to where the user was', async () => {
    const cases: [string, string][] = [
      [`${origin}/settings`, `${origin}/settings#keywell_flow=`],
      [`${origin}/?a=b#/settings`, `${origin}/?a=b#/settings&keywell_flow=`],
    ]
    for (const [resumeUrl, expected] of cases) {
      const { session, flow, ticket } = await startedFlow({
        flow: { mode: 'redirect', resumeUrl },
      })
      const response = await arrive({
        keywell_session: session,
        keywell_flow: flow,
        keywell_ticket: ticket,
      })
      expect(response.status).toBe(303)
      expect(response.headers.get('location')).toBe(expected + flow)
    }
  })

  test('says that the user said no', async () => {
    const { session, flow, ticket } = await startedFlow({ decision: 'deny' })
    const response = await arrive({
      keywell_session: session,
      keywell_flow: flow,
      keywell_ticket: ticket,
    })
    const html = await response.text()
    expect(html).toContain('You said no at the provider. Nothing was stored.')
    expect(messageIn(html)).toEqual({ flowId: flow, status: 'denied' })
  })

  test('says what stood in the way at the provider, and what to do now', async () => {
    const { session, flow, ticket } = await startedFlow()
    const body = JSON.stringify({ message: '403 Forbidden - You must accept the Terms of Service' })
    const effect = { kind: 'respond', status: 403, body } as const
    await service.stage.sandbox.control.addFault({ endpoint: 'rest', effect, times: 1 })
    const response = await arrive({
      keywell_session: session,
      keywell_flow: flow,
      keywell_ticket: ticket,
    })
    const html = await response.text()
    const message = 'GitLab wants its terms of service accepted first (status 403).'
    const nextStep = 'Sign in to GitLab in the browser, accept the terms, and connect again.'
    expect(html).toContain(`<p>${message} ${nextStep}</p>`)
    expect(messageIn(html)).toEqual({ flowId: flow, status: 'failed' })
  })

  test('for another user has no effect, and says so on a page', async () => {
    const { session, flow, ticket } = await startedFlow()
    const parameters = { keywell_session: session, keywell_flow: flow, keywell_ticket: ticket }
    const response = await arrive(parameters, { ...who, userId: 'user_evil' })
    expect(response.status).toBe(403)
    const html = await response.text()
    expect(html).toContain('signed in as the same user')
    expect(messageIn(html)).toEqual({ flowId: flow, status: 'failed' })
  })

  test('a user in the address changes nothing', async () => {
    const { session, flow, ticket } = await startedFlow()
    const parameters = { keywell_session: session, keywell_flow: flow, keywell_ticket: ticket }
    const planted = { ...parameters, userId: who.userId, tenantId: who.tenantId }
    expect((await arrive(planted, { ...who, userId: 'user_evil' })).status).toBe(403)
  })

  test.each([
    ['nothing', {}],
    ['markup', { keywell_session: '<script>alert(1)</script>', keywell_flow: '</script>' }],
  ])('with %s is a page, and sends no message', async (_, parameters) => {
    const response = await arrive(parameters)
    expect(response.status).toBe(400)
    const html = await response.text()
    expect(html.match(/<script/g)).toHaveLength(1)
    expect(html).not.toContain('alert(1)</script>')
    expect(messageIn(html)).toBeNull()
  })

  test('while the service is down is a page, too', async () => {
    service.isDown = true
    const response = await arrive({
      keywell_session: newId('session'),
      keywell_flow: newId('flow'),
      keywell_ticket: 'ticket',
    })
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
  })
})

/** The message that the page's script sends. That it does, and closes, is seen in a browser: `test/e2e`. */
function messageIn(html: string): unknown {
  return JSON.parse(/^const message = (.*)$/m.exec(html)?.[1] ?? 'missing')
}

describe('POST finish', () => {
  test('confirms for the signed-in user', async () => {
    const flow = await startedFlow()
    const response = await call('POST', '/finish', flow)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ flowId: flow.flow, status: 'connected' })
  })

  test('for another user is a mismatch', async () => {
    const flow = await startedFlow()
    const response = await call('POST', '/finish', flow, { ...who, userId: 'user_evil' })
    await problem(response, 403, 'flow_mismatch')
  })

  test('without its parts is refused', async () => {
    await problem(await call('POST', '/finish', {}), 400, 'invalid_request')
  })
})

describe('connections', () => {
  test('are listed for the signed-in user alone', async () => {
    const { connection } = await service.connect()
    await service.connect({ userId: 'user_456' })
    const response = await call('GET', '/connections?userId=user_456&tenantId=org_other')
    expect(await response.json()).toEqual({ connections: [connection], nextCursor: null })
  })

  test('are disconnected', async () => {
    const { connection } = await service.connect()
    const response = await call('DELETE', `/connections/${connection.id}`)
    expect(await response.json()).toMatchObject({ connection: { status: 'disconnected' } })
  })

  test.each([
    ['of others', 'theirs'],
    ['that never were', newId('connection')],
    ['without an id', 'x'],
    ['with a path as id', '..%2F..%2Fkeys'],
  ])('%s are not found', async (_, named) => {
    const theirs = (await service.connect({ userId: 'user_456' })).connection.id
    const id = named === 'theirs' ? theirs : named
    await problem(await call('DELETE', `/connections/${id}`), 404, 'not_found')
    const { connections } = await keywell.connections.list({ tenantId: who.tenantId })
    expect(connections).toMatchObject([{ id: theirs, status: 'active' }])
  })
})

/** What the browser of a page that is not the app's sends. */
const elsewhere: [string, Record<string, string>][] = [
  ['another origin', { origin: 'https://evil.example' }],
  ['a neighbour', { origin: 'https://evil.app.example' }],
  ['another port', { origin: `${origin}:444` }],
  ['no origin to speak of', { origin: 'null' }],
  [
    'another origin that claims to be the same site',
    {
      origin: 'https://evil.example',
      'sec-fetch-site': 'same-origin',
    },
  ],
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['a subdomain', { 'sec-fetch-site': 'same-site' }],
  ['a request that does not say', {}],
]

describe('a page of another site', () => {
  test.each(elsewhere)('%s cannot change anything', async (_, headers) => {
    const { connection } = await service.connect()
    for (const [method, path] of [
      ['POST', '/session'],
      ['POST', '/finish'],
      ['DELETE', `/connections/${connection.id}`],
    ]) {
      const request = new Request(`${mount}${path}`, { method: method ?? '', headers })
      await problem(await keywell.connectHandler(request, who), 403, 'origin_not_allowed')
    }
    // A page that has a name is reported to the service, which makes no session for it.
    const named = 'origin' in headers
    expect(service.calls).toEqual(named ? ['POST /v1/connect/sessions'] : [])
    expect(service.foreignPages).toEqual(named ? [headers.origin] : [])
    expect(service.sessions.size).toBe(0)
  })

  test('is refused by the handler, whatever the service says', async () => {
    const headers = { origin: 'https://evil.example' }
    const request = () => new Request(`${mount}/session`, { method: 'POST', headers })
    const session = {
      sessionId: newId('session'),
      connectToken: 'jwt',
      serviceUrl: service.url,
      expiresAt: new Date().toISOString(),
    }
    // One from before it looked at pages.
    const old = new Keywell({
      ...service.options,
      appOrigin: origin,
      fetch: async () => Response.json(session, { status: 201 }),
    })
    onTestFinished(() => old.close())
    await problem(await old.connectHandler(request(), who), 403, 'origin_not_allowed')
    service.isDown = true
    await problem(await keywell.connectHandler(request(), who), 403, 'origin_not_allowed')
  })

  test('the page itself may leave Origin out, when the browser says that it is of the same origin', async () => {
    const headers = { 'sec-fetch-site': 'same-origin' }
    const request = new Request(`${mount}/session`, { method: 'POST', headers })
    expect((await keywell.connectHandler(request, who)).status).toBe(201)
  })
})

/** A request of a page at an origin, with whatever else its sender likes. */
const ask = (sent: string, headers: Record<string, string> = {}, url = `${mount}/session`) =>
  new Request(url, { method: 'POST', headers: { origin: sent, ...headers } })

verifies.suite('T34:app-origin', () => {
  const second = 'https://second.example'
  /** With an app that has two. */
  function having(appOrigin: string | readonly string[]): Keywell {
    const made = new Keywell({ ...service.options, appOrigin })
    onTestFinished(() => made.close())
    return made
  }
  async function made(response: Response) {
    expect(response.status).toBe(201)
    const { sessionId } = await response.json()
    return service.sessions.get(sessionId)
  }

  test.each([
    ['its own', `${mount}/session`],
    ['localhost, as Next says', 'http://localhost:3000/api/keywell/session'],
    ['an inner name, behind a proxy', 'http://10.0.0.7:8080/api/keywell/session'],
    ['a foreign one', 'https://evil.example/api/keywell/session'],
  ])('the address of the request decides nothing: %s', async (_, url) => {
    const forwarded = {
      forwarded: 'host=evil.example',
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      referer: 'https://evil.example/',
    }
    const session = await made(await keywell.connectHandler(ask(origin, forwarded, url), who))
    expect(session).toMatchObject({ origins: [origin], returnUrl: `${mount}/finish` })
    await problem(
      await keywell.connectHandler(ask('https://evil.example', forwarded, url), who),
      403,
      'origin_not_allowed',
    )
  })

  test("of several the page's own is taken, and no other", async () => {
    const several = having([origin, second])
    for (const one of [origin, second]) {
      const session = await made(await several.connectHandler(ask(one), who))
      expect(session).toMatchObject({ origins: [one], returnUrl: `${one}/api/keywell/finish` })
    }
    const unnamed = { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } }
    const silent = await several.connectHandler(new Request(`${mount}/session`, unnamed), who)
    await problem(silent, 403, 'origin_not_allowed')
    const stranger = await several.connectHandler(ask('https://third.example'), who)
    await problem(stranger, 403, 'origin_not_allowed')
    expect(service.foreignPages).toEqual(['https://third.example'])
  })

  test('an app with many domains says which, user by user', async () => {
    const theirs = { ...who, origin: [second] }
    const session = await made(await keywell.connectHandler(ask(second), theirs))
    expect(session).toMatchObject({ origins: [second] })
    await problem(await keywell.connectHandler(ask(origin), theirs), 403, 'origin_not_allowed')
  })

  test('the environment names several, with commas between', async () => {
    vi.stubEnv('KEYWELL_APP_ORIGIN', ` ${origin} ,${second},`)
    onTestFinished(() => void vi.unstubAllEnvs())
    const configured = new Keywell(service.options)
    onTestFinished(() => configured.close())
    expect((await configured.connectHandler(ask(second), who)).status).toBe(201)
  })

  test.each([
    ['https://app.example/', /a browser sends "https:\/\/app\.example"/],
    ['https://app.example/path', /without a path/],
    ['https://APP.example', /a browser sends "https:\/\/app\.example"/],
    ['https://app.example:443', /a browser sends "https:\/\/app\.example"/],
    ['https://bücher.example', /a browser sends "https:\/\/xn--bcher-kva\.example"/],
    ['app.example', /got "app\.example"/],
    ['null', /got "null"/],
    ['*', /got "\*"/],
  ])('%s is no origin, and what is meant is said', (wrong, sentence) => {
    expect(() => having(wrong)).toThrow(TypeError)
    expect(() => having([origin, wrong])).toThrow(sentence)
    expect(() => having([])).toThrow(/must not be empty/)
  })

  test.each([
    ['/api//evil/session'],
    ['//evil.example/session'],
    ['/api/..%2fevil/session'],
    ['/api/%5cevil/session'],
  ])('a path that a proxy may read otherwise is refused: %s', async (path) => {
    await problem(
      await keywell.connectHandler(ask(origin, {}, `${origin}${path}`), who),
      400,
      'invalid_request',
    )
    expect(service.sessions.size).toBe(0)
  })
})

verifies.suite('T34:not-configured', () => {
  function unconfigured(url = service.url): Keywell {
    vi.stubEnv('KEYWELL_APP_ORIGIN', '')
    const made = new Keywell({ ...service.options, url })
    onTestFinished(() => {
      vi.unstubAllEnvs()
      made.close()
    })
    return made
  }

  test.each(['http://localhost:3000', 'http://127.0.0.1:5173', 'http://[::1]:8080'])(
    'in development %s is served',
    async (page) => {
      vi.stubEnv('NODE_ENV', 'development')
      const response = await unconfigured().connectHandler(ask(page), who)
      const { sessionId } = await response.json()
      expect(service.sessions.get(sessionId)).toMatchObject({ origins: [page] })
    },
  )

  test.each([
    'https://evil.example',
    'http://localhost.evil.example',
    'http://evil.localhost:3000',
    'http://127.0.0.2',
    'http://192.168.0.1',
    'null',
  ])('in development %s is not', async (page) => {
    vi.stubEnv('NODE_ENV', 'development')
    const url = `${page === 'null' ? origin : page}/api/keywell/session`
    const response = await unconfigured().connectHandler(ask(page, {}, url), who)
    await problem(response, 403, 'origin_not_allowed')
    expect(service.calls).toEqual([])
  })

  test.each([
    ['in production', 'production', undefined],
    ['where the service is elsewhere', 'development', 'https://keywell.example'],
  ])('%s it is a mistake of the app, from the first request on', async (_, mode, url) => {
    vi.stubEnv('NODE_ENV', mode)
    const bare = unconfigured(url)
    for (const request of [ask('http://localhost:3000'), new Request(`${mount}/connections`)]) {
      const refusal = bare.connectHandler(request, who)
      await expect(refusal).rejects.toThrow(TypeError)
      await expect(refusal).rejects.toThrow(/Set KEYWELL_APP_ORIGIN .* or pass `appOrigin`/)
    }
    expect(service.calls).toEqual([])
  })
})

describe('routing', () => {
  test.each([
    ['', 'https://app.example/session'],
    ['/deep/er', 'https://app.example/deep/er/session'],
    ['/finish', 'https://app.example/finish/session'],
  ])('works when it is mounted at "%s"', async (base, url) => {
    const request = new Request(url, { method: 'POST', headers: { origin } })
    const { sessionId } = await (await keywell.connectHandler(request, who)).json()
    expect(service.sessions.get(sessionId)).toMatchObject({ returnUrl: `${origin}${base}/finish` })
  })

  test.each([
    ['GET', '/session'],
    ['GET', '/'],
    ['PUT', '/finish'],
    ['DELETE', '/connections'],
    ['GET', '/connections/x/y'],
  ])('%s %s is not found', async (method, path) => {
    await problem(await call(method, path), 404, 'not_found')
  })

  test('no answer ever holds a credential', async () => {
    const kept = await service.connect()
    const flow = await startedFlow()
    const answers = [
      await call('POST', '/session'),
      await call('POST', '/finish', flow),
      await call('GET', '/connections'),
      await call('DELETE', `/connections/${kept.connection.id}`),
    ]
    const texts = await Promise.all(answers.map((answer) => answer.text()))
    expect(texts.join('\n')).not.toContain(kept.credential)
    expect(texts.join('\n')).not.toContain(service.apiKey)
  })
})

test.each<[string, object, RegExp]>([
  ['nobody', {}, /must name the user/],
  ['no user', { tenantId: 'a' }, /must name the user/],
  ['an empty user', { tenantId: 'a', userId: '' }, /must name the user/],
  [
    'an origin with a path',
    { tenantId: 'a', userId: 'b', origin: 'https://app.example/' },
    /must be an origin/,
  ],
])('%s in `who` is a mistake of the app: TypeError', async (_, wrong, message) => {
  // A caller without types may pass anything.
  const handling = call('GET', '/connections', undefined, wrong as SignedIn)
  await expect(handling).rejects.toThrow(TypeError)
  await expect(call('GET', '/connections', undefined, wrong as SignedIn)).rejects.toThrow(message)
})

describe('GET connections/events', () => {
  /** Follows as a page does; `next` resolves with the next event. */
  async function follow(signedIn: SignedIn = who) {
    const response = await call('GET', '/connections/events', undefined, signedIn)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    const reader = response.body?.getReader()
    onTestFinished(() => reader?.cancel())
    return {
      next: async () => Buffer.from((await reader?.read())?.value ?? []).toString(),
      leave: () => reader?.cancel(),
    }
  }

  verifies('sdk:page-follows', async () => {
    const page = await follow()
    expect(await page.next()).toBe('data: {}\n\n')
    // Made and removed by others, so that this client learns of it by the change stream alone.
    const held = await service.connect()
    expect(await page.next()).toBe('data: {}\n\n')
    await service.disconnect(held)
    expect(await page.next()).toBe('data: {}\n\n')
  })

  verifies('sdk:page-follows-its-user', async () => {
    const page = await follow()
    await page.next()
    const others = [
      { ...who, userId: 'user_456' },
      { ...who, tenantId: `${who.tenantId}_other` },
    ]
    const pages = await Promise.all(others.map(follow))
    for (const other of pages) await other.next()
    for (const other of others) await service.connect(other)
    for (const other of pages) expect(await other.next()).toBe('data: {}\n\n')
    // Whatever was sent to this page was sent before.
    const silent = Symbol('silent')
    const sent = await Promise.race([
      page.next(),
      new Promise((resolve) => setImmediate(resolve, silent)),
    ])
    expect(sent).toBe(silent)
  })

  verifies('sdk:page-follows-bounded', async () => {
    const pages = await Promise.all(Array.from({ length: 8 }, () => follow()))
    const refused = await call('GET', '/connections/events')
    expect(refused.headers.get('retry-after')).toBe('30')
    await problem(refused, 429, 'rate_limited')
    await pages[0]?.leave()
    await follow()
  })

  verifies('sdk:page-follows-bounded', async () => {
    await Promise.all(Array.from({ length: 8 }, () => follow()))
    const refused = await (await call('GET', '/connections/events')).json()
    expect(refused.detail).toBe('This user has 8 windows that follow, which is the most.')
    expect(refused.nextStep).toMatch(/^Close those that nobody needs/)
  })

  verifies('sdk:page-follows-bounded', async () => {
    const url = `${mount}/connections/events`
    for (let visits = 0; visits < 20; visits += 1) {
      // Its window was closed while the app's backend looked up who is signed in.
      const request = new Request(url, { headers: { origin }, signal: AbortSignal.abort() })
      const response = await keywell.connectHandler(request, who)
      expect([response.status, response.body]).toEqual([204, null])
    }
    await follow()
  })

  verifies.suite('T37:foreign-follower', () => {
    test.each(elsewhere)('%s takes no place', async (_, headers) => {
      const url = `${mount}/connections/events`
      for (let visits = 0; visits < 9; visits += 1) {
        const response = await keywell.connectHandler(new Request(url, { headers }), who)
        await problem(response, 403, 'origin_not_allowed')
      }
      await follow()
    })

    test('a page of the app does, whether its browser names its origin or says that it is the same', async () => {
      for (const headers of [{ origin }, { 'sec-fetch-site': 'same-origin' }]) {
        const request = new Request(`${mount}/connections/events`, { headers })
        const response = await keywell.connectHandler(request, who)
        onTestFinished(() => response.body?.cancel())
        expect(response.status).toBe(200)
      }
    })
  })

  test('there are none where nothing outlives a request', async () => {
    vi.stubGlobal('EdgeRuntime', 'edge-runtime')
    onTestFinished(() => void vi.unstubAllGlobals())
    const short = new Keywell({ ...service.options, appOrigin: origin })
    const request = new Request(`${mount}/connections/events`, { headers: { origin } })
    const response = await short.connectHandler(request, who)
    expect([response.status, await response.text()]).toEqual([204, ''])
  })
})
