/** The service's form for a key that a user has made at the provider, and those who attack it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type {
  ConfirmAnswer,
  ConnectionId,
  CreateFlow,
  CreateFlowAnswer,
  CreateSession,
  Problem,
} from '@keywell/protocol'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { type Page, Person } from './support/person.ts'
import { appOrigin, createStage, jonas, type mira, must, type Stage } from './support/stage.ts'
import { dump, expectNowhere } from './support/sweep.ts'
import { verifies } from './support/verifies.ts'

type Who = typeof mira

describeEachDatabase('the form for a key', (makeDatabase) => {
  let stage: Stage
  let next = 0
  /** Every page and address that a browser was given. */
  const seen: string[] = []
  /** Every key that was sent. */
  const keys: Record<string, string> = {}

  beforeAll(async () => {
    stage = await createStage(await makeDatabase())
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  function newUser(): Who {
    next += 1
    return { tenantId: `ten_form_${next}`, userId: 'usr_form' }
  }

  async function makeKey(scopes = ['read_api'], username = 'ada'): Promise<string> {
    const { value } = await stage.sandbox.control.issuePersonalAccessToken({ username, scopes })
    keys[`key ${Object.keys(keys).length}`] = value
    return value
  }

  interface Opened {
    who: Who
    person: Person
    flow: CreateFlowAnswer
    page: Page
    state: string
  }

  /** The form of a new flow, in a browser of its own. */
  async function open(
    who: Who = newUser(),
    request: { session?: Partial<CreateSession>; flow?: Partial<CreateFlow> } = {},
  ): Promise<Opened> {
    const person = new Person()
    const methods = ['oauth' as const, 'key' as const]
    const session = await stage.session({ methods, ...who, ...request.session })
    const flow = await stage.flow(session, { method: 'key', ...request.flow })
    const page = await stage.start(person, flow)
    seen.push(page.text)
    return { who, person, flow, page, state: stateOf(page.text) }
  }

  function stateOf(text: string): string {
    return /name="state" value="([^"]+)"/.exec(text)?.[1] ?? ''
  }

  /** Posts the form; ends before the app is visited. */
  async function submit(
    person: Person,
    fields: Record<string, string>,
    origin: string | null = stage.url,
  ): Promise<Page> {
    const page = await person.visit(`${stage.url}/connect/key`, {
      init: {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: origin === null ? {} : { origin },
      },
      stopAt: (to) => to.origin === appOrigin,
    })
    seen.push(page.text, page.url.href)
    return page
  }

  async function statusOf({ tenantId }: Who): Promise<unknown[]> {
    return stage.database.query(
      `select status, sealed_code is not null as "hasKey" from flows where tenant_id = $1
       order by id desc limit 1`,
      [tenantId],
    )
  }

  async function audited({ tenantId }: Who, action = 'flow.submit_key'): Promise<string[]> {
    const rows = await stage.database.query<{ result: string; reason: string | null }>(
      'select result, reason from audit where tenant_id = $1 and action = $2 order by id',
      [tenantId, action],
    )
    return rows.map(({ result, reason }) => reason ?? result)
  }

  const connections = ({ tenantId }: Who) =>
    stage.database.query('select id from connections where tenant_id = $1', [tenantId])

  const askedOfProvider = async () => (await stage.sandbox.control.counters()).calls.rest ?? 0

  verifies('connect:key-form', async () => {
    const { who, person, page, state } = await open()
    expect(page.status).toBe(200)
    expect(page.text).toContain('Connect GitLab with a personal access token')
    const host = new URL(stage.sandbox.url).host
    expect(page.text).toContain(
      `${stage.sandbox.url}/-/user_settings/personal_access_tokens?name=app.example&amp;scopes=read_api`,
    )
    expect(page.text).toContain('<code>read_api</code>')
    expect(page.text).toContain(`at <strong>${host}</strong>`)
    expect(page.text).toContain('For <strong>app.example</strong>')

    const key = await makeKey()
    const { url: finish } = await submit(person, { state, key: ` ${key}\n` })
    expect(finish.origin).toBe(appOrigin)
    expect(await statusOf(who)).toEqual([{ status: 'confirming', hasKey: true }])
    expect(await connections(who), 'nothing is stored before the app has confirmed').toEqual([])
    const { body } = await stage.confirm(finish, who)
    expect(body).toMatchObject({
      status: 'connected',
      error: null,
      connection: {
        ...who,
        host: stage.sandbox.url,
        account: { username: 'ada' },
        scopes: ['read_api'],
        missingScopes: [],
        renewable: false,
        generation: 1,
      },
    })
    expect((await stage.read(who)).body).toMatchObject({ type: 'api_key', credential: key })
    expect(await statusOf(who)).toEqual([{ status: 'connected', hasKey: false }])
    expect(await audited(who)).toEqual(['ok'])
    const { calls } = await stage.sandbox.control.counters()
    expect(calls.token ?? 0, 'calls of the token endpoint').toBe(0)
  })

  verifies('connect:key-refused', async () => {
    const { who, person, state } = await open()
    const wrong = `glpat-${'wrong'.repeat(5)}`
    keys.wrong = wrong
    const refused = await submit(person, { state, key: wrong })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('does not accept this personal access token')
    expect(refused.text).toContain('aria-invalid="true"')
    expect(refused.text).not.toContain('value="glpat')
    expect(await statusOf(who)).toEqual([{ status: 'started', hasKey: false }])
    // The provider is not asked about what can be no key.
    await stage.calm()
    for (const key of ['', ' ', 'two words', 'a'.repeat(4097), 'käse', 'line\nbreak']) {
      const page = await submit(person, { state, key })
      expect(page.status, key.slice(0, 20)).toBe(400)
      expect(page.text).toContain('Personal access token must')
    }
    expect(await askedOfProvider()).toBe(0)
    // Too long for any form: not even read.
    const huge = await submit(person, { state, key: 'a'.repeat(70_000) })
    expect([huge.status, huge.text.includes('aaaa')]).toEqual([413, false])
    const { url: finish } = await submit(person, { state, key: await makeKey() })
    expect((await stage.confirm(finish, who)).body).toMatchObject({ status: 'connected' })
    expect(await audited(who)).toEqual(['key_refused', 'ok'])
  })

  verifies('connect:key-attempts', async () => {
    const { who, person, state } = await open()
    const wrong = { state, key: `glpat-${'guess'.repeat(5)}` }
    keys.guess = wrong.key
    for (let attempt = 1; attempt < 5; attempt += 1) {
      expect((await submit(person, wrong)).status, `attempt ${attempt}`).toBe(422)
    }
    const { url: finish } = await submit(person, wrong)
    expect(finish.origin).toBe(appOrigin)
    expect((await stage.confirm(finish, who)).body).toMatchObject({
      status: 'failed',
      error: { code: 'key_refused', retryable: true },
    })
    // A right one comes too late, however many come at once.
    await stage.calm()
    const key = await makeKey()
    await Promise.all([1, 2, 3].map(() => submit(person, { state, key })))
    expect(await askedOfProvider()).toBe(0)
    expect(await connections(who)).toEqual([])
  })

  verifies('limits:pasted-keys', async () => {
    const one = await createStage(await makeDatabase(), {
      rateLimits: { wrongKeys: { requestsPerSecond: 0.001, burst: 2 } },
    })
    try {
      const post = async (address: string) => {
        const form = { method: 'POST', body: new URLSearchParams({ state: 'x', key: 'x' }) }
        const request = new Request(`${one.url}/connect/key`, form)
        return (await one.keywell.fetch(request, { address })).status
      }
      const [here, there] = ['203.0.113.7', '203.0.113.8']
      expect([await post(here), await post(here), await post(here)]).toEqual([410, 410, 429])
      expect(await post(there)).toBe(410)
      // Wrong API keys are counted apart.
      const headers = { authorization: 'Bearer x' }
      const wrong = new Request(`${one.url}/v1/providers`, { headers })
      expect((await one.keywell.fetch(wrong, { address: here })).status).toBe(401)
    } finally {
      await one.stop()
    }
  })

  verifies('T1:key-other-browser', async () => {
    const { who, flow, state } = await open()
    const key = await makeKey()
    for (const cookie of [undefined, '', 'A'.repeat(43)]) {
      const answer = await fetch(`${stage.url}/connect/key`, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          origin: stage.url,
          ...(cookie === undefined ? {} : { cookie: `keywell-${flow.flowId}=${cookie}` }),
        },
        body: new URLSearchParams({ state, key }),
      })
      expect([answer.status, (await answer.text()).includes('another browser')]).toEqual([
        403,
        true,
      ])
    }
    expect(await askedOfProvider()).toBe(0)
    expect(await statusOf(who), 'its own browser may still come').toEqual([
      { status: 'started', hasKey: false },
    ])
    expect(await audited(who)).toEqual(['browser', 'browser', 'browser'])
  })

  verifies('T1:key-other-user', async () => {
    const { who, person, state } = await open()
    const { url: finish } = await submit(person, { state, key: await makeKey() })
    await stage.calm()
    for (const other of [{ ...who, userId: 'usr_other' }, jonas]) {
      expect((await stage.confirm(finish, other)).body).toMatchObject({ code: 'flow_mismatch' })
    }
    expect((await stage.confirm(finish, who)).body).toMatchObject({ status: 'failed' })
    expect(await statusOf(who), 'the key is destroyed').toEqual([
      { status: 'failed', hasKey: false },
    ])
    expect(await askedOfProvider()).toBe(0)
    expect([...(await connections(who)), ...(await connections(jonas))]).toEqual([])
  })

  verifies('T2:key-foreign-form', async () => {
    const { who, person, state } = await open()
    const key = await makeKey()
    for (const origin of ['https://evil.example', appOrigin, stage.sandbox.url, 'null', null]) {
      const answer = await submit(person, { state, key }, origin)
      expect(answer.status, String(origin)).toBe(403)
      expect(answer.text).not.toContain('name="state"')
    }
    // Nor does a form say whose flow it is: a state is one of 2^256, and one of a consent is not one of a form.
    for (const wrong of ['', 'A'.repeat(43), 'A'.repeat(5000)]) {
      expect((await submit(person, { state: wrong, key })).status).toBe(410)
    }
    const consent = new Person()
    const first = await stage.start(consent, await stage.flow(await stage.session(newUser())))
    const stateOfConsent = first.url.searchParams.get('state') ?? ''
    expect((await submit(consent, { state: stateOfConsent, key })).status).toBe(403)
    expect(await askedOfProvider()).toBe(0)
    expect(await statusOf(who)).toEqual([{ status: 'started', hasKey: false }])
    // The other way round: a code that is brought to the callback of a flow by a key.
    const query = new URLSearchParams({ state, code: 'a-code' })
    const callback = await person.visit(
      `${stage.url}/oauth/callback/${stage.integration.id}?${query}`,
    )
    expect(callback.status).toBe(403)
    expect(await audited(who, 'flow.callback')).toEqual(['integration'])
  })

  verifies('T6:key-replay', async () => {
    const { who, person, state } = await open()
    const [key, other] = [await makeKey(), await makeKey(['read_api'], 'grace')]
    const { url: finish } = await submit(person, { state, key })
    await stage.calm()
    // The same browser again, with another key: it is only sent on, as a callback is.
    const { url: again } = await submit(person, { state, key: other })
    expect(again.origin).toBe(appOrigin)
    expect(await askedOfProvider()).toBe(0)
    const answers = await Promise.all(
      [finish, again, finish, again].map((to) => stage.confirm(to, who)),
    )
    expect(answers.some(({ body }) => body.status === 'connected')).toBe(true)
    expect((await stage.confirm(finish, who)).body).toMatchObject({
      status: 'connected',
      connection: { account: { username: 'ada' }, generation: 1 },
    })
    const { url: after } = await submit(person, { state, key: other })
    expect((await stage.confirm(after, who)).body).toMatchObject({
      connection: { account: { username: 'ada' }, generation: 1 },
    })
    expect(await connections(who)).toHaveLength(1)
  })

  verifies('T6:key-parallel', async () => {
    const { who, person, state } = await open()
    const key = await makeKey()
    const pages = await Promise.all([1, 2, 3, 4].map(() => submit(person, { state, key })))
    for (const { url } of pages) expect(url.origin).toBe(appOrigin)
    await Promise.all(pages.map(({ url }) => stage.confirm(url, who)))
    const [row] = await stage.database.query<{ generation: number }>(
      'select generation from connections where tenant_id = $1',
      [who.tenantId],
    )
    expect(row).toEqual({ generation: 1 })
  })

  verifies('T7:key-scopes', async () => {
    const scopes = (policy: object) => ({ session: { scopes: { gitlab: policy } } })
    // Too little, too much, and by implication too much.
    for (const [policy, made, said] of [
      [{ required: ['api'] }, ['read_api'], 'lacks api'],
      [{ required: ['read_user'] }, ['read_api'], 'may do more than is allowed here: read_api'],
      [{ optional: ['read_api'], forbidden: ['api'] }, ['api'], 'here: api'],
      [{ optional: ['read_api', 'api'], forbidden: ['write_repository'] }, ['api'], 'here: api'],
      [{ optional: ['read_api'] }, ['read_api', 'email'], 'here: email'],
    ] as const) {
      const { who, person, state } = await open(newUser(), scopes(policy))
      const page = await submit(person, { state, key: await makeKey([...made]) })
      expect([page.status >= 400, page.text.includes(said)], said).toEqual([true, true])
      expect(await statusOf(who)).toEqual([{ status: 'started', hasKey: false }])
    }
    // What is implied counts as held; what the page chose beside it is missing, and shown so.
    const choice = {
      ...scopes({ required: ['read_user'], optional: ['read_api', 'api'] }),
      flow: { scopes: ['api'] },
    }
    const { who, person, state, page } = await open(newUser(), choice)
    expect(page.text).toContain('<code>api</code>')
    const { url: finish } = await submit(person, { state, key: await makeKey(['read_api']) })
    expect((await stage.confirm(finish, who)).body).toMatchObject({
      status: 'connected',
      connection: { scopes: ['read_api'], missingScopes: ['api'] },
    })
  })

  verifies('policy:key-form', async () => {
    const { who, person, state } = await open()
    const limit = (policy: object) =>
      stage.call('PUT', `/v1/tenants/${who.tenantId}/policy`, policy)
    must(await limit({ scopes: { gitlab: ['read_user', 'read_api'] } }), 200)
    const page = await submit(person, { state, key: await makeKey(['api']) })
    expect([page.status, page.text.includes('does not allow this tenant')]).toEqual([403, true])
    expect(await audited(who)).toEqual(['not_allowed_for_tenant'])
    // A host that is refused meanwhile is sent no key.
    must(await limit({ hosts: ['https://gitlab.com'] }), 200)
    await stage.calm()
    expect((await submit(person, { state, key: await makeKey(['read_api']) })).status).toBe(403)
    expect(await askedOfProvider()).toBe(0)
    // And one that narrows after the form, before the app has confirmed.
    must(await limit({}), 200)
    const { url: finish } = await submit(person, { state, key: await makeKey(['api']) })
    must(await limit({ readOnly: true }), 200)
    expect((await stage.confirm(finish, who)).body).toMatchObject({
      status: 'failed',
      error: { code: 'not_allowed_for_tenant' },
    })
    expect(await connections(who)).toEqual([])
  })

  verifies('T8:key-other-account', async () => {
    const who = newUser()
    const connect = async (username: string, connectionId?: ConnectionId) => {
      const { person, state, page } = await open(who, {
        session: connectionId ? { connectionId } : {},
      })
      const { url } = await submit(person, { state, key: await makeKey(['read_api'], username) })
      return { page, body: must(await stage.confirm(url, who), 200) as ConfirmAnswer }
    }
    const { body: first } = await connect('ada')
    const id = first.connection?.id
    const { page, body } = await connect('grace', id)
    expect(page.text, 'it says which account').toContain('<strong>ada</strong>')
    expect(body).toMatchObject({ status: 'failed', error: { code: 'account_mismatch' } })
    const { body: again } = await connect('ada', id)
    expect(again).toMatchObject({ status: 'connected', connection: { id, generation: 2 } })
  })

  verifies('T10:key-page', async () => {
    const { page, person, state } = await open()
    const refused = await submit(person, { state, key: '"><script>alert(1)</script>' })
    for (const { headers, text } of [page, refused]) {
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).toContain("form-action 'self'")
      expect(policy).not.toContain('unsafe')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(text).not.toContain('<script')
      expect(text).not.toContain('alert(1)')
    }
    // Every other page keeps the policy that lets no form be sent.
    const style = await fetch(`${stage.url}/connect/style.css`)
    expect(style.headers.get('content-security-policy')).toContain("form-action 'none'")
  })

  verifies('T24:key-host', async () => {
    const heard: string[] = []
    const thief = createServer((request, response) => {
      heard.push(request.url ?? '')
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await once(thief, 'listening')
    const there = `http://127.0.0.1:${(thief.address() as AddressInfo).port}`
    const { who, person, state } = await open()
    const more = { host: there, provider: 'other', origin: there, redirect_uri: there }
    const { url: finish } = await submit(person, { state, key: await makeKey(), ...more })
    expect((await stage.confirm(finish, who)).body).toMatchObject({
      connection: { host: stage.sandbox.url },
    })
    // A page can begin a flow for hosts only that somebody has registered.
    for (const host of [there, 'https://gitlab.evil.example', 'http://169.254.169.254']) {
      const { connectToken } = await stage.session({ methods: ['key'], ...newUser() })
      const body = { provider: 'gitlab', method: 'key', host }
      const answer = await stage.page<Problem>(connectToken, 'POST', '/connect/flows', body)
      expect([answer.status, answer.body.code], host).toEqual([400, 'host_not_allowed'])
    }
    expect(heard).toEqual([])
    thief.close()
  })

  verifies.each(
    'T35:key-flow',
    [
      `user_id = 'usr_thief'`,
      `host = 'http://127.0.0.1:1'`,
      `scopes = array['api']`,
      `method = 'oauth'`,
      `connection_name = 'another'`,
      `expires_at = expires_at + interval '1 day'`,
    ],
    async (change) => {
      const [atForm, parked] = [await open(), await open()]
      const { url: finish } = await submit(parked.person, {
        state: parked.state,
        key: await makeKey(),
      })
      await stage.calm()
      const before = stage.logs.length
      for (const { who } of [atForm, parked]) {
        await stage.database.query(`update flows set ${change} where tenant_id = $1`, [
          who.tenantId,
        ])
      }
      const page = await submit(atForm.person, { state: atForm.state, key: await makeKey() })
      expect([403, 410]).toContain(page.status)
      // Asked as the row says now: the one who would profit.
      const thief = change.startsWith('user_id') ? { userId: 'usr_thief' } : {}
      const { status, body } = await stage.confirm(finish, { ...parked.who, ...thief })
      expect(status >= 400 || body.status === 'failed').toBe(true)
      expect(await askedOfProvider()).toBe(0)
      expect([...(await connections(atForm.who)), ...(await connections(parked.who))]).toEqual([])
      const alarms = stage.logs.slice(before).map((line): string => JSON.parse(line).alarm ?? '')
      expect(alarms.filter((alarm) => /^(?:flow_altered|code_forged)$/.test(alarm))).toHaveLength(2)
    },
  )

  verifies('connect:key-methods', async () => {
    const begin = async (session: Partial<CreateSession>, method?: CreateFlow['method']) => {
      const { connectToken } = await stage.session({ ...newUser(), ...session })
      const body = { provider: 'gitlab', host: stage.sandbox.url, ...(method && { method }) }
      const { status, body: answer } = await stage.page<Problem>(
        connectToken,
        'POST',
        '/connect/flows',
        body,
      )
      return answer.code ?? status
    }
    expect(await begin({})).toBe(201)
    // A key may do more than a consent can, so an app has to allow it.
    expect(await begin({}, 'key')).toBe('method_not_offered')
    expect(await begin({ methods: ['oauth', 'key'] }, 'key')).toBe(201)
    expect(await begin({ methods: ['oauth'] }, 'key')).toBe('method_not_offered')
    expect(await begin({ methods: ['key'] }, 'oauth')).toBe('method_not_offered')
    expect(await begin({ methods: ['key'] }, 'key')).toBe(201)
    // The only one that the session allows need not be named. One alone can be allowed by its id.
    expect(await begin({ methods: ['key'] })).toBe(201)
    const byId = { methods: ['personal_access_token'] }
    expect(await begin(byId, 'personal_access_token')).toBe(201)
    expect(await begin(byId, 'oauth')).toBe('method_not_offered')
    // What is no method at all is said to be so, with those there are.
    expect(await begin({}, 'magic')).toBe('invalid_request')
    const unknown = { ...newUser(), origins: [appOrigin], returnUrl: `${appOrigin}/done` }
    const refused = await stage.call<Problem>('POST', '/v1/connect/sessions', {
      ...unknown,
      providers: ['gitlab'],
      methods: ['api_token'],
    })
    expect(refused.body).toMatchObject({
      code: 'invalid_request',
      nextStep: expect.stringContaining('personal_access_token'),
    })
  })

  verifies('connect:key-cancelled', async () => {
    const { who, person, state } = await open()
    const { url: finish } = await submit(person, { state, key: '', cancel: 'yes' })
    expect((await stage.confirm(finish, who)).body).toMatchObject({ status: 'cancelled' })
    // Cancelled by the page while the form is open: the key goes nowhere, and the app reads how the flow ended.
    const two = await open()
    await stage.database.query(`update flows set status = 'cancelled' where tenant_id = $1`, [
      two.who.tenantId,
    ])
    await stage.calm()
    const { url } = await submit(two.person, { state: two.state, key: await makeKey() })
    expect((await stage.confirm(url, two.who)).body).toMatchObject({ status: 'cancelled' })
    expect(await askedOfProvider()).toBe(0)
  })

  verifies('connect:key-reloaded', async () => {
    const { who, person, page, state } = await open()
    for (let times = 0; times < 2; times += 1) {
      const again = await person.visit(page.url)
      expect([again.status, stateOf(again.text)]).toEqual([200, state])
    }
    // Another browser gets nothing at the same address, and looking ahead changes nothing.
    const elsewhere = await new Person().visit(page.url)
    expect([elsewhere.status, elsewhere.text.includes('name="state"')]).toEqual([403, false])
    expect((await fetch(page.url, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(page.url, { headers: { purpose: 'prefetch' } })).status).toBe(503)
    const { url } = await submit(person, { state, key: await makeKey() })
    expect((await stage.confirm(url, who)).body).toMatchObject({ status: 'connected' })
    // Once it is over, the address leads to the app.
    const over = await person.visit(page.url, { stopAt: (to) => to.origin === appOrigin })
    expect((await stage.confirm(over.url, who)).body).toMatchObject({ status: 'connected' })
    for (const wrong of ['', '?state=', `?state=${'A'.repeat(43)}`, `?state=${state}&state=x`]) {
      expect((await person.visit(`${stage.url}/connect/key${wrong}`)).status, wrong).toBe(410)
    }
  })

  test('a key of the same account takes the place of a consent, whose grant is withdrawn', async () => {
    const who = newUser()
    const { connection } = await stage.connect({ who })
    const granted = String((await stage.read(who)).body.credential)
    const { person, state } = await open(who, { session: { connectionId: connection?.id } })
    const key = await makeKey()
    const { url } = await submit(person, { state, key })
    expect((await stage.confirm(url, who)).body).toMatchObject({
      status: 'connected',
      connection: { id: connection?.id, generation: 2, renewable: false },
    })
    expect((await stage.read(who)).body).toMatchObject({ type: 'api_key', credential: key })
    // It waits in the outbox for the client that it was granted to, unless it is withdrawn already.
    const waiting = await stage.database.query<{ integrationId: string }>(
      'select integration_id as "integrationId" from revocations where tenant_id = $1',
      [who.tenantId],
    )
    const pairs = await stage.sandbox.control.tokens()
    const old = pairs.find(({ accessToken }) => accessToken === granted)
    if (old?.revokedAt === null) {
      expect(waiting).toEqual([{ integrationId: stage.integration.id }])
    }
  })

  test('a provider that does not answer is no refusal of the key', async () => {
    const { who, person, state } = await open()
    await stage.sandbox.control.addFault({
      endpoint: 'rest',
      pathPrefix: '/api/v4/personal_access_tokens',
      effect: { kind: 'drop' },
      times: 1,
    })
    const key = await makeKey()
    const page = await submit(person, { state, key })
    expect([page.status, page.text.includes('did not say')]).toEqual([502, true])
    const { url } = await submit(person, { state, key })
    expect((await stage.confirm(url, who)).body).toMatchObject({ status: 'connected' })
  })

  // Last, since it looks at all that the others did.
  verifies('T13:key-form', async () => {
    keys.unknown = `glpat-${'unknown'.repeat(4)}`
    for (const confirmed of [true, false]) {
      const { who, person, state } = await open()
      await submit(person, { state, key: keys.unknown })
      const { url } = await submit(person, { state, key: await makeKey() })
      if (confirmed) must(await stage.confirm(url, who), 200)
    }
    expect(Object.keys(keys).length).toBeGreaterThan(2)
    expectNowhere(keys, {
      logs: stage.logs.join('\n'),
      'pages and addresses': seen.join('\n'),
      metrics: (await stage.keywell.metrics()).text,
      database: await dump(stage.database),
    })
  })
})
