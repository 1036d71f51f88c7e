/** A refresh that a caller asks for, ahead of its time. */
import type { Problem, RefreshAnswer } from '@keywell/protocol'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

describeEachDatabase('a forced refresh', (makeDatabase) => {
  let stage: Stage
  let next = 0
  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { role: 'serve' })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  async function connected() {
    next += 1
    const who = { tenantId: `ten_forced_${next}`, userId: 'usr_forced' }
    const { connection } = await stage.connect({ who })
    await stage.calm()
    const path = `/v1/connections/${connection?.id}/refresh`
    const ask = (body: object = {}) =>
      stage.call<RefreshAnswer & Problem>('POST', path, { ...who, ...body })
    const set = (change: string) =>
      stage.database.query(`update refresh_schedule set ${change} where tenant_id = $1`, [
        who.tenantId,
      ])
    return { who, path, ask, set }
  }
  const refreshes = async () => (await stage.sandbox.control.counters()).grantTypes.refresh_token

  verifies('refresh:forced', async () => {
    const { who, path, ask, set } = await connected()
    const first = must(await ask({ ifGeneration: 1 }), 200)
    expect(first).toMatchObject({ refreshed: true, generation: 2, state: 'idle' })
    expect(Date.parse(first.expiresAt ?? '')).toBeGreaterThan(Date.now())
    // The same call once more: what it asked for is there.
    const repeated = must(await ask({ ifGeneration: 1 }), 200)
    expect(repeated).toMatchObject({ refreshed: true, generation: 2 })
    const soon = must(await ask(), 200)
    expect(soon).toMatchObject({ refreshed: false, generation: 2, state: 'idle' })
    expect(soon.retryAfterMs).toBeGreaterThan(50_000)
    expect(soon.retryAfterMs).toBeLessThanOrEqual(60_000)
    expect(await refreshes()).toBe(1)
    await set(`forced_at = now() - interval '61 seconds'`)
    // Callers at the same time share one request.
    const both = await Promise.all([ask({ ifGeneration: 2 }), ask({ ifGeneration: 2 })])
    for (const answer of both) expect(must(answer, 200).generation).toBe(3)
    expect(await refreshes()).toBe(2)
    expect(await stage.read(who)).toMatchObject({ status: 200, body: { generation: 3 } })

    for (const bad of [
      { ifGeneration: 0 },
      { ifGeneration: '1' },
      { tenantId: '@install' },
      { force: true },
    ]) {
      expect(await ask(bad), JSON.stringify(bad)).toMatchObject({ status: 400 })
    }
    for (const other of [{ tenantId: 'ten_other' }, { userId: 'usr_other' }]) {
      expect(await ask(other)).toMatchObject({ status: 404, body: { code: 'not_found' } })
    }
    const key = (await stage.keywell.apiKeys.create('other', { tenants: ['ten_other'] })).key
    const foreign = await fetch(`${stage.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.expose()}`, 'content-type': 'application/json' },
      body: JSON.stringify(who),
    })
    expect(foreign.status).toBe(404)

    const { value } = await stage.sandbox.control.issuePersonalAccessToken({ username: 'ada' })
    const credential = { type: 'api_key', value }
    const made = { ...who, provider: 'gitlab', host: stage.sandbox.url, name: 'key', credential }
    const { id } = must(await stage.call<{ id: string }>('POST', '/v1/connections', made), 201)
    expect(await stage.call('POST', `/v1/connections/${id}/refresh`, who)).toMatchObject({
      status: 409,
      body: { code: 'not_renewable', nextStep: expect.stringContaining('connect again') },
    })
    await stage.database.query(
      `update connections set status = 'revoked', reason = 'revoked' where tenant_id = $1`,
      [who.tenantId],
    )
    expect(await ask()).toMatchObject({ status: 409, body: { code: 'needs_reauth' } })
  })

  verifies('refresh:forced-bypasses-nothing', async () => {
    const { who, ask, set } = await connected()
    const calm = `state = 'idle', last_outcome = null, refresh_at = now() + interval '1 hour', forced_at = null,
      lease_owner = null, lease_until = null`
    for (const state of ['backoff', 'ambiguous', 'suspect']) {
      await set(`state = '${state}', refresh_at = now() + interval '40 seconds'`)
      const answer = must(await ask(), 200)
      expect(answer, state).toMatchObject({ refreshed: false, generation: 1, state })
      expect(answer.retryAfterMs, state).toBeGreaterThan(30_000)
    }
    await set(calm)
    await set(`last_outcome = 'not_sent'`)
    expect(must(await ask(), 200), 'throttled').toMatchObject({ refreshed: false, state: 'idle' })
    await set(calm)
    await set(`lease_owner = gen_random_uuid(), lease_until = now() + interval '30 seconds'`)
    expect(await ask()).toMatchObject({ status: 503, body: { code: 'refresh_in_progress' } })
    await set(calm)

    const integration = [stage.integration.id]
    await stage.database.query(
      `update integrations set suspended_at = now(), suspended_reason = 'client_rejected' where id = $1`,
      integration,
    )
    expect(must(await ask(), 200), 'suspended').toMatchObject({ refreshed: false })
    await stage.database.query(
      'update integrations set suspended_at = null, suspended_reason = null where id = $1',
      integration,
    )
    await stage.database.query(
      `insert into provider_incidents (tenant_id, id, provider, host, integration_id)
       values ('@install', 'inc_1', 'gitlab', $2, $1)`,
      [stage.integration.id, stage.sandbox.url],
    )
    expect(must(await ask(), 200), 'incident').toMatchObject({ refreshed: false })
    await stage.database.query(
      'delete from provider_incidents where integration_id = $1',
      integration,
    )
    expect(await refreshes()).toBeUndefined()

    // A provider that fails is not asked again because somebody insists.
    const effect = { kind: 'respond', status: 503, body: '' } as const
    await stage.sandbox.control.addFault({ endpoint: 'token', effect })
    const failed = must(await ask(), 200)
    expect(failed).toMatchObject({ refreshed: false, generation: 1 })
    expect(failed.state).not.toBe('idle')
    await set('forced_at = null')
    must(await ask(), 200)
    expect(await refreshes()).toBe(1)
    expect((await stage.read(who)).status).toBe(200)
  })
})
