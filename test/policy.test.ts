/** What the operator allows a tenant: wherever something is connected, read or registered. */

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SetTenantPolicy, TenantPolicyAnswer } from '@keywell/protocol'
import { Keywell } from '@keywell/sdk'
import { createKeyFile, createKeywell, keyFile, localKeys } from '@keywell/server'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

interface Who {
  tenantId: string
  userId: string
}
interface Denied {
  code: string
  detail: string
  nextStep: string
  connectUrl?: string
}
const elsewhere = 'https://gitlab.example'

describeEachDatabase('policy', (makeDatabase) => {
  let stage: Stage
  let next = 0
  /** Called where a refresh has come to. */
  let atPoint: (name: string, tenantId: string) => Promise<void> | void = () => {}
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-policy-')), 'root-keys')

  beforeAll(async () => {
    createKeyFile(keyPath)
    stage = await createStage(await makeDatabase(), {
      keyPath,
      role: 'serve',
      faultPoint: (name, { tenantId }) => atPoint(name, tenantId),
    })
  })
  afterAll(() => stage.stop())
  beforeEach(async () => {
    atPoint = () => {}
    await stage.calm()
  })

  function newUser(): Who {
    next += 1
    return { tenantId: `ten_${next}`, userId: 'usr_main' }
  }
  const pathOf = ({ tenantId }: Who) => `/v1/tenants/${tenantId}/policy`
  const set = async (who: Who, policy: SetTenantPolicy) =>
    must(await stage.call<TenantPolicyAnswer>('PUT', pathOf(who), policy), 200)

  const makeSession = (who: Who, more: object = {}) =>
    stage.call<Denied>('POST', '/v1/connect/sessions', {
      ...who,
      origins: [appOrigin],
      returnUrl: appOrigin,
      ...more,
    })
  async function beginFlow(who: Who, more: object = {}) {
    const { connectToken } = await stage.session(who)
    const flow = { provider: 'gitlab', host: stage.sandbox.url, ...more }
    return stage.page<Denied>(connectToken, 'POST', '/connect/flows', flow)
  }
  async function storeKey(who: Who, scopes?: string[]) {
    const made = { username: 'ada', ...(scopes && { scopes }) }
    const { value } = await stage.sandbox.control.issuePersonalAccessToken(made)
    const credential = { type: 'api_key', value }
    const body = { ...who, provider: 'gitlab', host: stage.sandbox.url, name: 'key', credential }
    return stage.call<Denied>('POST', '/v1/connections', body)
  }
  const register = ({ tenantId }: Who, host = stage.sandbox.url) =>
    stage.call<Denied>('POST', '/v1/integrations', {
      tenantId,
      provider: 'gitlab',
      host,
      scopes: ['read_api'],
    })
  const read = async (who: Who, more: object = {}) => {
    const { status, body } = await stage.read({ ...who, ...more })
    // A refusal is a problem document, which the type of `read` does not say.
    return { status, body: body as unknown as Denied & { generation: number; toolLimits?: object } }
  }
  async function expire({ tenantId }: Who): Promise<void> {
    const past = "now() - interval '1 second'"
    for (const change of [
      `update credentials set expires_at = ${past} where tenant_id = $1`,
      `update refresh_schedule set refresh_at = ${past} where tenant_id = $1`,
    ]) {
      await stage.database.query(change, [tenantId])
    }
  }
  const calls = async () => (await stage.sandbox.control.counters()).calls

  /** Actions of the tenant that the policy refused, as the audit log has them, oldest first. */
  async function deniedActions({ tenantId }: Who): Promise<string[]> {
    type Entry = { action: string; result: string; reason: string; actor: string }
    const { entries } = must(
      await stage.call<{ entries: Entry[] }>('GET', `/v1/audit?tenantId=${tenantId}&limit=100`),
      200,
    )
    const denied = entries.filter(({ result }) => result === 'denied')
    for (const entry of denied) expect(entry).toMatchObject({ reason: 'not_allowed_for_tenant' })
    return denied.map(({ action }) => action).reverse()
  }

  function expectRefused(
    answer: { status: number; body: Denied },
    words: readonly string[],
    what: string,
  ): void {
    expect(answer, what).toMatchObject({ status: 403, body: { code: 'not_allowed_for_tenant' } })
    for (const word of words) expect(answer.body.detail, what).toContain(word)
  }

  /** Everything by which a tenant meets a provider at a host, with the audit rows that it leaves. */
  async function expectShutOut(who: Who, words: readonly string[], named: object): Promise<void> {
    await stage.calm()
    expectRefused(await makeSession(who, named), words, 'session')
    expectRefused(await beginFlow(who), words, 'flow')
    expectRefused(await storeKey(who), words, 'key')
    expectRefused(await register(who), words, 'integration')
    expectRefused(await read(who), words, 'read')
    expectRefused(await read(who, { ifNewerThan: 1 }), words, 'conditional read')
    expect(await calls(), 'nothing was sent to the provider').toEqual({})
    expect((await deniedActions(who)).slice(-6)).toEqual([
      'session.create',
      'flow.start',
      'connection.connect',
      'integration.create',
      'credential.read',
      'credential.read',
    ])
  }

  verifies('policy:providers', async () => {
    const who = newUser()
    await stage.connect({ who })
    await set(who, { providers: ['gitlab'] })
    expect((await read(who)).status).toBe(200)
    await set(who, { providers: [] })
    await expectShutOut(who, ['provider gitlab', 'none'], { providers: ['gitlab'] })
    const options = await stage.page(
      (await stage.session(who)).connectToken,
      'GET',
      '/connect/providers',
    )
    expect(options.body).toEqual({ providers: [], places: {} })
    // Another tenant is as free as before.
    const other = newUser()
    await stage.connect({ who: other })
    expect((await read(other)).status).toBe(200)
  })

  verifies('policy:hosts', async () => {
    const who = newUser()
    const host = stage.sandbox.url
    const { connection } = await stage.connect({ who })
    // In another spelling: it is the host that counts.
    expect((await set(who, { hosts: [`${host}/`] })).policy.hosts).toEqual([host])
    expect((await read(who)).status).toBe(200)
    expect((await stage.connect({ who })).status).toBe('connected')
    await set(who, { hosts: [elsewhere] })
    await expectShutOut(who, [`host ${host}`, elsewhere], { hosts: [host] })
    const reconnect = await makeSession(who, { connectionId: connection?.id })
    expectRefused(reconnect, [elsewhere], 'a session that reconnects')
    expect((await makeSession(who, { hosts: [elsewhere] })).status).toBe(201)
    const byDefault = await makeSession(who, { defaultHosts: { gitlab: host } })
    expectRefused(byDefault, [elsewhere], 'a session with a default')
  })

  verifies('policy:scopes', async () => {
    const who = newUser()
    await set(who, { scopes: { gitlab: ['read_api'] } })
    for (const scopes of [{ required: ['api'] }, { optional: ['read_user', 'openid'] }]) {
      const refused = await makeSession(who, { scopes: { gitlab: scopes } })
      expectRefused(refused, ['read_api, read_user, read_repository'], JSON.stringify(scopes))
    }
    // What a ceiling implies is below it. A browser that names nothing gets what is allowed.
    expect(
      (await makeSession(who, { scopes: { gitlab: { required: ['read_user'] } } })).status,
    ).toBe(201)
    expectRefused(await beginFlow(who, { scopes: ['read_user', 'api'] }), ['scopes api;'], 'flow')
    const { connectToken } = await stage.session(who)
    type Options = { providers: { scopes: { name: string }[] }[] }
    const options = (await stage.page<Options>(connectToken, 'GET', '/connect/providers')).body
    expect(options.providers[0]?.scopes.map(({ name }) => name)).toEqual(['read_api', 'read_user'])
    const { connection } = await stage.connect({ who })
    expect(connection?.scopes).toEqual(['read_api'])
    // A key says itself what it may do.
    expectRefused(await storeKey(who, ['api']), ['scopes api;'], 'key')
    expect((await storeKey(who, ['read_user'])).status).toBe(201)
    expect(await deniedActions(who)).toEqual([
      'session.create',
      'session.create',
      'flow.start',
      'connection.connect',
    ])
    // The defaults of a provider do not go beyond it either.
    await set(who, { scopes: { gitlab: ['read_user'] } })
    expect((await beginFlow(who)).body).toMatchObject({ code: 'scope_not_allowed' })
    expect((await beginFlow(who, { scopes: ['read_user'] })).status).toBe(201)
  })

  verifies('policy:narrowed', async () => {
    const who = newUser()
    const narrowed = { scopes: { gitlab: ['read_user'] } }
    const person = new Person()
    // After the flow was made: it is not begun.
    const made = await stage.flow(await stage.session(who))
    await set(who, narrowed)
    expect((await stage.start(new Person(), made)).text).toContain('does not allow')
    // While the user consents: the code is destroyed, and sent nowhere.
    await stage.call('DELETE', pathOf(who))
    const started = await stage.start(person, await stage.flow(await stage.session(who)))
    const { url: finish } = await stage.callback(person, await stage.consent(started))
    await set(who, narrowed)
    await stage.calm()
    expect(must(await stage.confirm(finish, who), 200)).toMatchObject({
      status: 'failed',
      error: { code: 'not_allowed_for_tenant', retryable: false },
      connection: null,
    })
    // The same page loaded again gets the same answer, and sends nothing either.
    expect(must(await stage.confirm(finish, who), 200)).toMatchObject({ status: 'failed' })
    expect(await calls()).toEqual({})
    // While the code is exchanged, or by a provider that grants more than it was asked for: withdrawn.
    await stage.sandbox.control.addFault({
      endpoint: 'token',
      effect: { kind: 'patch', set: { scope: 'read_user api' } },
      times: 1,
    })
    const flow = { scopes: ['read_user'] }
    expect((await stage.connect({ who, flow })).error).toMatchObject({
      code: 'not_allowed_for_tenant',
    })
    const [pair] = (await stage.sandbox.control.tokens()).slice(-1)
    expect(pair?.revokedAt).not.toBeNull()
    expect((await read(who)).body.code).toBe('not_connected')
    expect(await deniedActions(who)).toEqual(['flow.start', 'flow.confirm', 'flow.confirm'])
    expect((await stage.connect({ who, flow })).status).toBe('connected')
  })

  verifies('policy:read', async () => {
    const who = newUser()
    await stage.connect({ who, session: { scopes: { gitlab: { required: ['api'] } } } })
    const replica = createKeywell({
      database: { ...stage.database, close: async () => {} },
      keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
      publicUrl: stage.url,
      privateHosts: [{ origin: new URL(stage.sandbox.url).origin }],
    })
    await replica.start()
    const fromReplica = async () =>
      (
        await replica.fetch(
          new Request(`${stage.url}/v1/credentials`, {
            method: 'POST',
            headers: {
              authorization: `Bearer ${stage.apiKey}`,
              'content-type': 'application/json',
            },
            body: JSON.stringify({ provider: 'gitlab', ...who }),
          }),
        )
      ).status
    expect([(await read(who)).status, await fromReplica()]).toEqual([200, 200])
    const narrow = { scopes: { gitlab: ['read_api'] }, readOnly: false }
    await set(who, narrow)
    const refused = await read(who)
    expectRefused(refused, ['scopes api;', 'read_api'], 'at once')
    expect(await fromReplica(), 'by every process').toBe(403)
    expect(refused.body.nextStep).toContain('connect again with fewer scopes')
    expect(refused.body.connectUrl).toContain('provider=gitlab')
    expect(JSON.stringify(refused.body)).not.toContain('glo')
    // The keeper keeps it alive, and not the read that is refused.
    await expire(who)
    expect((await read(who)).status).toBe(403)
    await until('the keeper has renewed it', async () => {
      const [row] = await stage.database.query<{ generation: number }>(
        'select generation from credentials where tenant_id = $1',
        [who.tenantId],
      )
      return row?.generation === 2
    })
    expect((await read(who)).status).toBe(403)
    await replica.stop()
    // Allowed again, it works as if nothing had been; or a narrower grant takes its place.
    await set(who, {})
    expect((await read(who)).body).toMatchObject({ generation: 2 })
    // A read that waits for a refresh meanwhile is not forgotten.
    atPoint = async (name, tenantId) => {
      if (name === 'after_answer' && tenantId === who.tenantId) {
        await set(who, narrow)
      }
    }
    await expire(who)
    expectRefused(await read(who), ['scopes api;'], 'after a refresh')
    expect(must(await stage.call<TenantPolicyAnswer>('GET', pathOf(who)), 200).policy).toEqual(
      narrow,
    )
    await stage.connect({ who })
    expect((await read(who)).status).toBe(200)
  })

  verifies('policy:read-only', async () => {
    const who = newUser()
    await stage.connect({ who, session: { scopes: { gitlab: { required: ['api'] } } } })
    expect((await storeKey(who, ['api', 'read_user'])).status).toBe(201)
    await set(who, { readOnly: true })
    expectRefused(await read(who), ['scopes api;', 'change nothing'], 'a grant')
    const key = await read(who, { connectionName: 'key' })
    expectRefused(key, ['scopes api;'], 'a key')
    expect(key.body.nextStep).toContain('a key that may do less')
    expect(key.body.connectUrl).toBeUndefined()
    expectRefused(await beginFlow(who, { scopes: ['api'] }), ['scopes api;'], 'flow')
    expectRefused(await storeKey(who, ['api']), ['scopes api;'], 'another key')
    await stage.connect({ who })
    expect((await storeKey(who, ['read_api'])).status).toBe(201)
    for (const connectionName of ['default', 'key']) {
      expect((await read(who, { connectionName })).status, connectionName).toBe(200)
    }
    // What it may do is not known.
    await stage.database.query(
      `update connections set granted_scopes = '{}' where tenant_id = $1 and name = 'key'`,
      [who.tenantId],
    )
    expectRefused(await read(who, { connectionName: 'key' }), ['unknown scopes'], 'without scopes')
  })

  verifies('policy:tools', async () => {
    const who = newUser()
    await stage.connect({ who })
    expect((await read(who)).body).not.toHaveProperty('toolLimits')
    const names = ['gitlab_issues_list']
    await set(who, { tools: { gitlab: names }, readOnly: true })
    expect((await read(who)).body.toolLimits).toEqual({ readOnly: true, names })
    const sdk = new Keywell({ url: stage.url, apiKey: stage.apiKey })
    onTestFinished(() => sdk.close())
    expect((await sdk.getCredential({ provider: 'gitlab', ...who })).toolLimits).toEqual({
      readOnly: true,
      names,
    })
    await set(who, { providers: ['gitlab'] })
    expect((await read(who)).body).not.toHaveProperty('toolLimits')
  })

  verifies('policy:evicts', async () => {
    const who = newUser()
    const query = { provider: 'gitlab', ...who }
    const neighbour = { provider: 'gitlab', ...newUser() }
    await stage.connect({ who })
    await stage.connect({ who: neighbour })
    const evicted: string[] = []
    let answers = 0
    const sdk = new Keywell({
      url: stage.url,
      apiKey: stage.apiKey,
      hooks: {
        onRefresh: () => {
          answers += 1
        },
        onEvict: ({ reason }) => evicted.push(reason),
      },
    })
    onTestFinished(() => sdk.close())
    await sdk.getCredential(query)
    // Once the stream is up, what was read before is looked at again.
    await expect.poll(() => answers, { timeout: 20_000 }).toBe(2)
    await sdk.getCredential(neighbour)
    await set(who, { hosts: [] })
    await expect
      .poll(() => sdk.getCredentialSync(query), { timeout: 1_000, interval: 10 })
      .toBeUndefined()
    expect(evicted).toEqual(['policy'])
    expect(sdk.getCredentialSync(neighbour)).toBeDefined()
    await expect(sdk.getCredential(query)).rejects.toMatchObject({ code: 'not_allowed_for_tenant' })
    // The refusal is remembered, until the policy is another one.
    await set(who, {})
    const again = async () => (await sdk.getCredential.safe(query)).ok
    await expect.poll(again, { timeout: 1_000, interval: 10 }).toBe(true)
    // The SDK that sets it need not wait for the stream.
    await sdk.tenants.setPolicy(who.tenantId, { providers: [] })
    expect(sdk.getCredentialSync(query)).toBeUndefined()
    expect(await sdk.tenants.deletePolicy(who.tenantId)).toEqual({
      policy: { readOnly: false },
      updatedAt: null,
    })
    expect((await sdk.getCredential(query)).generation).toBe(1)
  })

  verifies('policy:operator', async () => {
    const who = newUser()
    await stage.connect({ who })
    const never = must(await stage.call('GET', pathOf(who)), 200)
    expect(never).toEqual({ policy: { readOnly: false }, updatedAt: null })
    const policy = { providers: ['gitlab'], scopes: { gitlab: ['read_api'] }, readOnly: true }
    const kept = await set(who, policy)
    expect(kept).toEqual({ policy, updatedAt: expect.any(String) })
    expect(must(await stage.call('GET', pathOf(who)), 200)).toEqual(kept)
    // It is replaced as a whole, and what is wrong replaces nothing.
    for (const [wrong, code] of [
      [{ provider: ['gitlab'] }, 'invalid_request'],
      [{ providers: ['forge'] }, 'unknown_provider'],
      [{ tools: { forge: [] } }, 'unknown_provider'],
      [{ scopes: { gitlab: ['read_apis'] } }, 'scope_not_allowed'],
      [{ hosts: ['https://user@gitlab.example'] }, 'host_not_allowed'],
    ] as const) {
      const answer = await stage.call<Denied>('PUT', pathOf(who), wrong)
      expect(answer.body.code, JSON.stringify(wrong)).toBe(code)
    }
    expect(must(await stage.call('GET', pathOf(who)), 200)).toEqual(kept)
    // A key of the tenant's own sees it, and neither lifts nor narrows it; other roles see nothing.
    const keyOf = async (grants: object) =>
      (await stage.keywell.apiKeys.create('a key', grants)).key.expose()
    const ask = async (key: string, method: string) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const body = method === 'PUT' ? '{}' : null
      return (await fetch(`${stage.url}${pathOf(who)}`, { method, headers, body })).status
    }
    const own = await keyOf({ roles: ['admin'], tenants: [who.tenantId] })
    const backend = await keyOf({ roles: ['backend', 'connect', 'read_only', 'audit'] })
    for (const method of ['PUT', 'DELETE']) {
      expect([await ask(own, method), await ask(backend, method)], method).toEqual([403, 403])
    }
    expect([await ask(own, 'GET'), await ask(backend, 'GET')]).toEqual([200, 403])
    expect(must(await stage.call('DELETE', pathOf(who)), 200)).toEqual(never)
    expect(must(await stage.call('DELETE', pathOf(who)), 200)).toEqual(never)
    type Entry = { actor: string; reason: string; requestId: string }
    const query = new URLSearchParams({ tenantId: who.tenantId, action: 'tenant.policy.update' })
    const { entries } = must(
      await stage.call<{ entries: Entry[] }>('GET', `/v1/audit?${query}`),
      200,
    )
    expect(entries.map(({ reason }) => reason)).toEqual(['none', 'providers,readOnly,scopes'])
    for (const { actor } of entries) expect(actor).toMatch(/^key:key_/)
  })

  verifies('policy:unreadable', async () => {
    const who = newUser()
    await stage.connect({ who })
    await set(who, {})
    const store = (text: string) =>
      stage.database.query(
        'update tenant_policies set policy = ($2::text)::jsonb where tenant_id = $1',
        [who.tenantId, text],
      )
    for (const none of ['null', '[]', '""']) await expect(store(none), none).rejects.toThrow()
    for (const stored of ['{"regions":["eu"]}', '{"providers":"gitlab"}', '{"readOnly":null}']) {
      await store(stored)
      for (const answer of [await read(who), await makeSession(who), await storeKey(who)]) {
        expectRefused(answer, ['cannot read'], stored)
      }
    }
    await set(who, {})
    expect((await read(who)).status).toBe(200)
  })
})
