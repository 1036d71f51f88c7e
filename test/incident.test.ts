/** A provider that refuses every connection, with shortened times: no connection ends by it. */
import type { FaultInput } from '@keywell/sandbox'
import { faults } from '@keywell/sandbox'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const timing = {
  pollMs: 20,
  leaseMs: 4_000,
  deadlineMs: 400,
  marginMs: 500,
  confirmAfterMs: 100,
  recheckAfterMs: 50,
  incidentAskMs: 20,
  incidentConfirmMs: 3_600_000,
}

/** What a provider says of a token that it does not know. */
const inactive: FaultInput = {
  endpoint: 'token_info',
  effect: { kind: 'respond', status: 401, body: '{"error":"invalid_token"}' },
}

interface View {
  status: string
  health: { status: string; reason: string | null }
}

describeEachDatabase('an incident', (makeDatabase) => {
  let stage: Stage
  const made: { tenantId: string; userId: string; id: string }[] = []
  const people = 14

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), {
      timing,
      privateWebhookHosts: [{ origin: 'http://127.0.0.1:9' }],
    })
    await stage.sandbox.control.change({ skipConsent: 'always' })
    for (let at = 0; at < people; at += 1) {
      const who = { tenantId: `ten_${at}`, userId: `usr_${at}` }
      const { connection } = await stage.connect({ who })
      made.push({ ...who, id: connection?.id ?? '' })
    }
  }, 60_000)
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  const lie = async () => {
    await stage.sandbox.control.addFault(faults.falseInvalidGrant())
    await stage.sandbox.control.addFault(inactive)
  }
  const makeDue = () =>
    stage.database.query("update refresh_schedule set refresh_at = now() where state <> 'dead'")
  const incidents = () =>
    stage.database.query<{ tenant_id: string; host: string; confirmed_at: Date | null }>(
      'select tenant_id, host, confirmed_at from provider_incidents',
    )
  const statuses = async () => {
    const rows = await stage.database.query<{ status: string }>(
      "select status from connections where status <> 'active'",
    )
    return rows.map(({ status }) => status)
  }
  const view = async ({ id, ...who }: { tenantId: string; userId: string; id: string }) =>
    must(await stage.call<View>('GET', `/v1/connections/${id}?${new URLSearchParams(who)}`), 200)
  const hooks = { installation: '', covered: '', elsewhere: '' }
  /** The messages of a tenant's incidents, by the endpoint that they are for. */
  const messagesOf = async (owner: string) => {
    const rows = await stage.database.query<{ endpoint: string; types: string[] }>(
      `select endpoint_id as endpoint, array_agg(type order by created_at) as types
       from webhook_deliveries where type like 'incident.%' and data->>'tenantId' is not distinct from $1
       group by 1`,
      [owner === '@install' ? null : owner],
    )
    return Object.fromEntries(rows.map(({ endpoint, types }) => [endpoint, types]))
  }
  const opened = () => until('an incident', async () => (await incidents()).length > 0)

  verifies('incident:ends-nobody', async () => {
    await lie()
    await makeDue()
    await opened()
    await until('the health of all says so', async () => {
      const views = await Promise.all(made.map(view))
      return views.every(({ health }) => health.reason === 'provider_incident')
    })
    expect(await statuses()).toEqual([])
    for (const { id: _, ...who } of made) expect((await stage.read(who)).status).toBe(200)
    expect(await incidents()).toMatchObject([{ tenant_id: '@install', confirmed_at: null }])
    expect(stage.logs.filter((line) => line.includes('"alarm":"provider_incident"'))).toHaveLength(
      1,
    )

    await stage.calm()
    await until('it is over', async () => (await incidents()).length === 0)
    await makeDue()
    await until('all are well', async () => {
      const views = await Promise.all(made.map(view))
      return views.every(({ health }) => health.status === 'ok')
    })
    expect(await statuses()).toEqual([])
  })

  verifies('incident:told-once', async () => {
    const url = 'http://127.0.0.1:9/hook'
    const register = async (owner: { tenantId?: string }) =>
      must(await stage.call<{ id: string }>('POST', '/v1/webhooks', { url, ...owner }), 201).id
    hooks.installation = await register({})
    hooks.covered = await register({ tenantId: 'ten_0' })
    hooks.elsewhere = await register({ tenantId: 'ten_elsewhere' })
    const [{ before } = { before: '0' }] = await stage.database.query<{ before: string }>(
      'select max(seq)::text as before from changes',
    )
    await lie()
    await makeDue()
    await opened()
    await stage.calm()
    await until('it is over', async () => (await incidents()).length === 0)
    await makeDue()
    await until('all are well', async () => {
      const views = await Promise.all(made.map(view))
      return views.every(({ health }) => health.status === 'ok')
    })
    // Each connection that was refused before the incident was opened is reported as degraded, and as recovered.
    const changes = await stage.database.query<{ degraded: number; recovered: number }>(
      `select (count(*) filter (where kind = 'degraded'))::int as degraded,
              (count(*) filter (where kind = 'recovered'))::int as recovered
       from changes where seq > $1 group by tenant_id`,
      [before],
    )
    for (const { degraded, recovered } of changes) expect(recovered).toBe(degraded)
    const reported = changes.filter(({ degraded }) => degraded > 0)
    expect(reported.length).toBeLessThanOrEqual(10)
    const received = await messagesOf('@install')
    const both = ['incident.opened', 'incident.released']
    expect(received).toEqual({ [hooks.installation]: both, [hooks.covered]: both })
    const [{ data } = { data: null }] = await stage.database.query<{ data: unknown }>(
      "select data from webhook_deliveries where type = 'incident.opened' and endpoint_id = $1",
      [hooks.covered],
    )
    expect(data).toEqual({
      incidentId: expect.stringMatching(/^inc_/),
      ...{ tenantId: null, provider: 'gitlab', host: stage.sandbox.url },
      beganAt: expect.any(String),
    })
  })

  verifies('incident:asked-in-turn', async () => {
    await stage.database.query("update refresh_schedule set refresh_at = now() + interval '1 hour'")
    const [{ provider } = { provider: '' }] = await stage.database.query<{ provider: string }>(
      'select provider from connections limit 1',
    )
    // Three at one host, one of which is the stage's.
    for (const integration of [stage.integration.id, 'int_second', 'int_third']) {
      await stage.database.query(
        `insert into provider_incidents (tenant_id, id, provider, host, integration_id, asked_at)
         values ('@install', $1, $2, $3, $1, now() + interval '1 hour')`,
        [integration, provider, stage.sandbox.url],
      )
    }
    await makeDue()
    await stage.database.query("update credentials set expires_at = now() - interval '1 second'")
    const read = await Promise.all(made.map(({ id: _, ...who }) => stage.read(who)))
    expect(new Set(read.map(({ status }) => status))).toEqual(new Set([503]))
    expect((await stage.sandbox.control.counters()).grantTypes.refresh_token ?? 0).toBe(0)

    // Its turn comes: one is asked, is answered well, and the incident is over.
    await stage.database.query('update provider_incidents set asked_at = null')
    await until('all are fresh', async () => {
      const left = 'select from credentials where expires_at < now()'
      return (await stage.database.query(left)).length === 0
    })
    await stage.database.query('delete from provider_incidents')
  })

  verifies('incident:other-tenants', async () => {
    for (let at = 0; at < 12; at += 1) {
      const who = { tenantId: 'ten_big', userId: `usr_${at}` }
      await stage.connect({ who, as: 'grace' })
    }
    const [other] = made
    if (other === undefined) throw new Error('no user is connected')
    const { id: _, ...who } = other
    await stage.connect({ who: { ...who, userId: 'usr_other' }, as: 'grace' })
    await stage.sandbox.control.revokeGrants({ username: 'grace' })
    await makeDue()
    await until('the tenant’s own are held', async () => (await incidents()).length > 0)
    expect(await incidents()).toMatchObject([{ tenant_id: 'ten_big', confirmed_at: null }])
    await until('the other’s has ended', async () => (await statuses()).length > 0)
    const ended = await stage.database.query<{ tenant_id: string; user_id: string }>(
      "select tenant_id, user_id from connections where status <> 'active'",
    )
    expect(ended).toEqual([{ tenant_id: who.tenantId, user_id: 'usr_other' }])
  })

  verifies('incident:mass-revocation', async () => {
    // Of the tenant before; an hour later, without a good answer.
    await stage.database.query(
      `update provider_incidents set refusals = 20, refusing_since = now() - interval '1 hour'`,
    )
    await makeDue()
    const its = "select from connections where tenant_id = 'ten_big' and status = 'active'"
    await stage.database.query(
      "update refresh_schedule set refresh_at = now() where tenant_id = 'ten_big'",
    )
    await until('it is confirmed', async () => (await incidents())[0]?.confirmed_at != null)
    await stage.database.query(
      "update refresh_schedule set refresh_at = now() where tenant_id = 'ten_big' and state <> 'dead'",
    )
    await until(
      'all of them have ended',
      async () => (await stage.database.query(its)).length === 0,
    )
    expect(await statuses()).toHaveLength(13)
  })

  verifies('incident:told-to-its-own', async () => {
    expect(await messagesOf('ten_big')).toEqual({
      [hooks.installation]: ['incident.opened', 'incident.confirmed'],
    })
  })

  verifies('incident:operator', async () => {
    // No request is sent before the operator decides.
    const plant = async (id: string) => {
      await stage.database.query(
        `update refresh_schedule set refresh_at = now() + interval '1 hour', probe_at = now() + interval '1 hour'`,
      )
      const claimed = 'select from refresh_schedule where lease_owner is not null'
      await until('nothing is under way', async () => {
        return (await stage.database.query(claimed)).length === 0
      })
      await stage.database.query('delete from provider_incidents')
      await stage.database.query(
        `insert into provider_incidents (tenant_id, id, provider, host, integration_id, asked_at)
         values ('@install', $1, 'gitlab', $2, $3, now() + interval '1 hour')`,
        [id, stage.sandbox.url, stage.integration.id],
      )
    }
    const id = 'inc_01JZ0000000000000000000000'
    const act = (verb: string, of = id) => stage.call('POST', `/v1/incidents/${of}/${verb}`)
    await plant(id)
    const { incidents: listed } = must(
      await stage.call<{ incidents: unknown[] }>('GET', '/v1/incidents'),
      200,
    )
    expect(listed).toMatchObject([
      { id, provider: 'gitlab', host: stage.sandbox.url, tenantId: null, confirmedAt: null },
    ])

    const { key } = await stage.keywell.apiKeys.create('limited', { tenants: ['ten_1'] })
    const limited = await fetch(`${stage.url}/v1/incidents/${id}/release`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.expose()}`, 'content-type': 'application/json' },
    })
    expect(limited.status).toBe(403)

    expect(must(await act('confirm'), 200)).toMatchObject({ id, confirmedAt: expect.any(String) })
    expect(await act('confirm')).toMatchObject({ status: 409, body: { code: 'conflict' } })
    expect(must(await act('release'), 200)).toMatchObject({ id })
    expect(await incidents()).toEqual([])
    expect(await act('release')).toMatchObject({ status: 404, body: { code: 'not_found' } })

    await plant(id)
    await stage.keywell.incidents.release(id)
    expect(await stage.keywell.incidents.list()).toEqual([])
    await expect(stage.keywell.incidents.release('inc')).rejects.toMatchObject({
      code: 'invalid_request',
    })
    const entries = await stage.database.query<{ action: string; actor: string; reason: string }>(
      `select action, actor, reason from audit where action in ('incident.confirm', 'incident.release')
       and actor <> 'service' order by id`,
    )
    expect(entries.map(({ action, actor }) => `${action} ${actor.split(':')[0]}`)).toEqual([
      'incident.confirm key',
      'incident.release key',
      'incident.release operator',
    ])
    expect(new Set(entries.map(({ reason }) => reason))).toEqual(new Set([id]))
  })

  // Whether they open an incident for a moment depends on who answers first; what comes of it does not.
  verifies('incident:colluding-tenants', async () => {
    await stage.calm()
    for (const at of Array.from({ length: 15 }).keys()) {
      const who = { tenantId: `ten_colluding_${at % 3}`, userId: `usr_${at}` }
      await stage.connect({ who, as: 'grace' })
    }
    const active = `select from connections
      where status = 'active' and tenant_id not like 'ten_colluding%'`
    const countActive = async () => (await stage.database.query(active)).length
    const others = await countActive()
    await stage.sandbox.control.revokeGrants({ username: 'grace' })
    await stage.database.query(
      "update refresh_schedule set refresh_at = now() where tenant_id like 'ten_colluding%'",
    )
    const notRefused = `select from refresh_schedule
      where tenant_id like 'ten_colluding%' and refused_at is null and state <> 'dead'`
    await until('theirs are refused', async () => {
      return (await stage.database.query(notRefused)).length === 0
    })
    await until('nothing is held', async () => (await incidents()).length === 0)
    expect(await countActive()).toBe(others)
    for (const { id: _, ...who } of made) expect((await stage.read(who)).status).toBe(200)
  })
})
