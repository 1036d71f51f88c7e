import type { ConfirmAnswer, Connection, CreateFlowAnswer, CreateSession } from '@keywell/protocol'
import type { Effect } from '@keywell/sandbox'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, jonas, mira, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

describeEachDatabase('connect', (makeDatabase) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await createStage(await makeDatabase())
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  /** What an attack must not do. */
  async function expectNoEffect(): Promise<void> {
    const { calls } = await stage.sandbox.control.counters()
    expect(calls.token ?? 0, 'calls of the token endpoint').toBe(0)
  }

  async function connectionsOf(who: typeof mira): Promise<Connection[]> {
    const query = new URLSearchParams(who)
    return must(
      await stage.call<{ connections: Connection[] }>('GET', `/v1/connections?${query}`),
      200,
    ).connections
  }

  async function denials(): Promise<string[]> {
    const rows = await stage.database.query<{ reason: string }>(
      `select reason from audit where tenant_id = $1 and result = 'denied' order by id`,
      [mira.tenantId],
    )
    return rows.map((row) => row.reason)
  }

  /** A flow that has come back from the provider: its code is parked. */
  async function parked(who = mira): Promise<{ finish: URL; person: Person; back: URL }> {
    const person = new Person()
    const session = await stage.session(who)
    const first = await stage.start(person, await stage.flow(session))
    const back = await stage.consent(first)
    const { url: finish } = await stage.callback(person, back)
    return { finish, person, back }
  }

  verifies('connect:path', async () => {
    const who = { tenantId: 'ten_path', userId: 'usr_path' }
    const answer = await stage.connect({ who })
    expect(answer).toMatchObject({ status: 'connected', mode: 'popup', error: null })
    expect(answer.connection).toMatchObject({
      ...who,
      provider: 'gitlab',
      host: stage.sandbox.url,
      name: 'default',
      status: 'active',
      generation: 1,
      account: { username: 'ada' },
      missingScopes: [],
    })
    const { body } = await stage.read(who)
    const projects = await fetch(`${stage.sandbox.url}/api/v4/projects?membership=true`, {
      headers: { authorization: `Bearer ${body.credential}` },
    })
    expect(projects.status).toBe(200)
    expect((await projects.json()).length).toBeGreaterThan(0)
  })

  verifies('T1:other-user', async () => {
    const { finish } = await parked()
    const refused = await stage.confirm(finish, jonas)
    expect(refused.body).toMatchObject({ code: 'flow_mismatch' })
    await expectNoEffect()
    // The code is destroyed: not even the right user can finish now.
    expect((await stage.confirm(finish, mira)).body).toMatchObject({ status: 'failed' })
    await expectNoEffect()
    const [flow] = await stage.database.query<{ status: string; code: unknown }>(
      `select status, sealed_code as code from flows where tenant_id = $1 order by id desc limit 1`,
      [mira.tenantId],
    )
    expect(flow).toEqual({ status: 'failed', code: null })
    expect(await connectionsOf(jonas)).toEqual([])
  })

  verifies('T1:other-user-same-tenant', async () => {
    const { finish } = await parked()
    const refused = await stage.confirm(finish, { ...mira, userId: 'usr_somebody_else' })
    expect(refused.body).toMatchObject({ code: 'flow_mismatch' })
    await expectNoEffect()
    expect(await denials()).toContain('flow_mismatch')
  })

  verifies('T1:other-browser', async () => {
    const starter = new Person()
    const victim = new Person()
    const first = await stage.start(starter, await stage.flow(await stage.session()))
    const back = await stage.consent(first, 'grace')
    const page = await victim.navigate(back)
    expect(page.status).toBe(403)
    expect(page.text).toContain('another browser')
    await expectNoEffect()
    // The victim may be talked into handing the address over: its code is of no use to the starter either.
    const { url: finish } = await stage.callback(starter, back)
    const { body } = await stage.confirm(finish)
    expect(body).toMatchObject({ status: 'failed', error: { code: 'flow_mismatch' } })
    await expectNoEffect()
    expect(await denials()).toContain('browser')
  })

  verifies('T1:own-browser-still', async () => {
    const who = { tenantId: 'ten_still', userId: 'u' }
    const person = new Person()
    const first = await stage.start(person, await stage.flow(await stage.session(who)))
    const elsewhere = await stage.consent(first, 'grace')
    expect((await new Person().navigate(elsewhere)).status).toBe(403)
    const { url: finish } = await stage.callback(person, await stage.consent(first, 'ada'))
    const { body } = await stage.confirm(finish, who)
    expect(body).toMatchObject({
      status: 'connected',
      connection: { account: { username: 'ada' } },
    })
  })

  verifies('connect:repeat:looked-at', async () => {
    const who = { tenantId: 'ten_looked_at', userId: 'u' }
    const person = new Person()
    const first = await stage.start(person, await stage.flow(await stage.session(who)))
    const back = await stage.consent(first)
    const own = [...person.cookiesOf(back)].map(([name, value]) => `${name}=${value}`).join('; ')
    for (const headers of [{}, { cookie: own }] as Record<string, string>[]) {
      expect((await fetch(back, { method: 'HEAD', headers })).status).toBe(200)
      for (const [name, value] of [
        ['sec-purpose', 'prefetch;prerender'],
        ['purpose', 'prefetch'],
        ['x-moz', 'prefetch'],
      ] as const) {
        const answer = await fetch(back, { headers: { ...headers, [name]: value } })
        expect([answer.status, answer.headers.get('cache-control')]).toEqual([503, 'no-store'])
      }
    }
    // A scanner: no cookie, and no word that a person is there.
    expect((await fetch(back, { redirect: 'manual' })).status).toBe(403)
    const { url: finish } = await stage.callback(person, back)
    expect((await stage.confirm(finish, who)).body).toMatchObject({ status: 'connected' })
  })

  verifies('connect:repeat:same-browser', async () => {
    const who = { tenantId: 'ten_repeat', userId: 'u' }
    const { person, back, finish } = await parked(who)
    expect((await stage.confirm(finish, who)).body).toMatchObject({ status: 'connected' })
    // The same ticket, and the callback with the ticket that it gives.
    expect(must(await stage.confirm(finish, who), 200)).toMatchObject({ status: 'connected' })
    const { url: again } = await stage.callback(person, back)
    expect(must(await stage.confirm(again, who), 200)).toMatchObject({ status: 'connected' })
    // To others it says nothing of what was stored, neither that something was nor that nothing was.
    const other = await stage.confirm(finish, { ...who, userId: 'usr_other' })
    expect(other).toMatchObject({ status: 403, body: { code: 'flow_mismatch' } })
    expect(JSON.stringify(other.body)).not.toContain('Nothing was stored')
    expect((await new Person().navigate(back)).text).not.toContain('Nothing was stored')
    expect(await connectionsOf(who)).toHaveLength(1)
    expect((await stage.read(who)).status).toBe(200)
    const { grantTypes } = await stage.sandbox.control.counters()
    expect(grantTypes.authorization_code).toBe(1)
  })

  verifies('connect:repeated-parameter', async () => {
    for (const name of ['code', 'iss', 'error', 'anything']) {
      const person = new Person()
      const first = await stage.start(person, await stage.flow(await stage.session()))
      const back = await stage.consent(first)
      if (name === 'error') back.searchParams.delete('code')
      for (const value of ['access_denied', back.searchParams.get(name) ?? 'access_denied']) {
        back.searchParams.append(name, value)
      }
      const { url: finish } = await stage.callback(person, back)
      expect((await stage.confirm(finish)).body, name).toMatchObject({
        status: 'failed',
        error: { code: 'provider_error' },
      })
    }
    const person = new Person()
    const first = await stage.start(person, await stage.flow(await stage.session()))
    const back = await stage.consent(first)
    back.searchParams.append('state', back.searchParams.get('state') ?? '')
    expect((await person.visit(back)).status).toBe(410)
    await expectNoEffect()
  })

  verifies('T2:foreign-callback', async () => {
    // The victim's browser has no cookie of the flow, or one with a made-up value.
    for (const value of [undefined, 'A'.repeat(43), '']) {
      const flow = await stage.flow(await stage.session(jonas))
      const back = await stage.consent(await stage.start(new Person(), flow), 'lin')
      const cookie = `keywell-${flow.flowId}=${value}`
      const init = value === undefined ? {} : { headers: { cookie } }
      expect((await new Person().visit(back, { init })).status, cookie).toBe(403)
    }
    await expectNoEffect()
    expect(await connectionsOf(mira)).toEqual([])
  })

  verifies('T3:other-integration', async () => {
    const other = must(
      await stage.call<{ id: string; redirectUri: string }>('POST', '/v1/integrations', {
        provider: 'gitlab',
        tenantId: 'ten_hostile',
        host: stage.sandbox.url,
        scopes: ['read_api'],
        clientId: 'hostile',
        clientSecret: 'hostile',
      }),
      201,
    )
    const person = new Person()
    const first = await stage.start(person, await stage.flow(await stage.session()))
    const back = await stage.consent(first)
    const misled = new URL(other.redirectUri)
    misled.search = back.search
    expect((await person.visit(misled)).status).toBe(403)
    await expectNoEffect()
    expect(await denials()).toContain('integration')
  })

  verifies('T3:edited-integration', async () => {
    const tenantId = 'ten_editor'
    const who = { tenantId, userId: 'u' }
    const own = must(
      await stage.call<{ id: string; redirectUri: string }>('POST', '/v1/integrations', {
        provider: 'gitlab',
        tenantId,
        host: stage.sandbox.url,
        scopes: ['read_api'],
      }),
      201,
    )
    const application = await stage.sandbox.control.registerApplication({
      name: 'Own app',
      redirectUris: [own.redirectUri],
      scopes: ['read_api'],
    })
    const client = { clientId: application.clientId, clientSecret: application.clientSecret }
    must(await stage.call('PUT', `/v1/integrations/${own.id}/client`, { tenantId, ...client }), 200)
    const { finish } = await parked(who)
    const edited = { tenantId, clientId: 'somebody-else', clientSecret: 'x' }
    must(await stage.call('PUT', `/v1/integrations/${own.id}/client`, edited), 200)
    const { body } = await stage.confirm(finish, who)
    expect(body).toMatchObject({ status: 'failed', error: { code: 'flow_mismatch' } })
    await expectNoEffect()
  })

  verifies('T4:issuer', async () => {
    for (const issuers of [['https://evil.example'], [stage.sandbox.url, stage.sandbox.url]]) {
      const person = new Person()
      const first = await stage.start(person, await stage.flow(await stage.session()))
      const back = await stage.consent(first)
      for (const issuer of issuers) back.searchParams.append('iss', issuer)
      const { url: finish } = await stage.callback(person, back)
      const { body } = await stage.confirm(finish)
      expect(body).toMatchObject({ status: 'failed', error: { code: 'provider_error' } })
    }
    await expectNoEffect()
    // The right one, once, is welcome.
    const person = new Person()
    const first = await stage.start(person, await stage.flow(await stage.session()))
    const back = await stage.consent(first)
    back.searchParams.append('iss', stage.sandbox.url)
    const { url: finish } = await stage.callback(person, back)
    expect((await stage.confirm(finish)).body).toMatchObject({ status: 'connected' })
  })

  verifies('T5:pkce', async () => {
    const challenges = new Set<string>()
    for (let index = 0; index < 3; index += 1) {
      const session = await stage.session()
      const flow = await stage.flow(session)
      const { searchParams } = (await stage.start(new Person(), flow)).url
      expect(searchParams.get('code_challenge_method')).toBe('S256')
      expect(searchParams.get('response_type')).toBe('code')
      challenges.add(searchParams.get('code_challenge') ?? '')
    }
    expect(challenges.size).toBe(3)
    for (const challenge of challenges) expect(challenge).toMatch(/^[\w-]{43}$/)
  })

  verifies('T6:replay', async () => {
    const { person, back, finish } = await parked()
    const again = await Promise.all(Array.from({ length: 4 }, () => stage.callback(person, back)))
    const finishes = [...again.map(({ url }) => url), ...Array<URL>(4).fill(finish)]
    const confirmations = await Promise.all(finishes.map((each) => stage.confirm(each)))
    for (const { body } of confirmations) expect(['confirming', 'connected']).toContain(body.status)
    expect((await stage.confirm(finish)).body.status).toBe('connected')
    const { grantTypes } = await stage.sandbox.control.counters()
    expect(grantTypes.authorization_code).toBe(1)
  })

  verifies('T6:parallel-callbacks', async () => {
    const person = new Person()
    const first = await stage.start(person, await stage.flow(await stage.session()))
    const back = await stage.consent(first)
    const stopAt = (to: URL) => to.origin === appOrigin
    const pages = await Promise.all(Array.from({ length: 8 }, () => person.visit(back, { stopAt })))
    expect(pages.filter((page) => page.url.origin === appOrigin)).toHaveLength(8)
    const answers = await Promise.all(pages.map((page) => stage.confirm(page.url)))
    for (const { body } of answers) expect(['confirming', 'connected']).toContain(body.status)
    const { grantTypes } = await stage.sandbox.control.counters()
    expect(grantTypes.authorization_code).toBe(1)
  })

  verifies('T7:ceiling', async () => {
    const session = await stage.session({
      scopes: { gitlab: { required: ['read_user'], optional: ['read_api'], forbidden: ['api'] } },
    })
    for (const scopes of [['api'], ['read_api', 'sudo'], ['made_up']]) {
      const body = { provider: 'gitlab', host: stage.sandbox.url, scopes }
      const refused = await stage.page(session.connectToken, 'POST', '/connect/flows', body)
      expect(refused).toMatchObject({ status: 400, body: { code: 'scope_not_allowed' } })
    }
    const person = new Person()
    const flow = await stage.flow(session, { scopes: [] })
    const page = await stage.start(person, flow)
    expect(page.url.searchParams.get('scope')).toBe('read_user')
  })

  verifies('T7:narrower-grant', async () => {
    const who = { tenantId: 'ten_narrow', userId: 'u' }
    await stage.sandbox.control.addFault({
      endpoint: 'token',
      effect: { kind: 'patch', set: { scope: 'read_user' } },
      times: 1,
    })
    const { connection } = await stage.connect({ who, flow: { scopes: ['read_api', 'read_user'] } })
    expect(connection).toMatchObject({ scopes: ['read_user'], missingScopes: ['read_api'] })
    const { body } = await stage.read({ ...who, scopes: ['read_api'] })
    expect(body).toMatchObject({ scopes: ['read_user'], missingScopes: ['read_api'] })
  })

  verifies('T8:other-account', async () => {
    const who = { tenantId: 'ten_account', userId: 'u' }
    await stage.connect({ who, as: 'ada' })
    const before = await stage.read(who)
    for (const session of [{}, { connectionId: before.body.connectionId }]) {
      const refused = await stage.connect({ who, as: 'grace', session })
      expect(refused).toMatchObject({ status: 'failed', error: { code: 'account_mismatch' } })
    }
    const after = await stage.read(who)
    expect(after.body).toEqual({ ...before.body, expiresInMs: expect.any(Number) })
    // What Grace granted by mistake does not live on at the provider.
    expect((await stage.sandbox.control.counters()).calls.revoke).toBe(2)

    const allowed = await stage.connect({ who, as: 'grace', session: { allowAccountChange: true } })
    expect(allowed.connection).toMatchObject({ generation: 2, account: { username: 'grace' } })
  })

  verifies('connect:reconnect-in-place', async () => {
    const who = { tenantId: 'ten_again', userId: 'u' }
    const first = await stage.connect({ who })
    const old = await stage.read(who)
    const second = await stage.connect({ who })
    expect(second.connection).toMatchObject({ id: first.connection?.id, generation: 2 })
    const renewed = await stage.read(who)
    expect(renewed.body.credential).not.toBe(old.body.credential)
    expect(await connectionsOf(who)).toHaveLength(1)
    const named = await stage.connect({ who, as: 'grace', flow: { connectionName: 'work' } })
    expect(named.connection?.id).not.toBe(first.connection?.id)
    expect(await connectionsOf(who)).toHaveLength(2)
  })

  verifies('T9:return-url', async () => {
    const body = { ...mira, origins: [appOrigin], returnUrl: 'https://evil.example/finish' }
    const session = await stage.call('POST', '/v1/connect/sessions', body)
    expect(session).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } })
    const made = await stage.session()
    const flow = {
      provider: 'gitlab',
      host: stage.sandbox.url,
      mode: 'redirect',
      resumeUrl: 'https://evil.example/',
    }
    const refused = await stage.page(made.connectToken, 'POST', '/connect/flows', flow)
    expect(refused).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } })
    const { finish } = await parked()
    expect(finish.href).toMatch(/^https:\/\/app\.example\/api\/keywell\/finish\?keywell_session=/)
  })

  verifies('T10:callback-page', async () => {
    const text = '<script>alert(1)</script>'
    const query = new URLSearchParams({ state: text, error: text, error_description: text })
    const page = await new Person().visit(
      `${stage.url}/oauth/callback/${stage.integration.id}?${query}`,
    )
    expect(page.status).toBe(410)
    expect(page.text).not.toContain('alert(1)')
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    // Words of the provider, in a flow that is known, do not get anywhere either.
    const person = new Person()
    const first = await stage.start(person, await stage.flow(await stage.session()))
    const back = await stage.consent(first)
    back.searchParams.delete('code')
    back.searchParams.set('error', text)
    const { url: finish } = await stage.callback(person, back)
    expect(finish.href).not.toContain('alert')
    expect(JSON.stringify((await stage.confirm(finish)).body)).not.toContain('alert')
  })

  verifies('connect:start-origin', async () => {
    for (const origin of ['https://evil.example', 'null', undefined]) {
      const flow = await stage.flow(await stage.session())
      const answer = await fetch(flow.startUrl, {
        method: 'POST',
        redirect: 'manual',
        headers: origin === undefined ? {} : { origin },
        body: new URLSearchParams({ start_code: flow.startCode }),
      })
      expect(answer.status, origin).toBe(403)
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
  })

  verifies('connect:start-code-once', async () => {
    const flow = await stage.flow(await stage.session())
    const person = new Person()
    await stage.start(person, flow)
    expect((await stage.start(person, flow)).status).toBe(410)
    expect((await stage.start(person, { ...flow, startCode: 'guess' })).status).toBe(410)
    expect((await stage.start(person, { ...flow, startCode: 'x'.repeat(5000) })).status).toBe(400)
  })

  verifies('connect:denied', async () => {
    // The user may have consented to this app before; then GitLab would not even ask.
    await stage.sandbox.control.change({ skipConsent: 'never' })
    const person = new Person()
    const session = await stage.session()
    const flow = await stage.flow(session)
    const back = await stage.consent(await stage.start(person, flow), 'ada', 'deny')
    const { url: finish } = await stage.callback(person, back)
    const { body } = await stage.confirm(finish)
    expect(body).toMatchObject({
      status: 'denied',
      error: { code: 'access_denied', retryable: true },
    })
    const status = await stage.page(session.connectToken, 'GET', `/connect/flows/${flow.flowId}`)
    expect(status.body).toMatchObject({ status: 'denied', connection: null })
    await expectNoEffect()
  })

  verifies('connect:code-and-error', async () => {
    const person = new Person()
    const first = await stage.start(person, await stage.flow(await stage.session()))
    const back = await stage.consent(first)
    back.searchParams.set('error', 'access_denied')
    const { url: finish } = await stage.callback(person, back)
    expect((await stage.confirm(finish)).body).toMatchObject({ status: 'failed' })
    await expectNoEffect()
  })

  verifies('connect:bad-state', async () => {
    const callback = `${stage.url}/oauth/callback/${stage.integration.id}`
    for (const query of [
      '',
      'code=x',
      'code=x&state=forged',
      `code=x&state=${'s'.repeat(50_00)}`,
      'code=x&state=a&state=b',
      'code=x&state=%00',
    ]) {
      const page = await new Person().visit(`${callback}?${query}`)
      expect(page.status, query).toBe(410)
      expect(page.text).toContain('could not be finished')
    }
    await expectNoEffect()
  })

  verifies('connect:parked-too-long', async () => {
    const { finish } = await parked()
    await stage.database.query(
      `update flows set code_expires_at = now() - interval '1 second' where tenant_id = $1`,
      [mira.tenantId],
    )
    const { body } = await stage.confirm(finish)
    expect(body).toMatchObject({ status: 'failed', error: { code: 'flow_expired' } })
    await expectNoEffect()
  })

  verifies('connect:expired-flow', async () => {
    const person = new Person()
    const session = await stage.session()
    const flow = await stage.flow(session)
    const first = await stage.start(person, flow)
    const back = await stage.consent(first)
    await stage.database.query(
      `update one_time_codes set expires_at = now() where tenant_id = '@install' and flow_id = $1`,
      [flow.flowId],
    )
    await stage.database.query(
      'update flows set expires_at = now() where tenant_id = $1 and id = $2',
      [mira.tenantId, flow.flowId],
    )
    expect((await person.visit(back)).status).toBe(410)
    const status = await stage.page(session.connectToken, 'GET', `/connect/flows/${flow.flowId}`)
    expect(status.body).toMatchObject({ status: 'expired' })
  })

  verifies('connect:bad-token-answers', async () => {
    const who = { tenantId: 'ten_hostile_answers', userId: 'u' }
    const html = { 'content-type': 'text/html' }
    const effects: Effect[] = [
      { kind: 'respond', status: 200, body: '<html>maintenance</html>', headers: html },
      { kind: 'respond', status: 200, body: '["access_token"]' },
      { kind: 'respond', status: 200, body: 'null' },
      { kind: 'respond', status: 502, body: '<html>bad gateway</html>', headers: html },
      { kind: 'respond', status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } },
      { kind: 'patch', omit: ['access_token'] },
      { kind: 'patch', set: { access_token: 'a\r\nx-injected: 1' } },
      { kind: 'patch', set: { access_token: 42 } },
      { kind: 'patch', set: { token_type: 'mac' } },
    ]
    for (const effect of effects) {
      await stage.sandbox.control.addFault({ endpoint: 'token', effect, times: 1 })
      const answer = await stage.connect({ who })
      expect(answer, JSON.stringify(effect)).toMatchObject({
        status: 'failed',
        error: { code: 'provider_error' },
      })
      expect(JSON.stringify(answer)).not.toContain('maintenance')
    }
    expect(await connectionsOf(who)).toEqual([])
  })

  verifies('connect:default-host', async () => {
    const who = { tenantId: 'ten_hosts', userId: 'u' }
    const body = { provider: 'gitlab' }
    const begin = async (request: Partial<CreateSession> = {}) => {
      const { connectToken } = await stage.session({ ...who, ...request })
      return stage.page<CreateFlowAnswer>(connectToken, 'POST', '/connect/flows', body)
    }
    const hostOf = async (answer: Awaited<ReturnType<typeof begin>>) =>
      (await stage.start(new Person(), must(answer, 201))).url.origin
    expect(await hostOf(await begin())).toBe(stage.sandbox.url)

    const second = { ...who, ...body, host: 'https://gitlab.acme.example', scopes: ['read_api'] }
    const client = { clientId: 'acme', clientSecret: 'acme-secret' }
    const { userId: _, ...integration } = { ...second, ...client }
    must(await stage.call('POST', '/v1/integrations', integration), 201)
    const hosts = [second.host, stage.sandbox.url]
    const refused = await begin()
    expect(refused).toMatchObject({ status: 400, body: { code: 'host_required', hosts } })
    for (const host of hosts) expect(JSON.stringify(refused.body)).toContain(host)

    const chosen = { defaultHosts: { gitlab: stage.sandbox.url } }
    expect(await hostOf(await begin(chosen))).toBe(stage.sandbox.url)
    expect(await hostOf(await begin({ hosts: [stage.sandbox.url] }))).toBe(stage.sandbox.url)
    const outside = { ...who, ...chosen, hosts: [second.host] }
    const session = { ...outside, origins: [appOrigin], returnUrl: `${appOrigin}/f` }
    expect(await stage.call('POST', '/v1/connect/sessions', session)).toMatchObject({
      status: 400,
      body: { code: 'host_not_allowed' },
    })
  })

  verifies('connect:provider-reason', async () => {
    const who = { tenantId: 'ten_reasons', userId: 'u' }
    const said = (message: string) => JSON.stringify({ message: `${message} zanzibar` })
    const html = '<html>zanzibar</html>'
    const cases: [endpoint: 'rest' | 'token', status: number, body: string, reason: string][] = [
      [
        'rest',
        403,
        said('403 Forbidden - You (@ada) must accept the Terms of Service'),
        'terms_not_accepted',
      ],
      ['rest', 403, said('403 Forbidden - Your account has been blocked.'), 'account_blocked'],
      [
        'rest',
        403,
        said('Your account is pending approval from your administrator'),
        'account_blocked',
      ],
      ['rest', 403, said('403 Forbidden - Your account has been deactivated'), 'account_blocked'],
      [
        'rest',
        401,
        said('Authentication error: enable 2FA in your profile settings'),
        'two_factor_required',
      ],
      ['rest', 403, html, 'robot_check'],
      ['rest', 403, said('403 Forbidden'), 'access_refused'],
      ['rest', 503, html, 'provider_unavailable'],
      ['rest', 200, html, 'answer_unusable'],
      ['token', 503, html, 'provider_unavailable'],
      ['token', 429, 'zanzibar', 'provider_unavailable'],
      ['token', 403, html, 'robot_check'],
      ['token', 200, html, 'answer_unusable'],
      [
        'token',
        401,
        '{"error":"invalid_client","error_description":"zanzibar"}',
        'client_rejected',
      ],
      [
        'token',
        400,
        '{"error":"invalid_scope","error_description":"zanzibar"}',
        'request_rejected',
      ],
    ]
    const sentences = new Map<string, string>()
    for (const [endpoint, status, body, reason] of cases) {
      const effect = { kind: 'respond', status, body } as const
      const fault = await stage.sandbox.control.addFault({ endpoint, effect })
      const answer = await stage.connect({ who })
      await stage.sandbox.control.removeFault(fault.id)
      expect(answer, `${endpoint} ${status} ${body}`).toMatchObject({
        status: 'failed',
        error: {
          code: 'provider_error',
          providerReason: reason,
          message: expect.stringContaining('GitLab'),
          nextStep: expect.stringMatching(/\w/),
        },
      })
      expect(JSON.stringify(answer)).not.toContain('zanzibar')
      sentences.set(reason, answer.error?.message ?? '')
    }
    expect(new Set(sentences.values()).size, 'each has its own words').toBe(sentences.size)
    expect(await connectionsOf(who)).toEqual([])
  })

  verifies('R6:lifetimes', async () => {
    const who = { tenantId: 'ten_lifetimes', userId: 'u' }
    for (const expiresIn of [0, -1, 'soon', null, [], 1e12, '7200']) {
      await stage.sandbox.control.addFault({
        endpoint: 'token',
        effect: { kind: 'patch', set: { expires_in: expiresIn } },
        times: 1,
      })
      expect((await stage.connect({ who })).status, String(expiresIn)).toBe('connected')
      const { body } = await stage.read(who)
      expect(body.expiresInMs).toBeGreaterThan(7_000_000)
      expect(body.expiresInMs).toBeLessThanOrEqual(366 * 86_400_000)
    }
  })

  verifies('connect:limits', async () => {
    const session = await stage.session()
    for (let index = 0; index < 5; index += 1) await stage.flow(session)
    const body = { provider: 'gitlab', host: stage.sandbox.url }
    const sixth = await stage.page(session.connectToken, 'POST', '/connect/flows', body)
    expect(sixth).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
  })

  verifies('connect:token-rules', async () => {
    const session = await stage.session()
    const flow = await stage.flow(session)
    const path = `/connect/flows/${flow.flowId}`
    const right = await stage.page(session.connectToken, 'GET', path)
    expect(right.headers.get('access-control-allow-origin')).toBe(appOrigin)
    expect(right.headers.get('access-control-allow-credentials')).toBeNull()

    const elsewhere = await stage.page(
      session.connectToken,
      'GET',
      path,
      undefined,
      'https://evil.example',
    )
    expect(elsewhere.status).toBe(403)
    expect(elsewhere.headers.get('access-control-allow-origin')).toBeNull()

    const [head, payload, signature] = session.connectToken.split('.')
    const unsigned = Buffer.from('{"alg":"none","kid":"connect-1"}').toString('base64url')
    for (const token of [
      '',
      'x',
      stage.apiKey,
      `${unsigned}.${payload}.`,
      `${head}.${payload}.${signature?.split('').reverse().join('')}`,
    ]) {
      expect((await stage.page(token, 'GET', path)).status, token.slice(0, 10)).toBe(401)
    }
    // A token in the URL opens nothing, and one session does not see another's flows.
    expect((await fetch(`${stage.url}${path}?access_token=${session.connectToken}`)).status).toBe(
      401,
    )
    const other = await stage.session()
    expect((await stage.page(other.connectToken, 'GET', path)).status).toBe(404)
    // The connect token is no API key.
    expect(
      (await stage.page(session.connectToken, 'GET', '/v1/connections', undefined, null)).status,
    ).toBe(401)
  })

  verifies('connect:session-expires', async () => {
    const session = await stage.session()
    await stage.database.query(
      'update connect_sessions set expires_at = now() where tenant_id = $1 and id = $2',
      [mira.tenantId, session.sessionId],
    )
    const answer = await stage.page(session.connectToken, 'GET', '/connect/providers')
    expect(answer).toMatchObject({ status: 410, body: { code: 'session_expired' } })
  })

  verifies('connect:events', async () => {
    const person = new Person()
    const session = await stage.session()
    const flow = await stage.flow(session)
    const events = await fetch(`${stage.url}/connect/flows/${flow.flowId}`, {
      headers: {
        authorization: `Bearer ${session.connectToken}`,
        accept: 'text/event-stream',
        origin: appOrigin,
      },
    })
    const text = events.text()
    const back = await stage.consent(await stage.start(person, flow))
    const { url: finish } = await stage.callback(person, back)
    await stage.confirm(finish)
    const statuses = (await text)
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => (JSON.parse(line.slice(6)) as ConfirmAnswer).status)
    expect(statuses[0]).toBe('created')
    expect(statuses.at(-1)).toBe('connected')
    expect(await text).not.toMatch(/[0-9a-f]{64}/)
  })

  verifies('connect:bad-requests', async () => {
    const session = await stage.session()
    for (const [body, code] of [
      [{ provider: 'nosuch' }, 'unknown_provider'],
      [{ provider: '__proto__' }, 'invalid_request'],
      [{ provider: 'constructor' }, 'unknown_provider'],
      [{ provider: 'gitlab', host: 'https://unknown.example' }, 'integration_missing'],
      [{ provider: 'gitlab', host: 'https://user:pass@gitlab.com' }, 'host_not_allowed'],
      [{ provider: 'gitlab', host: 'ftp://gitlab.com' }, 'invalid_request'],
      [{ provider: 'gitlab', host: stage.sandbox.url, scopes: ['two words'] }, 'invalid_request'],
      ['not json', 'invalid_request'],
      [[], 'invalid_request'],
    ] as const) {
      const answer = await stage.page(session.connectToken, 'POST', '/connect/flows', body)
      expect(answer.body, JSON.stringify(body)).toMatchObject({ code })
    }
    const huge = await stage.page(session.connectToken, 'POST', '/connect/flows', {
      provider: 'x'.repeat(100_000),
    })
    expect(huge).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
    for (const tenantId of ['', 'x'.repeat(201), 'a\0b', '@install', 7]) {
      const body = { ...mira, tenantId, origins: [appOrigin], returnUrl: `${appOrigin}/f` }
      const answer = await stage.call('POST', '/v1/connect/sessions', body)
      expect(answer, String(tenantId)).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      })
    }
  })

  verifies('connect:odd-ids', async () => {
    for (const who of [
      { tenantId: '__proto__', userId: 'constructor' },
      { tenantId: 'a:b', userId: 'c' },
      { tenantId: 'a', userId: 'b:c' },
    ]) {
      expect((await stage.connect({ who })).status).toBe('connected')
      expect((await stage.read(who)).status).toBe(200)
    }
    const [a, b] = [
      await stage.read({ tenantId: 'a:b', userId: 'c' }),
      await stage.read({ tenantId: 'a', userId: 'b:c' }),
    ]
    expect(a.body.connectionId).not.toBe(b.body.connectionId)
    expect((await stage.read({ tenantId: 'a', userId: 'b' })).status).toBe(404)
  })

  verifies('connect:cancel', async () => {
    const person = new Person()
    const session = await stage.session()
    const flow = await stage.flow(session)
    const back = await stage.consent(await stage.start(person, flow))
    const cancelled = await stage.page(
      session.connectToken,
      'DELETE',
      `/connect/flows/${flow.flowId}`,
    )
    expect(cancelled.body).toMatchObject({ status: 'cancelled' })
    const audited = await stage.database.query(
      `select actor from audit where tenant_id = $1 and action = 'flow.cancel'`,
      [mira.tenantId],
    )
    expect(audited).toEqual([{ actor: `user:${mira.userId}` }])
    const { url: finish } = await stage.callback(person, back)
    expect((await stage.confirm(finish)).body).toMatchObject({ status: 'cancelled' })
    await expectNoEffect()
  })
})
