/** Two acts on one flow, or on one connection, at the same moment: one truth comes out. */
import type { ConfirmAnswer, ConnectionId, Flow, SessionAnswer } from '@keywell/protocol'
import { DatabaseUnavailable } from '@keywell/server'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { type TestDatabase, withAllStatements } from './support/inspected.ts'
import { Person } from './support/person.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

/** Where a confirmation is held, by the statement that it is about to send. */
const points = {
  /** The tokens are in memory, and whose they are is known. */
  exchanged: 'from connections where tenant_id = $1',
  /** In the transaction that stores them; nothing is written yet. */
  storing: 'insert into credentials',
  /** In the same one: all rows are written, but for the flow's end. */
  stored: 'where tenant_id = $1 and id = $2 and client_id = $3 and disabled_at is null for share',
}
type Point = keyof typeof points

interface Who {
  tenantId: string
  userId: string
}

/** A flow whose user is back with a ticket. */
interface Parked {
  who: Who
  session: SessionAnswer
  flowId: string
  back: URL
  person: Person
  finish: URL
}

describeEachDatabase('flow races', (makeDatabase) => {
  let stage: Stage
  let database: TestDatabase
  let next = 0
  /** What happens before the next statement that has this in it, once. */
  let trap: { text: string; spring: () => Promise<void> } | undefined
  /** The next commit of a transaction that connects a flow: lost before it happens, or after. */
  let commit: 'kept' | 'lost before' | 'lost after' | 'refused' = 'kept'

  beforeAll(async () => {
    database = await makeDatabase()
    const watched = withAllStatements(database, async (text) => {
      if (trap === undefined || !text.replace(/\s+/g, ' ').includes(trap.text)) return
      const { spring } = trap
      trap = undefined
      await spring()
    })
    stage = await createStage(
      {
        ...watched,
        async transaction(scope, work) {
          let connects = false
          const result = await watched.transaction(scope, async (sql) => {
            const seen = await work({
              query(text, parameters) {
                connects ||= text.includes(`status = 'connected', connection_id`)
                return sql.query(text, parameters)
              },
            })
            if (connects && commit === 'refused') throw new Error('the disk is odd')
            if (connects && commit === 'lost before') throw new DatabaseUnavailable('lost')
            return seen
          })
          if (connects && commit === 'lost after') throw new DatabaseUnavailable('lost')
          return result
        },
      },
      { role: 'serve' },
    )
  })
  afterAll(() => stage.stop())
  beforeEach(async () => {
    trap = undefined
    commit = 'kept'
    await stage.calm()
    await stage.sandbox.control.revokeGrants({ username: 'ada' })
  })

  function newUser(): Who {
    next += 1
    return { tenantId: `ten_race_${next}`, userId: 'u' }
  }

  async function park(who = newUser(), connectionId?: ConnectionId): Promise<Parked> {
    const person = new Person()
    const session = await stage.session({ ...who, ...(connectionId && { connectionId }) })
    const flow = await stage.flow(session)
    const back = await stage.consent(await stage.start(person, flow))
    const { url: finish } = await stage.callback(person, back)
    return { who, session, flowId: flow.flowId, back, person, finish }
  }

  /** Confirms, and does something else at that point: until it is done, or waits for the confirmation. */
  async function confirmBeside(
    parked: Parked,
    point: Point,
    act: () => Promise<unknown>,
  ): Promise<ConfirmAnswer> {
    let acting: Promise<unknown> = Promise.resolve()
    trap = {
      text: points[point],
      async spring() {
        let isDone = false
        acting = act().finally(() => {
          isDone = true
        })
        // The embedded database has one session: there the other act waits until this one has ended.
        if (point !== 'exchanged' && database.kind === 'pglite') return
        await until('the other act is done or waits', async () => isDone || (await isBlocked()))
      },
    }
    const answer = await stage.confirm(parked.finish, parked.who)
    await acting
    expect(trap, `${point} was reached`).toBeUndefined()
    return answer.body
  }

  /** Whether some statement waits for the lock of another. */
  async function isBlocked(): Promise<boolean> {
    const rows = await database.query(
      `select pid from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    )
    return rows.length > 0
  }

  async function shown({ session, flowId }: Parked): Promise<Flow> {
    const path = `/connect/flows/${flowId}`
    return must(await stage.page<Flow>(session.connectToken, 'GET', path), 200)
  }

  /** Accounts that a provider would still let in. */
  async function grantsAlive(): Promise<number> {
    const tokens = await stage.sandbox.control.tokens()
    return tokens.filter((token) => token.revokedAt === null).length
  }

  /** Those that a sweep of the outbox withdraws. */
  async function grantsInOutbox({ tenantId }: Who): Promise<number> {
    const rows = await database.query('select from revocations where tenant_id = $1', [tenantId])
    return rows.length
  }

  /** Page, app and reads say the same, and no grant lives at the provider that is not served here. */
  async function expectOneTruth(parked: Parked, answer: ConfirmAnswer): Promise<Flow['status']> {
    const flow = await shown(parked)
    expect(flow.status, 'page and app').toBe(answer.status)
    const read = await stage.read(parked.who)
    expect(read.status === 200, `read: ${read.status}, flow: ${flow.status}`).toBe(
      flow.status === 'connected',
    )
    expect(await grantsAlive(), 'grants at the provider').toBe(flow.status === 'connected' ? 1 : 0)
    return flow.status
  }

  const cancel = ({ session, flowId }: Parked) =>
    stage.page<Flow>(session.connectToken, 'DELETE', `/connect/flows/${flowId}`)
  const runOut = ({ who, flowId }: Parked) =>
    database.query('update flows set expires_at = now() where tenant_id = $1 and id = $2', [
      who.tenantId,
      flowId,
    ])

  verifies.suite('connect:one-truth', () => {
    const beside: Record<string, (parked: Parked) => Promise<unknown>> = {
      cancel,
      'the end of its time': runOut,
      'its ticket again': ({ finish, who }) => stage.confirm(finish, who),
      'its callback again': ({ person, back }) => stage.callback(person, back),
      'its ticket, by another user': ({ finish, who }) =>
        stage.confirm(finish, { ...who, userId: 'usr_other' }),
    }
    for (const [name, act] of Object.entries(beside)) {
      for (const point of Object.keys(points) as Point[]) {
        test(`${name}, ${point}`, async () => {
          const parked = await park()
          const answer = await confirmBeside(parked, point, () => act(parked))
          const status = await expectOneTruth(parked, answer)
          if (name.startsWith('its')) expect(status).toBe('connected')
          else if (database.kind === 'postgres') expect(status).not.toBe('connected')
        })
      }
    }

    test('a narrower policy', async () => {
      const parked = await park()
      const policy = { hosts: ['https://elsewhere.example'] }
      const answer = await confirmBeside(parked, 'exchanged', () =>
        stage.call('PUT', `/v1/tenants/${parked.who.tenantId}/policy`, policy),
      )
      expect(await expectOneTruth(parked, answer)).toBe('failed')
    })

    for (const point of Object.keys(points) as Point[]) {
      test(`another client of the integration, ${point}`, async () => {
        const parked = await park()
        const path = `/v1/integrations/${stage.integration.id}/client`
        const { clientId, clientSecret } = await stage.sandbox.control.registerApplication({
          name: 'The next one',
          redirectUris: [stage.integration.redirectUri],
          scopes: ['read_api', 'read_user', 'api'],
        })
        const answer = await confirmBeside(parked, point, async () => {
          must(await stage.call('PUT', path, { clientId, clientSecret }), 200)
        })
        expect((await shown(parked)).status).toBe(answer.status)
        if (database.kind === 'postgres') expect(answer.status).toBe('failed')
      })

      test(`an erasure of the tenant, ${point}`, async () => {
        const parked = await park()
        await confirmBeside(parked, point, () =>
          stage.call('DELETE', `/v1/tenants/${parked.who.tenantId}`),
        )
        await until('the tenant is erased', async () => {
          const erased = await stage.call<{ state: string }>(
            'DELETE',
            `/v1/tenants/${parked.who.tenantId}`,
          )
          return erased.body.state === 'erased'
        })
        expect((await stage.read(parked.who)).status).not.toBe(200)
        expect(await grantsAlive()).toBe(0)
      })

      test(`a disconnect, ${point}`, async () => {
        const first = await park()
        const { connection } = must(await stage.confirm(first.finish, first.who), 200)
        const parked = await park(first.who, connection?.id)
        const path = `/v1/connections/${connection?.id}?${new URLSearchParams({ ...first.who })}`
        const answer = await confirmBeside(parked, point, () => stage.call('DELETE', path))
        expect((await shown(parked)).status).toBe(answer.status)
        // Removed before it could be replaced, or replaced and then removed: it is gone either way.
        expect((await stage.read(first.who)).status).toBe(404)
        expect(await grantsAlive()).toBe(await grantsInOutbox(first.who))
      })

      test(`another flow of the same user, ${point}`, async () => {
        const other = await park()
        const parked = await park(other.who)
        const answer = await confirmBeside(parked, point, () =>
          stage.confirm(other.finish, other.who),
        )
        expect(answer.status).toBe('connected')
        expect((await shown(other)).status).toBe('connected')
        expect((await stage.read(parked.who)).body).toMatchObject({ generation: 2 })
      })

      test(`a refresh of the connection that is replaced, ${point}`, async () => {
        const first = await park()
        must(await stage.confirm(first.finish, first.who), 200)
        const parked = await park(first.who)
        for (const due of ['credentials set expires_at', 'refresh_schedule set refresh_at']) {
          await database.query(`update ${due} = now() - interval '1 second' where tenant_id = $1`, [
            first.who.tenantId,
          ])
        }
        const answer = await confirmBeside(parked, point, () => stage.read(first.who))
        expect(answer.status).toBe('connected')
        expect((await shown(parked)).status).toBe('connected')
        expect((await stage.read(first.who)).status).toBe(200)
      })
    }
  })

  verifies.each('connect:lost-commit', ['lost before', 'lost after'], async (outcome) => {
    const parked = await park()
    commit = outcome as typeof commit
    const { body } = await stage.confirm(parked.finish, parked.who)
    const status = await expectOneTruth(parked, body)
    expect(status).toBe(outcome === 'lost after' ? 'connected' : 'failed')
  })

  verifies('connect:storage-error', async () => {
    const parked = await park()
    commit = 'refused'
    const { body } = await stage.confirm(parked.finish, parked.who)
    expect(await expectOneTruth(parked, body)).toBe('failed')
    expect(body.error).toMatchObject({ code: 'internal', retryable: true })
    expect(JSON.stringify(body)).not.toContain('odd')
  })

  verifies('connect:withdrawn-later', async () => {
    const parked = await park()
    const refused = { kind: 'respond', status: 503, body: '' } as const
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: refused, times: 1 })
    await confirmBeside(parked, 'exchanged', () => cancel(parked))
    expect(await grantsAlive()).toBe(1)
    expect(await grantsInOutbox(parked.who)).toBe(1)
    // A minute later, or when its tenant's grants are tried for another reason.
    await database.query('update revocations set due_at = now() where tenant_id = $1', [
      parked.who.tenantId,
    ])
    await stage.call('DELETE', `/v1/tenants/${parked.who.tenantId}`)
    expect(await grantsAlive()).toBe(0)
  })

  verifies('connect:ends-with-session', async () => {
    const who = newUser()
    const session = await stage.session(who)
    // Begun later, it would end later.
    const flow = await stage.flow(session)
    const [row] = await database.query<{ same: boolean }>(
      `select f.expires_at <= s.expires_at as same from flows f
       join connect_sessions s on s.tenant_id = f.tenant_id and s.id = f.session_id
       where f.tenant_id = $1 and f.id = $2`,
      [who.tenantId, flow.flowId],
    )
    expect(row).toEqual({ same: true })
  })

  verifies.suite('limits:parallel', () => {
    test('flows of a session that are alive', async () => {
      const session = await stage.session(newUser())
      const { begun, refused } = await beginFlows(session)
      expect([begun, refused]).toEqual([5, 55])
    })

    test('flows of a session in all', async () => {
      const who = newUser()
      const session = await stage.session(who)
      let inAll = 0
      for (let round = 0; round < 5; round += 1) {
        inAll += (await beginFlows(session)).begun
        await database.query(
          `update flows set status = 'cancelled' where tenant_id = $1 and status = 'created'`,
          [who.tenantId],
        )
      }
      expect(inAll).toBe(20)
    })

    test('webhooks of a tenant, and of the installation', async () => {
      for (const owner of [{ tenantId: newUser().tenantId }, {}]) {
        const body = {
          ...owner,
          url: `${stage.sandbox.url}/hook`,
          events: ['connection.connected'],
        }
        const answers = await Promise.all(
          Array.from({ length: 60 }, () => stage.call('POST', '/v1/webhooks', body)),
        )
        expect(answers.filter(({ status }) => status === 201)).toHaveLength(20)
        expect(answers.filter(({ status }) => status < 500)).toHaveLength(60)
      }
    })

    async function beginFlows({ connectToken }: SessionAnswer) {
      const body = { provider: 'gitlab', host: stage.sandbox.url }
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => stage.page(connectToken, 'POST', '/connect/flows', body)),
      )
      const count = (status: number) => answers.filter((answer) => answer.status === status).length
      return { begun: count(201), refused: count(429) }
    }
  })
})
