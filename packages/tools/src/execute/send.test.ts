/** What is sent once more, what is not, and what an answer 401 means. */
import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { SendFailure } from '../index.ts'
import { createWorld } from '../testing/fake-ports.ts'

const issue = { project_id: 'acme/api', issue_iid: 42 }
const read = 'GET /projects/acme%2Fapi/issues/42'
const write = 'PUT /projects/acme%2Fapi/issues/42'
const change = { ...issue, title: 'x' }
const ok = { body: { iid: 42 } }
const unauthorized = { status: 401, body: { message: '401 Unauthorized' } }
const brokenOff = new SendFailure('broken_off', 'socket hang up', true)

verifies.suite('execute:retried', () => {
  test.each([
    ['a broken connection', brokenOff],
    ['502', { status: 502 }],
    ['503', { status: 503 }],
    ['504', { status: 504 }],
  ] as const)('a tool that reads is sent once more after %s, and no more', async (_, first) => {
    const world = createWorld({ answers: { [read]: [first, ok] } })
    expect((await world.call('gitlab_issue_get', issue)).data).toEqual({ iid: 42 })
    expect(world.outcomes).toMatchObject([{ result: 'ok', requests: 2 }])
    const failing = createWorld({ answers: { [read]: first } })
    await failing.failure('gitlab_issue_get', issue)
    expect(failing.sent).toHaveLength(2)
  })

  test.each([
    ['a broken connection', brokenOff, 'CONNECTION_ERROR'],
    ['silence', new SendFailure('timed_out', 'No answer', true), 'CONNECTION_ERROR'],
    ['502', { status: 502 }, 'API_ERROR'],
    ['500', { status: 500 }, 'API_ERROR'],
  ] as const)(
    'one that writes is not, after %s: whether it happened is not known',
    async (_, first, code) => {
      const world = createWorld({ answers: { [write]: [first, ok] } })
      const error = await world.failure('gitlab_issue_update', change)
      expect(error.tool).toMatchObject({ code, outcome: 'unknown' })
      expect(error.nextStep).toContain('Read what is there')
      expect(world.sent).toHaveLength(1)
    },
  )

  test('what was not sent did not happen', async () => {
    const failure = new SendFailure('unreachable', 'connect ECONNREFUSED', false)
    const world = createWorld({ answers: { [write]: failure } })
    const error = await world.failure('gitlab_issue_update', change)
    expect(error.tool).toMatchObject({ code: 'CONNECTION_ERROR' })
    expect(error.tool?.outcome).toBeUndefined()
    const refused = new SendFailure('outside_reach', 'elsewhere', false)
    const outside = createWorld({ answers: { [write]: refused } })
    expect((await outside.failure('gitlab_issue_update', change)).tool).toMatchObject({
      code: 'HOST_NOT_ALLOWED',
      refusedBy: 'keywell',
    })
  })

  test('any is, where the provider asks for a wait of at most five seconds', async () => {
    const limited = { status: 429, headers: { 'retry-after': '5' } }
    const world = createWorld({ answers: { [write]: [limited, ok] } })
    await world.call('gitlab_issue_update', change)
    expect(world.waits).toEqual([5_010])
    expect(world.sent).toHaveLength(2)
    const atOnce = { status: 429, headers: { 'retry-after': '0' } }
    const hasty = createWorld({ answers: { [write]: [atOnce, ok] } })
    await hasty.call('gitlab_issue_update', change)
    expect(hasty.waits).toEqual([1_010])
    const longer = createWorld({
      answers: { [write]: { status: 429, headers: { 'retry-after': '6' } } },
    })
    const error = await longer.failure('gitlab_issue_update', change)
    expect(error).toMatchObject({ retryAfterMs: 6_000, tool: { code: 'RATE_LIMITED' } })
    expect(longer.sent).toHaveLength(1)
  })

  test('none without a place in the window', async () => {
    const world = createWorld({
      answers: { [read]: [{ status: 503 }, ok] },
      policy: { rateLimit: { calls: 1, windowMs: 60_000 } },
    })
    expect((await world.failure('gitlab_issue_get', issue)).tool?.code).toBe('API_ERROR')
    expect(world.sent).toHaveLength(1)
  })
})

verifies.suite('execute:unauthorized', () => {
  test('a newer credential: any tool is sent once more', async () => {
    const world = createWorld({
      answers: { [write]: [unauthorized, ok] },
      credential: { state: 'renewed' },
    })
    await world.call('gitlab_issue_update', change)
    expect(world.examined).toEqual([3])
    expect(world.sent).toHaveLength(2)
  })

  test.each(['gitlab_merge_request_merge', 'gitlab_merge_request_approve'])(
    'a live one: %s is refused for lack of rights',
    async (tool) => {
      const world = createWorld({ answers: { '*': unauthorized }, credential: { state: 'alive' } })
      const args = { project_id: 7, merge_request_iid: 3 }
      const error = await world.failure(tool, args)
      expect(error.tool).toMatchObject({ code: 'FORBIDDEN', providerStatus: 401 })
      expect(world.sent.filter((each) => !each.startsWith('GET'))).toHaveLength(1)
    },
  )

  test('a dead one: the user has to connect again', async () => {
    const credential = {
      state: 'dead',
      reason: 'revoked',
      connectUrl: 'https://a.example/c',
    } as const
    const world = createWorld({ answers: { [read]: unauthorized }, credential })
    const error = await world.failure('gitlab_issue_get', issue)
    expect(error).toMatchObject({
      code: 'needs_reauth',
      reason: 'revoked',
      connectUrl: 'https://a.example/c',
      tool: { code: 'NEEDS_REAUTH', refusedBy: 'provider' },
    })
  })

  test.each([
    ['invalid', 'AUTH_FAILED'],
    ['unknown', 'API_ERROR'],
  ] as const)('one that is %s: %s', async (state, code) => {
    const world = createWorld({ answers: { [read]: unauthorized }, credential: { state } })
    expect((await world.failure('gitlab_issue_get', issue)).tool?.code).toBe(code)
    expect(world.sent).toHaveLength(1)
  })
})

verifies.suite('execute:limited', () => {
  test('the 101st call in a minute is refused with the time that is left; zero turns the limit off', async () => {
    const world = createWorld({ answers: { 'GET /user': { body: {} } } })
    for (let count = 0; count < 100; count++) {
      await world.call('gitlab_current_user_get')
      world.advance(100)
    }
    const error = await world.failure('gitlab_current_user_get')
    expect(error.retryAfterMs).toBe(50_000)
    expect(world.sent).toHaveLength(100)
    const open = createWorld({
      answers: { 'GET /user': { body: {} } },
      policy: { rateLimit: { calls: 0, windowMs: 60_000 } },
    })
    for (let count = 0; count < 150; count++) await open.call('gitlab_current_user_get')
    expect(open.sent).toHaveLength(150)
  })

  test.each([
    ['a refusal without a time', { status: 429 }, 60_000],
    ['one of a day', { status: 429, headers: { 'retry-after': '86400' } }, 300_000],
    ['one of no time', { status: 429, headers: { 'retry-after': '0' } }, 1_000],
    ['a status of its own', { status: 403, headers: { 'x-ratelimit-remaining': '0' } }, 60_000],
    [
      'the last call of a window',
      {
        status: 200,
        body: {},
        headers: {
          'ratelimit-remaining': '0',
          'ratelimit-reset': String(Date.UTC(2026, 10, 30) / 1_000 + 30),
        },
      },
      30_000,
    ],
  ])('the connection rests after %s', async (_, answer, ms) => {
    const world = createWorld({ answers: { 'GET /user': answer } })
    await world.call('gitlab_current_user_get').catch(() => undefined)
    expect(world.pauses[0]).toBe(ms)
    const [before] = [world.sent.length]
    expect((await world.failure('gitlab_current_user_get')).tool).toMatchObject({
      code: 'RATE_LIMITED',
      refusedBy: 'keywell',
    })
    expect(world.sent).toHaveLength(before)
  })
})

test('an answer that cannot be used is an error; of a change it says that it was made', async () => {
  const world = createWorld({ answers: { [read]: { body: [] }, [write]: { body: 'done' } } })
  expect((await world.failure('gitlab_issue_get', issue)).tool).toMatchObject({ code: 'API_ERROR' })
  const error = await world.failure('gitlab_issue_update', change)
  expect(error.tool).toMatchObject({ code: 'API_ERROR', reason: 'done' })
  expect(error.detail).toContain('made the change')
})

test('an answer beyond the bound is too large', async () => {
  const world = createWorld({ answers: { [read]: { body: {}, isCut: true } } })
  expect((await world.failure('gitlab_issue_get', issue)).tool).toMatchObject({
    code: 'TOO_LARGE',
    refusedBy: 'keywell',
  })
})

test('a log is read up to 50 MiB, an archive up to one byte more than was asked for', async () => {
  const job = { project_id: 7, job_id: 3 }
  const world = createWorld({
    answers: {
      'GET /projects/7/jobs/3/trace': { body: 'line\nli', isCut: true },
      'GET /projects/7/jobs/3/artifacts': {
        body: new Uint8Array(2_049),
        isCut: true,
        headers: { 'content-length': '70000000' },
      },
    },
  })
  const { data } = await world.call('gitlab_job_log_get', job)
  expect(data).toMatchObject({ byte_count_at_least: 7, truncated: true })
  const args = { ...job, max_bytes: 2_048 }
  const error = await world.failure('gitlab_job_artifacts_download', args)
  expect(error.detail).toContain('70000000 bytes')
  expect(world.requests.map(({ accept, maxBytes }) => [accept, maxBytes])).toEqual([
    ['text', 52_428_800],
    ['binary', 2_049],
  ])
})

test('a star that is there already is one', async () => {
  const world = createWorld({ answers: { 'POST /projects/7/star': { status: 304 } } })
  expect((await world.call('gitlab_project_star', { project_id: 7 })).data).toEqual({ ok: true })
})

test('requests of one call have one deadline together', async () => {
  const world = createWorld({
    answers: { [read]: [{ status: 429, headers: { 'retry-after': '4' } }, ok] },
  })
  await world.call('gitlab_issue_get', issue, { timeoutMs: 10_000 })
  expect(world.requests.map(({ timeoutMs }) => timeoutMs)).toEqual([10_000, 5_990])
  await world.call('gitlab_issue_get', issue, { timeoutMs: 999_999 })
  expect(world.requests[2]?.timeoutMs).toBe(60_000)
})
