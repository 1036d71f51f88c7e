import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { createWorld } from '../testing/fake-ports.ts'
import { SendFailure } from './ports.ts'

const create = 'gitlab_issue_create'
const issue = { project_id: 'acme/api', title: 'Log in with a passkey' }
const post = 'POST /projects/acme%2Fapi/issues'
const key = { idempotencyKey: 'k1' }

verifies('replay:result', async () => {
  const world = createWorld({ answers: { [post]: { body: { iid: 7, title: issue.title } } } })
  const first = await world.call(create, issue, key)
  expect(first).not.toHaveProperty('replayed')
  expect(await world.call(create, issue, key)).toEqual({ ...first, replayed: true })
  expect(world.sent).toHaveLength(1)
  expect(world.outcomes).toHaveLength(1)
  expect(world.replays).toHaveLength(1)

  const other = await world.failure(create, { ...issue, title: 'Another' }, key)
  expect(other.tool).toMatchObject({ code: 'CONFLICT', reason: 'other_call' })
  expect(
    (await world.failure('gitlab_issue_delete', { ...issue, title: undefined, issue_iid: 7 }, key))
      .tool,
  ).toMatchObject({ reason: 'other_call' })
  expect(world.refusals).toEqual(['CONFLICT', 'CONFLICT'])
  expect(world.sent).toHaveLength(1)

  // A dry run changes nothing, and without a key each call is a call of its own.
  expect(await world.call(create, issue, { ...key, dryRun: true })).not.toHaveProperty('replayed')
  await world.call(create, issue)
  expect(world.sent).toHaveLength(2)
})

test('a tool that reads is called again under the same key', async () => {
  const world = createWorld({ answers: { 'GET /user': { body: { id: 1 } } } })
  for (const _ of [1, 2]) await world.call('gitlab_current_user_get', {}, key)
  expect(world.sent).toHaveLength(2)
})

test('of two calls at the same time one is made', async () => {
  const world = createWorld({ answers: { [post]: { body: { iid: 7 } } } })
  const [first, second] = await Promise.all([
    world.call(create, issue, key),
    world.failure(create, issue, key),
  ])
  expect(first.data).toEqual({ iid: 7 })
  expect(second).toMatchObject({
    code: 'conflict',
    retryAfterMs: 1_000,
    tool: { code: 'CONFLICT', reason: 'in_progress' },
  })
  expect(world.sent).toHaveLength(1)
})

verifies('replay:unknown', async () => {
  const lost = new SendFailure('broken_off', 'The connection broke', true)
  for (const answer of [lost, { status: 502, body: '' }]) {
    const world = createWorld({ answers: { [post]: answer } })
    expect((await world.failure(create, issue, key)).tool?.outcome).toBe('unknown')
    const again = await world.failure(create, issue, key)
    expect(again.tool).toMatchObject({
      code: 'CONFLICT',
      reason: 'outcome_unknown',
      outcome: 'unknown',
      readingTool: 'gitlab_issues_list',
    })
    expect(again.nextStep).toContain('gitlab_issues_list')
    expect(world.sent).toHaveLength(1)
  }
  // The provider made the change, and said so in a way that cannot be read.
  const world = createWorld({ answers: { [post]: { status: 201, body: 'made' } } })
  expect((await world.failure(create, issue, key)).tool?.reason).toBe('done')
  expect((await world.failure(create, issue, key)).tool).toMatchObject({ reason: 'done' })
  expect(world.sent).toHaveLength(1)
})

test('what was not sent, or was refused by the provider, may be called again under the same key', async () => {
  const refused = { status: 403, body: { message: '403 Forbidden' } }
  const notSent = new SendFailure('unreachable', 'Nothing is there', false)
  const world = createWorld({ answers: { [post]: [refused, notSent, { body: { iid: 7 } }] } })
  expect((await world.failure(create, issue, key)).tool?.code).toBe('FORBIDDEN')
  expect((await world.failure(create, issue, key)).tool?.code).toBe('CONNECTION_ERROR')
  expect((await world.call(create, issue, key)).data).toEqual({ iid: 7 })
})

test('a call that waits for an approval takes no key, and its repeat needs none', async () => {
  const world = createWorld({
    policy: { approval: 'writes' },
    approval: { state: 'approved' },
    answers: { [post]: { body: { iid: 7 } } },
  })
  expect((await world.failure(create, issue, key)).tool?.code).toBe('APPROVAL_REQUIRED')
  const approved = { ...key, approvalId: 'apr_1' }
  expect(await world.call(create, issue, approved)).not.toHaveProperty('replayed')
  expect(await world.call(create, issue, key)).toMatchObject({ replayed: true })
  expect(world.sent).toHaveLength(1)
})

verifies.suite('replay:policy', () => {
  test('a call that the policy refuses now gets no earlier result', async () => {
    const world = createWorld({ answers: { [post]: { body: { iid: 7 } } } })
    await world.call(create, issue, key)
    world.change({ readOnly: true })
    expect((await world.failure(create, issue, key)).tool?.code).toBe('READ_ONLY')
    world.change({ readOnly: false, denied: [create] })
    expect((await world.failure(create, issue, key)).tool?.code).toBe('TOOL_NOT_ALLOWED')
    expect(world.replays).toEqual([])
  })

  test('a value that was revealed is withheld where the policy does not reveal it any more', async () => {
    const variables = 'POST /projects/acme%2Fapi/variables'
    const body = { key: 'DEPLOY_TOKEN', value: 'glpat-hidden' }
    const world = createWorld({
      policy: { revealsValues: true },
      answers: { [variables]: { status: 201, body } },
    })
    const variable = { project_id: 'acme/api', ...body }
    const set = () => world.call('gitlab_project_variable_create', variable, key)
    expect((await set()).data).toEqual(body)
    expect(await set()).toMatchObject({ data: body, replayed: true })
    world.change({ revealsValues: false })
    expect((await set()).data).toEqual({
      key: 'DEPLOY_TOKEN',
      value: '[redacted]',
      value_redacted: true,
    })
    expect(world.sent).toHaveLength(1)
  })
})

test('of a large result the short fields are kept, and it says so', async () => {
  const body = {
    iid: 7,
    web_url: 'https://gitlab.example/acme/api/-/issues/7',
    notes: 'x'.repeat(70_000),
  }
  const world = createWorld({ answers: { [post]: { status: 201, body } } })
  expect((await world.call(create, issue, key)).data).toEqual(body)
  expect(await world.call(create, issue, key)).toMatchObject({
    data: { iid: 7, web_url: body.web_url },
    truncated: true,
    warnings: [expect.stringContaining('short fields')],
    replayed: true,
  })
})
