import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Keywell, type SignedIn } from './index.ts'
import { apiKey, confirmed, newId, StandInService } from './testing/stand-in-service.ts'

const origin = 'https://app.example'
const mount = `${origin}/api/keywell`
const who = { tenantId: 'org_acme', userId: 'user_123' }

let service: StandInService
let keywell: Keywell
beforeEach(async () => {
  service = await new StandInService().start()
  keywell = new Keywell({ url: service.url, apiKey })
})
afterEach(async () => {
  keywell.close()
  await service.stop()
})

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

async function startedFlow(how: Parameters<typeof confirmed>[1] = {}) {
  const { sessionId } = await (await call('POST', '/session')).json()
  const answer = confirmed(service.connect(), how)
  service.tickets.set('ticket', { userId: who.userId, answer })
  return { session: sessionId, flow: answer.flowId, ticket: 'ticket' }
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
      allowAccountChange: true,
    })
  })

  test('mends the connection that the body names', async () => {
    const connectionId = newId('connection')
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
    const { sessionId } = await (await call('POST', '/session', planted)).json()
    const session = service.sessions.get(sessionId)
    expect(session).toMatchObject({ ...who, origins: [origin], returnUrl: `${mount}/finish` })
    expect(session).toMatchObject({ scopes: {}, allowAccountChange: false })
    expect(session).not.toHaveProperty('providers')
  })

  test('behind a proxy takes origin and mount point as told', async () => {
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

  test.each<[string, unknown, SignedIn]>([
    ['a fragment that no page picks up', { returnMode: 'fragment' }, who],
    ['an unknown return mode', { returnMode: 'form' }, who],
    ['a connection id that is none', { connectionId: 'x' }, who],
    ['a list', [], who],
    ['a text', 'hello', who],
  ])('refuses %s', async (_, body, signedIn) => {
    await problem(await call('POST', '/session', body, signedIn), 400, 'invalid_request')
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
  test('confirms for the signed-in user, and tells the page that began', async () => {
    const { session, flow, ticket } = await startedFlow()
    const response = await arrive({
      keywell_session: session,
      keywell_flow: flow,
      keywell_ticket: ticket,
    })
    expect(response.status).toBe(200)
    const html = await response.text()
    expect(html).toContain('You can close this window.')
    expect(html).toContain('The account of Ada is connected.')
    expect(html).not.toContain(ticket)
    expect(newsIn(html)).toEqual({ flowId: flow, status: 'connected' })
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
    expect(html).not.toMatch(/style/)
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
      const { session, flow, ticket } = await startedFlow({ mode: 'redirect', resumeUrl })
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
    const { session, flow, ticket } = await startedFlow({ status: 'denied', connection: null })
    const response = await arrive({
      keywell_session: session,
      keywell_flow: flow,
      keywell_ticket: ticket,
    })
    const html = await response.text()
    expect(html).toContain('You said no at the provider. Nothing was stored.')
    expect(newsIn(html)).toEqual({ flowId: flow, status: 'denied' })
  })

  test('for another user has no effect, and says so on a page', async () => {
    const { session, flow, ticket } = await startedFlow()
    const parameters = { keywell_session: session, keywell_flow: flow, keywell_ticket: ticket }
    const response = await arrive(parameters, { ...who, userId: 'user_evil' })
    expect(response.status).toBe(403)
    const html = await response.text()
    expect(html).toContain('signed in as the same user')
    expect(newsIn(html)).toEqual({ flowId: flow, status: 'failed' })
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
  ])('with %s is a page, and tells nobody', async (_, parameters) => {
    const response = await arrive(parameters)
    expect(response.status).toBe(400)
    const html = await response.text()
    expect(html.match(/<script/g)).toHaveLength(1)
    expect(html).not.toContain('alert(1)</script>')
    expect(newsIn(html)).toBeNull()
  })

  test('while the service is down is a page, too', async () => {
    await service.stop()
    const response = await arrive({
      keywell_session: newId('session'),
      keywell_flow: newId('flow'),
      keywell_ticket: 'ticket',
    })
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
  })
})

/** What the page's script will tell. That it does, and closes, is seen in a browser: `test/e2e`. */
function newsIn(html: string): unknown {
  return JSON.parse(/^const news = (.*)$/m.exec(html)?.[1] ?? 'missing')
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
    const { connection } = service.connect()
    service.connect({ userId: 'user_456' })
    const response = await call('GET', '/connections?userId=user_456&tenantId=org_other')
    expect(await response.json()).toEqual({ connections: [connection], nextCursor: null })
  })

  test('are disconnected', async () => {
    const { connection } = service.connect()
    const response = await call('DELETE', `/connections/${connection.id}`)
    expect(await response.json()).toMatchObject({ connection: { status: 'disconnected' } })
  })

  test.each([
    ['of others', () => service.connect({ userId: 'user_456' }).connection.id],
    ['that never were', () => newId('connection')],
    ['without an id', () => 'x'],
    ['with a path as id', () => '..%2F..%2Fkeys'],
  ])('%s are not found', async (_, id) => {
    await problem(await call('DELETE', `/connections/${id()}`), 404, 'not_found')
    expect(service.kept.every(({ connection }) => connection.status === 'active')).toBe(true)
  })
})

describe('a page of another site', () => {
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
  test.each(elsewhere)('%s cannot change anything', async (_, headers) => {
    const { connection } = service.connect()
    const before = service.calls.length
    for (const [method, path] of [
      ['POST', '/session'],
      ['POST', '/finish'],
      ['DELETE', `/connections/${connection.id}`],
    ]) {
      const request = new Request(`${mount}${path}`, { method: method ?? '', headers })
      await problem(await keywell.connectHandler(request, who), 403, 'origin_not_allowed')
    }
    expect(service.calls).toHaveLength(before)
  })

  test('the page itself may leave Origin out, when the browser vouches', async () => {
    const headers = { 'sec-fetch-site': 'same-origin' }
    const request = new Request(`${mount}/session`, { method: 'POST', headers })
    expect((await keywell.connectHandler(request, who)).status).toBe(201)
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
    const kept = service.connect()
    const flow = await startedFlow()
    const answers = [
      await call('POST', '/session'),
      await call('POST', '/finish', flow),
      await call('GET', '/connections'),
      await call('DELETE', `/connections/${kept.connection.id}`),
    ]
    const texts = await Promise.all(answers.map((answer) => answer.text()))
    for (const { credential } of service.kept) expect(texts.join('\n')).not.toContain(credential)
    expect(texts.join('\n')).not.toContain(apiKey)
  })
})

test.each<[string, object, RegExp]>([
  ['nobody', {}, /must name the user/],
  ['no user', { tenantId: 'a' }, /must name the user/],
  ['an empty user', { tenantId: 'a', userId: '' }, /must name the user/],
  ['an origin with a path', { ...who, origin: 'https://app.example/' }, /must be an origin/],
])('%s in `who` is a mistake of the app: TypeError', async (_, wrong, message) => {
  // A caller without types may pass anything.
  const handling = call('GET', '/connections', undefined, wrong as SignedIn)
  await expect(handling).rejects.toThrow(TypeError)
  await expect(call('GET', '/connections', undefined, wrong as SignedIn)).rejects.toThrow(message)
})
