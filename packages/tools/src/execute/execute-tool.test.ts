import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { connection, createWorld, type WorldOptions } from '../testing/fake-ports.ts'

const project = { project_id: 'acme/api' }
const issue = { ...project, issue_iid: 42 }

test('a call answers the data of the provider, and the audit log has it before and after', async () => {
  const world = createWorld({
    answers: {
      'GET /projects/acme%2Fapi/issues': {
        body: [{ iid: 42 }],
        headers: { 'x-next-page': '2', 'x-total': '31', 'x-request-id': 'r-1' },
      },
    },
  })
  expect(await world.call('gitlab_issues_list', { ...project, state: 'opened' })).toEqual({
    data: [{ iid: 42 }],
    nextPage: 2,
    total: 31,
    executionId: 'exe_1',
  })
  expect(world.sent).toEqual(['GET /api/v4/projects/acme%2Fapi/issues?state=opened'])
  expect(world.requests[0]).toMatchObject({ accept: 'json', maxBytes: 10_485_760 })
  expect(world.records[0]).toMatchObject({
    arguments: { project_id: 'acme/api', state: 'opened' },
    target: { project_id: 'acme/api' },
    isDryRun: false,
  })
  expect(world.outcomes).toEqual([
    {
      result: 'ok',
      requests: 1,
      totalMs: 0,
      providerMs: 0,
      bytesOut: 0,
      bytesIn: 12,
      providerStatus: 200,
      providerRequestId: 'r-1',
    },
  ])
})

/** Each check with a call that fails it, in the order of the checks. */
const refusals: readonly [string, WorldOptions, string, unknown][] = [
  ['TOOL_NOT_FOUND', {}, 'gitlab_issue_list', {}],
  ['NOT_CONNECTED', { found: { state: 'not_connected', names: [] } }, 'gitlab_issues_list', {}],
  [
    'VALIDATION_ERROR',
    { found: { state: 'ambiguous', names: ['a', 'b'], hosts: [] } },
    'gitlab_issues_list',
    {},
  ],
  [
    'NEEDS_REAUTH',
    { found: { state: 'needs_reauth', reason: 'revoked' } },
    'gitlab_issues_list',
    {},
  ],
  ['READ_ONLY', { policy: { readOnly: true } }, 'gitlab_issue_delete', {}],
  ['TOOL_NOT_ALLOWED', { policy: { names: [] } }, 'gitlab_issue_delete', {}],
  ['TOOL_NOT_ALLOWED', { policy: { denied: ['gitlab_issue_*'] } }, 'gitlab_issue_delete', {}],
  [
    'TOOL_NOT_ALLOWED',
    { policy: { places: { project: ['acme/web'] } } },
    'gitlab_issue_delete',
    project,
  ],
  ['SCOPE_MISSING', { scopes: ['read_api'] }, 'gitlab_issue_delete', {}],
  ['VALIDATION_ERROR', {}, 'gitlab_issue_delete', project],
  [
    'APPROVAL_DENIED',
    { policy: { approval: 'destroy' }, approval: { state: 'denied' } },
    'gitlab_issue_delete',
    issue,
  ],
]

verifies.suite('execute:refused', () => {
  test.each(refusals)('%s: %j', async (code, options, tool, args) => {
    const world = createWorld(options)
    const error = await world.failure(tool, args, { approvalId: 'apr_1' })
    expect(error.tool).toMatchObject({ code, refusedBy: 'keywell' })
    expect(error.tool).not.toHaveProperty('executionId')
    expect(error.nextStep).not.toBe('')
    expect(world.refusals).toEqual([code])
    expect(world.sent).toEqual([])
    expect(world.records).toEqual([])
  })

  test('without a place in the window', async () => {
    const world = createWorld({
      policy: { rateLimit: { calls: 1, windowMs: 60_000 } },
      answers: { 'GET /user': { body: {} } },
    })
    await world.call('gitlab_current_user_get')
    world.advance(1_000)
    const error = await world.failure('gitlab_current_user_get')
    expect(error.tool?.code).toBe('RATE_LIMITED')
    expect(error.retryAfterMs).toBe(59_000)
    expect(world.sent).toHaveLength(1)
    world.advance(59_000)
    await world.call('gitlab_current_user_get')
  })

  test('where the audit log cannot be written', async () => {
    const world = createWorld({ beginFails: true, answers: { 'GET /user': { body: {} } } })
    expect((await world.failure('gitlab_current_user_get')).code).toBe('unavailable')
    expect(world.sent).toEqual([])
  })
})

verifies('execute:order', async () => {
  // From a call that fails every check, one cause after the other is taken away.
  const causes: readonly [string, WorldOptions][] = [
    ['NOT_CONNECTED', { found: { state: 'not_connected', names: [] } }],
    ['READ_ONLY', { policy: { readOnly: true } }],
    ['TOOL_NOT_ALLOWED', { policy: { names: ['gitlab_user_get'] } }],
    ['TOOL_NOT_ALLOWED', { policy: { places: { project: ['acme/web'] } } }],
    ['SCOPE_MISSING', { scopes: ['read_api'] }],
  ]
  for (const [at, [code]] of causes.entries()) {
    const options = merged(causes.slice(at).map(([, each]) => each))
    const error = await createWorld(options).failure('gitlab_issue_delete', project)
    expect(error.tool?.code).toBe(code)
  }
  const unknown = merged(causes.map(([, each]) => each))
  expect((await createWorld(unknown).failure('no_such_tool')).tool?.code).toBe('TOOL_NOT_FOUND')
  // Then the arguments, the window, and the approval.
  const last: WorldOptions = {
    policy: { approval: 'destroy', rateLimit: { calls: 1, windowMs: 60_000 } },
    approval: { state: 'approved' },
    answers: { 'DELETE /projects/acme%2Fapi/issues/42': { status: 204 } },
  }
  const world = createWorld(last)
  const codes = []
  for (const [args, approvalId, afterMs] of [
    [issue, 'apr_1', 0],
    [project, undefined, 0],
    [issue, undefined, 0],
    [issue, undefined, 60_000],
  ] as const) {
    world.advance(afterMs)
    const result = await world.call('gitlab_issue_delete', args, { approvalId }).then(
      () => 'ok',
      ({ tool }) => tool.code,
    )
    codes.push(result)
  }
  expect(codes).toEqual(['ok', 'VALIDATION_ERROR', 'RATE_LIMITED', 'APPROVAL_REQUIRED'])
  expect(world.sent.filter((each) => !each.startsWith('GET'))).toHaveLength(1)
})

function merged(all: readonly WorldOptions[]): WorldOptions {
  return {
    ...Object.assign({}, ...all),
    policy: Object.assign({}, ...all.map(({ policy }) => policy)),
  }
}

test('scopes that are not known leave the decision to the provider', async () => {
  const world = createWorld({ scopes: undefined, answers: { 'GET /user': { body: { id: 1 } } } })
  await world.call('gitlab_current_user_get')
  expect(world.sent).toHaveLength(1)
  expect(connection.scopes).toEqual(['api'])
})

test('missing scopes come with those that were granted, and a link that asks for the difference', async () => {
  const error = await createWorld({ scopes: ['read_api'] }).failure('gitlab_issue_delete', issue)
  expect(error).toMatchObject({
    missingScopes: ['api'],
    connectUrl: 'https://app.example/connect?scopes=api',
    tool: { grantedScopes: ['read_api'] },
  })
})
