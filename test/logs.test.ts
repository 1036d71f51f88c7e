/** What an operator reads: lines of known messages and fields, at the level that was asked for. */
import { type LogLine, logLineSchema, logLines } from '@keywell/protocol/log-lines'
import { faults } from '@keywell/sandbox'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { checkLine, checkOutput, isWatched, requireKnownLines } from './support/log-lines.ts'
import { Person } from './support/person.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

verifies.suite('logs:known', () => {
  const time = 1_764_420_000_000
  const line = { level: 30, time, file: '/keys/api-key', msg: 'API key created' }

  test('a line of the service is known', () => {
    checkOutput([JSON.stringify(line), ''], { isLog: true })
    checkOutput(['Made key_1.', JSON.stringify(line)], { isLog: false })
    expect(requireKnownLines).not.toThrow()
  })

  test.each([
    ['a message that is not known', { ...line, msg: 'something happened' }],
    ['a field that the message does not have', { ...line, user: 'Ada' }],
    ['a field that is missing', { level: 30, time, msg: 'API key created' }],
    ['a level that is not its own', { ...line, level: 40 }],
    ['no time', { ...line, time: undefined }],
    ['a query in a path', { ...call, path: '/oauth/token?code=1' }],
    ['a user in a host', { ...call, host: 'https://ada:secret@gitlab.com' }],
  ])('%s fails the test that caused it', (_, planted) => {
    checkLine(JSON.stringify(planted))
    expect(requireKnownLines).toThrow(`lines of the log that @keywell/protocol/log-lines does not`)
    expect(requireKnownLines, 'and no other').not.toThrow()
  })

  test('what is no line fails it, too, where nothing else is printed', () => {
    checkOutput(['up and running'], { isLog: true })
    expect(requireKnownLines).toThrow('up and running')
    checkOutput(['{"level":30}'], { isLog: false })
    expect(requireKnownLines).toThrow('{"level":30}')
  })

  test('after each test it is looked', () => {
    expect(isWatched()).toBe(true)
  })

  test('no message has a field for a user, an account or a query', () => {
    const named = Object.values(logLines).flatMap(({ fields }) => Object.keys(fields.shape))
    expect(named.filter((name) => /user|account|email|query|url$|token/i.test(name))).toEqual([
      'publicUrl',
    ])
  })
})

const call = {
  level: 20,
  time: 1,
  method: 'POST',
  host: 'https://gitlab.com',
  path: '/oauth/token',
  status: 200,
  ms: 1,
  outcome: 'answered',
  msg: 'provider call finished',
}

describeEachDatabase('the log', (makeDatabase) => {
  let stage: Stage
  let next = 0

  beforeAll(async () => {
    const timing = { pollMs: 20, canaryMs: 100, confirmAfterMs: 100, incidentWindowMs: 0 }
    stage = await createStage(await makeDatabase(), { timing })
  })
  afterAll(() => stage.stop())
  afterEach(() => stage.calm())

  function newcomer() {
    next += 1
    return { tenantId: `ten_log_${next}`, userId: `usr_log_${next}` }
  }

  async function connected() {
    const who = newcomer()
    const { connection } = await stage.connect({ who })
    if (connection === null) throw new Error('not connected')
    return { who, id: connection.id, path: `/v1/connections/${connection.id}?${params(who)}` }
  }
  const params = (who: { tenantId: string }) => new URLSearchParams(who)

  const lines = () => stage.logs.map((line): LogLine => logLineSchema.parse(JSON.parse(line)))
  const linesOf = (id: string) =>
    lines().filter((line) => 'connectionId' in line && line.connectionId === id)
  const messagesOf = (id: string) =>
    linesOf(id)
      .filter(({ level }) => level === 30)
      .map(({ msg }) => msg)

  /** Makes the next refresh due now. */
  async function due({ tenantId }: { tenantId: string }): Promise<void> {
    await stage.database.query(
      'update refresh_schedule set refresh_at = now() where tenant_id = $1',
      [tenantId],
    )
  }

  verifies('logs:connections', async () => {
    const { who, id, path } = await connected()
    const host = stage.sandbox.url
    const of = { tenantId: who.tenantId, connectionId: id, provider: 'gitlab', host }
    await stage.sandbox.control.addFault({ ...faults.badGateway({ rotated: false }), times: 1 })
    await due(who)
    await until('degraded', () => messagesOf(id).includes('connection degraded'))
    expect(linesOf(id)).toContainEqual(
      expect.objectContaining({
        ...of,
        level: 40,
        msg: 'refresh failed',
        outcome: 'ambiguous',
        attempt: 1,
        nextAttemptInMs: expect.any(Number),
      }),
    )
    // The doubt is settled, once the request cannot be worked on any more.
    await stage.database.query(
      "update refresh_schedule set unresolved_since = now() - interval '3 minutes' where tenant_id = $1",
      [who.tenantId],
    )
    await due(who)
    await until('recovered', () => messagesOf(id).includes('connection recovered'))
    await stage.sandbox.control.revokeGrants({ username: 'ada' })
    await due(who)
    await until('ended', () => messagesOf(id).includes('connection ended'))
    must(await stage.call('DELETE', path), 200)
    expect(messagesOf(id).filter((msg) => msg !== 'connection degraded')).toEqual([
      'connection connected',
      'connection recovered',
      'connection ended',
      'connection disconnected',
    ])
    expect(linesOf(id)).toContainEqual(
      expect.objectContaining({ ...of, level: 30, msg: 'connection connected', generation: 1 }),
    )
    const ended = linesOf(id).filter(({ msg }) => msg === 'connection ended')
    expect(ended).toEqual([
      { ...of, level: 30, time: expect.any(Number), msg: 'connection ended', ...revoked },
    ])
  })

  verifies('logs:suspension', async () => {
    const { id: integrationId } = stage.integration
    const grantType = 'authorization_code'
    await stage.sandbox.control.addFault({ ...faults.invalidClient(), grantType, times: 1 })
    await stage.connect({ who: newcomer() })
    await stage.connect({ who: newcomer() })
    const of = { provider: 'gitlab', host: stage.sandbox.url, integrationId }
    expect(lines().filter((line) => /^integration /.test(line.msg))).toEqual([
      {
        ...of,
        level: 50,
        time: expect.any(Number),
        alarm: 'integration_suspended',
        reason: 'client_rejected',
        msg: 'integration suspended',
      },
      { ...of, level: 30, time: expect.any(Number), msg: 'integration resumed' },
    ])
  })

  verifies('logs:decisions', async () => {
    const { who, id } = await connected()
    await due(who)
    await until('refreshed', () => decisionsOf(id).includes('claimed: refreshing'))
    await until('decided', () => decisionsOf(id).includes('refreshed: idle'))
    const [, refreshed] = linesOf(id).filter(({ msg }) => msg === 'refresh decision')
    expect(refreshed).toEqual({
      level: 20,
      time: expect.any(Number),
      tenantId: who.tenantId,
      connectionId: id,
      state: 'idle',
      event: 'refreshed',
      decision: 'idle',
      attempt: 0,
      nextAttemptInMs: expect.any(Number),
      msg: 'refresh decision',
    })
    await stage.database.query(
      'update refresh_schedule set probe_at = now() where tenant_id = $1',
      [who.tenantId],
    )
    await until('probed', () => decisionsOf(id).includes('probe_active: idle'))
  })

  const decisionsOf = (id: string) =>
    linesOf(id).flatMap((line) =>
      line.msg === 'refresh decision' ? [`${line.event}: ${line.decision}`] : [],
    )

  verifies('logs:provider-calls', async () => {
    const before = stage.logs.length
    const { who } = await connected()
    const made = lines()
      .slice(before)
      .filter((line) => line.msg === 'provider call finished')
    const { origin: host } = new URL(stage.sandbox.url)
    const answered = { tenantId: who.tenantId, host, status: 200, outcome: 'answered' }
    expect(made).toEqual([
      expect.objectContaining({ ...answered, method: 'POST', path: '/oauth/token' }),
      expect.objectContaining({ ...answered, method: 'GET', path: '/api/v4/user' }),
    ])
    await stage.sandbox.control.addFault({ ...faults.dropBeforeRotation(), times: 1 })
    await due(who)
    await until('a call without an answer', () =>
      lines().some(
        (line) =>
          line.msg === 'provider call finished' &&
          line.tenantId === who.tenantId &&
          line.status === null &&
          line.outcome === 'reset',
      ),
    )
  })

  verifies('logs:requests', async () => {
    const { path } = await connected()
    const requests = async (of: Promise<{ status: number; headers: Headers }>) => {
      const { status, headers } = await of
      const requestId = headers.get('x-request-id')
      return lines().flatMap((line) => {
        if (line.msg !== 'request finished' || line.requestId !== requestId) return []
        return [`${line.method} ${line.route} ${line.status === status}`]
      })
    }
    expect(await requests(stage.call('GET', path))).toEqual([
      'GET /v1/connections/:connectionId true',
    ])
    const unknown = '/v1/connections/con_none?tenantId=ten_log_1'
    expect(await requests(stage.call('GET', unknown))).toEqual([
      'GET /v1/connections/:connectionId true',
    ])
    expect(await requests(stage.call('GET', '/v1/nothing?at=all'))).toEqual(['GET null true'])
    const bare = fetch(`${stage.url}/v1/providers`)
    expect(await requests(bare), 'refused before its route').toEqual(['GET /v1/providers true'])
    // A callback has its code in the query.
    const person = new Person()
    const session = await stage.session(newcomer())
    const back = await stage.consent(await stage.start(person, await stage.flow(session)))
    await stage.callback(person, back)
    const routes = lines().map((line) => (line.msg === 'request finished' ? line.route : null))
    expect(routes).toContain('/oauth/callback/:integrationId')
    expect(stage.logs.join('\n')).not.toContain(back.searchParams.get('code'))
  })
})

const revoked = { status: 'revoked', reason: 'revoked' }

describe('messages', () => {
  test.each(Object.keys(logLines))('%s is a plain phrase', (message) => {
    expect(message).toMatch(/^(?:API |[a-z])[a-zA-Z -]+$/)
    expect(message.split(' ').length).toBeLessThanOrEqual(6)
  })
})
