import { faults } from '@keywell/sandbox'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

describeEachDatabase('credentials', (makeDatabase) => {
  let stage: Stage
  let next = 0
  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { role: 'serve' })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  /** A fresh user with a connection, and what a read of it answers. */
  async function connected(): Promise<{ who: Who; id: string; token: string }> {
    next += 1
    const who = { tenantId: `ten_${next}`, userId: `usr_${next}` }
    const { connection } = await stage.connect({ who })
    const { body } = await stage.read(who)
    if (connection === null) throw new Error('not connected')
    await stage.calm()
    return { who, id: connection.id, token: body.credential ?? '' }
  }

  type Who = { tenantId: string; userId: string }

  /** Moves the end of a token, and when it is due, into the past, so that no test has to wait for it. */
  async function expire({ who, id }: { who: Who; id: string }): Promise<void> {
    const past = "now() - interval '1 second'"
    await stage.database.query(
      `update credentials set expires_at = ${past} where tenant_id = $1 and connection_id = $2`,
      [who.tenantId, id],
    )
    await makeDue({ who, id })
  }

  async function makeDue({ who, id }: { who: Who; id: string }): Promise<void> {
    await stage.database.query(
      `update refresh_schedule set refresh_at = now() - interval '1 second', lease_until = null
       where tenant_id = $1 and connection_id = $2`,
      [who.tenantId, id],
    )
  }

  async function refreshCalls(): Promise<number> {
    return (await stage.sandbox.control.counters()).grantTypes.refresh_token ?? 0
  }

  async function connectionOf({ who, id }: { who: Who; id: string }) {
    const query = new URLSearchParams(who)
    return must(
      await stage.call<Record<string, unknown>>('GET', `/v1/connections/${id}?${query}`),
      200,
    )
  }

  verifies('credentials:read', async () => {
    const { who, id, token } = await connected()
    const { body, headers } = await stage.read({ ...who, scopes: ['read_api', 'sudo'] })
    expect(body).toMatchObject({
      unchanged: false,
      connectionId: id,
      generation: 1,
      type: 'oauth_token',
      credential: token,
      headers: [{ name: 'Authorization', value: `Bearer ${token}` }],
      header: { name: 'Authorization', value: `Bearer ${token}` },
      host: stage.sandbox.url,
      missingScopes: ['sudo'],
    })
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await stage.read({ ...who, ifNewerThan: 1 })).body).toMatchObject({
      unchanged: true,
      generation: 1,
    })
    const rows = await stage.database.query(
      `select actor, generation from audit
       where tenant_id = $1 and action = 'credential.read' and result = 'ok'`,
      [who.tenantId],
    )
    // Two answers held the secret, one did not.
    expect(rows).toHaveLength(2)
    expect(rows[0]).toMatchObject({ actor: expect.stringMatching(/^key:key_/), generation: 1 })
  })

  verifies('credentials:not-connected', async () => {
    const answer = await stage.read({ tenantId: 'ten_nobody' })
    expect(answer).toMatchObject({
      status: 404,
      body: { code: 'not_connected', connectUrl: expect.stringContaining('provider=gitlab') },
    })
    expect((await stage.read({ provider: 'nosuch' })).body).toMatchObject({
      code: 'unknown_provider',
    })
    for (const bad of [
      { tenantId: '' },
      { userId: 'a\0' },
      { tenantId: 'x'.repeat(500) },
      { host: 'ftp://x' },
    ]) {
      expect((await stage.read(bad)).status, JSON.stringify(bad)).toBe(400)
    }
  })

  verifies('refresh:on-read', async () => {
    const made = await connected()
    await expire(made)
    const { body } = await stage.read(made.who)
    expect(body).toMatchObject({ generation: 2 })
    expect(body.credential).not.toBe(made.token)
    const user = await fetch(`${stage.sandbox.url}/api/v4/user`, {
      headers: { authorization: `Bearer ${body.credential}` },
    })
    expect(user.status).toBe(200)
    expect(await connectionOf(made)).toMatchObject({ generation: 2, status: 'active' })
  })

  verifies('refresh:single-flight', async () => {
    const made = await connected()
    await expire(made)
    const answers = await Promise.all(Array.from({ length: 50 }, () => stage.read(made.who)))
    expect(new Set(answers.map((answer) => answer.body.credential)).size).toBe(1)
    expect(answers.every((answer) => answer.status === 200)).toBe(true)
    expect(await refreshCalls()).toBe(1)
  })

  verifies('R8:serve-until-over', async () => {
    const made = await connected()
    await makeDue(made)
    await stage.sandbox.control.addFault(faults.badGateway({ rotated: false }))
    const conditional = await stage.read({ ...made.who, ifNewerThan: 1 })
    expect(conditional.body).toMatchObject({ unchanged: true, generation: 1 })
    expect(await refreshCalls()).toBe(1)
    const { body } = await stage.read(made.who)
    expect(body).toMatchObject({ generation: 1, credential: made.token })
    expect(await connectionOf(made)).toMatchObject({
      status: 'active',
      needsReauth: false,
      health: { status: 'degraded' },
    })
    // Backoff: asking again does not ask the provider again.
    await stage.read({ ...made.who, ifNewerThan: 1 })
    expect(await refreshCalls()).toBe(1)
  })

  verifies('refresh:conditional-not-early', async () => {
    const made = await connected()
    await stage.read({ ...made.who, ifNewerThan: 1 })
    expect(await refreshCalls()).toBe(0)
  })

  verifies('refresh:outage', async () => {
    const made = await connected()
    await expire(made)
    await stage.sandbox.control.addFault(faults.rateLimited(2))
    const refused = await stage.read(made.who)
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    await stage.calm()
    await makeDue(made)
    expect((await stage.read(made.who)).body).toMatchObject({ generation: 2 })
  })

  verifies('R9:one-refusal-is-a-suspicion', async () => {
    const made = await connected()
    await expire(made)
    await stage.sandbox.control.addFault({ ...faults.falseInvalidGrant(), times: 1 })
    expect(await stage.read(made.who)).toMatchObject({
      status: 503,
      body: { code: 'refresh_in_progress' },
    })
    expect(await connectionOf(made)).toMatchObject({ status: 'active' })
    await makeDue(made)
    expect((await stage.read(made.who)).body).toMatchObject({ generation: 2 })
    expect(await connectionOf(made)).toMatchObject({ status: 'active', health: { status: 'ok' } })
  })

  verifies('R10:reported-401-dead', async () => {
    const made = await connected()
    await stage.sandbox.control.revokeGrants({ username: 'ada' })
    const answer = await stage.read({ ...made.who, minGeneration: 2 })
    expect(answer).toMatchObject({
      status: 409,
      body: {
        code: 'needs_reauth',
        reason: 'revoked',
        connectUrl: expect.stringContaining('provider=gitlab'),
      },
    })
    expect(await connectionOf(made)).toMatchObject({ status: 'revoked', needsReauth: true })
    expect((await stage.read(made.who)).body).toMatchObject({ code: 'needs_reauth' })
    // Connecting again brings the same connection back.
    const again = await stage.connect({ who: made.who })
    expect(again.connection).toMatchObject({ id: made.id, status: 'active', generation: 2 })
  })

  verifies('R10:reported-401-alive', async () => {
    const made = await connected()
    for (let index = 0; index < 5; index += 1) {
      const { body } = await stage.read({ ...made.who, minGeneration: 2 })
      expect(body).toMatchObject({ generation: 1, credential: made.token })
    }
    const counters = await stage.sandbox.control.counters()
    expect(counters.grantTypes.refresh_token ?? 0).toBe(0)
    expect(counters.calls.token_info, 'probes').toBe(1)
  })

  verifies('refresh:lost-rotation', async () => {
    const made = await connected()
    await expire(made)
    await stage.sandbox.control.addFault({ ...faults.dropAfterRotation(), times: 1 })
    expect((await stage.read(made.who)).status).toBe(503)
    for (const status of [503, 409]) {
      await makeDue(made)
      expect((await stage.read(made.who)).status).toBe(status)
    }
    expect(await connectionOf(made)).toMatchObject({ status: 'expired', reason: 'lost_rotation' })
  })

  verifies('R6:no-new-refresh-token', async () => {
    const made = await connected()
    await stage.sandbox.control.change({ rotation: { mode: 'none' } })
    await stage.sandbox.control.addFault(faults.answerWithout('refresh_token'))
    for (const generation of [2, 3]) {
      await expire(made)
      expect((await stage.read(made.who)).body).toMatchObject({ generation })
    }
    await stage.sandbox.control.change({ rotation: { mode: 'strict' } })
  })

  verifies('refresh:client-refused', async () => {
    const made = await connected()
    await expire(made)
    await stage.sandbox.control.addFault(faults.invalidClient())
    expect((await stage.read(made.who)).body).toMatchObject({ code: 'unavailable' })
    expect(await connectionOf(made)).toMatchObject({ status: 'active' })
  })

  verifies('disconnect', async () => {
    const made = await connected()
    const answer = await stage.call(
      'DELETE',
      `/v1/connections/${made.id}?${new URLSearchParams(made.who)}`,
    )
    expect(answer.body).toMatchObject({
      upstream: 'revoked',
      connection: { status: 'disconnected' },
    })
    expect((await stage.read(made.who)).body).toMatchObject({ code: 'not_connected' })
    const mine = (await stage.sandbox.control.tokens()).find(
      (pair) => pair.accessToken === made.token,
    )
    expect(mine?.revokedAt).not.toBeNull()
    const left = await stage.database.query(
      'select 1 from credentials where tenant_id = $1 union all select 1 from revocations where tenant_id = $1',
      [made.who.tenantId],
    )
    expect(left).toEqual([])
    // Again, and for one that never was: the same answer.
    const again = await stage.call(
      'DELETE',
      `/v1/connections/${made.id}?${new URLSearchParams(made.who)}`,
    )
    expect(again.status).toBe(404)
  })

  verifies('disconnect:expired-pair', async () => {
    const made = await connected()
    await stage.sandbox.control.change({ clockOffsetMs: 3 * 3_600_000 })
    const answer = await stage.call(
      'DELETE',
      `/v1/connections/${made.id}?${new URLSearchParams(made.who)}`,
    )
    await stage.sandbox.control.change({ clockOffsetMs: 0 })
    expect(answer.body).toMatchObject({ upstream: 'revoked' })
    const mine = (await stage.sandbox.control.tokens()).find(
      (pair) => pair.accessToken === made.token,
    )
    expect(mine?.revokedAt).not.toBeNull()
  })

  verifies('disconnect:provider-down', async () => {
    const made = await connected()
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' } })
    const answer = await stage.call(
      'DELETE',
      `/v1/connections/${made.id}?${new URLSearchParams(made.who)}`,
    )
    expect(answer.body).toMatchObject({
      upstream: 'pending',
      manualUrl: `${stage.sandbox.url}/-/user_settings/applications`,
    })
    expect((await stage.read(made.who)).status).toBe(404)
    const kept = await stage.database.query<{ state: string }>(
      'select state from revocations where tenant_id = $1',
      [made.who.tenantId],
    )
    expect(kept).toEqual([{ state: 'due' }])
  })

  verifies('disconnect:provider-slow', async () => {
    const made = await connected()
    await stage.sandbox.control.addFault({
      endpoint: 'revoke',
      effect: { kind: 'delay', ms: 6_000 },
    })
    const query = new URLSearchParams(made.who)
    const startedAt = performance.now()
    const answer = await stage.call('DELETE', `/v1/connections/${made.id}?${query}`)
    expect(answer.body).toMatchObject({ upstream: 'pending' })
    expect(performance.now() - startedAt, 'milliseconds').toBeLessThan(5_900)
    // It goes on behind the answer.
    const left = () =>
      stage.database.query('select 1 from revocations where tenant_id = $1', [made.who.tenantId])
    await expect.poll(left, { timeout: 15_000 }).toEqual([])
  })

  verifies('T14:moved-record', async () => {
    const [a, b, c] = [await connected(), await connected(), await connected()]
    const bystander = await connected()
    const swap = `update credentials x set sealed = y.sealed, key_version = y.key_version
      from credentials y where x.tenant_id = $1 and y.tenant_id = $2`
    await stage.database.query(swap, [a.who.tenantId, b.who.tenantId])
    expect(await stage.read(a.who)).toMatchObject({
      status: 500,
      body: { code: 'credential_unreadable' },
    })
    await stage.database.query(
      `update connections set user_id = 'usr_thief' where tenant_id = $1`,
      [b.who.tenantId],
    )
    const thief = { ...b.who, userId: 'usr_thief' }
    expect((await stage.read(thief)).body).toMatchObject({ code: 'credential_unreadable' })
    await stage.database.query(
      `update connections set host = 'http://127.0.0.1:1' where tenant_id = $1`,
      [c.who.tenantId],
    )
    expect((await stage.read(c.who)).body).toMatchObject({ code: 'credential_unreadable' })
    expect(
      stage.logs.filter((line) => line.includes('"alarm":"credential_unreadable"')),
    ).toHaveLength(3)
    expect((await stage.read(bystander.who)).status).toBe(200)
  })

  verifies('credentials:damaged-record', async () => {
    const made = await connected()
    const damage = (expression: string) =>
      stage.database.query(`update credentials set sealed = ${expression} where tenant_id = $1`, [
        made.who.tenantId,
      ])
    const [kept] = await stage.database.query<{ sealed: Uint8Array }>(
      'select sealed from credentials where tenant_id = $1',
      [made.who.tenantId],
    )
    for (const expression of [
      'set_byte(sealed, 100, get_byte(sealed, 100) # 1)',
      'substring(sealed from 1 for 50)',
      "sealed || '\\x00'::bytea",
      "''::bytea",
    ]) {
      await damage(expression)
      expect(await stage.read(made.who), expression).toMatchObject({
        status: 500,
        body: { code: 'credential_unreadable', requestId: expect.stringMatching(/^req_/) },
      })
      await stage.database.query('update credentials set sealed = $2 where tenant_id = $1', [
        made.who.tenantId,
        kept?.sealed ?? null,
      ])
    }
    expect((await stage.read(made.who)).status).toBe(200)
  })

  verifies('T19:foreign-ids', async () => {
    const made = await connected()
    const stranger = { tenantId: 'ten_stranger', userId: 'u' }
    const unknown = 'con_00000000000000000000000000'
    for (const method of ['GET', 'DELETE']) {
      for (const who of [stranger, { ...made.who, userId: 'usr_other' }]) {
        const query = new URLSearchParams(who)
        const foreign = await stage.call<{ detail: string }>(
          method,
          `/v1/connections/${made.id}?${query}`,
        )
        const absent = await stage.call<{ detail: string }>(
          method,
          `/v1/connections/${unknown}?${query}`,
        )
        const plain = (answer: typeof foreign, id: string) => ({
          ...answer.body,
          requestId: '',
          detail: answer.body.detail.replace(id, ''),
        })
        expect(foreign.status).toBe(404)
        expect(plain(foreign, made.id)).toEqual(plain(absent, unknown))
      }
    }
    expect((await stage.read(made.who)).status).toBe(200)
  })

  verifies('connections:list', async () => {
    const made = await connected()
    for (const name of ['b', 'c', 'd'])
      await stage.connect({ who: made.who, flow: { connectionName: name } })
    type Page = { connections: { name: string }[]; nextCursor: string | null }
    const query = new URLSearchParams({ ...made.who, limit: '3' })
    const first = must(await stage.call<Page>('GET', `/v1/connections?${query}`), 200)
    query.set('cursor', first.nextCursor ?? '')
    const second = must(await stage.call<Page>('GET', `/v1/connections?${query}`), 200)
    const names = [...first.connections, ...second.connections].map((connection) => connection.name)
    expect(names).toEqual(['default', 'b', 'c', 'd'])
    expect(second.nextCursor).toBeNull()
    for (const bad of ['limit=0', 'limit=501', 'limit=x', 'cursor=x', 'provider=!']) {
      const answer = await stage.call('GET', `/v1/connections?tenantId=${made.who.tenantId}&${bad}`)
      expect(answer.status, bad).toBe(400)
    }
    expect((await stage.call('GET', '/v1/connections')).status).toBe(400)
  })

  verifies('T27:change-stream', async () => {
    const made = await connected()
    const stop = new AbortController()
    const stream = await fetch(`${stage.url}/v1/changes`, {
      headers: { authorization: `Bearer ${stage.apiKey}` },
      signal: stop.signal,
    })
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const until = async (pattern: RegExp) => {
      while (!pattern.test(text)) text += (await reader?.read())?.value ?? ''
    }
    await until(/event: hello/)
    const startedAt = performance.now()
    await stage.call('DELETE', `/v1/connections/${made.id}?${new URLSearchParams(made.who)}`)
    await until(/"kind":"disconnected"/)
    stop.abort()
    expect(performance.now() - startedAt, 'milliseconds until the change arrived').toBeLessThan(
      5_000,
    )
    expect(text).toContain(made.id)
    expect(text).not.toContain(made.token)
  })

  verifies('T29:api-keys', async () => {
    const { id, key } = await stage.keywell.apiKeys.create('short-lived')
    const send = (authorization: string | undefined, extra: Record<string, string> = {}) =>
      fetch(`${stage.url}/v1/providers`, {
        headers: { ...(authorization === undefined ? {} : { authorization }), ...extra },
      })
    const text = key.expose()
    expect(text).toMatch(/^kw_[0-9A-Z]{26}_[0-9A-Z]{59}$/)
    expect((await send(`Bearer ${text}`)).status).toBe(200)
    const wrong = `${text.slice(0, 40)}${text[40] === 'A' ? 'B' : 'A'}${text.slice(41)}`
    const answers = await Promise.all(
      ['Bearer nonsense', `Bearer ${wrong}`, `Bearer ${text}x`, `Basic ${btoa(`x:${text}`)}`].map(
        async (value) => (await send(value)).status,
      ),
    )
    expect(answers).toEqual([401, 401, 401, 401])
    expect((await send(undefined)).status).toBe(401)
    expect((await fetch(`${stage.url}/v1/providers?api_key=${text}`)).status).toBe(401)
    // A key in a browser is refused and reported, not used.
    const browser = await send(`Bearer ${text}`, { origin: 'https://app.example' })
    expect(await browser.json()).toMatchObject({ code: 'key_in_browser' })
    expect(stage.logs.some((line) => line.includes('key_in_browser'))).toBe(true)
    await stage.keywell.apiKeys.revoke(id)
    expect((await send(`Bearer ${text}`)).status).toBe(401)
    const dump = JSON.stringify(
      await stage.database.query(`select * from api_keys where tenant_id = '@install'`),
    )
    expect(dump).not.toContain(text.slice(30))
  })

  verifies('T23:private-hosts', async () => {
    for (const host of [
      'http://127.0.0.1:1',
      'https://localhost',
      'https://169.254.169.254',
      'http://gitlab.example',
      'https://[::ffff:127.0.0.1]',
    ]) {
      const body = { provider: 'gitlab', host, scopes: ['read_api'] }
      const answer = await stage.call('POST', '/v1/integrations', body)
      expect(answer, host).toMatchObject({ status: 400, body: { code: 'host_not_allowed' } })
    }
  })

  verifies('integrations', async () => {
    const body = { provider: 'gitlab', host: 'https://gitlab.example/', scopes: ['read_api'] }
    const draft = must(
      await stage.call<Record<string, string>>('POST', '/v1/integrations', body),
      201,
    )
    expect(draft).toMatchObject({ status: 'draft', clientId: null, host: 'https://gitlab.example' })
    expect(draft.redirectUri).toBe(`${stage.url}/oauth/callback/${draft.id}`)
    expect((await stage.call('POST', '/v1/integrations', body)).body).toMatchObject({
      code: 'invalid_request',
    })
    const secret = 'marked-client-secret'
    const path = `/v1/integrations/${draft.id}/client`
    const done = must(await stage.call('PUT', path, { clientId: 'c', clientSecret: secret }), 200)
    expect(done).toMatchObject({ status: 'active', clientId: 'c' })
    expect(JSON.stringify(done)).not.toContain(secret)
    const renewed = await stage.call('PUT', path, { clientId: 'c', clientSecret: 'renewed' })
    expect(renewed.status).toBe(200)
    for (const bad of [
      { ...body, provider: 'nosuch' },
      { ...body, scopes: ['made_up'] },
      { ...body, scopes: [] },
      { ...body, clientId: 'alone' },
      { ...body, tenantId: '@install' },
    ]) {
      expect((await stage.call('POST', '/v1/integrations', bad)).status, JSON.stringify(bad)).toBe(
        400,
      )
    }
    expect(
      (
        await stage.call('PUT', '/v1/integrations/int_00000000000000000000000000/client', {
          clientId: 'c',
          clientSecret: 's',
        })
      ).status,
    ).toBe(404)
  })

  verifies('http:openapi', async () => {
    const document = await (await fetch(`${stage.url}/openapi.json`)).json()
    const paths = Object.keys(document.paths)
    for (const path of [
      '/v1/credentials',
      '/v1/connections',
      '/v1/connections/{connectionId}',
      '/v1/changes',
      '/v1/connect/sessions',
      '/connect/flows',
    ]) {
      expect(paths).toContain(path)
    }
    expect(Object.keys(document.paths['/v1/connections'])).toEqual(['get', 'post'])
    expect((await fetch(`${stage.url}/livez`)).status).toBe(200)
    expect((await fetch(`${stage.url}/readyz`)).status).toBe(200)
    expect(await (await fetch(`${stage.url}/nosuch`)).json()).toMatchObject({ code: 'not_found' })
  })

  verifies('connections:last-used', async () => {
    const who = { tenantId: 'ten_last_used', userId: 'usr_last_used' }
    const { connection } = await stage.connect({ who })
    const made = { who, id: connection?.id ?? '' }
    const lastUse = async () => (await connectionOf(made)).lastUsedAt
    const version = async () => {
      const rows = await stage.database.query<{ version: string }>(
        'select xmin::text as version from refresh_schedule where tenant_id = $1',
        [who.tenantId],
      )
      return rows[0]?.version
    }
    expect(await lastUse()).toBeNull()
    await stage.read(who)
    await until('the use is written', async () => (await lastUse()) !== null)
    expect(await lastUse()).toBe(new Date(String(await lastUse())).toISOString())
    const written = await version()
    for (let reads = 0; reads < 5; reads += 1) await stage.read(who)
    expect(await version()).toBe(written)
    // Connecting again is no use of it.
    await stage.database.query(
      `update refresh_schedule set used_at = '2026-01-02T03:04:05Z' where tenant_id = $1`,
      [who.tenantId],
    )
    await stage.connect({ who, session: { connectionId: connection?.id } })
    expect(await connectionOf(made)).toMatchObject({
      generation: 2,
      lastUsedAt: '2026-01-02T03:04:05.000Z',
    })
  })
})
