/** What an operator does with an integration after it was made: reads, changes, validates and removes it. */
import type { Integration, IntegrationValidation, RemoveIntegrationAnswer } from '@keywell/protocol'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { Person } from './support/person.ts'
import { createStage, must, registerGitLab, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

describeEachDatabase('integrations', (makeDatabase) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { role: 'serve' })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  /** A tenant with an integration of its own. */
  async function tenant(tenantId: string) {
    const options = { scopes: ['read_api', 'read_user'], tenantId }
    const { id } = await registerGitLab(stage, stage.sandbox, options)
    return { who: { tenantId, userId: 'usr_main' }, path: `/v1/integrations/${id}`, id }
  }

  const send = (path: string, init: { method: string; ifMatch?: string; body?: unknown }) =>
    fetch(`${stage.url}${path}`, {
      method: init.method,
      headers: {
        authorization: `Bearer ${stage.apiKey}`,
        'content-type': 'application/json',
        ...(init.ifMatch && { 'if-match': init.ifMatch }),
      },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    })

  verifies('integrations:changed', async () => {
    const { who, path } = await tenant('ten_changed')
    const { tenantId } = who
    const first = must(await stage.call<Integration>('GET', `${path}?tenantId=${tenantId}`), 200)
    expect(first).toMatchObject({ enabled: true, revision: 2, status: 'active', tenantId })
    await stage.connect({ who })
    const begun = await stage.flow(await stage.session(who), { connectionName: 'second' })

    const change = (body: object, ifMatch?: string) =>
      send(path, { method: 'PATCH', body: { tenantId, ...body }, ...(ifMatch && { ifMatch }) })
    const disabled = await change({ enabled: false }, `"${first.revision}"`)
    expect(await disabled.json()).toMatchObject({ enabled: false, revision: 3 })
    for (const stale of ['2', '"2"', '"9"']) {
      const refused = await change({ enabled: true }, stale)
      expect(refused.status, stale).toBe(409)
      expect(await refused.json(), stale).toMatchObject({ code: 'conflict' })
    }
    expect((await stage.read(who)).status).toBe(200)
    const person = new Person()
    const back = await stage.consent(await stage.start(person, begun))
    const confirmed = await stage.confirm((await stage.callback(person, back)).url, who)
    expect(confirmed.body).toMatchObject({ status: 'failed', error: { code: 'flow_mismatch' } })

    const narrowed = await change({ scopes: ['read_user'], enabled: true }, '3')
    expect(await narrowed.json()).toMatchObject({ scopes: ['read_user'], enabled: true })
    for (const bad of [
      {},
      { scopes: [] },
      { scopes: ['made_up'] },
      { enabled: 'no' },
      { title: 'x' },
    ]) {
      const answer = await change(bad)
      expect(answer.status, JSON.stringify(bad)).toBe(400)
      await answer.body?.cancel()
    }
    expect((await change({ enabled: true }, 'W/"3"')).status).toBe(400)
    for (const elsewhere of ['', '?tenantId=ten_other']) {
      expect((await stage.call('GET', `${path}${elsewhere}`)).status, elsewhere).toBe(404)
    }
  })

  verifies('integrations:validated', async () => {
    const { who, path } = await tenant('ten_validated')
    const { tenantId } = who
    const ask = () =>
      stage.call<IntegrationValidation & { code: string }>('POST', `${path}/validate`, { tenantId })
    const again = () =>
      stage.database.query('update integrations set validated_at = null where tenant_id = $1', [
        tenantId,
      ])
    expect(must(await ask(), 200)).toMatchObject({
      result: 'accepted',
      tokenUrl: `${stage.sandbox.url}/oauth/token`,
    })
    const soon = await ask()
    expect(soon).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    expect(Number(soon.headers.get('retry-after'))).toBeGreaterThan(5)
    await again()
    const client = { tenantId, clientId: 'nobody', clientSecret: 'made-up-secret' }
    must(await stage.call('PUT', `${path}/client`, client), 200)
    expect(must(await ask(), 200)).toMatchObject({ result: 'refused' })
    await again()
    await stage.sandbox.control.addFault({
      endpoint: 'token',
      effect: { kind: 'respond', status: 503, body: '' },
    })
    expect(must(await ask(), 200)).toMatchObject({ result: 'unknown', detail: 'status 503' })
    await again()
    const draft = { tenantId, provider: 'gitlab', host: 'https://gitlab.example', scopes: ['api'] }
    const { id } = must(await stage.call<{ id: string }>('POST', '/v1/integrations', draft), 201)
    expect(
      (await stage.call('POST', `/v1/integrations/${id}/validate`, { tenantId })).body,
    ).toMatchObject({
      code: 'integration_missing',
    })
  })

  verifies('integrations:removed', async () => {
    // The shared one, by which two tenants have connected.
    const { id } = stage.integration
    const people = [
      { tenantId: 'ten_one', userId: 'usr_one' },
      { tenantId: 'ten_two', userId: 'usr_two' },
    ]
    for (const who of people) await stage.connect({ who })
    const remove = (more = '', ifMatch?: string) =>
      send(`/v1/integrations/${id}${more}`, { method: 'DELETE', ...(ifMatch && { ifMatch }) })
    const kept = await remove()
    expect(kept.status).toBe(409)
    expect(await kept.json()).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('2 connections'),
    })
    expect((await remove('?force=disconnect', '"1"')).status).toBe(409)
    expect((await remove('?force=please')).status).toBe(400)
    for (const who of people) expect((await stage.read(who)).status).toBe(200)

    // While the provider does not take a grant back, the client is needed.
    const effect = { kind: 'respond', status: 503, body: '' } as const
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect, times: 1 })
    const begun: RemoveIntegrationAnswer = await (await remove('?force=disconnect')).json()
    expect(begun).toMatchObject({
      removed: false,
      disconnected: 2,
      connectionsLeft: 0,
      grantsLeft: 1,
      integration: { enabled: false },
    })
    for (const who of people) expect((await stage.read(who)).status).toBe(404)
    expect((await remove()).status).toBe(409)
    await stage.database.query('update revocations set due_at = now() where integration_id = $1', [
      id,
    ])
    const done: RemoveIntegrationAnswer = await (await remove('?force=disconnect')).json()
    expect(done).toMatchObject({
      removed: true,
      disconnected: 0,
      connectionsLeft: 0,
      grantsLeft: 0,
    })
    expect((await stage.sandbox.control.counters()).calls).toMatchObject({ revoke: 3 })
    expect((await remove('?force=disconnect')).status).toBe(404)
  })

  verifies('integrations:abandoned', async () => {
    const { who, path } = await tenant('ten_abandoned')
    await stage.connect({ who })
    const effect = { kind: 'respond', status: 503, body: '' } as const
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect })
    const answer = await send(`${path}?tenantId=${who.tenantId}&force=abandon`, {
      method: 'DELETE',
    })
    expect(await answer.json()).toMatchObject({ removed: true, disconnected: 1, grantsLeft: 1 })
    const rows = await stage.database.query('select state from revocations where tenant_id = $1', [
      who.tenantId,
    ])
    expect(rows).toEqual([{ state: 'irrevocable' }])
  })
})
