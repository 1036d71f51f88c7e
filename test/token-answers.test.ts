/** What a token endpoint may answer, and what becomes of the tokens in it. */
import type { Effect, FaultInput } from '@keywell/sandbox'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

interface Made {
  who: { tenantId: string; userId: string }
  id: string
}

const json = { 'content-type': 'application/json' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const bothTokens = '"access_token":"{access_token}","refresh_token":"{refresh_token}"'

describeEachDatabase('token answers', (makeDatabase) => {
  /** Of answers that chance makes up, each database gets its share. */
  const shareOf = (runs: number) => ({ numRuns: Math.ceil(runs / 2) })
  let stage: Stage
  let next = 0
  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), {
      timing: { pollMs: 40, backoffMs: 40, confirmAfterMs: 100, recheckAfterMs: 50, sweepMs: 100 },
    })
  })
  afterAll(() => stage.stop())
  beforeEach(async () => {
    await stage.calm()
    await stage.sandbox.control.change({ rotation: { mode: 'strict' } })
  })

  const newcomer = () => {
    next += 1
    return { tenantId: `ten_answers_${next}`, userId: `usr_${next}` }
  }

  async function connected(who = newcomer()): Promise<Made> {
    const answer = await stage.connect({ who })
    if (answer.connection === null) throw new Error(JSON.stringify(answer))
    return { who, id: answer.connection.id }
  }

  const once = (effect: Effect): Promise<unknown> => stage.sandbox.control.addFault(faultOf(effect))
  const faultOf = (effect: Effect): FaultInput => ({ endpoint: 'token', effect, times: 1 })

  /** Lets the token end, and its refresh come due. */
  async function expire({ who, id }: Made): Promise<void> {
    for (const due of ['credentials set expires_at', 'refresh_schedule set refresh_at']) {
      await stage.database.query(
        `update ${due} = now() - interval '1 second' where tenant_id = $1 and connection_id = $2`,
        [who.tenantId, id],
      )
    }
  }

  async function viewOf({ who, id }: Made) {
    const path = `/v1/connections/${id}?${new URLSearchParams(who)}`
    return must(await stage.call<Record<string, never>>('GET', path), 200)
  }

  /** The token that is read, when the provider takes it. */
  async function workingToken(who: Made['who']): Promise<string> {
    const { body } = await stage.read(who)
    const info = await fetch(`${stage.sandbox.url}/oauth/token/info`, {
      headers: { authorization: `Bearer ${body.credential}` },
    })
    expect(info.status, JSON.stringify(body)).toBe(200)
    return body.credential ?? ''
  }

  async function livingPairs(): Promise<number> {
    const pairs = await stage.sandbox.control.tokens()
    return pairs.filter(({ revokedAt }) => revokedAt === null).length
  }

  const absent = Symbol('absent')
  const oddFields = fc.record({
    token_type: fc.constantFrom<unknown>(absent, null, '', ' ', 'BEARER', ' bearer ', 42, [
      'Bearer',
    ]),
    scope: fc.constantFrom<unknown>(
      absent,
      null,
      '',
      'read_api',
      'read_api,read_user',
      ['read_api', null, 7],
      { read_api: true },
      false,
      '\u0000\ud800',
      'x'.repeat(300_000),
    ),
    expires_in: fc.constantFrom<unknown>(
      absent,
      null,
      '',
      '7200',
      '7200.5',
      7199.9,
      -1,
      '-7200',
      'soon',
      1e300,
      [],
      {},
    ),
    id_token: fc.constantFrom<unknown>(absent, null, '', 'a.b.c', 7),
    error: fc.constantFrom<unknown>(absent, null, '', false),
    ...{ created_at: fc.jsonValue(), x: fc.jsonValue() },
  })
  const status = fc.constantFrom(200, 201, 202, 203, 206)
  const oddRefreshToken = fc.constantFrom<unknown>(absent, null, '', ' ', 42, [], { a: 'b' })

  function patchOf(fields: Record<string, unknown>, withStatus: number): Effect {
    const entries = Object.entries(fields)
    return {
      kind: 'patch',
      status: withStatus,
      set: Object.fromEntries(entries.filter(([, value]) => value !== absent)),
      omit: entries.filter(([, value]) => value === absent).map(([name]) => name),
    }
  }

  verifies.suite('R6:odd-fields', () => {
    test('at a code exchange', async () => {
      await fc.assert(
        fc.asyncProperty(oddFields, oddRefreshToken, status, async (fields, refreshToken, code) => {
          const who = newcomer()
          await once(patchOf({ ...fields, refresh_token: refreshToken }, code))
          await connected(who)
          await workingToken(who)
        }),
        shareOf(12),
      )
    }, 120_000)

    test('at a refresh, after which the next one works, too', async () => {
      const made = await connected()
      let token = await workingToken(made.who)
      await fc.assert(
        fc.asyncProperty(oddFields, status, async (fields, code) => {
          for (const effect of [patchOf(fields, code), undefined]) {
            if (effect !== undefined) await once(effect)
            await expire(made)
            const renewed = await workingToken(made.who)
            expect(renewed).not.toBe(token)
            token = renewed
          }
        }),
        shareOf(25),
      )
    }, 120_000)

    test('at a refresh that names no refresh token', async () => {
      await stage.sandbox.control.change({ rotation: { mode: 'none' } })
      const made = await connected()
      await fc.assert(
        fc.asyncProperty(oddFields, oddRefreshToken, status, async (fields, refreshToken, code) => {
          await once(patchOf({ ...fields, refresh_token: refreshToken }, code))
          await expire(made)
          await workingToken(made.who)
        }),
        shareOf(15),
      )
    })

    test.each([
      ['spaces', 'read_api read_user'],
      ['commas', 'read_api,read_user'],
      ['both', ' read_api, read_user '],
      ['a list', ['read_api', 'read_user']],
      ['a list of lists', ['read_api read_user']],
    ])('scopes as %s', async (_, scope) => {
      await once({ kind: 'patch', set: { scope } })
      const made = await connected()
      expect(await viewOf(made)).toMatchObject({ scopes: ['read_api', 'read_user'] })
    })

    test('as a form', async () => {
      const body = 'access_token={access_token}&refresh_token={refresh_token}&token_type=bearer'
      await once({ kind: 'rewrite', body, headers: form })
      const made = await connected()
      await once({ kind: 'rewrite', body, headers: form })
      await expire(made)
      await workingToken(made.who)
      expect(await viewOf(made)).toMatchObject({ generation: 2 })
    })
  })

  const unusable: Effect[] = [
    { kind: 'patch', set: { token_type: 'mac' } },
    { kind: 'patch', set: { token_type: 'DPoP' } },
    { kind: 'patch', set: { token_type: 'mac' }, omit: ['refresh_token'] },
    { kind: 'patch', set: { access_token: 'a\r\nx-injected: 1' } },
    { kind: 'patch', set: { access_token: 'a\u0000b' } },
    { kind: 'patch', set: { access_token: 'schlüssel' } },
    { kind: 'patch', set: { access_token: null } },
    { kind: 'patch', omit: ['access_token'], status: 201 },
    { kind: 'patch', status: 400 },
    { kind: 'patch', status: 503 },
    { kind: 'rewrite', body: `[{${bothTokens}}]`, headers: json },
    { kind: 'rewrite', body: `{"data":{${bothTokens}}}`, headers: json },
    { kind: 'rewrite', body: `{${bothTokens},"scope":"read_a`, headers: json },
    { kind: 'rewrite', body: `while(1);{${bothTokens}}` },
  ]

  verifies.suite('connect:unusable-withdrawn', () => {
    test.each(unusable.map((effect) => [JSON.stringify(effect), effect] as const))(
      '%s',
      async (_, effect) => {
        const before = await livingPairs()
        await once(effect)
        const answer = await stage.connect({ who: newcomer() })
        expect(answer).toMatchObject({ status: 'failed', error: { code: 'provider_error' } })
        expect(await livingPairs()).toBe(before)
      },
    )

    test('when the provider is back', async () => {
      const before = await livingPairs()
      await once({ kind: 'patch', set: { token_type: 'mac' } })
      await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' } })
      const who = newcomer()
      expect(await stage.connect({ who })).toMatchObject({ status: 'failed' })
      expect(await livingPairs()).toBe(before + 1)
      await stage.sandbox.control.clearFaults()
      await stage.database.query('update revocations set due_at = now() where tenant_id = $1', [
        who.tenantId,
      ])
      await until('withdrawn', async () => (await livingPairs()) === before)
    })
  })

  verifies.each('connect:refused-with-200', [200, 400, 403], async (code) => {
    for (const [error, kind] of [
      ['invalid_grant', 'flow_expired'],
      ['invalid_scope', 'provider_error'],
      ['bad_verification_code', 'provider_error'],
    ] as const) {
      await once({ kind: 'respond', status: code, body: JSON.stringify({ error }), headers: json })
      const answer = await stage.connect({ who: newcomer() })
      expect(answer).toMatchObject({ status: 'failed', error: { code: kind } })
      expect(error === 'invalid_grant' || answer.error?.message.includes(error)).toBe(true)
    }
    // At a refresh it is a refusal, and not a lost answer.
    const made = await connected()
    const body = JSON.stringify({ error: 'invalid_grant' })
    await once({ kind: 'respond', status: code, body, headers: json })
    await stage.database.query(
      `update refresh_schedule set refresh_at = now() where tenant_id = $1`,
      [made.who.tenantId],
    )
    await until('refused', async () => {
      const [row] = await stage.database.query<{ last_outcome: string }>(
        'select last_outcome from refresh_schedule where tenant_id = $1',
        [made.who.tenantId],
      )
      return row?.last_outcome === 'rejected'
    })
    // One refusal is a suspicion, and the next attempt ends it.
    await until('renewed', async () => (await generationOf(made)) === 2)
  })

  const generationOf = async (made: Made) => Number((await viewOf(made)).generation)
  const refreshNow = (made: Made) =>
    stage.database.query(
      `update refresh_schedule set refresh_at = now() where tenant_id = $1 and connection_id = $2`,
      [made.who.tenantId, made.id],
    )

  verifies.each('R6:rotation-kept', ['strict', 'strict_family'] as const, async (mode) => {
    await stage.sandbox.control.change({ rotation: { mode } })
    for (const effect of unusable.slice(0, 8).filter((each) => !isWithoutRefreshToken(each))) {
      const made = await connected()
      await stage.sandbox.control.resetCounters()
      await once(effect)
      await refreshNow(made)
      // The rotation, then the pair that the next attempt brings.
      await until('renewed after all', async () => (await generationOf(made)) === 3)
      await workingToken(made.who)
      expect(await viewOf(made)).toMatchObject({ status: 'active', health: { status: 'ok' } })
      const { repeatedRefreshTokens } = await stage.sandbox.control.counters()
      expect(repeatedRefreshTokens, JSON.stringify(effect)).toBe(0)
    }
  })

  verifies('R6:found-in-a-text', async () => {
    for (const effect of unusable.slice(8)) {
      const made = await connected()
      await once(effect)
      await refreshNow(made)
      await until('renewed after all', async () => (await generationOf(made)) === 2)
      await workingToken(made.who)
    }
    // A page that quotes tokens of its own takes nothing away.
    const made = await connected()
    const body = '<pre>{"access_token": "sample", "refresh_token": "sample"}</pre>'
    await once({ kind: 'respond', status: 200, body })
    await refreshNow(made)
    const keptAside = 'select 1 from orphans where tenant_id = $1'
    await until('kept aside', async () => {
      return (await stage.database.query(keptAside, [made.who.tenantId])).length === 1
    })
    // The old access token lives, long after: nothing had happened, and the same pair goes out again.
    await until('renewed', async () => {
      await stage.database.query(
        `update refresh_schedule set refresh_at = now(), unresolved_since = now() - interval '1 hour'
         where tenant_id = $1 and lease_owner is null
           and (select generation from credentials where tenant_id = $1) = 1`,
        [made.who.tenantId],
      )
      return (await generationOf(made)) > 1
    })
    await workingToken(made.who)
  })
})

const isWithoutRefreshToken = (effect: Effect) =>
  effect.kind === 'patch' && effect.omit?.includes('refresh_token') === true
