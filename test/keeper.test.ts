/** What keeps connections alive by itself, in one process, with its times shortened. */
import { type FaultInput, faults } from '@keywell/sandbox'
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const timing = {
  pollMs: 40,
  leaseMs: 4_000,
  deadlineMs: 400,
  marginMs: 500,
  confirmAfterMs: 200,
  canaryMs: 200,
  recheckAfterMs: 50,
  sweepMs: 100,
  // All connections of this file are one person's, who withdraws their grants; see `incident.test.ts`.
  incidentWindowMs: 0,
}

/** So that what waits to be withdrawn goes on waiting, and can be seen. */
const revokeAway: FaultInput = { endpoint: 'revoke', effect: { kind: 'drop' } }

interface Made {
  who: { tenantId: string; userId: string }
  id: string
  token: string
}

interface View {
  status: string
  account: { id: string; name: string | null; username: string | null; avatarUrl: string | null }
  reason: string | null
  generation: number
  health: { status: string; reason: string | null }
  scopes: string[]
}

describeEachDatabase('the keeper', (makeDatabase) => {
  let stage: Stage
  let next = 0
  /** Called where the engine says that it has come to; a test may hold it there. */
  let atPoint: (name: string, connectionId: string) => Promise<void> | void = () => {}

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), {
      timing,
      faultPoint: (name, { connectionId }) => atPoint(name, connectionId),
    })
  })
  afterAll(() => stage.stop())
  beforeEach(async () => {
    atPoint = () => {}
    await restAll()
    await stage.calm()
  })

  /** A connection that an earlier test left in doubt would be tried again in this one, and take its fault or its count. */
  async function restAll(): Promise<void> {
    await until('nothing is due or under way', async () => {
      await stage.database.query(
        'update refresh_schedule set refresh_at = null, probe_at = null where attempt_id is null',
      )
      const busy = await stage.database.query(
        'select from refresh_schedule where attempt_id is not null or due_at is not null limit 1',
      )
      return busy.length === 0
    })
  }

  async function connected(): Promise<Made> {
    next += 1
    const who = { tenantId: `ten_${next}`, userId: `usr_${next}` }
    const { connection } = await stage.connect({ who })
    if (connection === null) throw new Error('not connected')
    const { body } = await stage.read(who)
    await stage.calm()
    return { who, id: connection.id, token: body.credential ?? '' }
  }

  async function set({ who, id }: Made, what: 'refresh_at' | 'probe_at', value = 'now()') {
    await stage.database.query(
      `update refresh_schedule set ${what} = ${value} where tenant_id = $1 and connection_id = $2`,
      [who.tenantId, id],
    )
  }

  async function end({ who, id }: Made): Promise<void> {
    await stage.database.query(
      `update credentials set expires_at = now() - interval '1 second'
       where tenant_id = $1 and connection_id = $2`,
      [who.tenantId, id],
    )
  }

  async function scheduleOf({ who, id }: Made) {
    const [row] = await stage.database.query<{
      state: string
      attempt_id: string | null
      unresolved_since: Date | null
      epoch: string
      probe_in_s: number
    }>(
      `select state, epoch, attempt_id, unresolved_since,
              extract(epoch from probe_at - now())::float8 as probe_in_s
       from refresh_schedule where tenant_id = $1 and connection_id = $2`,
      [who.tenantId, id],
    )
    return row
  }

  async function viewOf({ who, id }: Made): Promise<View> {
    return must(
      await stage.call<View>('GET', `/v1/connections/${id}?${new URLSearchParams(who)}`),
      200,
    )
  }

  async function kindsOf({ who, id }: Made): Promise<string[]> {
    const rows = await stage.database.query<{ kind: string }>(
      'select kind from changes where tenant_id = $1 and connection_id = $2 order by seq',
      [who.tenantId, id],
    )
    return rows.map(({ kind }) => kind)
  }

  const calls = async () => (await stage.sandbox.control.counters()).grantTypes.refresh_token ?? 0
  const generationIs = (made: Made, generation: number) =>
    until(`generation ${generation}`, async () => (await viewOf(made)).generation === generation)
  const stateIs = (made: Made, state: string) =>
    until(`schedule ${state}`, async () => (await scheduleOf(made))?.state === state)
  /** Makes the refresh due, and waits until the attempt is over. */
  async function attempt(made: Made): Promise<void> {
    const before = await scheduleOf(made)
    await set(made, 'refresh_at')
    await until('attempted', async () => {
      const now = await scheduleOf(made)
      return now?.epoch !== before?.epoch && now?.attempt_id === null
    })
  }

  /** Holds the engine at a point; answers when it is there, and how to let it go on. */
  function holdAt(point: string, { id }: Made): { reached: Promise<void>; release: () => void } {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const reached = new Promise<void>((resolve) => {
      atPoint = (name, connectionId) => {
        if (name !== point || connectionId !== id) return
        resolve()
        return released
      }
    })
    return { reached, release }
  }

  verifies('keep:ahead', async () => {
    const made = await connected()
    await set(made, 'refresh_at')
    await generationIs(made, 2)
    expect((await stage.read(made.who)).body).toMatchObject({ generation: 2 })
    expect(await calls()).toBe(1)
    expect(await kindsOf(made)).toEqual(['connected', 'refreshed'])
  })

  describe('connections that are not read for long', () => {
    async function forget({ who, id }: Made): Promise<void> {
      await stage.database.query(
        `update refresh_schedule set read_at = now() - interval '8 days'
         where tenant_id = $1 and connection_id = $2`,
        [who.tenantId, id],
      )
    }

    /** Hours until it is renewed and probed; and how many its token lives. */
    async function dueOf({ who, id }: Made) {
      const [row] = await stage.database.query<{
        refresh: number
        probe: number | null
        end: number
        read: number
      }>(
        `select extract(epoch from u.refresh_at - now())::float8 / 3600 as refresh,
                extract(epoch from u.probe_at - now())::float8 / 3600 as probe,
                extract(epoch from k.expires_at - now())::float8 / 3600 as end,
                extract(epoch from now() - u.read_at)::float8 / 3600 as read
         from refresh_schedule u join credentials k using (tenant_id, connection_id)
         where u.tenant_id = $1 and u.connection_id = $2`,
        [who.tenantId, id],
      )
      if (row === undefined) throw new Error('no row')
      return row
    }

    /** This process has not read it: that it has is remembered for a while, and not written again. */
    async function unread(): Promise<Made> {
      next += 1
      const who = { tenantId: `ten_${next}`, userId: `usr_${next}` }
      const { connection } = await stage.connect({ who })
      if (connection === null) throw new Error('not connected')
      await stage.calm()
      const made = { who, id: connection.id, token: '' }
      await forget(made)
      return made
    }

    /** Dormant, and renewed as one by a worker. */
    async function dormant(): Promise<Made> {
      const made = await unread()
      await set(made, 'refresh_at')
      await generationIs(made, 2)
      return made
    }

    const isInUse = (made: Made) =>
      until('in use', async () => {
        const { read, refresh, end } = await dueOf(made)
        return read < 1 && refresh < end
      })

    verifies('keep:dormant-daily', async () => {
      const made = await dormant()
      const due = await dueOf(made)
      expect(due.refresh).toBeGreaterThan(17.9)
      expect(due.refresh).toBeLessThanOrEqual(24)
      expect(due.probe, 'it would only find what has ended').toBeNull()
      expect(due.end).toBeLessThan(3)

      await end(made)
      const { status, body } = await stage.read(made.who)
      expect({ status, body }).toMatchObject({ status: 200, body: { generation: 3 } })
      const upstream = await fetch(`${stage.sandbox.url}/api/v4/user`, {
        headers: { authorization: `Bearer ${body.credential}` },
      })
      expect(upstream.status).toBe(200)
      expect(await calls()).toBe(2)
      await isInUse(made)
      expect((await dueOf(made)).probe).toBeLessThan(0.5)
      await set(made, 'refresh_at')
      await generationIs(made, 4)
      expect((await dueOf(made)).refresh, 'as any that is in use').toBeLessThan(2)
    })

    verifies.each('keep:dormant-wakes', ['a read', 'a conditional read'], async (kind) => {
      const made = await dormant()
      const query = kind === 'a read' ? made.who : { ...made.who, ifNewerThan: 2 }
      const { status, body } = await stage.read(query)
      expect({ status, body }).toMatchObject({ status: 200, body: { generation: 2 } })
      await isInUse(made)
      expect(await calls(), 'the token that it has is good').toBe(1)
    })

    verifies('keep:dormant-revoked', async () => {
      const made = await dormant()
      await end(made)
      await stage.sandbox.control.revokeGrants({ username: 'ada' })
      await set(made, 'refresh_at')
      await until('revoked', async () => (await viewOf(made)).status === 'revoked')
      expect(await kindsOf(made)).toEqual(['connected', 'refreshed', 'degraded', 'revoked'])
    })

    verifies('keep:read-in-flight', async () => {
      const made = await unread()
      const held = holdAt('before_commit', made)
      await set(made, 'refresh_at')
      await held.reached
      await stage.database.query(
        'update refresh_schedule set read_at = now() where tenant_id = $1 and connection_id = $2',
        [made.who.tenantId, made.id],
      )
      held.release()
      await generationIs(made, 2)
      expect((await dueOf(made)).refresh).toBeLessThan(2)
    })
  })

  verifies('R4:intent-first', async () => {
    const made = await connected()
    const held = holdAt('before_send', made)
    await set(made, 'refresh_at')
    await held.reached
    const schedule = await scheduleOf(made)
    expect(schedule).toMatchObject({ state: 'refreshing', attempt_id: expect.any(String) })
    expect(schedule?.unresolved_since).toBeInstanceOf(Date)
    expect(await calls(), 'calls before the intent was durable').toBe(0)
    held.release()
    await generationIs(made, 2)
    expect((await scheduleOf(made))?.unresolved_since).toBeNull()
  })

  /** Results of the refreshes that the audit log knows of, in their order. */
  async function auditedRefreshes({ who, id }: Made): Promise<string[]> {
    const rows = await stage.database.query<{ result: string }>(
      `select result from audit where tenant_id = $1 and connection_id = $2
         and action = 'connection.refresh' order by id`,
      [who.tenantId, id],
    )
    return rows.map(({ result }) => result)
  }

  verifies('audit:quiet-refresh', async () => {
    const made = await connected()
    await set(made, 'refresh_at')
    await generationIs(made, 2)
    expect(await auditedRefreshes(made)).toEqual([])

    await stage.sandbox.control.addFault({ ...faults.badGateway({ rotated: true }), times: 1 })
    await attempt(made)
    expect(await auditedRefreshes(made)).toEqual(['failed'])
  })

  verifies('audit:quiet-refresh', async () => {
    const made = await connected()
    const refused = {
      endpoint: 'token',
      effect: { kind: 'respond', status: 429, body: '' },
    } as const
    await stage.sandbox.control.addFault({ ...refused, times: 1 })
    await attempt(made)
    await stage.calm()
    await set(made, 'refresh_at')
    await generationIs(made, 2)
    expect(await auditedRefreshes(made), 'a recovery').toEqual(['failed', 'ok'])

    await end(made)
    expect((await stage.read(made.who)).body).toMatchObject({ generation: 3 })
    expect((await auditedRefreshes(made)).slice(2), 'of a read').toEqual(['intent', 'ok'])
  })

  verifies('R3:detached', async () => {
    const made = await connected()
    await stage.sandbox.control.addFault({ ...faults.slowAnswer(1_200), times: 1 })
    await set(made, 'refresh_at')
    await generationIs(made, 2)
    expect(await calls()).toBe(1)
    expect(await viewOf(made)).toMatchObject({ status: 'active', health: { status: 'ok' } })
  })

  verifies('R1:paused-before-sending', async () => {
    const made = await connected()
    const held = holdAt('before_send', made)
    await set(made, 'refresh_at')
    await held.reached
    // Longer than a claim may be old when the first byte is written.
    await new Promise((resolve) => setTimeout(resolve, timing.leaseMs - timing.deadlineMs - 400))
    atPoint = () => {}
    held.release()
    await until('given back', async () => (await scheduleOf(made))?.attempt_id === null)
    expect(await calls(), 'calls of a process that was paused').toBe(0)
    await generationIs(made, 2)
    expect(await kindsOf(made)).toEqual(['connected', 'refreshed'])
  })

  verifies('R2:overtaken', async () => {
    const made = await connected()
    const held = holdAt('before_commit', made)
    await set(made, 'refresh_at')
    await held.reached
    // Another success for the same generation, as at a provider with a grace period.
    await stage.database.query(
      `update credentials set generation = 2, committed_by = gen_random_uuid()
       where tenant_id = $1 and connection_id = $2`,
      [made.who.tenantId, made.id],
    )
    held.release()
    await until('kept aside', async () => {
      const rows = await stage.database.query(
        'select generation from orphans where tenant_id = $1 and connection_id = $2',
        [made.who.tenantId, made.id],
      )
      return rows.length === 1
    })
    const [row] = await stage.database.query(
      'select generation from credentials where tenant_id = $1 and connection_id = $2',
      [made.who.tenantId, made.id],
    )
    expect(row, 'what stands is not overwritten').toEqual({ generation: 2 })
  })

  verifies('R2:removed', async () => {
    const made = await connected()
    const held = holdAt('before_commit', made)
    await set(made, 'refresh_at')
    await held.reached
    await stage.sandbox.control.addFault(revokeAway)
    await stage.call('DELETE', `/v1/connections/${made.id}?${new URLSearchParams(made.who)}`)
    held.release()
    const query = 'select generation from revocations where tenant_id = $1 and connection_id = $2'
    await until('the new pair waits to be withdrawn', async () => {
      const rows = await stage.database.query<{ generation: number }>(query, [
        made.who.tenantId,
        made.id,
      ])
      return rows.some(({ generation }) => generation === 2)
    })
    expect(await stage.read(made.who)).toMatchObject({ status: 404 })
    expect(await kindsOf(made)).toEqual(['connected', 'disconnected'])
  })

  verifies('keep:reconnected-in-flight', async () => {
    const made = await connected()
    const held = holdAt('before_commit', made)
    await set(made, 'refresh_at')
    await held.reached
    await stage.connect({ who: made.who })
    const fresh = await stage.read(made.who)
    await stage.sandbox.control.addFault(revokeAway)
    held.release()
    await until('the old grant waits to be withdrawn', async () => {
      const rows = await stage.database.query<{ generation: number }>(
        'select generation from revocations where tenant_id = $1 and connection_id = $2',
        [made.who.tenantId, made.id],
      )
      return rows.some(({ generation }) => generation === 2)
    })
    expect((await stage.read(made.who)).body.credential).toBe(fresh.body.credential)
    const orphans = await stage.database.query('select from orphans where tenant_id = $1', [
      made.who.tenantId,
    ])
    expect(orphans, 'pairs of another grant that could be taken for this one').toHaveLength(0)
    // Both pairs are of generation 2, and both are withdrawn.
    await stage.calm()
    const path = `/v1/connections/${made.id}?${new URLSearchParams(made.who)}`
    expect((await stage.call('DELETE', path)).body).toMatchObject({ upstream: 'revoked' })
  })

  verifies('keep:one-outage', async () => {
    const made = await connected()
    await stage.sandbox.control.addFault(faults.badGateway({ rotated: false }))
    for (let times = 0; times < 3; times += 1) await attempt(made)
    expect(await scheduleOf(made)).toMatchObject({ state: 'ambiguous' })
    expect((await stage.read(made.who)).body).toMatchObject({ credential: made.token })
    expect((await viewOf(made)).health).toEqual({
      status: 'degraded',
      reason: 'ambiguous',
      checkedAt: expect.any(String),
    })
    await stage.calm()
    // The doubt is settled by the old access token, once the request cannot be worked on any more.
    await stage.database.query(
      `update refresh_schedule set unresolved_since = now() - interval '3 minutes', refresh_at = now()
       where tenant_id = $1 and connection_id = $2`,
      [made.who.tenantId, made.id],
    )
    await generationIs(made, 2)
    expect(await kindsOf(made)).toEqual(['connected', 'degraded', 'refreshed', 'recovered'])
  })

  verifies('keep:doubt-waits', async () => {
    const made = await connected()
    await stage.sandbox.control.addFault({ ...faults.badGateway({ rotated: false }), times: 1 })
    await attempt(made)
    expect(await scheduleOf(made)).toMatchObject({ state: 'ambiguous' })
    await stage.calm()
    await attempt(made)
    const { calls: counted } = await stage.sandbox.control.counters()
    expect(counted.token_info, 'looks at the old access token').toBe(1)
    // Their request may still be worked on: the same token must not go out a second time.
    expect(await calls()).toBe(0)
    expect(await scheduleOf(made)).toMatchObject({ state: 'ambiguous' })
  })

  verifies('health:revoked-by-user', async () => {
    const made = await connected()
    await stage.sandbox.control.revokeGrants({ username: 'ada' })
    await set(made, 'probe_at')
    await until('revoked', async () => (await viewOf(made)).status === 'revoked')
    expect(await viewOf(made)).toMatchObject({ status: 'revoked', reason: 'revoked' })
    expect(await kindsOf(made)).toEqual(['connected', 'revoked'])
    expect(await stage.read(made.who)).toMatchObject({
      status: 409,
      body: { code: 'needs_reauth', reason: 'revoked' },
    })
    const rows = await stage.database.query<{ action: string; result: string }>(
      `select action, result from audit where tenant_id = $1 and connection_id = $2
         and action in ('connection.probe', 'connection.refresh') and result <> 'intent'
       order by id`,
      [made.who.tenantId, made.id],
    )
    expect(rows).toEqual([
      { action: 'connection.probe', result: 'failed' },
      { action: 'connection.refresh', result: 'failed' },
    ])
  })

  verifies.each('health:never-revokes', [403, 404, 429, 500, 503], async (status) => {
    const made = await connected()
    await stage.sandbox.control.addFault({
      endpoint: 'token_info',
      effect: { kind: 'respond', status, body: '{"error":"nothing_known"}' },
    })
    for (let look = 0; look < 3; look += 1) {
      await set(made, 'probe_at')
      await until('looked at', async () => ((await scheduleOf(made))?.probe_in_s ?? 0) > 0.05)
    }
    const view = await viewOf(made)
    expect(view.status).toBe('active')
    expect(view.health.status).not.toBe('ok')
    expect(await calls(), 'refreshes').toBe(0)
    expect((await stage.read(made.who)).body).toMatchObject({ credential: made.token })
  })

  verifies('health:schedule', async () => {
    const made = await connected()
    const probed = async (readAgo: string) => {
      await stage.database.query(
        `update refresh_schedule set read_at = now() - interval '${readAgo}', probe_at = now()
         where tenant_id = $1 and connection_id = $2`,
        [made.who.tenantId, made.id],
      )
      await until('looked at', async () => ((await scheduleOf(made))?.probe_in_s ?? 0) > 60)
      return (await scheduleOf(made))?.probe_in_s ?? 0
    }
    const hot = await probed('1 minute')
    expect(hot).toBeGreaterThan(12 * 60 - 5)
    expect(hot).toBeLessThan(18 * 60)
    const cold = await probed('2 hours')
    expect(cold).toBeGreaterThan(4.8 * 3600 - 5)
    expect(cold).toBeLessThan(7.2 * 3600)
  })

  /** What the provider says of the account from now on. */
  async function showProfile(set: Record<string, unknown>): Promise<void> {
    await stage.sandbox.control.clearFaults()
    const effect: FaultInput['effect'] = { kind: 'patch', set }
    await stage.sandbox.control.addFault({ endpoint: 'rest', pathPrefix: '/api/v4/user', effect })
  }

  async function probe(made: Made): Promise<void> {
    await set(made, 'probe_at')
    await until('looked at', async () => ((await scheduleOf(made))?.probe_in_s ?? 0) > 60)
  }

  async function probeADayLater(made: Made): Promise<void> {
    await stage.database.query(
      `update connections set account_checked_at = now() - interval '25 hours'
       where tenant_id = $1 and id = $2`,
      [made.who.tenantId, made.id],
    )
    await probe(made)
  }

  verifies('health:account-updated', async () => {
    const made = await connected()
    const { tenantId } = made.who
    const url = `${stage.sandbox.url}/nobody-listens`
    must(await stage.call('POST', '/v1/webhooks', { tenantId, url }), 201)
    const { account, generation } = await viewOf(made)
    const picture = 'https://pictures.example/ada.png'
    await showProfile({ name: 'Ada King', username: 'ada.king', avatar_url: picture })
    await probe(made)
    expect((await viewOf(made)).account, 'looked at a moment ago').toEqual(account)

    await probeADayLater(made)
    const renamed = { id: account.id, name: 'Ada King', username: 'ada.king', avatarUrl: picture }
    expect(await viewOf(made)).toMatchObject({ account: renamed, generation, status: 'active' })
    expect(await kindsOf(made)).toEqual(['connected', 'updated'])
    const messages = await stage.database.query<{ type: string; account: unknown }>(
      `select type, data->'account' as account from webhook_deliveries where tenant_id = $1`,
      [tenantId],
    )
    expect(messages).toEqual([{ type: 'connection.updated', account: renamed }])
    expect((await stage.read(made.who)).body).toMatchObject({ credential: made.token, generation })

    await probeADayLater(made)
    // A path that knows the id alone does not say that the name is gone, and neither does a failure.
    await showProfile({ name: null, username: null, avatar_url: null })
    await probeADayLater(made)
    await stage.sandbox.control.clearFaults()
    const effect: FaultInput['effect'] = { kind: 'respond', status: 503, body: '' }
    await stage.sandbox.control.addFault({ endpoint: 'rest', effect })
    await probeADayLater(made)
    expect(await viewOf(made)).toMatchObject({ account: renamed, health: { status: 'ok' } })
    expect(await kindsOf(made), 'reported once').toEqual(['connected', 'updated'])

    await showProfile({ name: 'Ada King', username: 'ada.king', avatar_url: null })
    await probeADayLater(made)
    expect((await viewOf(made)).account, 'a picture can go').toEqual({
      ...renamed,
      avatarUrl: null,
    })
  })

  verifies('health:another-account', async () => {
    const made = await connected()
    const { account } = await viewOf(made)
    const alarms = () =>
      stage.logs.filter(
        (line) => line.includes('"alarm":"account_mismatch"') && line.includes(made.id),
      )
    const doubtful = {
      status: 'active',
      health: { status: 'degraded', reason: 'account_mismatch' },
      account,
    }
    await showProfile({ id: 4242, name: 'Eve', username: 'eve' })
    await probeADayLater(made)
    expect(await viewOf(made)).toMatchObject(doubtful)
    expect(alarms()).toHaveLength(1)

    // Neither a living token nor a refresh says whose it is.
    await set(made, 'refresh_at')
    await until('refreshed', async () => (await viewOf(made)).generation === 2)
    expect(await viewOf(made)).toMatchObject(doubtful)
    await stage.sandbox.control.addFault({
      endpoint: 'rest',
      effect: { kind: 'respond', status: 503, body: '' },
    })
    await probe(made)
    expect(await viewOf(made)).toMatchObject(doubtful)
    await showProfile({ id: 4242, name: 'Eve', username: 'eve' })
    await probe(made)
    expect(await viewOf(made)).toMatchObject(doubtful)
    expect(alarms(), 'reported once').toHaveLength(1)
    expect(await kindsOf(made)).toEqual(['connected', 'degraded', 'refreshed'])

    await stage.calm()
    await probe(made)
    expect(await viewOf(made)).toMatchObject({ account, health: { status: 'ok', reason: null } })
    expect(await kindsOf(made)).toEqual(['connected', 'degraded', 'refreshed', 'recovered'])
    const rows = await stage.database.query<{ reason: string; result: string }>(
      `select result, reason from audit where tenant_id = $1 and action = 'connection.probe'`,
      [made.who.tenantId],
    )
    expect(rows).toEqual([{ result: 'failed', reason: 'account_mismatch' }])
  })

  verifies('health:scopes-told', async () => {
    const made = await connected()
    const scope = ['read_user']
    const effect: FaultInput['effect'] = { kind: 'patch', set: { scope, scopes: scope } }
    await stage.sandbox.control.addFault({ endpoint: 'token_info', effect })
    await probe(made)
    await probe(made)
    expect((await viewOf(made)).scopes).toEqual(scope)
    expect(await kindsOf(made)).toEqual(['connected', 'updated'])
  })

  verifies('health:without-refresh-token', async () => {
    const made = await connected()
    await set(made, 'refresh_at', 'null')
    await stage.sandbox.control.revokeGrants({ username: 'ada' })
    await sealWithoutRefreshToken(made)
    await set(made, 'probe_at')
    await stateIs(made, 'suspect')
    expect(await viewOf(made), 'after one look').toMatchObject({ status: 'active' })
    await until('revoked', async () => (await viewOf(made)).status === 'revoked')
    expect(await calls()).toBe(0)
  })

  /** A token that nothing renews, as a provider without refresh tokens gives. */
  async function sealWithoutRefreshToken(made: Made): Promise<void> {
    await stage.sandbox.control.addFault({
      endpoint: 'token',
      grantType: 'authorization_code',
      times: 1,
      effect: { kind: 'patch', omit: ['refresh_token'] },
    })
    await stage.connect({ who: made.who })
    await stage.sandbox.control.revokeGrants({ username: 'ada' })
    await stage.sandbox.control.resetCounters()
  }

  verifies('health:ends-by-name', async () => {
    const who = { tenantId: 'ten_ends_by_name', userId: 'usr_ends_by_name' }
    await stage.sandbox.control.addFault({
      endpoint: 'token',
      times: 1,
      effect: { kind: 'patch', omit: ['refresh_token'] },
    })
    const { connection } = await stage.connect({ who })
    expect(connection).toMatchObject({ renewable: false, endsAt: expect.any(String) })
    if (connection === null) throw new Error('not connected')
    const made = { who, id: connection.id, token: '' }
    const [due] = await stage.database.query<{ at_its_end: boolean; refresh_at: Date | null }>(
      `select u.refresh_at, u.probe_at <= k.expires_at as at_its_end
       from refresh_schedule u join credentials k using (tenant_id, connection_id) where tenant_id = $1`,
      [who.tenantId],
    )
    expect(due).toEqual({ refresh_at: null, at_its_end: true })
    const { body: held } = await stage.read(who)
    expect(held).toMatchObject({ credential: expect.any(String) })
    await stage.sandbox.control.resetCounters()

    await end(made)
    const refusal = {
      status: 409,
      body: {
        code: 'needs_reauth',
        reason: 'token_expired',
        connectUrl: expect.stringContaining(`${appOrigin}/settings?provider=gitlab`),
      },
    }
    expect(await stage.read(who), 'before anybody has looked').toMatchObject(refusal)
    await set(made, 'probe_at')
    await until('expired', async () => (await viewOf(made)).status === 'expired')
    expect(await viewOf(made)).toMatchObject({ reason: 'token_expired' })
    expect(await stage.read(who)).toMatchObject(refusal)
    expect(await kindsOf(made)).toEqual(['connected', 'needs_reauth'])
    const { calls } = await stage.sandbox.control.counters()
    expect(calls.token ?? 0, 'refreshes').toBe(0)

    // Connected again with a refresh token, it is renewed like any other.
    const again = await stage.connect({ who })
    expect(again.connection).toMatchObject({ id: made.id, renewable: true, endsAt: null })
    expect((await stage.read(who)).body).toMatchObject({ generation: 2 })
  })

  async function isSuspended(): Promise<boolean> {
    const { body } = await stage.call<{ integrations: { suspended: object | null }[] }>(
      'GET',
      '/v1/integrations',
    )
    return body.integrations.some(({ suspended }) => suspended !== null)
  }

  /** Gives the integration its client again, as an operator does who repairs it. */
  async function mendClient(): Promise<void> {
    const applications = await stage.sandbox.control.applications()
    const mine = applications.find(({ name }) => name === 'Acme')
    if (mine === undefined) throw new Error('the app is not registered')
    const { clientId, clientSecret } = mine
    const path = `/v1/integrations/${stage.integration.id}/client`
    must(await stage.call('PUT', path, { clientId, clientSecret }), 200)
  }

  verifies('keep:client-refused', async () => {
    const some = [await connected(), await connected(), await connected()]
    await stage.sandbox.control.addFault(faults.invalidClient())
    for (const made of some) await set(made, 'refresh_at')
    await until('suspended', isSuspended)
    for (const made of some) {
      expect(await viewOf(made)).toMatchObject({ status: 'active' })
      expect((await stage.read(made.who)).body).toMatchObject({ credential: made.token })
    }
    // One of them tries now and then, and no more.
    const before = await calls()
    await until('a canary went', async () => (await calls()) > before)
    await stage.sandbox.control.clearFaults()
    await mendClient()
    // What was under way with the old client may still end, and put its connection off.
    for (const made of some) {
      await until('refreshed', async () => {
        if ((await viewOf(made)).generation > 1) return true
        await set(made, 'refresh_at')
        return false
      })
    }
    expect(await isSuspended()).toBe(false)
  })

  verifies('keep:client-replaced', async () => {
    const made = await connected()
    await stage.sandbox.control.addFault({ ...faults.invalidClient(), times: 1 })
    const held = holdAt('after_answer', made)
    await set(made, 'refresh_at')
    await held.reached
    await mendClient()
    const before = await scheduleOf(made)
    held.release()
    await until('ended', async () => (await scheduleOf(made))?.attempt_id !== before?.attempt_id)
    expect(await isSuspended()).toBe(false)
  })

  verifies('disconnect:outbox', async () => {
    const made = await connected()
    const revokeCalls = async () => (await stage.sandbox.control.counters()).calls.revoke ?? 0
    const left = () =>
      stage.database.query<{ attempts: number }>(
        `update revocations set due_at = now() where tenant_id = $1 and connection_id = $2
         returning attempts`,
        [made.who.tenantId, made.id],
      )
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' } })
    const query = new URLSearchParams(made.who)
    const { body } = await stage.call('DELETE', `/v1/connections/${made.id}?${query}`)
    expect(body).toMatchObject({ upstream: 'pending' })
    expect(await stage.read(made.who), 'at once').toMatchObject({ status: 404 })
    await until('tried again', async () => ((await left())[0]?.attempts ?? 0) >= 3)
    await stage.sandbox.control.clearFaults()
    await until('the provider is notified', async () => (await left()).length === 0)
    const revoked = await revokeCalls()
    const other = await connected()
    await stage.call('DELETE', `/v1/connections/${other.id}?${new URLSearchParams(other.who)}`)
    // `connected` has set the counters to zero: since then, the other one's alone.
    expect([revoked > 0, await revokeCalls()]).toEqual([true, 1])
    const pair = (await stage.sandbox.control.tokens()).find(
      ({ accessToken }) => accessToken === made.token,
    )
    expect(pair?.revokedAt).not.toBeNull()
  })

  verifies('keep:one-odd-connection', async () => {
    const odd = await connected()
    const other = await connected()
    const [token] = (await stage.sandbox.control.tokens()).filter(
      ({ accessToken }) => accessToken === odd.token,
    )
    await stage.sandbox.control.addFault({
      ...faults.invalidScope(),
      grantId: token?.grantId ?? '',
    })
    await set(odd, 'refresh_at')
    await stateIs(odd, 'backoff')
    await set(other, 'refresh_at')
    await generationIs(other, 2)
    expect(await viewOf(odd)).toMatchObject({
      status: 'active',
      health: { status: 'degraded', reason: 'request_rejected' },
    })
  })

  verifies('R9:served-while-it-lives', async () => {
    const made = await connected()
    await stage.sandbox.control.addFault(faults.falseInvalidGrant())
    for (let times = 0; times < 3; times += 1) await attempt(made)
    expect(await scheduleOf(made)).toMatchObject({ state: 'suspect' })
    expect((await stage.read(made.who)).body).toMatchObject({ credential: made.token })
    // Nothing is left to serve, and the refusal goes on: only now is it accepted.
    await end(made)
    await set(made, 'refresh_at')
    await until('given up', async () => (await viewOf(made)).status !== 'active')
    expect(await kindsOf(made)).toEqual(['connected', 'degraded', 'revoked'])
  })
})

describeEachDatabase(
  'the keeper, of an operator who wants every refresh audited',
  (makeDatabase) => {
    verifies('audit:refreshes', async () => {
      let results: string[] = []
      const database = await makeDatabase()
      const auditedRefreshes = async () => {
        const rows = await database.query<{ result: string }>(
          `select result from audit where action = 'connection.refresh' order by id`,
        )
        return rows.map(({ result }) => result)
      }
      const stage = await createStage(database, {
        timing,
        auditRefreshes: true,
        faultPoint: async (name) => {
          if (name === 'before_send') results = await auditedRefreshes()
        },
      })
      await stage.connect()
      await database.query('update refresh_schedule set refresh_at = now()')
      await until('refreshed', async () => (await auditedRefreshes()).length === 2)
      expect(results, 'before a byte is sent').toEqual(['intent'])
      expect(await auditedRefreshes()).toEqual(['intent', 'ok'])
      await stage.stop()
    })
  },
)
