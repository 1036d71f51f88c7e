import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { argumentsHash, executeTool, findTool, type ToolPorts } from '../index.ts'
import { createWorld } from '../testing/fake-ports.ts'

const issue = { project_id: 'acme/api', issue_iid: 42 }
const read = 'GET /projects/acme%2Fapi/issues/42'
const answers = { [read]: { body: { iid: 42, title: 'Login fails\n"now"', description: 'x' } } }

verifies.suite('execute:dry-run', () => {
  test('it answers the request, reads what would change, and changes nothing', async () => {
    const world = createWorld({ answers, policy: { approval: 'writes' } })
    expect(await world.call('gitlab_issue_delete', issue, { dryRun: true })).toEqual({
      executionId: 'exe_1',
      data: {
        method: 'DELETE',
        path: '/projects/acme%2Fapi/issues/42',
        query: '',
        effect: 'destroy',
        needsApproval: true,
        target: { iid: 42, title: "Login fails 'now'" },
      },
    })
    expect(world.sent).toEqual([`GET /api/v4${read.slice(4)}`])
    expect(world.records).toMatchObject([{ isDryRun: true }])
    expect(world.approvals).toEqual([])
  })

  test('an entry of a list is picked', async () => {
    const args = { ...issue, note_id: 7 }
    const world = createWorld({
      answers: { [`${read}/notes`]: { body: [{ id: 6 }, { id: 7, state: 'x', body: 'secret' }] } },
    })
    const { data } = await world.call('gitlab_issue_note_delete', args, { dryRun: true })
    expect(data).toMatchObject({ target: { id: 7, state: 'x' } })
  })

  test('what cannot be read is left out, and what is wrong is refused', async () => {
    const world = createWorld()
    const { data } = await world.call('gitlab_issue_delete', issue, { dryRun: true })
    expect(data).not.toHaveProperty('target')
    const error = await world.failure('gitlab_issue_delete', {}, { dryRun: true })
    expect(error.tool?.code).toBe('VALIDATION_ERROR')
  })

  test('secret arguments show in neither the request, the audit log nor an approval', async () => {
    const args = { project_id: 7, key: 'TOKEN', value: 'hunter2' }
    const world = createWorld({ policy: { approval: 'sensitive' } })
    const dry = await world.call('gitlab_project_variable_create', args, { dryRun: true })
    expect(dry.data).toMatchObject({ body: { key: 'TOKEN', value: '[redacted]' } })
    await world.failure('gitlab_project_variable_create', args)
    expect(world.approvals).toHaveLength(1)
    expect(JSON.stringify([dry, world.records, world.approvals])).not.toContain('hunter2')
  })
})

verifies.suite('execute:approved', () => {
  test('a call that needs a person is asked for by the name of what it touches, and not sent', async () => {
    const world = createWorld({ answers, policy: { approval: 'destroy' } })
    const error = await world.failure('gitlab_issue_delete', issue)
    expect(error).toMatchObject({
      code: 'approval_required',
      tool: {
        code: 'APPROVAL_REQUIRED',
        approvalId: 'apr_1',
        approvalEndsAt: '2026-11-30T12:00:00.000Z',
      },
    })
    expect(world.approvals[0]).toMatchObject({
      summary: `Delete issue "Login fails 'now'" (project_id acme/api, issue_iid 42).`,
      request: { method: 'DELETE', path: '/projects/acme%2Fapi/issues/42' },
      call: { hash: argumentsHash('gitlab_issue_delete', issue) },
    })
    expect(world.sent.filter((each) => !each.startsWith('GET'))).toEqual([])
    expect(world.outcomes).toMatchObject([{ result: 'APPROVAL_REQUIRED', requests: 1 }])
  })

  test('an approved one is sent once', async () => {
    const world = createWorld({
      policy: { approval: 'destroy' },
      approval: { state: 'approved' },
      answers: { 'DELETE /projects/acme%2Fapi/issues/42': { status: 204 } },
    })
    await world.call('gitlab_issue_delete', issue, { approvalId: 'apr_1' })
    expect(world.sent).toHaveLength(1)
    expect(world.records).toMatchObject([{ approvalId: 'apr_1', isDryRun: false }])
  })

  test.each(['other_call', 'used', 'expired', 'unknown'] as const)(
    'an approval that is %s lets nothing through',
    async (reason) => {
      const world = createWorld({
        policy: { approval: 'destroy' },
        approval: { state: 'invalid', reason },
      })
      const error = await world.failure('gitlab_issue_delete', issue, { approvalId: 'apr_1' })
      expect(error.tool).toMatchObject({ code: 'APPROVAL_REQUIRED', reason })
      expect(world.sent).toEqual([])
    },
  )

  test.each([
    ['never', 'gitlab_issue_delete', false],
    ['destroy', 'gitlab_issue_delete', true],
    ['destroy', 'gitlab_merge_request_merge', false],
    ['sensitive', 'gitlab_merge_request_merge', true],
    ['sensitive', 'gitlab_issue_delete', true],
    ['sensitive', 'gitlab_issue_update', false],
    ['writes', 'gitlab_issue_update', true],
    ['writes', 'gitlab_issue_get', false],
  ] as const)('with "%s", %s: %s', async (approval, tool, isAsked) => {
    const world = createWorld({ policy: { approval }, answers: { '*': { body: {} } } })
    const args = tool.includes('merge')
      ? { project_id: 7, merge_request_iid: 3 }
      : { ...issue, ...(tool.endsWith('update') && { title: 'x' }) }
    await world.call(tool, args).catch(() => undefined)
    expect(world.approvals).toHaveLength(isAsked ? 1 : 0)
  })
})

verifies.suite('T40:bounded-asks', () => {
  test('asking for approvals takes places in the window', async () => {
    const rateLimit = { calls: 3, windowMs: 60_000 }
    const world = createWorld({ answers, policy: { approval: 'destroy', rateLimit } })
    const codes: unknown[] = []
    for (let time = 0; time < 10; time += 1) {
      codes.push((await world.failure('gitlab_issue_delete', issue)).tool?.code)
    }
    // The first one's look took a place as well.
    expect(codes.slice(0, 2)).toEqual(['APPROVAL_REQUIRED', 'APPROVAL_REQUIRED'])
    expect(codes.slice(2)).toEqual(Array(8).fill('RATE_LIMITED'))
    expect(world.approvals).toHaveLength(2)
  })

  test('a call that has to wait uses no approval up', async () => {
    const rateLimit = { calls: 1, windowMs: 60_000 }
    const world = createWorld({
      answers: { '*': { body: [] } },
      policy: { approval: 'destroy', rateLimit },
    })
    const used: string[] = []
    const ports: ToolPorts = {
      ...world.ports,
      useApproval: async (id) => {
        used.push(id)
        return { state: 'approved' }
      },
    }
    const call = { tool: 'gitlab_issue_delete', arguments: issue, approvalId: 'apr_1' }
    await world.call('gitlab_issues_list', { project_id: 7 })
    await expect(executeTool(ports, call)).rejects.toMatchObject({ code: 'rate_limited' })
    expect(used).toEqual([])
    world.advance(60_000)
    await executeTool(ports, call)
    expect(used).toEqual(['apr_1'])
  })
})

verifies('T40:plain-summary', async () => {
  const turning = '\u202e\u2066\u200f\u061c'
  const body = { iid: 42, title: `Login${turning} fails\u001b[2J\n${turning}` }
  const world = createWorld({ answers: { [read]: { body } }, policy: { approval: 'destroy' } })
  await world.failure('gitlab_issue_delete', { ...issue, project_id: `acme/${turning}api` })
  await world.failure('gitlab_issue_delete', issue)
  const [odd, own] = world.approvals.map(({ summary }) => summary)
  expect(own).toBe('Delete issue "Login fails [2J" (project_id acme/api, issue_iid 42).')
  expect(odd).toBe('Delete issue (project_id acme/api, issue_iid 42).')
})

test('the hash is of the tool and its arguments, in whatever order', () => {
  const hash = argumentsHash('a', { x: 1, y: { b: 1, a: [1, 2] } })
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  expect(argumentsHash('a', { y: { a: [1, 2], b: 1 }, x: 1 })).toBe(hash)
  for (const [tool, args] of [
    ['b', { x: 1, y: { b: 1, a: [1, 2] } }],
    ['a', { x: '1', y: { b: 1, a: [1, 2] } }],
    ['a', { x: 1, y: { b: 1, a: [2, 1] } }],
    ['a', { x: 1 }],
  ] as const) {
    expect(argumentsHash(tool, args)).not.toBe(hash)
  }
  const polluting = JSON.parse('{"__proto__": 1}')
  expect(argumentsHash('a', polluting)).not.toBe(argumentsHash('a', {}))
})

verifies('execute:prepared', async () => {
  const merge = { project_id: 7, merge_request_iid: 3 }
  const path = '/projects/7/merge_requests/3'
  const world = createWorld({
    answers: { [`GET ${path}`]: { body: { title: 'Draft: Fix' } }, [`PUT ${path}`]: { body: {} } },
  })
  await world.call('gitlab_merge_request_update', { ...merge, draft: false })
  expect(world.sent).toEqual([`GET /api/v4${path}`, `PUT /api/v4${path}`])
  expect(world.requests[1]?.body).toEqual({ title: 'Fix' })
  expect(world.outcomes).toMatchObject([{ result: 'ok', requests: 2 }])
  await world.call('gitlab_merge_request_update', { ...merge, draft: true, title: 'New' })
  expect(world.sent).toHaveLength(3)
  expect(world.requests[2]?.body).toEqual({ title: 'Draft: New' })
  // What cannot be read is not changed.
  const absent = createWorld({
    answers: { '*': { status: 404, body: { message: '404 Not found' } } },
  })
  const error = await absent.failure('gitlab_merge_request_update', { ...merge, draft: true })
  expect(error.tool).toMatchObject({
    name: 'gitlab_merge_request_update',
    code: 'MERGE_REQUEST_NOT_FOUND',
  })
  expect(absent.sent.filter((each) => each.startsWith('PUT'))).toEqual([])
  const odd = createWorld({ answers: { [`GET ${path}`]: { body: { iid: 3 } } } })
  const unusable = await odd.failure('gitlab_merge_request_update', { ...merge, draft: true })
  expect(unusable.tool?.code).toBe('API_ERROR')
  expect(findTool('gitlab_merge_request_update')?.prepare).toBeDefined()
})
