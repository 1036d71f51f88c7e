/** Texts from outside: what an operator pastes, and what a provider returns. */
import { faults } from '@keywell/sandbox'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

interface Account {
  id: string
  name: string | null
  username: string | null
  avatarUrl: string | null
}

describeEachDatabase('from outside', (makeDatabase) => {
  let stage: Stage
  let next = 0
  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { timing: { pollMs: 40 } })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  const newcomer = () => {
    next += 1
    return { tenantId: `ten_outside_${next}`, userId: `usr_${next}` }
  }

  const invisible = [
    ['a line end', '\n'],
    ['a line end of Windows', '\r\n'],
    ['a blank', ' '],
    ['a tab', '\t'],
    ['a blank that does not break', '\u00a0'],
    ['a character of no width', '\u200b'],
    ['a byte order mark', '\ufeff'],
    ['a mark of direction', '\u202e'],
    ['NUL', '\u0000'],
  ] as const

  verifies.suite('integrations:pasted', () => {
    test.each(invisible)('%s', async (_, character) => {
      const right = 'gloas-8f2c41'
      for (const wrong of [
        `${right}${character}`,
        `${character}${right}`,
        `gloas${character}-8f`,
      ]) {
        for (const client of [
          { clientId: right, clientSecret: wrong },
          { clientId: wrong, clientSecret: right },
        ]) {
          const made = { provider: 'gitlab', host: 'https://gitlab.example', scopes: ['read_api'] }
          const created = await stage.call('POST', '/v1/integrations', { ...made, ...client })
          const path = `/v1/integrations/${stage.integration.id}/client`
          for (const answer of [created, await stage.call('PUT', path, client)]) {
            expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
            expect(JSON.stringify(answer.body)).toContain('without spaces')
            expect(JSON.stringify(answer.body)).not.toContain('gloas')
          }
        }
        const credential = { type: 'api_key', value: wrong }
        const key = { ...newcomer(), provider: 'gitlab', credential }
        expect(await stage.call('POST', '/v1/connections', key)).toMatchObject({ status: 400 })
      }
      const host = `https://git${character}lab.example`
      const draft = { provider: 'gitlab', host, scopes: ['read_api'] }
      expect(await stage.call('POST', '/v1/integrations', draft)).toMatchObject({
        status: 400,
        body: { code: 'host_not_allowed' },
      })
    })
  })

  verifies.suite('requests:unknown-fields', () => {
    const session = {
      tenantId: 'ten_a',
      userId: 'usr_a',
      origins: ['https://app.example'],
      returnUrl: 'https://app.example/done',
    }
    const integration = { provider: 'gitlab', host: 'https://gitlab.example', scopes: ['api'] }
    test.each([
      ['/v1/connect/sessions', session, { connectionID: 'con_1' }],
      ['/v1/connect/sessions', session, { scopes: { gitlab: { require: ['api'] } } }],
      ['/v1/api-keys', { name: 'ci', roles: ['backend'] }, { expires: '2027-01-01T00:00:00Z' }],
      ['/v1/integrations', integration, { tenant: 'ten_a' }],
      ['/v1/webhooks', { url: 'https://app.example/hook' }, { tenant: 'ten_a' }],
      ['/v1/credentials', { ...newcomer(), provider: 'gitlab' }, { connection: 'work' }],
    ])('%s with %j is refused with %j', async (path, right, misspelt) => {
      const answer = await stage.call('POST', path, { ...right, ...misspelt })
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
      expect(JSON.stringify(answer.body)).toContain('has an unknown field; the known ones are ')
    })
  })

  verifies('connect:client-refused', async () => {
    interface Listed {
      id: string
      suspended: { reason: string } | null
    }
    const suspension = async () => {
      const { body } = await stage.call<{ integrations: Listed[] }>('GET', '/v1/integrations')
      return body.integrations.find(({ id }) => id === stage.integration.id)?.suspended ?? null
    }
    const grantType = 'authorization_code'
    await stage.sandbox.control.addFault({ ...faults.invalidClient(), grantType, times: 2 })
    for (let time = 0; time < 2; time += 1) {
      expect(await stage.connect({ who: newcomer() })).toMatchObject({
        status: 'failed',
        error: { code: 'provider_error' },
      })
      expect(await suspension()).toMatchObject({ reason: 'client_rejected' })
    }
    const alarms = stage.logs.filter((line) => line.includes('"alarm":"integration_suspended"'))
    expect(alarms).toHaveLength(1)
    const written = 'select action from audit where action like $1 and tenant_id = $2 order by id'
    const actions = async () => {
      const rows = await stage.database.query<{ action: string }>(written, [
        'integration.%e%d',
        '@install',
      ])
      return rows.map(({ action }) => action)
    }
    expect(await actions()).toEqual(['integration.suspend'])
    // It is taken again, which the next user who connects shows.
    expect(await stage.connect({ who: newcomer() })).toMatchObject({ status: 'connected' })
    expect(await suspension()).toBeNull()
  })

  /** The account of a new connection when the provider returns this profile. */
  async function accountOf(profile: Record<string, unknown>): Promise<Account> {
    await stage.sandbox.control.addFault({
      endpoint: 'rest',
      pathPrefix: '/api/v4/user',
      effect: { kind: 'patch', set: profile },
      times: 1,
    })
    const who = newcomer()
    const { connection, error } = await stage.connect({ who })
    if (connection === null) throw new Error(JSON.stringify(error))
    const path = `/v1/connections/${connection.id}?${new URLSearchParams(who)}`
    return must(await stage.call<{ account: Account }>('GET', path), 200).account
  }

  const unfit =
    /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u

  verifies.suite('connect:text-from-outside', () => {
    test.each([
      ['control characters', 'Ada\u0000\u001b[31m\r\nLovelace\u0007', 'Ada [31m Lovelace'],
      ['a lone surrogate', 'Ada\ud800', 'Ada'],
      ['overrides of direction', '\u202eadA\u2066', 'adA'],
      ['300,000 characters', 'x'.repeat(300_000), 'x'.repeat(200)],
      ['many that are invisible', '\u200b'.repeat(100_000), null],
      [
        'an emoji at the bound',
        'x'.repeat(199) + '\u{1f600}'.repeat(2),
        `${'x'.repeat(199)}\u{1f600}`,
      ],
      ['joiners that a script needs', 'می\u200cخواهم', 'می\u200cخواهم'],
      ['a number', 7, null],
      ['an object', { name: 'Ada' }, null],
    ])('%s', async (_, name, kept) => {
      const account = await accountOf({ name, username: name })
      expect(account).toMatchObject({ name: kept, username: kept })
    })

    test('whatever it is, it is fit to be shown, or left out', async () => {
      // Lone surrogates are among them.
      const anyCodePoint = (max: number) =>
        fc.integer({ min: 0, max }).map((code) => String.fromCodePoint(code))
      const words = fc.oneof(
        fc.string({ unit: anyCodePoint(0x10_ffff) }),
        fc.string({ unit: anyCodePoint(0xffff) }),
        fc.jsonValue(),
      )
      await fc.assert(
        fc.asyncProperty(words, words, words, async (name, username, avatar_url) => {
          const account = await accountOf({ name, username, avatar_url })
          for (const text of [account.name, account.username, account.avatarUrl]) {
            expect(text ?? '').not.toMatch(unfit)
            expect([...(text ?? '')].length).toBeLessThanOrEqual(200)
          }
        }),
        { numRuns: 15 },
      )
    }, 120_000)

    test.each([
      ['https://cdn.example/a.png', 'https://cdn.example/a.png'],
      ['http://cdn.example/a.png', null],
      ['javascript:alert(1)', null],
      ['https://user:password@cdn.example/a.png', null],
      ['https://cdn.example/\u202egnp.a', null],
      [`https://cdn.example/${'x'.repeat(3_000)}`, null],
      ['https://', null],
    ])('a picture at %s', async (avatar_url, kept) => {
      expect(await accountOf({ avatar_url })).toMatchObject({ avatarUrl: kept })
    })

    test('names of scopes, when a token is looked at', async () => {
      const who = newcomer()
      const { connection } = await stage.connect({ who })
      await stage.sandbox.control.addFault({
        endpoint: 'token_info',
        effect: {
          kind: 'patch',
          set: { scope: ['read_api', 'a\u0000b', '\ud800', 'x'.repeat(300_000), '\u202e'] },
        },
        times: 1,
      })
      const due = `update refresh_schedule set probe_at = now() where tenant_id = $1`
      await stage.database.query(due, [who.tenantId])
      const epoch = 'select epoch, lease_owner from refresh_schedule where tenant_id = $1'
      await until('looked at', async () => {
        const [row] = await stage.database.query<{ epoch: string; lease_owner: string | null }>(
          epoch,
          [who.tenantId],
        )
        return row !== undefined && Number(row.epoch) > 0 && row.lease_owner === null
      })
      const path = `/v1/connections/${connection?.id}?${new URLSearchParams(who)}`
      expect(await stage.call('GET', path)).toMatchObject({
        body: { scopes: ['read_api'], health: { status: 'ok' } },
      })
    })
  })
})
