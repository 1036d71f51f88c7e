/** How a provider's refresh tokens behave, as its definition says, and what the service makes of it. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Connection, OAuth2Method, ProviderDefinition } from '@keywell/protocol'
import { faults, type Settings } from '@keywell/sandbox'
import { afterEach, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { gitlabRenewal, renewedBy } from './support/renewed-by.ts'
import { createStage, mira, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

let stage: Stage
afterEach(() => stage.stop())

async function begin(
  renewal: OAuth2Method['renewal'],
  rotation: Settings['rotation'],
): Promise<string> {
  stage = await createStage(await openEmbedded(), {
    definition: renewedBy(renewal),
    timing: { pollMs: 40, backoffMs: 40, confirmAfterMs: 100, recheckAfterMs: 50, sweepMs: 100 },
  })
  await stage.sandbox.control.change({ rotation })
  const { connection } = await stage.connect()
  if (connection === null) throw new Error('not connected')
  return connection.id
}

async function scheduleOf(id: string) {
  const [row] = await stage.database.query<{
    state: string
    refreshInMs: number | null
    outcome: string | null
  }>(
    `select state, last_outcome as outcome,
       (extract(epoch from refresh_at - now()) * 1000)::float8 as "refreshInMs"
     from refresh_schedule where connection_id = $1`,
    [id],
  )
  return row
}

const makeDue = (what: 'refresh_at' | 'probe_at') =>
  stage.database.query(`update refresh_schedule set ${what} = now()`)
const generation = async () => must(await stage.read(), 200).generation
const renewed = async () => {
  const before = Number(await generation())
  await makeDue('refresh_at')
  await until('renewed', async () => (await generation()) === before + 1)
}
const sent = async () => (await stage.sandbox.control.refreshes()).length

verifies('rotation:unannounced', async () => {
  const id = await begin(gitlabRenewal({ rotation: 'none' }), { mode: 'none', newEachTime: true })
  await renewed()
  // Now a repeat may end everything, so that a lost answer is waited for.
  await stage.sandbox.control.addFault({ ...faults.dropAfterRotation(), times: 1 })
  await makeDue('refresh_at')
  await until('lost', async () => (await sent()) === 2)
  await until('waits for most of its life', async () => {
    const { refreshInMs, outcome } = (await scheduleOf(id)) ?? {}
    return outcome === 'not_sent' && Number(refreshInMs) > 3_600_000
  })
  expect(await sent()).toBe(2)
  expect(await generation()).toBe(2)
  // The user's next consent begins with what the definition says.
  await stage.connect()
  expect(await stage.database.query('select rotates from credentials')).toEqual([
    { rotates: false },
  ])
})

verifies('rotation:new-each-time', async () => {
  const renewal = gitlabRenewal({ rotation: 'none', newEachTime: true })
  await begin(renewal, { mode: 'none', newEachTime: true })
  await renewed()
  await stage.sandbox.control.addFault({ ...faults.dropAfterRotation(), times: 1 })
  await renewed()
  expect(await sent()).toBe(3)
})

verifies('renewal:none', async () => {
  const id = await begin({ by: 'none', defaultExpiresIn: 7200 }, { mode: 'strict' })
  const { connections } = await list()
  expect(connections).toMatchObject([{ id, renewable: false, endsAt: expect.any(String) }])
  // Neither by the clock, nor when a probe finds it inactive, nor by a read after its end.
  expect((await scheduleOf(id))?.refreshInMs).toBeNull()
  await stage.sandbox.control.change({ clockOffsetMs: 7_200_000 })
  await stage.database.query("update credentials set expires_at = now() - interval '1 second'")
  expect(await stage.read()).toMatchObject({
    status: 409,
    body: { code: 'needs_reauth', reason: 'token_expired' },
  })
  await makeDue('probe_at')
  await until('ended', async () => (await scheduleOf(id))?.state === 'dead')
  expect(await sent()).toBe(0)
})

verifies('renewal:probe-only', async () => {
  stage = await createStage(await openEmbedded(), {
    definition: renewedBy(gitlabRenewal({ defaultExpiresIn: null })),
    timing: { pollMs: 40, confirmAfterMs: 100, recheckAfterMs: 50 },
  })
  // The access token has an end at the provider, which its answers do not tell.
  await stage.sandbox.control.addFault({
    endpoint: 'token',
    effect: { kind: 'patch', omit: ['expires_in'] },
  })
  const { connection } = await stage.connect()
  expect(connection).toMatchObject({ renewable: true, endsAt: null })
  const id = connection?.id ?? ''
  expect((await scheduleOf(id))?.refreshInMs).toBeNull()
  expect(must(await stage.read(), 200).expiresAt).toBeNull()
  // A probe that finds it active changes nothing; one that finds it inactive renews it.
  await makeDue('probe_at')
  await until(
    'probed',
    async () => ((await stage.sandbox.control.counters()).calls.token_info ?? 0) > 0,
  )
  expect(await sent()).toBe(0)
  await stage.sandbox.control.change({ clockOffsetMs: 7_200_000 })
  await makeDue('probe_at')
  await until('renewed', async () => (await generation()) === 2)
  expect((await scheduleOf(id))?.refreshInMs).toBeNull()
  // So does a caller's 401.
  await stage.sandbox.control.change({ clockOffsetMs: 2 * 7_200_000 })
  expect(must(await stage.read({ minGeneration: 3 }), 200).generation).toBe(3)
  expect(await sent()).toBe(2)
})

const asksToSignIn = [
  { error: 'interaction_required' },
  // Entra's words for a second factor.
  { error: 'invalid_grant', error_codes: [50076], suberror: 'basic_action' },
]
verifies.each('renewal:sign-in-again', asksToSignIn, async (answer) => {
  const definition = withToken(renewedBy(gitlabRenewal({ rotation: 'none' })), () => ({
    errors: [{ if: [{ at: '/error_codes/0', oneOf: [50076, 50079] }], is: 'sign_in_again' }],
  }))
  stage = await createStage(await openEmbedded(), {
    definition,
    timing: { pollMs: 40, confirmAfterMs: 500, recheckAfterMs: 50, incidentWindowMs: 0 },
  })
  await stage.sandbox.control.change({ rotation: { mode: 'none' } })
  await stage.connect()
  await stage.sandbox.control.addFault({
    endpoint: 'token',
    effect: {
      kind: 'respond',
      status: 400,
      body: JSON.stringify(answer),
      headers: { 'content-type': 'application/json' },
    },
  })
  // While the access token lives it is served; one answer alone ends nothing.
  await makeDue('refresh_at')
  await until('asked', async () => (await sent()) === 1)
  expect(await generation()).toBe(1)
  await stage.database.query("update credentials set expires_at = now() - interval '1 second'")
  await makeDue('refresh_at')
  await until('ended', async () => {
    const [row] = await stage.database.query<{ status: string; reason: string }>(
      'select status, reason from connections',
    )
    return row?.status === 'expired' && row.reason === 'sign_in_again'
  })
  expect(await sent()).toBeGreaterThan(1)
  expect(await stage.read()).toMatchObject({
    status: 409,
    body: {
      code: 'needs_reauth',
      reason: 'sign_in_again',
      detail: expect.stringContaining('sign in again'),
    },
  })
})

verifies('renewal:absolute', async () => {
  const lifetime = { idle: null, absolute: 365 * daySeconds }
  stage = await createStage(await openEmbedded(), {
    definition: renewedBy(gitlabRenewal({ refreshTokenLifetime: lifetime })),
    // Long enough that nothing but the end itself confirms a refusal.
    timing: { pollMs: 40, sweepMs: 50, confirmAfterMs: 600_000 },
  })
  const url = `${stage.sandbox.url}/hook`
  must(await stage.call('POST', '/v1/webhooks', { url }), 201)
  const { connection } = await stage.connect()
  expect(daysUntil(connection?.refreshExpiresAt)).toBeCloseTo(365, 2)
  const announced = async () => {
    const [row] = await stage.database.query<{ changes: number; messages: number }>(
      `select (select count(*)::int from changes where kind = 'ends_soon') as changes,
         (select count(*)::int from webhook_deliveries where type = 'connection.ends_soon')
           as messages`,
    )
    expect(row?.messages).toBe(row?.changes)
    return row?.changes
  }
  await renewed()
  await passDays(334)
  await renewed()
  await sweeps()
  expect(await announced()).toBe(0)
  await passDays(2)
  await until('announced', async () => (await announced()) === 1)
  await renewed()
  await passDays(25)
  await renewed()
  await sweeps()
  expect(await announced()).toBe(1)
  await passDays(1.5)
  await until('announced again', async () => (await announced()) === 2)
  await renewed()
  const { connections } = await list()
  expect(daysUntil(connections[0]?.refreshExpiresAt)).toBeCloseTo(2.5, 2)

  await passDays(3)
  await stage.sandbox.control.revokeGrants({ username: 'ada' })
  await stage.database.query("update credentials set expires_at = now() - interval '1 second'")
  expect(await stage.read()).toMatchObject({
    status: 409,
    body: { code: 'needs_reauth', reason: 'refresh_expired' },
  })
  await sweeps()
  expect(await announced()).toBe(2)
})

verifies('renewal:told-end', async () => {
  const lifetime = { idle: null, absolute: 365 * daySeconds }
  const definition = renewedBy(gitlabRenewal({ refreshTokenLifetime: lifetime }))
  stage = await createStage(await openEmbedded(), {
    definition: withToken(definition, ({ answer }) => ({
      answer: { ...answer, refreshExpiresIn: ['/refresh_token_expires_in'] },
    })),
    timing: { pollMs: 40, sweepMs: 50 },
  })
  const tell = (days: number) =>
    stage.sandbox.control.addFault({
      endpoint: 'token',
      effect: { kind: 'patch', set: { refresh_token_expires_in: days * daySeconds } },
      times: 1,
    })
  await tell(40)
  const { connection } = await stage.connect()
  expect(daysUntil(connection?.refreshExpiresAt)).toBeCloseTo(40, 2)
  await tell(20)
  await renewed()
  const shown = async () => daysUntil((await list()).connections[0]?.refreshExpiresAt)
  expect(await shown()).toBeCloseTo(20, 2)
  // The same end, which an answer names a few seconds later, is not announced again.
  await tell(31)
  await renewed()
  await passDays(1.0001)
  const nextInDays = async () => {
    const [row] = await stage.database.query<{ days: number }>(
      `select (extract(epoch from ends_soon_at - now()) / 86400)::float8 as days
       from refresh_schedule`,
    )
    return row?.days ?? 0
  }
  await until('announced', async () => (await nextInDays()) > 1)
  await tell(30.0001)
  await renewed()
  expect(await nextInDays()).toBeCloseTo(27, 2)
  // An answer that brings another refresh token, and says nothing of it, leaves the definition.
  await renewed()
  expect(await shown()).toBeCloseTo(364, 2)
})

const daySeconds = 86_400
const list = async () =>
  must(
    await stage.call<{ connections: Connection[] }>(
      'GET',
      `/v1/connections?tenantId=${mira.tenantId}`,
    ),
    200,
  )
const daysUntil = (time: string | null | undefined) =>
  (Date.parse(time ?? '') - Date.now()) / (daySeconds * 1000)

/** So much time passes for the grant. */
async function passDays(days: number): Promise<void> {
  const hours = days * 24
  await stage.database.query(
    `update credentials set granted_at = granted_at - $1 * interval '1 hour',
       refresh_expires_at = refresh_expires_at - $1 * interval '1 hour'`,
    [hours],
  )
  await stage.database.query(
    `update refresh_schedule set grant_ends_at = grant_ends_at - $1 * interval '1 hour',
       ends_soon_at = ends_soon_at - $1 * interval '1 hour'`,
    [hours],
  )
}

/** The service has swept a few times. */
const sweeps = () => pause(300)

function withToken(
  definition: ProviderDefinition,
  change: (token: OAuth2Method['token']) => Partial<OAuth2Method['token']>,
): ProviderDefinition {
  const auth = definition.auth.map((method) =>
    method.kind === 'oauth2'
      ? { ...method, token: { ...method.token, ...change(method.token) } }
      : method,
  )
  return { ...definition, auth }
}
