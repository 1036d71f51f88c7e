/** API keys that users made at the provider by hand, as connections: at GitLab personal access tokens. */
import { inspect } from 'node:util'
import type { IssuedPersonalAccessToken, PersonalAccessTokenInput } from '@keywell/sandbox'
import { Keywell, Secret } from '@keywell/sdk'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { type Answer, createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const confirmAfterMs = 200
const selfPath = '/api/v4/personal_access_tokens/self'

interface View {
  id: string
  status: string
  reason: string | null
  generation: number
  health: { status: string; reason: string | null }
  account: { id: string; username: string | null }
  scopes: string[]
  missingScopes: string[]
}

interface Who {
  tenantId: string
  userId: string
}

describeEachDatabase('API keys of users', (makeDatabase) => {
  let stage: Stage
  let next = 0

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), {
      timing: { pollMs: 40, confirmAfterMs, recheckAfterMs: 50, sweepMs: 100 },
    })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  function newWho(): Who {
    next += 1
    return { tenantId: `ten_${next}`, userId: `usr_${next}` }
  }

  const issue = (token: Partial<PersonalAccessTokenInput> = {}) =>
    stage.sandbox.control.issuePersonalAccessToken({ username: 'ada', ...token })

  function store(who: Who, value: unknown, more: object = {}): Promise<Answer<View>> {
    const credential = { type: 'api_key', value }
    const body = { ...who, provider: 'gitlab', host: stage.sandbox.url, credential, ...more }
    return stage.call('POST', '/v1/connections', body)
  }

  async function stored(token: Partial<PersonalAccessTokenInput> = {}) {
    const who = newWho()
    const key = await issue(token)
    const view = must(await store(who, key.value), 201)
    return { who, key, id: view.id }
  }
  type Stored = Awaited<ReturnType<typeof stored>>

  const viewOf = async ({ who, id }: Stored) =>
    must(
      await stage.call<View>('GET', `/v1/connections/${id}?${new URLSearchParams({ ...who })}`),
      200,
    )

  async function rowsOf(who: Who): Promise<Record<string, number>> {
    const [row] = await stage.database.query<Record<string, number>>(
      `select (select count(*)::int from connections where tenant_id = $1) as connections,
              (select count(*)::int from credentials where tenant_id = $1) as credentials,
              (select count(*)::int from refresh_schedule where tenant_id = $1) as schedule,
              (select count(*)::int from revocations where tenant_id = $1) as revocations`,
      [who.tenantId],
    )
    return row ?? {}
  }
  const nothing = { connections: 0, credentials: 0, schedule: 0, revocations: 0 }

  async function scheduleOf({ who }: Stored) {
    const [row] = await stage.database.query<{
      state: string
      refresh_at: Date | null
      probe_in_s: number
      epoch: string
      leased: boolean
    }>(
      `select state, refresh_at, epoch, lease_until is not null as leased,
              extract(epoch from probe_at - now())::float8 as probe_in_s
       from refresh_schedule where tenant_id = $1`,
      [who.tenantId],
    )
    if (row === undefined) throw new Error('no schedule')
    return row
  }

  /** Makes a look due, and waits until it is over. */
  async function look(made: Stored, readAgo = '1 minute'): Promise<void> {
    const { epoch } = await scheduleOf(made)
    await stage.database.query(
      `update refresh_schedule set probe_at = now(), read_at = now() - $2::text::interval where tenant_id = $1`,
      [made.who.tenantId, readAgo],
    )
    await until('looked at', async () => {
      const now = await scheduleOf(made)
      return now.epoch !== epoch && !now.leased
    })
  }

  const kindsOf = async ({ who }: Stored) =>
    (
      await stage.database.query<{ kind: string }>(
        'select kind from changes where tenant_id = $1 order by seq',
        [who.tenantId],
      )
    ).map(({ kind }) => kind)

  /** Whether it opens the API: what the provider thinks of it. */
  const works = async ({ value }: IssuedPersonalAccessToken) =>
    (await fetch(stage.sandbox.url + selfPath, { headers: { 'private-token': value } })).ok

  verifies('keys:path', async () => {
    const made = await stored({ scopes: ['read_api'], expiresOn: '2099-01-01' })
    expect(await viewOf(made)).toMatchObject({
      status: 'active',
      generation: 1,
      health: { status: 'ok' },
      account: { id: '101', username: 'ada' },
      scopes: ['read_api'],
      missingScopes: [],
    })
    const { status, body } = await stage.read(made.who)
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({
        type: 'api_key',
        credential: made.key.value,
        header: { name: 'Authorization', value: `Bearer ${made.key.value}` },
        expiresAt: expect.stringMatching(/^(2098-12-31T23:59:5|2099-01-01T00:00:0)/),
        scopes: ['read_api'],
        connectionId: made.id,
        host: stage.sandbox.url,
      }),
    ])
    const { name, value } = Object(body.header)
    const projects = await fetch(`${stage.sandbox.url}/api/v4/projects`, {
      headers: { [name]: value },
    })
    expect(projects.status).toBe(200)
    expect(await kindsOf(made)).toEqual(['connected'])
    const audit = await stage.database.query(
      `select action, result, user_id, connection_id, generation from audit
       where tenant_id = $1 order by id`,
      [made.who.tenantId],
    )
    const entry = { result: 'ok', user_id: made.who.userId, connection_id: made.id, generation: 1 }
    expect(audit).toEqual([
      { ...entry, action: 'connection.connect' },
      { ...entry, action: 'credential.read' },
    ])
    // A key that may not read its own profile still shows the id of its owner.
    const narrow = await stored({ scopes: ['write_repository'] })
    expect(await viewOf(narrow)).toMatchObject({ account: { id: '101', username: null } })
    expect((await stage.read(narrow.who)).body).toMatchObject({ expiresAt: null })
  })

  verifies('keys:refused', async () => {
    const who = newWho()
    const revoked = await issue()
    await stage.sandbox.control.revokePersonalAccessToken(revoked.id)
    const expired = await issue({ expiresOn: '2020-01-01' })
    const good = await issue()
    const granted = await stage.sandbox.control.issueToken({
      clientId: (await stage.sandbox.control.applications())[0]?.clientId ?? '',
      username: 'ada',
    })
    for (const value of [revoked.value, expired.value, 'glpat-never-made-by-anybody']) {
      const { status, body } = await store(who, value)
      expect([status, body]).toMatchObject([422, { code: 'key_refused' }])
      expect(JSON.stringify(body)).not.toContain(value)
    }
    // A token of OAuth is none that a user made, and is not kept as if nothing would end it.
    expect(await store(who, granted.accessToken)).toMatchObject({ status: 502 })
    for (const status of [403, 429, 500, 503]) {
      await stage.sandbox.control.addFault({
        endpoint: 'rest',
        effect: { kind: 'respond', status, body: `{"message":"${good.value}"}` },
        times: 1,
      })
      const answer = await store(who, good.value)
      expect(answer, String(status)).toMatchObject({
        status: 502,
        body: { code: 'provider_error' },
      })
      expect(JSON.stringify(answer.body)).not.toContain(good.value)
    }
    expect(await rowsOf(who)).toEqual(nothing)
    const audit = await stage.database.query<{ result: string; reason: string }>(
      `select result, reason from audit where tenant_id = $1 and action = 'connection.connect'`,
      [who.tenantId],
    )
    expect(audit).toHaveLength(8)
    expect(new Set(audit.map(({ result }) => result))).toEqual(new Set(['denied']))
    const values = [revoked, expired, good].map(({ value }) => value)
    for (const value of [...values, granted.accessToken]) {
      expect(stage.logs.join('\n').includes(value), 'a key in the log').toBe(false)
    }
  })

  verifies('keys:hosts', async () => {
    const { value } = await issue()
    const who = newWho()
    const host = `https://git-${next}.invalid`
    const refusal = { status: 400, body: { code: 'host_not_allowed' } }
    expect(await store(who, value, { host })).toMatchObject(refusal)
    expect(await store(who, value, { host: 'http://127.0.0.1:1' })).toMatchObject(refusal)
    must(
      await stage.call('POST', '/v1/integrations', {
        tenantId: who.tenantId,
        provider: 'gitlab',
        host,
        scopes: ['api'],
      }),
      201,
    )
    // Now the host is called, and no server answers.
    expect(await store(who, value, { host })).toMatchObject({ body: { code: 'provider_error' } })
    expect(await store(newWho(), value, { host }), "another tenant's host").toMatchObject(refusal)
    expect(await rowsOf(who)).toEqual(nothing)
  })

  verifies('keys:bad-requests', async () => {
    const who = newWho()
    const secret = 'glpat-that-nobody-may-see'
    const bad: [value: unknown, more?: object][] = [
      [''],
      [`${secret} `],
      [`${secret}\r\nx-injected: 1`],
      [`${secret}\u0000`],
      [`${secret}é`],
      [secret.repeat(1_000)],
      [7],
      [null],
      [[secret]],
      [secret, { credential: { type: 'basic', value: secret } }],
      [secret, { credential: { value: secret } }],
      [secret, { credential: secret }],
      [secret, { tenantId: '@install' }],
      [secret, { userId: '' }],
      [secret, { name: 'a b' }],
      [secret, { host: 'not a host' }],
      [secret, { host: `https://${secret}:x@gitlab.example` }],
    ]
    for (const [value, more] of bad) {
      const { status, body } = await store(who, value, more)
      const which = JSON.stringify([value, more]).slice(0, 100)
      expect(Math.floor(status / 100), which).toBe(4)
      expect(body, which).toMatchObject({ code: expect.any(String), nextStep: expect.any(String) })
      expect(JSON.stringify(body).includes(secret), which).toBe(false)
    }
    expect(await store(who, secret, { provider: 'nosuch' })).toMatchObject({
      body: { code: 'unknown_provider' },
    })
    expect(stage.logs.join('\n')).not.toContain(secret)
    expect(await rowsOf(who)).toEqual(nothing)
    const { calls } = await stage.sandbox.control.counters()
    expect(calls.rest ?? 0, 'calls upstream').toBe(0)
  })

  verifies('keys:in-place', async () => {
    const who = newWho()
    await stage.connect({ who })
    const granted = (await stage.read(who)).body.credential
    const first = await issue()
    const view = must(await store(who, first.value), 201)
    expect(view).toMatchObject({ generation: 2 })
    expect((await stage.read(who)).body).toMatchObject({ type: 'api_key', generation: 2 })
    await until('the grant is withdrawn', async () =>
      (await stage.sandbox.control.tokens()).some(
        ({ accessToken, revokedAt }) => accessToken === granted && revokedAt !== null,
      ),
    )
    const second = await issue()
    expect(must(await store(who, second.value), 201)).toMatchObject({ id: view.id, generation: 3 })
    expect((await stage.read(who)).body).toMatchObject({ credential: second.value, generation: 3 })
    expect(await works(first), 'a key is its user’s').toBe(true)
    // A consent takes the key's place, too; and a name makes another connection.
    await stage.connect({ who })
    expect((await stage.read(who)).body).toMatchObject({ type: 'oauth_token', generation: 4 })
    must(await store(who, second.value, { name: 'ci' }), 201)
    expect((await stage.read({ ...who, connectionName: 'ci' })).body).toMatchObject({
      generation: 1,
    })
    expect(await rowsOf(who)).toMatchObject({ connections: 2, credentials: 2, schedule: 2 })
  })

  verifies('keys:other-account', async () => {
    const made = await stored()
    const { value } = await issue({ username: 'grace' })
    expect(await store(made.who, value)).toMatchObject({
      status: 409,
      body: { code: 'account_mismatch' },
    })
    expect((await stage.read(made.who)).body).toMatchObject({
      credential: made.key.value,
      generation: 1,
    })
    expect(await kindsOf(made)).toEqual(['connected'])
  })

  verifies('keys:dead', async () => {
    const made = await stored()
    await look(made)
    expect(await viewOf(made)).toMatchObject({ status: 'active', health: { status: 'ok' } })
    await stage.sandbox.control.revokePersonalAccessToken(made.key.id)
    await look(made)
    expect(await scheduleOf(made)).toMatchObject({ state: 'suspect' })
    expect(await viewOf(made)).toMatchObject({
      status: 'active',
      health: { status: 'degraded', reason: 'probed_inactive' },
    })
    expect((await stage.read(made.who)).status, 'one look is a suspicion').toBe(200)
    await until('given up', async () => (await viewOf(made)).status === 'revoked')
    expect(await stage.read(made.who)).toMatchObject({
      status: 409,
      body: {
        code: 'needs_reauth',
        reason: 'revoked',
        nextStep: expect.stringContaining('POST /v1/connections'),
      },
    })
    expect(await kindsOf(made)).toEqual(['connected', 'degraded', 'revoked'])
    const fresh = await issue()
    expect(must(await store(made.who, fresh.value), 201)).toMatchObject({
      id: made.id,
      status: 'active',
      generation: 2,
    })
    expect((await stage.read(made.who)).body).toMatchObject({ credential: fresh.value })
    expect(await scheduleOf(made)).toMatchObject({ state: 'idle' })
  })

  const trouble = [401, 403, 404, 500, 503]
  verifies.each('keys:never-ended-by-trouble', trouble, async (status) => {
    const made = await stored()
    await stage.sandbox.control.addFault({
      endpoint: 'rest',
      effect: { kind: 'respond', status, body: '<h1>Sign in at the proxy</h1>' },
    })
    for (let times = 0; times < 3; times += 1) await look(made)
    expect(await viewOf(made)).toMatchObject({
      status: 'active',
      health: { status: expect.stringMatching(/unknown|degraded/), reason: `status_${status}` },
    })
    expect((await stage.read(made.who)).body).toMatchObject({ credential: made.key.value })
    await stage.calm()
    await look(made)
    expect(await viewOf(made)).toMatchObject({ status: 'active', health: { status: 'ok' } })
  })

  verifies('keys:reported-401', async () => {
    const made = await stored()
    const reported = { ...made.who, minGeneration: 2 }
    expect((await stage.read(reported)).body).toMatchObject({ generation: 1 })
    expect(await scheduleOf(made), 'it lives').toMatchObject({ state: 'idle' })
    await stage.sandbox.control.revokePersonalAccessToken(made.key.id)
    await until('reported, found dead, looked at twice', async () => {
      const { status, body } = await stage.read(reported)
      if (status === 200) return false
      expect([status, body]).toMatchObject([409, { code: 'needs_reauth', reason: 'revoked' }])
      return true
    })
    expect(await viewOf(made)).toMatchObject({ status: 'revoked' })
    expect(await kindsOf(made), 'suspected first').toEqual(['connected', 'degraded', 'revoked'])
    const { calls } = await stage.sandbox.control.counters()
    expect(calls.token ?? 0, 'refreshes').toBe(0)
  })

  verifies('keys:end', async () => {
    const made = await stored({ expiresOn: '2099-01-01' })
    const endIn = (interval: string) =>
      stage.database.query(
        'update credentials set expires_at = now() + $2::text::interval where tenant_id = $1',
        [made.who.tenantId, interval],
      )
    // Nearer than the daily look of a key at rest: that is when it is looked at.
    await endIn('1 hour')
    await look(made, '2 hours')
    const { probe_in_s: nextLook } = await scheduleOf(made)
    expect(nextLook).toBeGreaterThan(3_600 - 60)
    expect(nextLook).toBeLessThanOrEqual(3_600)
    await endIn('-1 second')
    const refusal = { status: 409, body: { code: 'needs_reauth', reason: 'token_expired' } }
    expect(await stage.read(made.who), 'before anybody has looked').toMatchObject(refusal)
    const { calls } = await stage.sandbox.control.counters()
    expect(calls.token ?? 0, 'refreshes').toBe(0)
    await stage.database.query(
      'update refresh_schedule set probe_at = now() where tenant_id = $1',
      [made.who.tenantId],
    )
    await until('given up', async () => (await viewOf(made)).status !== 'active')
    expect(await viewOf(made)).toMatchObject({
      status: 'expired',
      reason: 'token_expired',
      renewable: false,
    })
    expect(await stage.read(made.who)).toMatchObject(refusal)
    expect(await kindsOf(made)).toEqual(['connected', 'needs_reauth'])
  })

  verifies('keys:schedule', async () => {
    // With an end or without: what nothing renews changes only when a person acts.
    const made = await stored({ expiresOn: '2099-01-01' })
    const first = await scheduleOf(made)
    expect(first.refresh_at, 'nothing renews it').toBeNull()
    expect(first.probe_in_s).toBeGreaterThan(0.8 * 3_600 - 5)
    expect(first.probe_in_s).toBeLessThan(1.2 * 3_600)
    await look(made, '1 minute')
    const hot = (await scheduleOf(made)).probe_in_s
    expect(hot).toBeGreaterThan(0.8 * 3_600 - 5)
    expect(hot).toBeLessThan(1.2 * 3_600)
    await look(made, '2 hours')
    const cold = (await scheduleOf(made)).probe_in_s
    expect(cold).toBeGreaterThan(0.8 * 86_400 - 5)
    expect(cold).toBeLessThan(1.2 * 86_400)
  })

  verifies('keys:disconnect', async () => {
    const made = await stored()
    const answer = await stage.call(
      'DELETE',
      `/v1/connections/${made.id}?${new URLSearchParams({ ...made.who })}`,
    )
    expect(answer).toMatchObject({
      status: 200,
      body: {
        connection: { status: 'disconnected' },
        upstream: 'manual',
        manualUrl: `${stage.sandbox.url}/-/user_settings/personal_access_tokens`,
      },
    })
    expect(await stage.read(made.who)).toMatchObject({ status: 404 })
    expect(await rowsOf(made.who)).toEqual({ ...nothing, connections: 1 })
    const { calls } = await stage.sandbox.control.counters()
    expect(calls.revoke ?? 0).toBe(0)
    expect(await works(made.key), 'it may serve elsewhere').toBe(true)
  })

  verifies('keys:sealed', async () => {
    const [a, b] = [await stored(), await stored()]
    const unreadable = { status: 500, body: { code: 'credential_unreadable' } }
    await stage.database.query(`update credentials set type = 'oauth_token' where tenant_id = $1`, [
      a.who.tenantId,
    ])
    expect(await stage.read(a.who), 'as a token of OAuth').toMatchObject(unreadable)
    await stage.database.query(
      `update credentials x set type = 'api_key', sealed = y.sealed, key_version = y.key_version
       from credentials y where x.tenant_id = $1 and y.tenant_id = $2`,
      [a.who.tenantId, b.who.tenantId],
    )
    expect(await stage.read(a.who), "another's").toMatchObject(unreadable)
    await stage.database.query(
      `update connections set host = 'http://127.0.0.1:1' where tenant_id = $1`,
      [b.who.tenantId],
    )
    expect(await stage.read(b.who), 'for another host').toMatchObject(unreadable)
  })

  verifies('keys:sdk', async () => {
    const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
    try {
      const who = newWho()
      const query = { ...who, provider: 'gitlab' }
      const place = { ...query, host: stage.sandbox.url }
      await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
      const first = await issue()
      const made = await keywell.connections.create({
        ...place,
        credential: { type: 'api_key', value: first.value },
      })
      expect(made).toMatchObject({ status: 'active', name: 'default', generation: 1 })
      // What was remembered of the miss is gone.
      expect(await keywell.getCredential(query)).toMatchObject({
        type: 'api_key',
        credential: first.value,
      })
      expect((await keywell.fetch(query, '/api/v4/user')).status).toBe(200)
      const second = await issue()
      const value = new Secret(second.value)
      await keywell.connections.create({ ...place, credential: { type: 'api_key', value } })
      expect((await keywell.getCredential(query)).credential).toBe(second.value)
      const third = await issue()
      const fields = { key: new Secret(third.value) }
      await keywell.connections.create({ ...place, credential: { type: 'api_key', fields } })
      expect((await keywell.getCredential(query)).fields).toEqual({ key: third.value })
      const wrong = 'glpat-nobody has made this'
      const credential = { type: 'api_key', value: wrong } as const
      const error = await keywell.connections.create({ ...place, credential }).catch((e) => e)
      expect(error).toMatchObject({ code: 'invalid_request' })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(wrong)
    } finally {
      keywell.close()
    }
  })
})
