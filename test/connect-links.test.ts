/** Links to the service's own connect page: who may use one, and how it ends. */
import {
  type ConfirmAnswer,
  type CreateLink,
  type LinkAnswer,
  type Problem,
  returnParameters,
} from '@keywell/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { type Page, Person } from './support/person.ts'
import { type Answer, appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { dump, expectNowhere } from './support/sweep.ts'
import { verifies } from './support/verifies.ts'

interface Who {
  tenantId: string
  userId: string
}

const returnUrl = `${appOrigin}/api/keywell/finish`
const appearance = { name: 'Acme <b>&"', color: '#fc6d26' }

describeEachDatabase('links to the connect page', (makeDatabase) => {
  let stage: Stage
  let next = 0
  /** Every link that was made, to be looked for where it may not be. */
  const links: Record<string, string> = {}

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { appearance })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  function newUser(): Who {
    next += 1
    return { tenantId: `ten_link_${next}`, userId: 'usr_link' }
  }

  const askFor = (who: Who, request: Partial<CreateLink> = {}) =>
    stage.call<LinkAnswer & Problem>('POST', '/v1/connect/links', {
      ...who,
      accountLabel: 'mira@acme.example',
      scopes: { gitlab: { required: ['read_user'], optional: ['read_api'] } },
      ...(request.confirmBy === 'code' ? { startedIn: 'the Acme bot in Slack' } : { returnUrl }),
      ...request,
    })

  async function make(who: Who, request: Partial<CreateLink> = {}): Promise<LinkAnswer> {
    const link = must(await askFor(who, request), 201)
    links[`link ${Object.keys(links).length}`] = new URL(link.url).pathname.split('/').at(-1) ?? ''
    return link
  }

  /** Sends the page's form; ends before the provider is visited. */
  function submit(
    person: Person,
    url: string,
    fields: [string, string][] = [],
    origin: string | null = stage.url,
  ): Promise<Page> {
    return person.visit(url, {
      init: {
        method: 'POST',
        body: new URLSearchParams(
          [
            ['provider', 'gitlab'],
            ['host', stage.sandbox.url],
            ['method', 'oauth'],
          ]
            .filter(([name]) => !fields.some(([other]) => name === other))
            .concat(fields),
        ),
        headers: origin === null ? {} : { origin },
      },
      stopAt: (to) => to.href.startsWith(`${stage.sandbox.url}/`),
    })
  }

  /** From the page of a link to the address at the app, or to the page with a code. */
  async function walk(person: Person, { url }: LinkAnswer): Promise<Page> {
    const away = await submit(person, url)
    expect(away.url.href).toContain(stage.sandbox.url)
    return stage.callback(person, await stage.consent(away))
  }

  const codeOf = (page: Pick<Page, 'text'>) =>
    /data-waiting>([A-Z]{4}-[A-Z]{4})</.exec(page.text)?.[1] ?? ''

  const giveCode = (sessionId: string, code: string, who: Who) =>
    stage.call<Pick<ConfirmAnswer, 'connection'> & Pick<Problem, 'code'>>(
      'POST',
      `/v1/connect/sessions/${sessionId}/confirm`,
      {
        code,
        ...who,
      },
    )

  const flowsOf = ({ tenantId }: Who) =>
    stage.database.query<{ status: string }>(
      `select status, sealed_code is not null as "hasCode" from flows where tenant_id = $1
       order by created_at, id`,
      [tenantId],
    )

  const connections = ({ tenantId }: Who) =>
    stage.database.query('select id from connections where tenant_id = $1', [tenantId])

  async function audited({ tenantId }: Who, ...actions: string[]): Promise<string[]> {
    const rows = await stage.database.query<{ action: string; outcome: string }>(
      `select action, coalesce(reason, result) as outcome from audit
       where tenant_id = $1 and action = any($2) order by id`,
      [tenantId, actions],
    )
    return rows.map(({ action, outcome }) => `${action} ${outcome}`)
  }

  const exchanges = async () => (await stage.sandbox.control.counters()).calls.token ?? 0

  verifies('connect:link', async () => {
    const who = newUser()
    const link = await make(who)
    expect(link).toEqual({
      sessionId: expect.stringMatching(/^ses_/),
      url: expect.stringMatching(`^${stage.url}/connect/link/[\\w-]{43}$`),
      expiresAt: expect.any(String),
    })
    const person = new Person()
    const page = await person.visit(link.url)
    expect(page.status).toBe(200)
    for (const text of [
      'Acme &lt;b&gt;&amp;&quot; asks to connect your GitLab account',
      '<bdi>mira@acme.example</bdi>',
      'value="read_user"',
      'value="read_api"',
      'app.example',
    ]) {
      expect(page.text).toContain(text)
    }
    expect(person.cookiesOf(new URL(stage.url)).size, 'opening a link sets nothing').toBe(0)

    const { url: finish } = await walk(person, link)
    expect(finish.origin).toBe(appOrigin)
    expect(await connections(who), 'nothing is stored before the app has confirmed').toEqual([])
    const { body } = await stage.confirm(finish, who)
    expect(body).toMatchObject({
      status: 'connected',
      mode: 'popup',
      connection: { ...who, account: { username: 'ada' }, scopes: ['read_user'] },
    })
    expect(await audited(who, 'link.create', 'flow.start', 'connection.connect')).toEqual([
      'link.create ok',
      'flow.start ok',
      'connection.connect ok',
    ])
  })

  test('the app’s page that a link names comes at the end', async () => {
    const who = newUser()
    const resumeUrl = `${appOrigin}/settings`
    const { url: finish } = await walk(new Person(), await make(who, { resumeUrl }))
    expect((await stage.confirm(finish, who)).body).toMatchObject({ mode: 'redirect', resumeUrl })
  })

  test('what a link must say is said when it is made', async () => {
    const wrong: Partial<Record<string, unknown>>[] = [
      { returnUrl: undefined },
      { startedIn: 'a bot' },
      { confirmBy: 'code', returnUrl: undefined, startedIn: undefined },
      { confirmBy: 'code', returnUrl },
      { accountLabel: '' },
      { accountLabel: 'mira\u202e@acme' },
      { accountLabel: 'two\nlines' },
      { expiresInSeconds: 59 },
      { expiresInSeconds: 86_401 },
      { pageOrigin: appOrigin },
    ]
    for (const request of wrong) {
      const { status, body } = await askFor(newUser(), request as Partial<CreateLink>)
      expect([status, body.code], JSON.stringify(request)).toEqual([400, 'invalid_request'])
    }
  })

  describe('T1', () => {
    verifies('T1:link-other-user', async () => {
      const attacker = newUser()
      const victim = { ...attacker, userId: 'usr_victim' }
      // The victim is sent the attacker's link, and consents.
      const { url: finish } = await walk(new Person(), await make(attacker))
      await stage.sandbox.control.resetCounters()
      const { status, body } = await stage.confirm(finish, victim)
      expect([status, body]).toMatchObject([403, { code: 'flow_mismatch' }])
      // Not even the one that it was begun for gets it afterwards.
      expect((await stage.confirm(finish, attacker)).body).toMatchObject({ status: 'failed' })
      expect(await exchanges()).toBe(0)
      expect(await flowsOf(attacker)).toEqual([{ status: 'failed', hasCode: false }])
      expect([...(await connections(attacker)), ...(await connections(victim))]).toEqual([])
    })

    verifies('T1:link-code-other-user', async () => {
      const attacker = newUser()
      const { sessionId, ...link } = await make(attacker, { confirmBy: 'code' })
      const page = await walk(new Person(), { sessionId, ...link })
      const { status, body } = await giveCode(sessionId, codeOf(page), {
        ...attacker,
        userId: 'usr_victim',
      })
      expect([status, body.code]).toEqual([403, 'flow_mismatch'])
      expect((await giveCode(sessionId, codeOf(page), attacker)).body.code).toBe('flow_expired')
      expect(await exchanges()).toBe(0)
      expect(await connections(attacker)).toEqual([])
    })

    verifies('T1:link-other-browser', async () => {
      const who = newUser()
      const link = await make(who)
      const [first, second] = [new Person(), new Person()]
      await submit(first, link.url)
      for (const page of [await second.visit(link.url), await submit(second, link.url)]) {
        expect(page.status).toBe(410)
        expect(page.text).toContain('This link was used already.')
        expect(page.text).not.toContain('mira@acme.example')
      }
      expect(await flowsOf(who)).toEqual([{ status: 'started', hasCode: false }])
    })
  })

  describe('T2', () => {
    verifies('T2:link-opened-by-programs', async () => {
      const who = newUser()
      const link = await make(who)
      const opened: RequestInit[] = [
        {},
        { method: 'HEAD' },
        { headers: { purpose: 'prefetch' } },
        { headers: { 'sec-purpose': 'prefetch;prerender' } },
        { headers: { 'user-agent': 'Slackbot-LinkExpanding 1.0' } },
      ]
      for (const init of [...opened, ...opened]) await fetch(link.url, init)
      await fetch(`${link.url}?provider=gitlab&preset=full`)
      expect(await flowsOf(who)).toEqual([])
      expect(await audited(who, 'flow.start')).toEqual([])
      const { url: finish } = await walk(new Person(), link)
      expect((await stage.confirm(finish, who)).body).toMatchObject({ status: 'connected' })
    })

    verifies.each(
      'T2:link-foreign-form',
      ['https://evil.example', appOrigin, 'null', null],
      async (origin) => {
        const who = newUser()
        const link = await make(who)
        const page = await submit(new Person(), link.url, [], origin)
        expect(page.status).toBe(403)
        expect(page.url.href).toBe(link.url)
        expect(await flowsOf(who)).toEqual([])
        expect(await audited(who, 'flow.start')).toEqual(['flow.start origin'])
        // It was not used up.
        expect((await submit(new Person(), link.url)).url.href).toContain(stage.sandbox.url)
      },
    )
  })

  describe('T6', () => {
    verifies('T6:link-at-once', async () => {
      const who = newUser()
      const link = await make(who)
      const pages = await Promise.all(
        Array.from({ length: 5 }, () => submit(new Person(), link.url)),
      )
      const away = pages.filter(({ url }) => url.href.startsWith(stage.sandbox.url))
      expect(away).toHaveLength(1)
      const statuses = (await flowsOf(who)).map(({ status }) => status)
      expect(statuses.filter((status) => status !== 'cancelled')).toEqual(['started'])
    })

    verifies('connect:link-same-browser', async () => {
      const who = newUser()
      const link = await make(who)
      const person = new Person()
      const first = await submit(person, link.url)
      // Back from the provider's page, to choose otherwise.
      expect((await person.visit(link.url)).status).toBe(200)
      const { url: finish } = await walk(person, link)
      expect(await flowsOf(who)).toMatchObject([{ status: 'cancelled' }, { status: 'confirming' }])
      // What came before is over: its callback only leads back to the app.
      const late = await stage.callback(person, await stage.consent(first))
      expect(late.url.origin).toBe(appOrigin)
      expect((await stage.confirm(finish, who)).body).toMatchObject({ status: 'connected' })
      expect((await person.visit(link.url)).status).toBe(410)
      expect((await submit(person, link.url)).status).toBe(410)
    })

    verifies('connect:link-denied', async () => {
      await stage.sandbox.control.change({ skipConsent: 'never' })
      const who = newUser()
      const link = await make(who)
      const person = new Person()
      const away = await submit(person, link.url)
      const back = await stage.consent(away, 'ada', 'deny')
      const { url: finish } = await stage.callback(person, back)
      expect((await stage.confirm(finish, who)).body).toMatchObject({ status: 'denied' })
      const again = await walk(person, link)
      expect((await stage.confirm(again.url, who)).body).toMatchObject({ status: 'connected' })
    })
  })

  verifies('T7:link-scopes', async () => {
    const who = newUser()
    const link = await make(who, {
      scopes: {
        gitlab: { required: ['read_user'], optional: ['read_api', 'api'], forbidden: ['api'] },
      },
    })
    const { text } = await new Person().visit(link.url)
    expect(text).toMatch(/value="read_user"[^>]*data-fixed disabled[^>]*checked/s)
    expect(text).toMatch(/value="read_api"/)
    expect(text).not.toMatch(/value="api"/)
    for (const scope of ['api', 'sudo', 'made_up', '']) {
      const page = await submit(new Person(), link.url, [['scope', scope]])
      expect(page.status, scope).toBe(400)
      expect(page.text).toContain('role="alert"')
    }
    expect(await flowsOf(who)).toEqual([])
    const away = await submit(new Person(), link.url, [['scope', 'read_api']])
    expect(away.url.searchParams.get('scope')).toBe('read_api read_user')
  })

  describe('T9', () => {
    verifies('T9:link-return-url', async () => {
      const requests: Partial<CreateLink>[] = [
        { origins: ['https://other.example'] },
        { resumeUrl: 'https://evil.example/' },
      ]
      for (const request of requests) {
        const who = newUser()
        const { status, body } = await askFor(who, request)
        expect([status, body.code]).toEqual([403, 'origin_not_allowed'])
        expect(await audited(who, 'link.create')).toEqual([
          expect.stringContaining('link.create origin_not_allowed'),
        ])
      }
      // Nothing that a browser adds leads elsewhere.
      const who = newUser()
      const link = await make(who)
      const evil = 'https://evil.example/'
      const named = ['returnUrl', 'return_url', 'redirect_uri', 'resumeUrl', 'next', 'origin']
      const query = new URLSearchParams(named.map((name) => [name, evil]))
      const person = new Person()
      expect((await person.visit(`${link.url}?${query}`)).text).not.toContain('evil.example')
      const fields = named.map((name): [string, string] => [name, evil])
      const away = await submit(person, `${link.url}?${query}`, fields)
      const { url: finish } = await stage.callback(person, await stage.consent(away))
      expect(finish.href.startsWith(`${returnUrl}?`)).toBe(true)
    })
  })

  verifies('T10:link-page', async () => {
    const who = newUser()
    const label = '<img src=x onerror=alert(1)>"\'&'
    const link = await make(who, { accountLabel: label })
    const typed = '"><script>alert(1)</script>'
    const pages = [
      await new Person().visit(link.url),
      await new Person().visit(
        `${link.url}?provider=${encodeURIComponent(typed)}&preset=${encodeURIComponent(typed)}`,
      ),
      await submit(new Person(), link.url, [['typed_host', typed]]),
      await submit(new Person(), link.url, [['host', typed]]),
      await submit(new Person(), link.url, [['provider', typed]]),
    ]
    for (const { text, headers } of pages) {
      expect(text).not.toMatch(/<img src=x|<script>|onerror=alert\(1\)>/)
      expect(text).not.toMatch(/style="|<style|\son\w+="/)
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      )
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('referrer-policy')).toBe('same-origin')
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
    // The page that leads away tells the provider nothing of the link.
    const away = await stage.call('GET', '/livez')
    expect(away.headers.get('referrer-policy')).toBe('no-referrer')
  })

  verifies('connect:link-ends', async () => {
    const who = newUser()
    const expired = await make(who)
    await stage.database.query(
      `update one_time_codes set expires_at = now() - interval '1 second'
       where tenant_id = '@install' and session_id = $1`,
      [expired.sessionId],
    )
    const other = newUser()
    const revoked = await make(other)
    const person = new Person()
    await submit(person, revoked.url)
    const path = `/v1/connect/sessions/${revoked.sessionId}`
    expect(
      (await stage.call<Problem>('DELETE', `${path}?tenantId=${who.tenantId}`)).body.code,
    ).toBe('not_found')
    const answer = await stage.call('DELETE', `${path}?tenantId=${other.tenantId}`)
    expect([answer.status, answer.body]).toEqual([
      200,
      { sessionId: revoked.sessionId, revoked: true },
    ])
    expect(await flowsOf(other)).toEqual([{ status: 'cancelled', hasCode: false }])
    expect(await audited(other, 'session.revoke')).toEqual(['session.revoke ok'])
    const unknown = `${stage.url}/connect/link/${'A'.repeat(43)}`
    const texts = new Set<string>()
    for (const url of [expired.url, revoked.url, unknown, `${stage.url}/connect/link/x`]) {
      for (const page of [await person.visit(url), await submit(person, url)]) {
        expect(page.status, url).toBe(410)
        texts.add(page.text.replace(/req_\w+/, ''))
      }
    }
    expect([...texts], 'they cannot be told apart').toHaveLength(1)
    expect(await flowsOf(who)).toEqual([])
  })

  verifies('T20:link', async () => {
    const who = newUser()
    const link = await make(who)
    const coded = await make(newUser(), { confirmBy: 'code' })
    const page = await walk(new Person(), coded)
    await submit(new Person(), link.url, [], null)
    await submit(new Person(), link.url)
    const { text: metrics } = await stage.keywell.metrics()
    const logs = stage.logs.join('\n')
    const database = await dump(stage.database)
    expectNowhere(links, { logs, database, metrics })
    const code = codeOf(page)
    for (const form of [code, code.replace('-', ''), Buffer.from(code).toString('hex')]) {
      expect(form.length).toBeGreaterThanOrEqual(8)
      expect(`${logs}${database}${metrics}`).not.toContain(form)
    }
    expect(new URL(link.url).search).toBe('')
  })

  describe('T35', () => {
    verifies.each(
      'T35:links',
      [
        `session_id = (select id from connect_sessions where tenant_id = $2)`,
        `session_id = (select id from connect_sessions where tenant_id = $2), owner_id = $2`,
        `expires_at = expires_at + interval '1 day'`,
      ],
      async (change) => {
        const [who, other] = [newUser(), newUser()]
        const link = await make(who)
        await make(other)
        const before = stage.logs.length
        await stage.database.query(
          `update one_time_codes set ${change} where tenant_id = '@install' and session_id = $1
           and $2 <> ''`,
          [link.sessionId, other.tenantId],
        )
        expect((await submit(new Person(), link.url)).status).toBe(410)
        expect([...(await flowsOf(who)), ...(await flowsOf(other))]).toEqual([])
        const alarms = stage.logs.slice(before).map((line): unknown => JSON.parse(line).alarm)
        const isGone = change.endsWith(')') // no tenant has that session
        expect(alarms.filter(Boolean)).toEqual(isGone ? [] : ['code_forged'])
      },
    )

    test('a used link that is written to be unused leads to no other browser’s account', async () => {
      const who = newUser()
      const link = await make(who)
      const first = await submit(new Person(), link.url)
      await stage.database.query(
        `update one_time_codes set used_at = null where tenant_id = '@install' and session_id = $1`,
        [link.sessionId],
      )
      // It begins again; what its browser brings still ends with the app's login.
      const { url: finish } = await walk(new Person(), link)
      expect(first.url.href).not.toBe(finish.href)
      const { body } = await stage.confirm(finish, { ...who, userId: 'usr_other' })
      expect(body).toMatchObject({ code: 'flow_mismatch' })
      expect(await connections(who)).toEqual([])
    })
  })

  describe('a link that ends with a code', () => {
    verifies('connect:link-code', async () => {
      const who = newUser()
      const link = await make(who, { confirmBy: 'code' })
      const person = new Person()
      const { text } = await person.visit(link.url)
      expect(text).toContain('the Acme bot in Slack')
      const page = await walk(person, link)
      expect(page.url.pathname).toBe('/connect/done')
      expect(page.text).toContain('Only give it in the Acme bot in Slack, where you began.')
      expect(codeOf(page)).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
      expect(page.text, 'there is no ticket').not.toContain(returnParameters.ticket)
      expect(await exchanges()).toBe(0)
      // Loaded again, it is the same.
      expect(codeOf(await person.visit(page.url))).toBe(codeOf(page))
      const typed = codeOf(page).toLowerCase().replace('-', ' ')
      const { status, body } = await giveCode(link.sessionId, typed, who)
      expect([status, body]).toMatchObject([200, { status: 'connected', connection: who }])
      // A call that is sent again gets the same answer, and the code is exchanged once.
      expect((await giveCode(link.sessionId, typed, who)).body.connection).toEqual(body.connection)
      expect(await exchanges()).toBe(1)
      const after = await person.visit(page.url)
      expect(after.text).toContain('The account ada is connected.')
      expect(codeOf(after)).toBe('')
    })

    verifies('connect:link-code-tries', async () => {
      const who = newUser()
      const link = await make(who, { confirmBy: 'code' })
      const page = await walk(new Person(), link)
      const right = codeOf(page)
      const wrong = (right.startsWith('B') ? 'C' : 'B') + right.slice(1)
      const codes: string[] = []
      for (let at = 0; at < 5; at += 1) {
        codes.push((await giveCode(link.sessionId, wrong, who)).body.code)
      }
      expect(codes).toEqual([...Array(4).fill('code_refused'), 'flow_expired'])
      // Not even the right one is taken by now.
      expect((await giveCode(link.sessionId, right, who)).body.code).toBe('flow_expired')
      expect(await exchanges()).toBe(0)
      expect(await flowsOf(who)).toEqual([{ status: 'failed', hasCode: false }])
      expect(await audited(who, 'flow.confirm')).toEqual([
        ...Array(4).fill('flow.confirm code_refused'),
        'flow.confirm flow_expired',
      ])
    })

    verifies('connect:link-code-guessed-at-once', async () => {
      const who = newUser()
      const link = await make(who, { confirmBy: 'code' })
      const right = codeOf(await walk(new Person(), link))
      const guesses = Array.from({ length: 20 }, (_, at) =>
        [...'BCDFGHJKLMNPQRSTVWXZ'][at] === right[0]
          ? 'BBBBBBBB'
          : `${[...'BCDFGHJKLMNPQRSTVWXZ'][at]}BBBBBBB`,
      )
      const answers = await Promise.all(guesses.map((code) => giveCode(link.sessionId, code, who)))
      const refused = answers.filter(({ body }) => body.code === 'code_refused')
      expect(refused.length).toBeLessThanOrEqual(4)
      const [{ attempts } = { attempts: 0 }] = await stage.database.query<{ attempts: number }>(
        'select code_attempts as attempts from flows where tenant_id = $1',
        [who.tenantId],
      )
      expect(attempts).toBeLessThanOrEqual(5)
      expect((await giveCode(link.sessionId, right, who)).body.code).toBe('flow_expired')
    })

    test('another session’s code, and one that waited too long, confirm nothing', async () => {
      const [who, other] = [newUser(), newUser()]
      const link = await make(who, { confirmBy: 'code' })
      const theirs = await make(other, { confirmBy: 'code' })
      const [mine, their] = [await walk(new Person(), link), await walk(new Person(), theirs)]
      const answer = await giveCode(link.sessionId, codeOf(their), who)
      expect([answer.status, answer.body.code]).toEqual([422, 'code_refused'])
      await stage.database.query(
        `update flows set code_expires_at = now() - interval '1 second' where tenant_id = $1`,
        [who.tenantId],
      )
      const { body } = await giveCode(link.sessionId, codeOf(mine), who)
      expect(body).toMatchObject({ status: 'failed', error: { code: 'flow_expired' } })
      expect(await connections(who)).toEqual([])
    })

    verifies('connect:link-code-only-where-asked', async () => {
      const who = newUser()
      const link = await make(who)
      await walk(new Person(), link)
      for (const code of ['BBBB-BBBB', '', 'x'.repeat(100)]) {
        const { status } = await giveCode(link.sessionId, code, who)
        expect(status).toBeGreaterThanOrEqual(400)
      }
      const session = await stage.session(who)
      expect((await giveCode(session.sessionId, 'BBBB-BBBB', who)).body.code).toBe('code_refused')
      expect(await exchanges()).toBe(0)
    })

    verifies('T1:link-code-page', async () => {
      const who = newUser()
      const link = await make(who, { confirmBy: 'code' })
      const page = await walk(new Person(), link)
      // Who learns the address of the page, and not the browser.
      const theirs = await new Person().visit(page.url)
      expect(theirs.status).toBe(403)
      expect(codeOf(theirs)).toBe('')
      expect(theirs.text).not.toContain(codeOf(page))
      expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    })
  })

  describe('what is chosen', () => {
    test('an address that is typed is looked for, and what it lacks is said', async () => {
      const who = newUser()
      const link = await make(who)
      const person = new Person()
      for (const [typed, text] of [
        ['http://127.0.0.1:1', 'Nothing answers at'],
        ['not an address', 'cannot be connected'],
      ] as const) {
        const page = await submit(person, link.url, [['typed_host', typed]])
        expect(page.status).toBeGreaterThanOrEqual(400)
        expect(page.text).toContain(text)
        expect(page.text).toContain(`value="${typed}"`)
      }
      const project = `${stage.sandbox.url}/ada/project`
      const away = await submit(person, link.url, [['typed_host', project]])
      expect(away.url.href).toContain(`${stage.sandbox.url}/oauth/authorize`)
    })

    verifies('connect:link-key', async () => {
      const who = newUser()
      const link = await make(who, {
        methods: ['oauth', 'key'],
        providers: ['gitlab'],
        scopes: { gitlab: { required: ['read_api'] } },
      })
      const person = new Person()
      expect((await person.visit(link.url)).text).toContain('Paste a personal access token')
      const page = await person.visit(link.url, {
        init: {
          method: 'POST',
          headers: { origin: stage.url },
          body: new URLSearchParams({
            provider: 'gitlab',
            host: stage.sandbox.url,
            method: 'key',
          }),
        },
      })
      expect(page.text).toContain('For <strong>Acme &lt;b&gt;&amp;&quot;</strong>')
      const { value } = await stage.sandbox.control.issuePersonalAccessToken({
        username: 'ada',
        scopes: ['read_api'],
      })
      const state = /name="state" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
      const { url: finish } = await person.visit(`${stage.url}/connect/key`, {
        init: {
          method: 'POST',
          headers: { origin: stage.url },
          body: new URLSearchParams({ state, key: value }),
        },
        stopAt: (to) => to.origin === appOrigin,
      })
      const { body } = await stage.confirm(finish, who)
      expect(body).toMatchObject({ status: 'connected', connection: { renewable: false } })
    })

    verifies('connect:link-german', async () => {
      const link = await make(newUser(), { confirmBy: 'code' })
      const read = async (language: string) =>
        (await fetch(link.url, { headers: { 'accept-language': language } })).text()
      for (const language of ['de', 'de-AT,en;q=0.5', 'fr, de;q=0.8, en;q=0.2']) {
        const text = await read(language)
        expect(text).toContain('<html lang="de">')
        expect(text).toContain('möchte Ihr Konto bei GitLab verbinden')
        expect(text).toContain('Ihr Profil sehen')
      }
      for (const language of ['', 'en', 'fr', 'en, de;q=0.9', 'de;q=0, en', '*']) {
        expect(await read(language)).toContain('<html lang="en">')
      }
    })
  })
})

describeEachDatabase('links under a limit', (makeDatabase) => {
  verifies('limits:links', async () => {
    const rate = { requestsPerSecond: 0.01, burst: 10 }
    const stage = await createStage(await makeDatabase(), { rateLimits: { address: rate } })
    const from = { address: '203.0.113.9' }
    const guess = (at: number) =>
      stage.keywell.fetch(new Request(`${stage.url}/connect/link/${at}`), from)
    const answers: Answer['status'][] = []
    for (let at = 0; at < 12; at += 1) answers.push((await guess(at)).status)
    expect(answers).toEqual([...Array(10).fill(410), 429, 429])
    await stage.stop()
  })
})
