/** Readers who meet the same trouble: a token that died before its time, a slow provider, a pause. */
import { type FaultInput, faults } from '@keywell/sandbox'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

interface Made {
  who: { tenantId: string; userId: string }
  id: string
  token: string
}

/** The provider says that the access token is dead; its refresh token is good. */
const deadToken: FaultInput = {
  endpoint: 'token_info',
  effect: {
    kind: 'respond',
    status: 401,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"invalid_token"}',
  },
}

describeEachDatabase('readers', (makeDatabase) => {
  let stage: Stage
  let next = 0
  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { role: 'serve' })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  async function connected(): Promise<Made> {
    next += 1
    const who = { tenantId: `ten_${next}`, userId: `usr_${next}` }
    const { connection } = await stage.connect({ who })
    if (connection === null) throw new Error('not connected')
    const { body } = await stage.read(who)
    await stage.calm()
    return { who, id: connection.id, token: body.credential ?? '' }
  }

  async function set({ who, id }: Made, table: 'credentials' | 'refresh_schedule', values: string) {
    await stage.database.query(
      `update ${table} set ${values} where tenant_id = $1 and connection_id = $2`,
      [who.tenantId, id],
    )
  }

  async function viewOf({ who, id }: Made) {
    const path = `/v1/connections/${id}?${new URLSearchParams(who)}`
    return must(await stage.call<Record<string, unknown>>('GET', path), 200)
  }

  async function counted() {
    const { calls, grantTypes } = await stage.sandbox.control.counters()
    return { probes: calls.token_info ?? 0, refreshes: grantTypes.refresh_token ?? 0 }
  }

  verifies('R10:shared-probe', async () => {
    const made = await connected()
    await stage.sandbox.control.addFault({ ...deadToken, times: 1 })
    await stage.sandbox.control.addFault({
      endpoint: 'token_info',
      effect: { kind: 'delay', ms: 500 },
    })
    const readers = Array.from({ length: 50 }, () => stage.read({ ...made.who, minGeneration: 2 }))
    const answers = await Promise.all(readers)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.generation))).toEqual(new Set([2]))
    expect(await counted()).toEqual({ probes: 1, refreshes: 1 })
  })

  verifies('R10:probe-of-a-generation', async () => {
    const made = await connected()
    const reported = async (minGeneration: number) =>
      (await stage.read({ ...made.who, minGeneration })).body.generation
    expect(await reported(2), 'while it lives').toBe(1)
    await set(made, 'refresh_schedule', 'refresh_at = now()')
    expect((await stage.read({ ...made.who, ifNewerThan: 1 })).body.generation).toBe(2)
    // The new one dies within seconds.
    await stage.sandbox.control.addFault({ ...deadToken, times: 1 })
    expect(await reported(3), 'the next one has died').toBe(3)
    expect(await counted()).toEqual({ probes: 2, refreshes: 2 })
  })

  verifies('R10:probe-is-stored', async () => {
    const made = await connected()
    const where = 'tenant_id = $1 and id = $2'
    await stage.database.query(
      `update connections set health = 'unknown', health_reason = 'no_answer', granted_scopes = '{}',
         health_checked_at = now() - interval '1 day' where ${where}`,
      [made.who.tenantId, made.id],
    )
    await set(made, 'refresh_schedule', 'probe_failures = 2')
    const { body } = await stage.read({ ...made.who, minGeneration: 2, scopes: ['read_api'] })
    expect(body).toMatchObject({ generation: 1, missingScopes: [] })
    const view = await viewOf(made)
    expect(view).toMatchObject({ health: { status: 'ok', reason: null } })
    const { checkedAt } = view.health as { checkedAt: string }
    expect(Date.now() - Date.parse(checkedAt)).toBeLessThan(3_600_000)
    const [schedule] = await stage.database.query(
      'select probe_failures from refresh_schedule where tenant_id = $1 and connection_id = $2',
      [made.who.tenantId, made.id],
    )
    expect(schedule).toEqual({ probe_failures: 0 })
  })

  verifies('refresh:planned-later', async () => {
    const made = await connected()
    await set(made, 'credentials', "expires_at = now() - interval '1 second'")
    expect((await stage.read(made.who)).body).toMatchObject({ generation: 2 })
    // What waits out a failure goes on waiting.
    await set(made, 'credentials', "expires_at = now() - interval '1 second'")
    await set(
      made,
      'refresh_schedule',
      `state = 'backoff', refresh_at = now() + interval '1 minute'`,
    )
    expect(await stage.read(made.who)).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(await counted()).toEqual({ probes: 0, refreshes: 1 })
  })

  verifies('refresh:waits-as-asked', async () => {
    const made = await connected()
    const due = "now() - interval '1 second'"
    await set(made, 'credentials', `expires_at = ${due}`)
    await set(made, 'refresh_schedule', `refresh_at = ${due}`)
    await stage.sandbox.control.addFault({ ...faults.slowStart(1_500), times: 1 })
    expect(await stage.read({ ...made.who, waitMs: 50 })).toMatchObject({
      status: 503,
      body: { code: 'refresh_in_progress', retryAfterMs: expect.any(Number) },
    })
    expect(await stage.read({ ...made.who, waitMs: 60_000 })).toMatchObject({
      status: 200,
      body: { generation: 2 },
    })
    for (const waitMs of [-1, 1.5, 60_001, '5']) {
      const answer = await stage.call('POST', '/v1/credentials', {
        provider: 'gitlab',
        ...made.who,
        waitMs,
      })
      expect(answer, String(waitMs)).toMatchObject({
        status: 400,
        body: { code: 'invalid_request', detail: expect.stringContaining('waitMs') },
      })
    }
  })

  verifies('refresh:pause-within-life', async () => {
    const made = await connected()
    await set(made, 'credentials', "expires_at = now() + interval '20 seconds'")
    await set(made, 'refresh_schedule', 'refresh_at = now()')
    await stage.sandbox.control.addFault({ ...faults.dropBeforeRotation(), times: 1 })
    for (let looks = 0; looks < 2; looks += 1) {
      await set(made, 'refresh_schedule', 'refresh_at = now()')
      expect((await stage.read({ ...made.who, ifNewerThan: 1 })).status).toBe(200)
    }
    const [schedule] = await stage.database.query<{ state: string; outlives: boolean }>(
      `select u.state, u.refresh_at > k.expires_at + interval '1 second' as outlives
       from refresh_schedule u join credentials k using (tenant_id, connection_id)
       where tenant_id = $1 and connection_id = $2`,
      [made.who.tenantId, made.id],
    )
    expect(schedule).toEqual({ state: 'ambiguous', outlives: false })
  })

  verifies('refresh:scopes-of-the-answer', async () => {
    const made = await connected()
    const due = async () => {
      await set(made, 'credentials', "expires_at = now() - interval '1 second'")
      await set(made, 'refresh_schedule', "refresh_at = now() - interval '1 second'")
    }
    const answer = (scope: string) =>
      stage.sandbox.control.addFault({ ...faults.answerWith({ scope }), times: 1 })
    await answer('read_user')
    await due()
    expect((await stage.read({ ...made.who, scopes: ['api'] })).body).toMatchObject({
      scopes: ['read_user'],
      missingScopes: ['api'],
    })
    expect(await viewOf(made)).toMatchObject({ scopes: ['read_user'] })
    // What the tenant may not have is not handed out, from the very read that brings it on.
    const policy = `/v1/tenants/${made.who.tenantId}/policy`
    must(await stage.call('PUT', policy, { scopes: { gitlab: ['read_user'] } }), 200)
    await answer('read_user api')
    await due()
    expect(await stage.read(made.who)).toMatchObject({
      status: 403,
      body: { code: 'not_allowed_for_tenant' },
    })
    must(await stage.call('DELETE', policy), 200)
    expect((await stage.read({ ...made.who, scopes: ['api'] })).body).toMatchObject({
      generation: 3,
      scopes: ['read_user', 'api'],
      missingScopes: [],
    })
  })

  verifies('refresh:lost-rotation-words', async () => {
    const made = await connected()
    await stage.database.query(
      `update connections set status = 'expired', reason = 'lost_rotation'
       where tenant_id = $1 and id = $2`,
      [made.who.tenantId, made.id],
    )
    const { body } = await stage.read(made.who)
    expect(body).toMatchObject({ code: 'needs_reauth', reason: 'lost_rotation' })
    expect(body.detail).toContain('was lost')
    expect(body.detail).toContain('neither the user nor GitLab has withdrawn')
    expect(JSON.stringify(body)).not.toContain('no longer accepts')
  })
})
