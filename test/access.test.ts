/** What an API key may do, and how every other call with it is answered. */

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type ApiKeyRole,
  type ApiKeyWithSecret,
  type CreateApiKey,
  returnParameters,
} from '@keywell/protocol'
import { afterAll, beforeAll, expect } from 'vitest'
import { acme } from './support/bad-definitions.ts'
import { describeEachDatabase } from './support/databases.ts'
import { Person } from './support/person.ts'
import { type Answer, appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const home = { tenantId: 'ten_home', userId: 'usr_home' }
const abroad = { tenantId: 'ten_abroad', userId: 'usr_abroad' }
const unknown = '00000000000000000000000000'

describeEachDatabase('access', (makeDatabase) => {
  let stage: Stage
  let receiver: Server
  beforeAll(async () => {
    receiver = createServer((_, response) => response.writeHead(204).end()).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    stage = await createStage(await makeDatabase(), {
      privateWebhookHosts: [{ origin: receiverUrl() }],
    })
    const asked = { scopes: { gitlab: { required: ['api' as const] } } }
    for (const who of [home, abroad]) {
      await stage.connect({ who, session: asked, flow: { scopes: ['api'] } })
      const { tenantId } = who
      must(await stage.call('POST', '/v1/webhooks', { tenantId, url: receiverUrl() }), 201)
    }
  })
  afterAll(async () => {
    await stage.stop()
    receiver.closeAllConnections()
    receiver.close()
  })

  // A listener on a TCP port has no path, so this is no string.
  const receiverUrl = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`

  async function keyWith(grants: Partial<CreateApiKey>): Promise<string> {
    return (await stage.keywell.apiKeys.create('a key', grants)).key.expose()
  }

  async function send<Body = Record<string, unknown>>(
    key: string,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer<Body>> {
    const response = await fetch(`${stage.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '')
    // The caller says which type it expects.
    const parsed = (isJson ? JSON.parse(text) : text) as Body
    return { status: response.status, headers: response.headers, body: parsed }
  }

  /** All routes that take an API key, as the service describes itself: `GET /v1/connections/{connectionId}`. */
  async function routesForKeys(): Promise<string[]> {
    type Description = { paths: Record<string, Record<string, unknown>> }
    const { paths } = (await stage.call<Description>('GET', '/openapi.json')).body
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const routes = described.filter((route) => route.includes(' /v1/'))
    expect(routes.length).toBeGreaterThan(20)
    return [...routes, 'GET /metrics']
  }

  const routeOf = (route: string) => {
    const [method = '', path = ''] = route.split(' ')
    return { method, path: path.replaceAll(/\{\w+\}/g, `con_${unknown}`) }
  }

  verifies('T29:roles', async () => {
    const opens: Record<ApiKeyRole, RegExp> = {
      admin: /^(?!POST \/v1\/(credentials|requests|tools|approvals)|[A-Z]+ \/v1\/mcp-tokens)/,
      backend:
        /^(POST \/v1\/(credentials|requests|tools|approvals|scopes)|[A-Z]+ \/v1\/mcp-tokens|GET \/v1\/(approvals|tools|connections|connect\/|installations|integrations|providers|changes|incidents)|(DELETE|POST) \/v1\/(connections|connect\/|installations))/,
      agent: /^(GET \/v1\/(providers|tools)|POST \/v1\/(tools|scopes))/,
      connect:
        /^(GET \/v1\/(connections|connect\/|installations|providers|tools)|POST \/v1\/(connections\/search|scopes)|(DELETE|POST) \/v1\/connect\/)/,
      read_only:
        /^(GET \/(metrics|v1\/(?!api-keys|approvals|audit|connect\/|custom-providers|tenants))|POST \/v1\/((connections|events)\/search|scopes))/,
      audit: /^(GET \/(metrics|v1\/audit)|POST \/v1\/events\/search)/,
    }
    for (const [role, pattern] of Object.entries(opens)) {
      // Object.entries forgets the names that the type above demands.
      const key = await keyWith({ roles: [role as ApiKeyRole] })
      for (const route of await routesForKeys()) {
        if (route === 'GET /v1/changes') continue // a stream without an end; see below
        const { method, path } = routeOf(route)
        const response = await fetch(`${stage.url}${path}`, {
          method,
          headers: { authorization: `Bearer ${key}` },
        })
        const answer = await response.text()
        const isOpen = pattern.test(route)
        expect(answer.includes('"code":"forbidden"'), `${role}: ${route}: ${answer}`).toBe(!isOpen)
        expect(response.status === 403, `${role}: ${route}`).toBe(!isOpen)
      }
    }
    // The answer says what is missing, and who has it.
    const connect = await keyWith({ roles: ['connect'] })
    const query = { provider: 'gitlab', ...home }
    expect((await send(connect, 'POST', '/v1/credentials', query)).body).toMatchObject({
      code: 'forbidden',
      detail: expect.stringContaining('credentials:read'),
      nextStep: expect.stringContaining('backend'),
    })
    const stream = await send(connect, 'GET', '/v1/changes')
    expect(stream).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    // Several roles add up.
    const both = await keyWith({ roles: ['connect', 'backend'] })
    expect((await send(both, 'POST', '/v1/credentials', query)).status).toBe(200)
    expect((await send(both, 'GET', '/v1/nowhere')).status).toBe(404)
  })

  verifies('T29:not-stronger', async () => {
    const make = (maker: string, wanted: object) =>
      send<ApiKeyWithSecret>(maker, 'POST', '/v1/api-keys', { name: 'made', ...wanted })
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString()
    const inADay = new Date(Date.now() + 86_400_000).toISOString()
    const admin = await keyWith({ roles: ['admin'] })
    const brief = await keyWith({ roles: ['admin'], expiresAt: inAnHour })

    // An admin key reads no credential, so it makes no key that does.
    for (const roles of [['backend'], ['admin', 'backend']]) {
      const answer = await make(admin, { roles })
      expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
      expect(answer.body).not.toHaveProperty('key')
    }
    for (const [maker, wanted] of [
      [brief, { roles: ['audit'] }],
      [brief, { roles: ['audit'], expiresAt: inADay }],
    ] as const) {
      expect(await make(maker, wanted)).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    }
    const strong = must(await make(stage.apiKey, { roles: ['backend'] }), 201)
    const rotated = await send(admin, 'POST', `/v1/api-keys/${strong.id}/rotate`)
    expect(rotated).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    const lasting = must(await make(admin, { roles: ['audit'] }), 201)
    expect((await send(brief, 'POST', `/v1/api-keys/${lasting.id}/rotate`)).status).toBe(403)
    // Neither can one without the role, nor one that is limited, whatever it asks for.
    for (const grants of [
      { roles: ['backend', 'connect', 'read_only', 'audit'] },
      { roles: ['admin'], tenants: [home.tenantId] },
      { roles: ['admin'], providers: ['gitlab'] },
    ] satisfies Partial<CreateApiKey>[]) {
      const key = await keyWith(grants)
      expect((await make(key, { roles: ['audit'], tenants: [home.tenantId] })).status).toBe(403)
      expect((await send(key, 'GET', '/v1/api-keys')).status).toBe(403)
    }

    // What it may, it does; the key is shown once.
    const made = must(
      await make(brief, { roles: ['read_only'], tenants: [home.tenantId], expiresAt: inAnHour }),
      201,
    )
    expect((await send(made.key, 'GET', `/v1/connections?tenantId=${home.tenantId}`)).status).toBe(
      200,
    )
    const list = await send(admin, 'GET', '/v1/api-keys')
    expect(JSON.stringify(list.body)).not.toContain(made.key.slice(-40))
    expect(list.body.apiKeys).toContainEqual(
      expect.objectContaining({
        id: made.id,
        status: 'live',
        roles: ['read_only'],
        tenants: [home.tenantId],
        expiresAt: inAnHour,
      }),
    )
    const next = must(
      await send<ApiKeyWithSecret>(admin, 'POST', `/v1/api-keys/${made.id}/rotate`, {
        overlapSeconds: 0,
      }),
      201,
    )
    expect(next.tenants).toEqual([home.tenantId])
    expect((await send(made.key, 'GET', '/v1/providers')).status).toBe(401)
    const path = `/v1/api-keys/${next.id}`
    must(await send(admin, 'DELETE', path), 200)
    expect((await send(next.key, 'GET', '/v1/providers')).status).toBe(401)
    expect((await send(admin, 'DELETE', path)).status).toBe(404)
    for (const bad of [
      { roles: [] },
      { roles: ['root'] },
      { roles: ['audit'], tenants: [] },
      { roles: ['audit'], expiresAt: 'tomorrow' },
      { roles: ['audit'], expiresAt: '2020-01-01T00:00:00Z' },
      { roles: ['audit'], name: ' ' },
    ]) {
      expect((await make(admin, bad)).body, JSON.stringify(bad)).toMatchObject({
        code: 'invalid_request',
      })
    }
  })

  verifies('T29:limits', async () => {
    const tenants = [home.tenantId]
    const key = await keyWith({ tenants })
    expect(
      (await send(key, 'POST', '/v1/credentials', { provider: 'gitlab', ...home })).status,
    ).toBe(200)
    const session = (who: object, more: object = {}) => ({
      origins: [appOrigin],
      returnUrl: `${appOrigin}/back`,
      ...who,
      ...more,
    })
    const refusedSession = await send(key, 'POST', '/v1/connect/sessions', session(abroad))
    expect(refusedSession).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    must(await send(key, 'POST', '/v1/connect/sessions', session(home)), 201)
    // What belongs to the whole installation belongs to no tenant.
    for (const [path, body] of [
      ['/v1/webhooks', { url: receiverUrl() }],
      ['/v1/integrations', { provider: 'gitlab', scopes: ['api'] }],
    ] as const) {
      expect((await send(key, 'POST', path, body)).status, path).toBe(403)
      const elsewhere = { ...body, tenantId: abroad.tenantId }
      expect((await send(key, 'POST', path, elsewhere)).status, path).toBe(403)
    }
    expect((await send(key, 'GET', '/v1/integrations')).body).toEqual({ integrations: [] })
    expect((await send(key, 'GET', '/v1/webhooks')).body).toEqual({ webhooks: [] })
    for (const path of ['/v1/changes', '/metrics']) {
      expect((await send(key, 'GET', path)).body, path).toMatchObject({ code: 'forbidden' })
    }

    // A key for another provider sees nothing of this one, in its own tenant either.
    const other = await keyWith({ tenants, providers: ['forge'] })
    const [connection] = must(
      await stage.call<{ connections: { id: string }[] }>(
        'GET',
        `/v1/connections?tenantId=${home.tenantId}`,
      ),
      200,
    ).connections
    const reader = await keyWith({ tenants, providers: ['gitlab'] })
    const query = `tenantId=${home.tenantId}`
    const one = `/v1/connections/${connection?.id}?${query}`
    expect((await send(reader, 'GET', one)).status).toBe(200)
    for (const method of ['GET', 'DELETE']) {
      expect((await send(other, method, one)).body, method).toMatchObject({ code: 'not_found' })
    }
    for (const more of ['', '&provider=gitlab', '&provider=forge']) {
      const answer = await send(other, 'GET', `/v1/connections?${query}${more}`)
      expect(answer.body, more).toEqual({ connections: [], nextCursor: null })
    }
    const gitlab = { provider: 'gitlab', ...home }
    expect((await send(other, 'POST', '/v1/credentials', gitlab)).body).toMatchObject({
      code: 'not_connected',
    })
    for (const more of [{ providers: ['gitlab'] }, { providers: ['gitlab', 'forge'] }]) {
      const answer = await send(other, 'POST', '/v1/connect/sessions', session(home, more))
      expect(answer.body, JSON.stringify(more)).toMatchObject({ code: 'forbidden' })
    }
    const reconnect = session(home, { connectionId: connection?.id })
    expect((await send(other, 'POST', '/v1/connect/sessions', reconnect)).body).toMatchObject({
      code: 'not_found',
    })
    // A session that names no provider is for those of its key, and no browser can widen it.
    const made = must(
      await send<{ connectToken: string }>(other, 'POST', '/v1/connect/sessions', session(home)),
      201,
    )
    const options = await stage.page(made.connectToken, 'GET', '/connect/providers')
    expect(options.body).toEqual({ providers: [], places: {} })
    const flow = { provider: 'gitlab', host: stage.sandbox.url }
    const begun = await stage.page(made.connectToken, 'POST', '/connect/flows', flow)
    expect(begun.status).toBeGreaterThanOrEqual(400)
    expect((await stage.read(home)).status).toBe(200)
    // A ticket in the wrong hands finishes nothing: a key of another tenant, one of another provider.
    for (const [thief, who] of [
      [key, abroad],
      [other, home],
    ] as const) {
      const connectionName = 'second'
      const person = new Person()
      const started = await stage.flow(await stage.session(who), { connectionName })
      const back = await stage.consent(await stage.start(person, started))
      const { searchParams } = (await stage.callback(person, back)).url
      const id = searchParams.get(returnParameters.session)
      const body = {
        ...who,
        flowId: searchParams.get(returnParameters.flow),
        ticket: searchParams.get(returnParameters.ticket),
      }
      const confirmed = await send(thief, 'POST', `/v1/connect/sessions/${id}/confirm`, body)
      expect(confirmed).toMatchObject({ status: 403, body: { code: 'flow_mismatch' } })
      expect((await stage.read({ ...who, connectionName: connectionName })).status).toBe(404)
    }
  })

  verifies('T19:every-route', async () => {
    const limited = await keyWith({ tenants: [home.tenantId] })
    const theirs = await idsAbroad()
    const unknownIds = Object.fromEntries(
      Object.entries(theirs).map(([name, id]) => [name, `${id.slice(0, 4)}${unknown}`]),
    ) as Record<keyof Ids, string>
    const plain = ({ status, body }: Answer, ids: Ids) => {
      let text = JSON.stringify(body).replaceAll(/req_\w+/g, '<request>')
      for (const [name, id] of Object.entries(ids)) text = text.replaceAll(id, `<${name}>`)
      return { status, text }
    }
    const routes = await routesForKeys()
    expect(routes).toEqual(expect.arrayContaining(Object.keys(questions)))
    for (const route of routes) {
      const { method, path } = routeOf(route)
      const question = questions[route]
      if (question === 'is asked for nothing') continue
      if (question === undefined) {
        // It has no word for tenants, so it is not for keys that are limited to some.
        const answer = await send(limited, method, path)
        expect(answer, route).toMatchObject({ status: 403, body: { code: 'forbidden' } })
        continue
      }
      const ask = async (key: string, tenantId: string, ids: Ids) => {
        const asked = question({ tenantId, ids, url: receiverUrl() })
        return plain(await send(key, method, asked.path, asked.body), ids)
      }
      // A tenant that the key is not for, and one that never was.
      const foreign = await ask(limited, abroad.tenantId, theirs)
      const makes = makers.has(route)
      // The log names the tenant that a refusal was about, so these calls name another tenant.
      const never = makes
        ? await ask(limited, 'ten_refused', unknownIds)
        : await ask(stage.apiKey, 'ten_never', unknownIds)
      expect(foreign, route).toEqual(never)
      expect(foreign.status, foreign.text).toBe(makes ? 403 : foreign.status)
      expect([200, 403, 404], foreign.text).toContain(foreign.status)
      if (makes || namesTenantAlone.has(route)) continue
      // And a key for every tenant, with the ids of one tenant and the name of another.
      const wrong = await ask(stage.apiKey, home.tenantId, theirs)
      const absent = await ask(stage.apiKey, home.tenantId, unknownIds)
      expect(wrong, `${route}, with a key for every tenant`).toEqual(absent)
    }

    const { connectToken } = await stage.session(home)
    for (const method of ['GET', 'DELETE']) {
      const ask = async (ids: Ids) =>
        plain(await stage.page(connectToken, method, `/connect/flows/${ids.flow}`), ids)
      expect(await ask(theirs), `${method} /connect/flows/:flowId`).toEqual(await ask(unknownIds))
    }

    // Nothing of it had an effect: everything is there, and is what was asked for.
    expect((await stage.read(abroad)).status).toBe(200)
    const query = `tenantId=${abroad.tenantId}`
    for (const [route, id] of [
      ['connections', theirs.connection],
      ['webhooks', theirs.webhook],
      ['integrations', theirs.integration],
    ]) {
      const list = await stage.call('GET', `/v1/${route}?${query}`)
      expect(JSON.stringify(list.body), route).toContain(id)
    }
    const deliveries = `/v1/webhooks/${theirs.webhook}/deliveries?${query}`
    const sent = (await stage.call<{ deliveries: { type: string }[] }>('GET', deliveries)).body
    expect(sent.deliveries.map(({ type }) => type).toSorted()).toEqual([
      'tool.approval_requested',
      'webhook.test',
    ])
  })

  /** One of everything that has an id, of the tenant abroad. */
  async function idsAbroad(): Promise<Ids> {
    const { tenantId } = abroad
    const query = `tenantId=${tenantId}`
    const first = async <Name extends string>(name: Name) => {
      const path = `/v1/${name}?${query}`
      const list = must(await stage.call<Record<Name, { id: string }[]>>('GET', path), 200)
      return list[name][0]?.id ?? ''
    }
    const body = { tenantId, provider: 'gitlab', host: stage.sandbox.url, scopes: ['read_api'] }
    const integration = must(
      await stage.call<{ id: string }>('POST', '/v1/integrations', body),
      201,
    )
    const own = { tenantId, definition: ownProvider }
    must(await stage.call('POST', '/v1/custom-providers', own), 201)
    const webhook = await first('webhooks')
    const test = `/v1/webhooks/${webhook}/test?${query}`
    const message = must(await stage.call<{ id: string }>('POST', test), 202)
    const session = await stage.session(abroad)
    const call = {
      ...abroad,
      tool: 'gitlab_issue_delete',
      arguments: { project_id: 1, issue_iid: 1 },
    }
    type Refused = { tool: { approvalId: string } }
    const refused = must(await stage.call<Refused>('POST', '/v1/tools/execute', call), 403)
    const agent = { ...abroad, provider: 'gitlab' }
    const mcpToken = must(await stage.call<{ id: string }>('POST', '/v1/mcp-tokens', agent), 201)
    must(await stage.call('PUT', `/v1/tenants/${tenantId}/policy`, { providers: ['gitlab'] }), 200)
    return {
      connection: await first('connections'),
      webhook,
      message: message.id,
      integration: integration.id,
      session: session.sessionId,
      approval: refused.tool.approvalId,
      mcpToken: mcpToken.id,
      flow: (await stage.flow(session)).flowId,
      user: abroad.userId,
    }
  }
})

interface Ids {
  connection: string
  webhook: string
  message: string
  integration: string
  session: string
  approval: string
  mcpToken: string
  flow: string
  user: string
}

type Question = (about: { tenantId: string; ids: Ids; url: string }) => {
  path: string
  body?: unknown
}

/** What is asked about one webhook. */
const ofWebhook =
  (rest: (ids: Ids) => string = () => ''): Question =>
  ({ tenantId, ids }) => ({ path: `/v1/webhooks/${ids.webhook}${rest(ids)}?tenantId=${tenantId}` })

const ofIntegration: Question = ({ tenantId, ids }) => ({
  path: `/v1/integrations/${ids.integration}?tenantId=${tenantId}`,
})

const ofInstallation: Question = ({ tenantId, ids }) => ({
  path: `/v1/installations/${ids.connection}?tenantId=${tenantId}`,
})

/** That the tenant abroad has defined for itself. */
const ownProvider = { ...acme, name: 'x-notes' }

const ofProvider: Question = ({ tenantId }) => ({
  path: `/v1/custom-providers/${ownProvider.name}?tenantId=${tenantId}`,
})

/** How each route is asked for something that has an id. */
const questions: Record<string, Question | 'is asked for nothing'> = {
  'GET /v1/audit': ({ tenantId }) => ({ path: `/v1/audit?tenantId=${tenantId}` }),
  'GET /v1/audit/export': ({ tenantId }) => ({ path: `/v1/audit/export?tenantId=${tenantId}` }),
  'GET /v1/audit/head': ({ tenantId }) => ({ path: `/v1/audit/head?tenantId=${tenantId}` }),
  'POST /v1/credentials': ({ tenantId, ids }) => ({
    path: '/v1/credentials',
    body: { provider: 'gitlab', tenantId, userId: ids.user },
  }),
  'POST /v1/requests': ({ tenantId, ids }) => ({
    path: '/v1/requests',
    body: { provider: 'gitlab', tenantId, userId: ids.user, path: '/api/v4/user' },
  }),
  'GET /v1/tools': 'is asked for nothing',
  'POST /v1/tools/list-scoped': ({ tenantId, ids }) => ({
    path: '/v1/tools/list-scoped',
    body: { tenantId, userId: ids.user },
  }),
  'POST /v1/tools/execute': ({ tenantId, ids }) => ({
    path: '/v1/tools/execute',
    body: { tenantId, userId: ids.user, tool: 'gitlab_projects_list' },
  }),
  'GET /v1/approvals': ({ tenantId }) => ({ path: `/v1/approvals?tenantId=${tenantId}` }),
  'GET /v1/approvals/{approvalId}': ({ tenantId, ids }) => ({
    path: `/v1/approvals/${ids.approval}?tenantId=${tenantId}`,
  }),
  'POST /v1/approvals/{approvalId}/decision': ({ tenantId, ids }) => ({
    path: `/v1/approvals/${ids.approval}/decision`,
    body: { tenantId, decision: 'approve', decidedBy: 'usr_any' },
  }),
  'POST /v1/approvals/{approvalId}/links': ({ tenantId, ids }) => ({
    path: `/v1/approvals/${ids.approval}/links`,
    body: { tenantId, userId: ids.user },
  }),
  'POST /v1/mcp-tokens': ({ tenantId, ids }) => ({
    path: '/v1/mcp-tokens',
    body: { tenantId, userId: ids.user, provider: 'gitlab' },
  }),
  'DELETE /v1/mcp-tokens/{mcpTokenId}': ({ tenantId, ids }) => ({
    path: `/v1/mcp-tokens/${ids.mcpToken}?tenantId=${tenantId}`,
  }),
  'GET /v1/connections': ({ tenantId }) => ({ path: `/v1/connections?tenantId=${tenantId}` }),
  'POST /v1/connections': ({ tenantId, ids }) => ({
    path: '/v1/connections',
    body: {
      provider: 'gitlab',
      tenantId,
      userId: ids.user,
      credential: { type: 'api_key', value: 'a-key-of-nobody' },
    },
  }),
  'GET /v1/connections/{connectionId}': ({ tenantId, ids }) => ({
    path: `/v1/connections/${ids.connection}?tenantId=${tenantId}`,
  }),
  'POST /v1/connections/search': ({ tenantId }) => ({
    path: '/v1/connections/search',
    body: { tenantId },
  }),
  'POST /v1/connections/{connectionId}/refresh': ({ tenantId, ids }) => ({
    path: `/v1/connections/${ids.connection}/refresh`,
    body: { tenantId },
  }),
  'DELETE /v1/connections/{connectionId}': ({ tenantId, ids }) => ({
    path: `/v1/connections/${ids.connection}?tenantId=${tenantId}`,
  }),
  'POST /v1/connect/sessions': ({ tenantId, ids }) => ({
    path: '/v1/connect/sessions',
    body: { tenantId, userId: ids.user, origins: [appOrigin], returnUrl: appOrigin },
  }),
  'POST /v1/connect/links': ({ tenantId, ids }) => ({
    path: '/v1/connect/links',
    body: { tenantId, userId: ids.user, accountLabel: 'mira', returnUrl: appOrigin },
  }),
  'DELETE /v1/connect/sessions/{sessionId}': ({ tenantId, ids }) => ({
    path: `/v1/connect/sessions/${ids.session}?tenantId=${tenantId}`,
  }),
  'POST /v1/connect/sessions/{sessionId}/confirm': ({ tenantId, ids }) => ({
    path: `/v1/connect/sessions/${ids.session}/confirm`,
    body: { tenantId, userId: ids.user, flowId: ids.flow, ticket: 'guessed' },
  }),
  'POST /v1/connect/device': ({ tenantId, ids }) => ({
    path: '/v1/connect/device',
    body: { tenantId, userId: ids.user, device: true, provider: 'gitlab' },
  }),
  'GET /v1/connect/device/{flowId}': ({ tenantId, ids }) => ({
    path: `/v1/connect/device/${ids.flow}?tenantId=${tenantId}`,
  }),
  'POST /v1/connect/device/{flowId}/confirm': ({ tenantId, ids }) => ({
    path: `/v1/connect/device/${ids.flow}/confirm`,
    body: { tenantId, userId: ids.user, accountId: '7' },
  }),
  'GET /v1/installations': ({ tenantId }) => ({ path: `/v1/installations?tenantId=${tenantId}` }),
  'GET /v1/installations/{connectionId}': ofInstallation,
  'DELETE /v1/installations/{connectionId}': ofInstallation,
  'GET /v1/integrations': ({ tenantId }) => ({ path: `/v1/integrations?tenantId=${tenantId}` }),
  'POST /v1/integrations': ({ tenantId }) => ({
    path: '/v1/integrations',
    body: { tenantId, provider: 'gitlab', scopes: ['read_api'] },
  }),
  'PUT /v1/integrations/{integrationId}/client': ({ tenantId, ids }) => ({
    path: `/v1/integrations/${ids.integration}/client`,
    body: { tenantId, clientId: 'thief', clientSecret: 'of-secrets' },
  }),
  'GET /v1/integrations/{integrationId}': ofIntegration,
  'PATCH /v1/integrations/{integrationId}': ({ tenantId, ids }) => ({
    path: `/v1/integrations/${ids.integration}`,
    body: { tenantId, enabled: false },
  }),
  'DELETE /v1/integrations/{integrationId}': ofIntegration,
  'POST /v1/integrations/{integrationId}/validate': ({ tenantId, ids }) => ({
    path: `/v1/integrations/${ids.integration}/validate`,
    body: { tenantId },
  }),
  'POST /v1/events/search': ({ tenantId }) => ({
    path: '/v1/events/search',
    body: { tenantId },
  }),
  'GET /v1/providers': 'is asked for nothing',
  'POST /v1/scopes/plan': 'is asked for nothing',
  'GET /v1/providers/categories': 'is asked for nothing',
  'GET /v1/providers/{name}': 'is asked for nothing',
  'GET /v1/custom-providers': ({ tenantId }) => ({
    path: `/v1/custom-providers?tenantId=${tenantId}`,
  }),
  'POST /v1/custom-providers': ({ tenantId }) => ({
    path: '/v1/custom-providers',
    body: { tenantId, definition: ownProvider },
  }),
  'POST /v1/custom-providers/check': ({ tenantId }) => ({
    path: '/v1/custom-providers/check',
    body: { tenantId, definition: ownProvider, credential: { accessToken: 'a-token' } },
  }),
  'GET /v1/custom-providers/{name}': ofProvider,
  'DELETE /v1/custom-providers/{name}': ofProvider,
  'PUT /v1/custom-providers/{name}': ({ tenantId }) => ({
    path: `/v1/custom-providers/${ownProvider.name}`,
    body: { tenantId, definition: ownProvider },
  }),
  'GET /v1/tenants/{tenantId}': ({ tenantId }) => ({ path: `/v1/tenants/${tenantId}` }),
  'GET /v1/tenants/{tenantId}/export': ({ tenantId }) => ({
    path: `/v1/tenants/${tenantId}/export`,
  }),
  'GET /v1/tenants/{tenantId}/policy': ({ tenantId }) => ({
    path: `/v1/tenants/${tenantId}/policy`,
  }),
  'GET /v1/webhooks': ({ tenantId }) => ({ path: `/v1/webhooks?tenantId=${tenantId}` }),
  'POST /v1/webhooks': ({ tenantId, url }) => ({ path: '/v1/webhooks', body: { tenantId, url } }),
  'GET /v1/webhooks/{webhookId}': ofWebhook(),
  'PATCH /v1/webhooks/{webhookId}': ({ tenantId, ids }) => ({
    path: `/v1/webhooks/${ids.webhook}`,
    body: { tenantId, enabled: false },
  }),
  'DELETE /v1/webhooks/{webhookId}': ofWebhook(),
  'POST /v1/webhooks/{webhookId}/rotate-secret': ofWebhook(() => '/rotate-secret'),
  'GET /v1/webhooks/{webhookId}/deliveries': ofWebhook(() => '/deliveries'),
  'POST /v1/webhooks/{webhookId}/deliveries/{messageId}/replay': ofWebhook(
    (ids) => `/deliveries/${ids.message}/replay`,
  ),
  'POST /v1/webhooks/{webhookId}/replay-dead': ofWebhook(() => '/replay-dead'),
  'POST /v1/webhooks/{webhookId}/test': ofWebhook(() => '/test'),
}

/** Routes that make something for a tenant. A key that is not for it gets 403, also if that tenant does not exist. */
const makers = new Set([
  'POST /v1/connect/sessions',
  'POST /v1/connect/links',
  'POST /v1/connect/device',
  'POST /v1/connections',
  'POST /v1/integrations',
  'POST /v1/custom-providers',
  'POST /v1/custom-providers/check',
  'POST /v1/webhooks',
  'POST /v1/mcp-tokens',
])

/** Routes with no id but the tenant's, which answer differently each time: of the log, or recorded there. */
const namesTenantAlone = new Set([
  'GET /v1/tenants/{tenantId}/export',
  'GET /v1/audit',
  'GET /v1/audit/export',
])
