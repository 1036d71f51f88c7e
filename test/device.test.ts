/** Connecting by a code that a person types at the provider (RFC 8628), and those who have others type it. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atStandIn } from '@keywell/demo/stand-ins'
import type {
  ConfirmAnswer,
  CreateFlowAnswer,
  CreateSession,
  DeviceFlow,
  DeviceStart,
  Problem,
} from '@keywell/protocol'
import { buildkite as definition } from '@keywell/providers'
import { type Buildkite, createBuildkite } from '@keywell/sandbox'
import { Keywell } from '@keywell/sdk'
import { createKeyFile, createKeywell, keyFile, localKeys } from '@keywell/server'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import { describeEachDatabase } from './support/databases.ts'
import type { TestDatabase } from './support/inspected.ts'
import { integrate } from './support/journey.ts'
import { type Page, Person } from './support/person.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { dump } from './support/sweep.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const provider = 'buildkite'
const timing = { pollMs: 40, sweepMs: 100 }
const ada = 'abc12345-4567-4891-8000-000000000101'
const grace = 'abc12345-4567-4891-8000-000000000102'

type Who = { tenantId: string; userId: string }

describeEachDatabase('device authorisation', (makeDatabase) => {
  let database: TestDatabase
  let stage: Stage
  let at: Buildkite
  let application: ReturnType<Buildkite['registerApplication']>
  let options: { providers: (typeof definition)[]; privateHosts: { origin: string }[] }
  let keyPath: string
  let users = 0

  beforeAll(async () => {
    at = await createBuildkite()
    const origins = {
      'https://buildkite.com': at.urls.web,
      'https://api.buildkite.com': at.urls.api,
    }
    options = {
      providers: [atStandIn(definition, origins) as typeof definition],
      privateHosts: Object.values(origins).map((origin) => ({ origin })),
    }
    keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-device-')), 'root-key')
    createKeyFile(keyPath)
    database = await makeDatabase()
    stage = await createStage(database, { ...options, keyPath, timing })
    await integrate(stage, { provider, scopes: ['read_user', 'read_organizations'] }, () => {
      application = at.registerApplication({ name: 'Northwind', confidential: true })
      return application
    })
  })
  afterAll(async () => {
    await stage.stop()
    await at.stop()
  })

  function newUser(): Who {
    users += 1
    return { tenantId: `ten_device_${users}`, userId: 'usr_mira' }
  }

  const begin = (who: Who, more: object = {}) =>
    stage.call<DeviceStart & Problem>('POST', '/v1/connect/device', {
      provider,
      device: true,
      ...who,
      ...more,
    })

  const start = async (who: Who, more: object = {}) => must(await begin(who, more), 201)

  const read = ({ tenantId }: Who, { flowId }: { flowId: string }, waitMs = 0) =>
    stage.call<DeviceFlow>(
      'GET',
      `/v1/connect/device/${flowId}?${new URLSearchParams({ tenantId, waitMs: `${waitMs}` })}`,
    )

  const confirm = (who: Who, { flowId }: { flowId: string }, accountId = ada) =>
    stage.call<DeviceFlow & Pick<Problem, 'code'>>('POST', `/v1/connect/device/${flowId}/confirm`, {
      ...who,
      accountId,
    })

  const polls = () =>
    at
      .requests()
      .filter(({ path, body }) => path === '/oauth/token' && body.includes('device_code'))

  const waiting = async ({ tenantId }: Who) => {
    const [row] = await database.query<{ intervalMs: number; dueInMs: number }>(
      `select interval_ms as "intervalMs",
         round(extract(epoch from due_at - now()) * 1000)::int as "dueInMs"
       from device_polls where tenant_id = $1`,
      [tenantId],
    )
    return row
  }

  /** The next poll is due, after so many seconds at the provider. */
  async function poll(who: Who, seconds = 5): Promise<void> {
    const before = polls().length
    at.advance(seconds)
    await database.query('update device_polls set due_at = now() where tenant_id = $1', [
      who.tenantId,
    ])
    await until('polled', () => polls().length > before)
  }

  const statusOf = async (who: Who, flow: { flowId: string }) =>
    must(await read(who, flow), 200).status

  async function approve(who: Who, flow: DeviceStart, as = 'ada@example.com'): Promise<void> {
    at.signIn(as)
    await at.answerDevice(flow.userCode)
    await poll(who)
    await until('answered', async () => (await statusOf(who, flow)) !== 'started')
  }

  const connections = ({ tenantId }: Who) =>
    database.query<{ account: { id: string } }>(
      'select account from connections where tenant_id = $1',
      [tenantId],
    )

  const grants = ({ tenantId }: Who) =>
    database.query('select connection_id from revocations where tenant_id = $1', [tenantId])

  async function audited({ tenantId }: Who, prefix = 'device.'): Promise<string[]> {
    const rows = await database.query<{ action: string; result: string; reason: string | null }>(
      `select action, result, reason from audit where tenant_id = $1 and action like $2 || '%'
       order by id`,
      [tenantId, prefix],
    )
    return rows.map(({ action, result, reason }) => `${action} ${reason ?? result}`)
  }

  /** What the provider gave a poll, from its record: whether the API takes it. */
  async function isAlive(): Promise<boolean> {
    const [token] = at
      .requests()
      .filter(({ path }) => path === '/v2/user')
      .map(({ headers }) => headers.authorization ?? '')
      .slice(-1)
    const response = await fetch(`${at.urls.api}/v2/access-token`, {
      headers: { authorization: token ?? '' },
    })
    await response.body?.cancel()
    return response.status === 200
  }

  verifies('device:connect', async () => {
    const who = newUser()
    const begun = await start(who)
    expect(begun).toMatchObject({
      userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
      verificationUri: `${at.urls.web}/oauth/device`,
      verificationUriComplete: `${at.urls.web}/oauth/device/${begun.userCode}`,
      intervalMs: 5_000,
    })
    expect(Date.parse(begun.expiresAt) - Date.now()).toBeGreaterThan(590_000)
    await poll(who)
    expect(must(await read(who, begun), 200)).toMatchObject({ status: 'started', account: null })
    // A backend that waits hears of it at once.
    const waited = read(who, begun, 20_000)
    await approve(who, begun)
    expect(must(await waited, 200)).toMatchObject({
      status: 'confirming',
      account: { id: ada, name: 'Ada Okafor' },
      connection: null,
    })
    expect(await connections(who)).toEqual([])
    expect(await grants(who), 'held until it is confirmed').toHaveLength(1)
    expect(await waiting(who), 'nothing is polled for any more').toBeUndefined()

    const confirmed = must(await confirm(who, begun), 200)
    expect(confirmed).toMatchObject({
      status: 'connected',
      account: { id: ada },
      connection: { provider, method: 'device', scopes: ['read_user', 'read_organizations'] },
    })
    expect(await grants(who)).toEqual([])
    expect(must(await confirm(who, begun), 200), 'once more').toEqual(confirmed)
    const { headers, expiresAt } = must(await stage.read({ provider, ...who }), 200) as unknown as {
      headers: { name: string; value: string }[]
      expiresAt: string
    }
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(86_000_000)
    const shown = Object.fromEntries(headers.map(({ name, value }) => [name, value]))
    expect((await fetch(`${at.urls.api}/v2/user`, { headers: shown })).status).toBe(200)
    expect(await audited(who)).toEqual([
      'device.start ok',
      'device.answer ok',
      'device.confirm intent',
    ])
    expect(at.unexpected()).toEqual([])
  })

  verifies('device:sealed', async () => {
    const who = newUser()
    const begun = await start(who)
    await poll(who)
    const code = new URLSearchParams(polls().at(-1)?.body).get('device_code') ?? ''
    expect(code.length).toBeGreaterThan(20)
    expect(await dump(database)).not.toContain(code)
    await approve(who, begun)
    const all = await dump(database)
    expect(all).not.toContain(code)
    // A definition says how one begins, too.
    expect(all).not.toMatch(/bkua_[\w-]{10}/)
    expect(stage.logs.join('\n')).not.toContain(code)
  })

  verifies('device:interval', async () => {
    const second = createKeywell({
      ...options,
      database: Object.create(database, { close: { value: async () => {} } }),
      keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
      publicUrl: stage.url,
      role: 'worker',
      timing,
    })
    await second.start()
    onTestFinished(() => second.stop())
    const who = newUser()
    await start(who)
    for (let round = 0; round < 5; round += 1) {
      const before = polls().length
      await poll(who)
      // Several polls of both processes' loops later there was one, and the next is five seconds away.
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(polls().length - before).toBe(1)
      expect((await waiting(who))?.dueInMs).toBeGreaterThan(4_000)
    }
    await poll(who, 1)
    await until('slower', async () => (await waiting(who))?.intervalMs === 10_000)
    expect((await waiting(who))?.dueInMs).toBeGreaterThan(9_000)
    // Without an answer the pause is doubled (RFC 8628 section 3.5).
    at.addFault({ path: '/oauth/token', effect: { kind: 'respond', status: 503, body: '' } })
    await poll(who, 30)
    await until('slower', async () => (await waiting(who))?.intervalMs === 20_000)
  })

  verifies.suite('device:phished', () => {
    test('a code that another person approves connects nobody, named or not', async () => {
      const who = newUser()
      const begun = await start(who)
      await approve(who, begun, 'grace@example.com')
      expect(must(await read(who, begun), 200)).toMatchObject({
        status: 'confirming',
        account: { id: grace, name: 'Grace Lindqvist' },
      })
      expect(await connections(who)).toEqual([])
      expect(await isAlive()).toBe(true)
      // The app's user expects an account of their own.
      const refused = await confirm(who, begun, ada)
      expect([refused.status, refused.body.code]).toEqual([409, 'account_mismatch'])
      expect(must(await read(who, begun), 200)).toMatchObject({
        status: 'failed',
        error: { code: 'account_mismatch' },
        account: null,
      })
      const again = must(await confirm(who, begun, grace), 200)
      expect(again.status, 'one try').toBe('failed')
      expect(await connections(who)).toEqual([])
      await until('withdrawn', async () => !(await isAlive()))
      await until('withdrawn', async () => (await grants(who)).length === 0)
      expect(await audited(who)).toEqual([
        'device.start ok',
        'device.answer ok',
        'device.confirm account_mismatch',
      ])
    })

    test('another user of the app confirms nothing', async () => {
      const who = newUser()
      const begun = await start(who)
      await approve(who, begun)
      const refused = await confirm({ ...who, userId: 'usr_jonas' }, begun)
      expect([refused.status, refused.body.code]).toEqual([403, 'flow_mismatch'])
      expect(await connections(who)).toEqual([])
      await until('withdrawn', async () => !(await isAlive()))
    })

    test('what nobody confirms in time is withdrawn', async () => {
      const who = newUser()
      const begun = await start(who)
      await approve(who, begun)
      // Its time is over, and nobody looks at it.
      await database.query(
        `update revocations set due_at = due_at - interval '21 minutes' where tenant_id = $1`,
        [who.tenantId],
      )
      await until('withdrawn', async () => !(await isAlive()))
      const late = must(await confirm(who, begun), 200)
      expect(late).toMatchObject({ status: 'failed', error: { code: 'flow_expired' } })
      expect(await connections(who)).toEqual([])
    })
  })

  verifies('device:ends', async () => {
    const denied = newUser()
    const first = await start(denied)
    await at.answerDevice(first.userCode, 'deny')
    await poll(denied)
    await until('denied', async () => (await statusOf(denied, first)) === 'denied')

    const late = newUser()
    const second = await start(late)
    await poll(late, 601)
    await until('expired', async () => (await statusOf(late, second)) === 'expired')

    // The code is over by our clock, whatever the provider says.
    const over = newUser()
    const third = await start(over)
    const before = polls().length
    await database.query(
      'update device_polls set expires_at = now(), due_at = now() where tenant_id = $1',
      [over.tenantId],
    )
    await until('expired', async () => (await statusOf(over, third)) === 'expired')
    expect(polls().length).toBe(before)

    const ended = newUser()
    const fourth = await start(ended)
    await stage.call(
      'DELETE',
      `/v1/connect/sessions/${fourth.sessionId}?tenantId=${ended.tenantId}`,
    )
    await database.query('update device_polls set due_at = now() where tenant_id = $1', [
      ended.tenantId,
    ])
    await until('let go', async () => (await waiting(ended)) === undefined)
    expect(polls().length).toBe(before)
    for (const who of [denied, late, over]) expect(await waiting(who)).toBeUndefined()
    expect(await audited(denied)).toEqual(['device.start ok', 'device.answer access_denied'])
  })

  verifies('device:crash', async () => {
    const who = newUser()
    const begun = await start(who)
    // The tokens came, and then nothing went on: the account could not be looked up.
    at.addFault({ path: '/v2/user', effect: { kind: 'respond', status: 503, body: '' } })
    at.signIn('ada@example.com')
    await at.answerDevice(begun.userCode)
    await poll(who)
    await until('held', async () => (await grants(who)).length === 1)
    expect(await statusOf(who, begun)).toBe('started')
    const before = polls().length
    await until('put off', async () => ((await waiting(who))?.dueInMs ?? 0) > 0)
    await database.query('update device_polls set due_at = now() where tenant_id = $1', [
      who.tenantId,
    ])
    await until('answered', async () => (await statusOf(who, begun)) === 'confirming')
    expect(polls().length, 'the code is used up, and not sent again').toBe(before)
    // Two confirmations at once store one connection.
    const both = await Promise.all([confirm(who, begun), confirm(who, begun)])
    expect(both.map(({ status }) => status)).toEqual([200, 200])
    expect(await connections(who)).toHaveLength(1)
    expect(await grants(who)).toEqual([])
  })

  verifies('device:session', async () => {
    const who = newUser()
    const refused = await begin(who, { device: false })
    expect([refused.status, refused.body.code]).toEqual([400, 'method_not_offered'])
    expect(refused.body.nextStep).toContain('device: true')
    const gitlab = await begin(who, { provider: 'gitlab', host: stage.sandbox.url })
    expect([gitlab.status, gitlab.body.code]).toEqual([400, 'method_not_offered'])
    const session = await stage.session(who)
    const flow = await stage.page<Problem>(session.connectToken, 'POST', '/connect/flows', {
      provider,
    })
    expect([flow.status, flow.body.code]).toEqual([400, 'method_not_offered'])
    const offered = await stage.page<{ providers: { name: string; methods: unknown[] }[] }>(
      session.connectToken,
      'GET',
      '/connect/providers',
    )
    expect(offered.body.providers.find(({ name }) => name === provider)?.methods).toEqual([])
    // A flow of a page is none of these routes'.
    const { body } = await open(newUser())
    const theirs = await read({ tenantId: `ten_device_${users}`, userId: 'usr_mira' }, body)
    expect(theirs.status).toBe(404)
  })

  verifies('sdk:device', async () => {
    const who = newUser()
    const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
    onTestFinished(() => keywell.close())
    const { device } = keywell.connect
    const begun = await device.start({ ...who, provider, device: true })
    const { flowId } = begun
    const waited = device.wait({ ...who, flowId })
    await approve(who, begun)
    const { status, account } = await waited
    expect([status, account?.name]).toEqual(['confirming', 'Ada Okafor'])
    await expect(keywell.getCredential({ provider, ...who })).rejects.toMatchObject({
      code: 'not_connected',
    })
    const { connection } = await device.confirm({ ...who, flowId, accountId: account?.id ?? '' })
    const credential = await keywell.getCredential({ provider, ...who })
    expect(credential.connectionId).toBe(connection?.id)
    // The signal ends the wait of its caller.
    const other = await device.start({ ...who, provider, device: true, connectionName: 'other' })
    const signal = AbortSignal.timeout(50)
    await expect(device.wait({ ...who, flowId: other.flowId }, { signal })).rejects.toThrow()
  })

  verifies('T35:left-device-polls', async () => {
    const who = newUser()
    const done = await start(who)
    await approve(who, done)
    const victim = await start(newUser())
    const before = polls().length
    // Planted: a flow that is past its polls, one of another tenant, and one that is none.
    for (const flowId of [done.flowId, victim.flowId, `flo_${'0'.repeat(26)}`]) {
      await database.query(
        `insert into device_polls (tenant_id, flow_id, interval_ms, due_at, expires_at)
         values ($1, $2, 1, now(), now() + interval '1 hour')`,
        [who.tenantId, flowId],
      )
    }
    await until('let go', async () => (await waiting(who)) === undefined)
    expect(polls().length).toBe(before)
    expect(await statusOf(who, done)).toBe('confirming')
  })

  test('a refused client ends the flow, and suspends the integration', async () => {
    const who = newUser()
    application.enabled = false
    const refused = await begin(who)
    application.enabled = true
    expect([refused.status, refused.body.code]).toEqual([502, 'provider_error'])
    expect(refused.body).toMatchObject({ providerReason: 'client_rejected' })
    expect(stage.logs.some((line) => line.includes('integration_suspended'))).toBe(true)
    await database.query('update integrations set suspended_at = null')
  })

  /** A flow of an app's page, and its popup. */
  async function open(who: Who, request: Partial<CreateSession> = {}) {
    const person = new Person()
    const session = await stage.session({ ...who, device: true, ...request })
    const body = must(
      await stage.page<CreateFlowAnswer>(session.connectToken, 'POST', '/connect/flows', {
        provider,
      }),
      201,
    )
    const page = await person.visit(body.startUrl, {
      init: {
        method: 'POST',
        body: new URLSearchParams({ start_code: body.startCode }),
        headers: { origin: appOrigin },
      },
      stopAt: (to) => to.origin === appOrigin,
    })
    return {
      who,
      person,
      body,
      page,
      state: /name="state" value="([^"]+)"/.exec(page.text)?.[1] ?? '',
    }
  }

  type Opened = Awaited<ReturnType<typeof open>>

  const look = ({ person, state }: Opened): Promise<Page> =>
    person.visit(`${stage.url}/connect/device?${new URLSearchParams({ state })}`, {
      stopAt: (to) => to.origin === appOrigin,
    })

  const submit = (
    { person, state }: Opened,
    fields: Record<string, string>,
    origin = stage.url,
  ): Promise<Page> =>
    person.visit(`${stage.url}/connect/device`, {
      init: {
        method: 'POST',
        body: new URLSearchParams({ state, ...fields }),
        headers: { origin },
      },
      stopAt: (to) => to.origin === appOrigin,
    })

  const codeOn = ({ text }: Page) => />([A-Z]{4}-[A-Z]{4})</.exec(text)?.[1] ?? ''

  async function approveOnPage(opened: Opened, as = 'ada@example.com'): Promise<Page> {
    at.signIn(as)
    await at.answerDevice(codeOn(opened.page))
    await poll(opened.who)
    await until('answered', async () => !(await look(opened)).text.includes('data-waiting'))
    return look(opened)
  }

  verifies.suite('device:page', () => {
    test('shows the code, then the account, and goes on once it is named', async () => {
      const opened = await open(newUser())
      expect(opened.page.text).toContain('Connect Buildkite with a code')
      expect(opened.page.text).toContain(
        `href="${at.urls.web}/oauth/device/${codeOn(opened.page)}"`,
      )
      expect((await look(opened)).text, 'it waits').toContain('data-waiting')
      const account = await approveOnPage(opened)
      expect(account.text).toContain('Is this your Buildkite account?')
      expect(account.text).toContain('Ada Okafor')
      expect(await connections(opened.who)).toEqual([])
      const finish = await submit(opened, { account: ada })
      expect(finish.url.origin).toBe(appOrigin)
      const confirmed: ConfirmAnswer = must(await stage.confirm(finish.url, opened.who), 200)
      expect(confirmed).toMatchObject({
        status: 'connected',
        mode: 'popup',
        connection: { account: { id: ada }, method: 'device' },
      })
      expect(await grants(opened.who)).toEqual([])
    })

    test('one that is not theirs, or another than is shown, is not connected', async () => {
      for (const fields of [{ cancel: 'yes' }, { account: ada }]) {
        const opened = await open(newUser())
        const page = await approveOnPage(opened, 'grace@example.com')
        expect(page.text).toContain('Grace Lindqvist')
        const finish = await submit(opened, fields as Record<string, string>)
        const { status } = must(await stage.confirm(finish.url, opened.who), 200)
        expect(status).toBe('cancel' in fields ? 'cancelled' : 'failed')
        expect(await connections(opened.who)).toEqual([])
        await until('withdrawn', async () => !(await isAlive()))
      }
    })

    test('a refused request for a code leads back to the app with its reason', async () => {
      application.enabled = false
      const { page, who } = await open(newUser())
      application.enabled = true
      expect(page.url.origin).toBe(appOrigin)
      expect(must(await stage.confirm(page.url, who), 200)).toMatchObject({
        status: 'failed',
        error: { code: 'provider_error', providerReason: 'client_rejected' },
      })
      await database.query('update integrations set suspended_at = null')
    })

    test('no other browser, page or step gets past the question whose account it is', async () => {
      const opened = await open(newUser())
      const other = { ...opened, person: new Person() }
      expect((await look(other)).status).toBe(403)
      await approveOnPage(opened)
      expect((await submit(other, { account: ada })).status).toBe(403)
      expect((await submit(opened, { account: ada }, 'https://evil.example')).status).toBe(403)
      const { state, person } = opened
      // The ways back of other flows: the short code of a link, and a provider's callback.
      expect((await person.visit(`${stage.url}/connect/done?state=${state}`)).status).toBe(403)
      expect(await connections(opened.who)).toEqual([])
      const [integration] = await database.query<{ id: string }>(
        `select id from integrations where provider = $1`,
        [provider],
      )
      const callback = `${stage.url}/oauth/callback/${integration?.id}?code=theirs&state=${state}`
      expect((await person.visit(callback)).status).toBe(403)
      expect(
        must(
          await stage.page(
            (await stage.session(opened.who)).connectToken,
            'GET',
            '/connect/providers',
          ),
          200,
        ),
      ).toBeDefined()
      expect(await connections(opened.who)).toEqual([])
      await until('withdrawn', async () => !(await isAlive()))
    })
  })

  test('a link that ends with a code shows it once the account is named', async () => {
    const who = newUser()
    const link = must(
      await stage.call<{ url: string; sessionId: string }>('POST', '/v1/connect/links', {
        ...who,
        device: true,
        providers: [provider],
        accountLabel: 'mira@northwind.example',
        confirmBy: 'code',
        startedIn: 'the Acme bot',
      }),
      201,
    )
    const person = new Person()
    await person.visit(link.url)
    const page = await person.visit(link.url, {
      init: {
        method: 'POST',
        body: new URLSearchParams({ provider, method: 'oauth', scope: 'read_user' }),
        headers: { origin: stage.url },
      },
    })
    const state = /name="state" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const opened = { who, person, page, state, body: {} as CreateFlowAnswer }
    await approveOnPage(opened)
    const early = await person.visit(`${stage.url}/connect/done?state=${state}`)
    expect(early.text).not.toContain('class="code"')
    const done = await submit(opened, { account: ada })
    const code = />([A-Z]{4}-[A-Z]{4})</.exec(done.text)?.[1] ?? ''
    expect(code).not.toBe('')
    const path = `/v1/connect/sessions/${link.sessionId}/confirm`
    const confirmed = must(await stage.call<ConfirmAnswer>('POST', path, { ...who, code }), 200)
    expect(confirmed.status).toBe('connected')
  })
})
