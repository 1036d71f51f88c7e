/** Every route that writes an entry of the audit log, while that cannot be written. */
import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { Person } from './support/person.ts'
import { type Answer, appOrigin, createStage, mira, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

interface Act {
  name: string
  /** What it takes beforehand; answers the act itself, which is called twice. */
  prepare(): Promise<() => Promise<Pick<Answer, 'status' | 'headers' | 'body'>>>
}

describeEachDatabase('the audit log is away', (makeDatabase) => {
  let stage: Stage
  let next = 0

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { role: 'serve' })
  })
  afterAll(() => stage.stop())

  const created = async (path: string, body: object) =>
    must(await stage.call<{ id: string }>('POST', path, body), 201).id
  const call = (method: string, path: string, body?: object) => () => stage.call(method, path, body)
  const newTenant = () => {
    next += 1
    return `ten_away_${next}`
  }
  const hook = { url: 'https://hooks.example/keywell' }
  const policy = { tools: { gitlab: [] } }
  const integration = () => ({
    ...{ provider: 'gitlab', host: stage.sandbox.url, scopes: ['read_api'] },
    tenantId: newTenant(),
  })
  const user = () => {
    next += 1
    return { tenantId: mira.tenantId, userId: `usr_away_${next}` }
  }
  const connected = async () => {
    const who = user()
    const { connection } = await stage.connect({ who })
    return { who, id: String(connection?.id) }
  }
  const form = (flow: { startCode: string; startUrl: string }) => async () => {
    const response = await fetch(flow.startUrl, {
      method: 'POST',
      body: new URLSearchParams({ start_code: flow.startCode }),
      headers: { origin: appOrigin },
    })
    return { status: response.status, headers: response.headers, body: await response.text() }
  }

  /** What a route has to be given, by what it does. */
  const acts: Act[] = [
    { name: 'session', prepare: async () => call('POST', '/v1/connect/sessions', sessionOf()) },
    {
      name: 'start',
      prepare: async () => form(await stage.flow(await stage.session(user()))),
    },
    {
      name: 'callback',
      async prepare() {
        const person = new Person()
        const flow = await stage.flow(await stage.session(user()))
        const back = await stage.consent(await stage.start(person, flow))
        return async () => {
          const page = await stage.callback(person, back)
          // Where nothing is wrong it leads on to the app.
          return {
            ...page,
            body: page.text,
            status: page.url.origin === appOrigin ? 200 : page.status,
          }
        }
      },
    },
    {
      name: 'confirm',
      async prepare() {
        const who = user()
        const person = new Person()
        const flow = await stage.flow(await stage.session(who))
        const back = await stage.consent(await stage.start(person, flow))
        const { url } = await stage.callback(person, back)
        return async () => {
          const answer = await stage.confirm(url, who)
          if (answer.status === 200) expect(answer.body).toMatchObject({ status: 'connected' })
          return answer
        }
      },
    },
    {
      name: 'cancel',
      async prepare() {
        const session = await stage.session(user())
        const { flowId } = await stage.flow(session)
        return () => stage.page(session.connectToken, 'DELETE', `/connect/flows/${flowId}`)
      },
    },
    {
      name: 'read',
      async prepare() {
        const { who } = await connected()
        return () => stage.read(who)
      },
    },
    {
      name: 'request',
      async prepare() {
        const { who } = await connected()
        const { url } = stage.sandbox
        return call('POST', '/v1/requests', {
          ...who,
          provider: 'gitlab',
          path: '/api/v4/user',
          host: url,
        })
      },
    },
    {
      name: 'paste',
      async prepare() {
        const { value } = await stage.sandbox.control.issuePersonalAccessToken({ username: 'ada' })
        const credential = { type: 'api_key', value }
        const body = { ...user(), provider: 'gitlab', host: stage.sandbox.url, credential }
        return call('POST', '/v1/connections', body)
      },
    },
    {
      name: 'disconnect',
      async prepare() {
        const { who, id } = await connected()
        return call('DELETE', `/v1/connections/${id}?${new URLSearchParams(who)}`)
      },
    },
    { name: 'integration', prepare: async () => call('POST', '/v1/integrations', integration()) },
    {
      name: 'client',
      async prepare() {
        const draft = integration()
        const id = await created('/v1/integrations', draft)
        const client = { clientId: 'an-app', clientSecret: 'its-secret', tenantId: draft.tenantId }
        return call('PUT', `/v1/integrations/${id}/client`, client)
      },
    },
    { name: 'webhook', prepare: async () => call('POST', '/v1/webhooks', hook) },
    ...(
      [
        ['PATCH', '', { enabled: false }],
        ['DELETE', ''],
        ['POST', '/rotate-secret'],
        ['POST', '/test'],
      ] as const
    ).map(([method, path, body]) => ({
      name: `webhook ${method}${path}`,
      prepare: async () =>
        call(method, `/v1/webhooks/${await created('/v1/webhooks', hook)}${path}`, body),
    })),
    {
      name: 'key',
      prepare: async () => call('POST', '/v1/api-keys', { name: 'k', roles: ['audit'] }),
    },
    ...(
      [
        ['DELETE', ''],
        ['POST', '/rotate'],
      ] as const
    ).map(([method, path]) => ({
      name: `key ${method}${path}`,
      prepare: async () => {
        const id = await created('/v1/api-keys', { name: 'k', roles: ['audit'] })
        return call(method, `/v1/api-keys/${id}${path}`, method === 'POST' ? {} : undefined)
      },
    })),
    ...(['PUT', 'DELETE'] as const).map((method) => ({
      name: `policy ${method}`,
      prepare: async () => {
        const path = `/v1/tenants/${newTenant()}/policy`
        if (method === 'DELETE') must(await stage.call('PUT', path, policy), 200)
        return call(method, path, method === 'PUT' ? policy : undefined)
      },
    })),
    ...(
      [
        ['DELETE', ''],
        ['GET', '/export'],
      ] as const
    ).map(([method, path]) => ({
      name: `tenant ${method}${path}`,
      prepare: async () => {
        const tenant = `/v1/tenants/${newTenant()}`
        must(await stage.call('PUT', `${tenant}/policy`, policy), 200)
        return call(method, `${tenant}${path}`)
      },
    })),
  ]
  const sessionOf = () => ({
    ...{ ...user(), origins: [appOrigin], returnUrl: `${appOrigin}/finish` },
  })

  verifies(
    'T30:nothing-spent',
    async () => {
      const counted = async () => {
        const { text } = await stage.keywell.metrics()
        return Number(/^keywell_audit_unwritable_total(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1])
      }
      const ready: [name: string, act: Awaited<ReturnType<Act['prepare']>>][] = []
      for (const { name, prepare } of acts) ready.push([name, await prepare()])
      await stage.database.query('alter table audit_tail rename to audit_away')
      for (const [name, act] of ready) {
        const before = await counted()
        const { status, headers, body } = await act()
        expect({ name, status, body: JSON.stringify(body) }).toMatchObject({ status: 503 })
        expect(headers.get('retry-after'), name).toBe('1')
        expect(JSON.stringify(body), name).toContain('audit log cannot be written')
        expect(await counted(), name).toBe(before + 1)
      }
      await stage.database.query('alter table audit_away rename to audit_tail')
      for (const [name, act] of ready) {
        const { status, body } = await act()
        expect({ name, ok: status < 300, body: JSON.stringify(body).slice(0, 300) }).toMatchObject({
          ok: true,
        })
      }
    },
    { timeout: 60_000 },
  )
})
