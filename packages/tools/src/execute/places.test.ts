import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import type { ToolPolicy } from '../index.ts'
import { createWorld, type WorldOptions } from '../testing/fake-ports.ts'

const issues = 'gitlab_issues_list'
const api = { body: { id: 42, path_with_namespace: 'acme/api' } }

/** What a call comes to where the policy limits places: `ok`, or the code. */
async function resultOf(
  places: ToolPolicy['places'],
  args: unknown,
  { tool = issues, ...more }: WorldOptions & { tool?: string } = {},
) {
  const world = createWorld({
    policy: { places, ...more.policy },
    answers: { 'GET /projects/42': api, 'GET /projects/acme%2Fapi': api, '*': { body: [] } },
    ...more,
  })
  const result = await world.call(tool, args).then(
    () => 'ok',
    ({ tool: failure }) => failure.code,
  )
  return { result, sent: world.sent, world }
}

verifies.suite('execute:places', () => {
  test.each<[string, readonly string[], unknown, string]>([
    ['its path', ['acme/api'], 'acme/api', 'ok'],
    ['its path in other letters', ['Acme/API'], 'aCme/api', 'ok'],
    ['its path, encoded', ['acme/api'], 'acme%2Fapi', 'ok'],
    ['its number', ['42'], 42, 'ok'],
    ['what is below a group', ['acme/*'], 'acme/sub/api', 'ok'],
    ['another path', ['acme/api'], 'acme/apis', 'TOOL_NOT_ALLOWED'],
    ['another number', ['42'], '43', 'TOOL_NOT_ALLOWED'],
    ['another group', ['acme/*'], 'acme2/api', 'TOOL_NOT_ALLOWED'],
    ['the group itself', ['acme/*'], 'acme', 'TOOL_NOT_ALLOWED'],
    ['a way out', ['acme/*'], 'acme/../other/api', 'TOOL_NOT_ALLOWED'],
    ['a way out, encoded', ['acme/*'], 'acme%2F..%2Fother%2Fapi', 'TOOL_NOT_ALLOWED'],
    ['a way out, encoded twice', ['acme/*'], 'acme/%252e%252e/other', 'TOOL_NOT_ALLOWED'],
    ['nothing', [], 'acme/api', 'TOOL_NOT_ALLOWED'],
  ])('%s', async (_, project, id, result) => {
    expect((await resultOf({ project }, { project_id: id })).result).toBe(result)
    expect((await resultOf({ project }, { id })).result).toBe(result)
  })

  test('a number is compared with a path, and a path with a number, by one look-up that is kept', async () => {
    const { result, sent, world } = await resultOf({ project: ['acme/*'] }, { project_id: 42 })
    expect(result).toBe('ok')
    expect(sent).toEqual(['GET /api/v4/projects/42', 'GET /api/v4/projects/42/issues'])
    await world.call(issues, { project_id: 42 })
    expect(sent).toHaveLength(3)
    const other = await resultOf({ project: ['42'] }, { project_id: 'acme/api' })
    expect(other.result).toBe('ok')
    expect((await resultOf({ project: ['43'] }, { project_id: 'acme/api' })).result).toBe(
      'TOOL_NOT_ALLOWED',
    )
  })

  test('what cannot be looked up is not allowed', async () => {
    const answers = { '*': { status: 404 } }
    const { result, sent } = await resultOf({ project: ['acme/*'] }, { project_id: 7 }, { answers })
    expect(result).toBe('TOOL_NOT_ALLOWED')
    expect(sent).toEqual(['GET /api/v4/projects/7'])
  })

  test('each place that a call names has to be allowed', async () => {
    const merge = {
      project_id: 'acme/api',
      title: 'x',
      source_branch: 'a',
      target_branch: 'b',
      target_project_id: 7,
    }
    const tool = 'gitlab_merge_request_create'
    const answers = { 'GET /projects/7': { body: { id: 7, path_with_namespace: 'other/api' } } }
    const { result, sent } = await resultOf({ project: ['acme/*'] }, merge, { tool, answers })
    expect(result).toBe('TOOL_NOT_ALLOWED')
    expect(sent).toEqual(['GET /api/v4/projects/7'])
  })

  test('a tool that is about none of them is allowed only where it is named', async () => {
    const tool = 'gitlab_users_list'
    const places = { project: ['acme/api'] }
    expect((await resultOf(places, {}, { tool })).result).toBe('TOOL_NOT_ALLOWED')
    const policy = { names: [tool], named: [tool], places }
    expect((await resultOf(places, {}, { tool, policy })).result).toBe('ok')
    // A caller who narrows its tools has named none.
    const narrowed = { names: [tool], places }
    const refused = await resultOf(places, {}, { tool, policy: narrowed })
    expect([refused.result, ...refused.sent]).toEqual(['TOOL_NOT_ALLOWED'])
    const group = { tool: 'gitlab_group_delete' }
    expect((await resultOf(places, { group_id: 'acme' }, group)).result).toBe('TOOL_NOT_ALLOWED')
  })

  test('a place that is left to the provider is none that is allowed', async () => {
    const create = { tool: 'gitlab_project_create' }
    const places = { group: ['7'] }
    expect((await resultOf(places, { name: 'x' }, create)).result).toBe('TOOL_NOT_ALLOWED')
    const answers = { '*': { body: {} } }
    const inside = { name: 'x', namespace_id: 7 }
    expect((await resultOf(places, inside, { ...create, answers })).result).toBe('ok')
  })

  test('a repository of two parameters is one place', async () => {
    const tool = 'github_issues_list'
    const places = { repository: ['acme/*'] }
    const of = async (owner: string, repo: string) =>
      (await resultOf(places, { owner, repo }, { tool })).result
    expect(await of('acme', 'api')).toBe('ok')
    expect(await of('other', 'api')).toBe('TOOL_NOT_ALLOWED')
    expect(await of('acme/..', 'api')).toBe('TOOL_NOT_ALLOWED')
    expect(await of('acme/x', 'api')).toBe('TOOL_NOT_ALLOWED')
    const policy = { places, defaultPlaces: { repository: 'acme/web' } }
    const { result, sent } = await resultOf(places, {}, { tool, policy })
    expect([result, ...sent]).toEqual(['ok', 'GET /repos/acme/web/issues'])
  })

  test('whatever is given, nothing is sent about a place outside', async () => {
    const segment = fc.constantFrom(
      'acme',
      'ACME',
      '..',
      '.',
      '',
      'api',
      '%2e%2e',
      '%2F',
      '7',
      'x y',
      'https:',
    )
    const anything = fc.oneof(
      fc.array(segment, { maxLength: 5 }).map((all) => all.join('/')),
      fc.array(segment, { maxLength: 4 }).map((all) => all.join('%2f')),
      fc.string(),
      fc.integer(),
      fc.constantFrom(null, true, [], {}, ['acme/api']),
    )
    await fc.assert(
      fc.asyncProperty(anything, async (id) => {
        const answers = { '*': { status: 404 } }
        const { sent } = await resultOf({ project: ['acme/*'] }, { project_id: id }, { answers })
        for (const each of sent.filter((request) => request.includes('/issues'))) {
          const [, place = ''] = /\/projects\/([^/]+)\/issues/.exec(each) ?? []
          expect(decodeURIComponent(place)).toMatch(/^acme\/[^.]/i)
        }
      }),
      { numRuns: 100 },
    )
  })
})

verifies('T39:moved', async () => {
  const places = { project: ['acme/api', 'acme/web'] }
  const answers = {
    'GET /projects/9': { body: { id: 9, path_with_namespace: 'acme/web' } },
    '*': { status: 301, headers: { location: 'https://gitlab.example/api/v4/projects/7/issues' } },
  }
  const world = createWorld({ policy: { places }, answers })
  const error = await world.failure(issues, { project_id: 'acme/api' })
  expect(error.tool).toMatchObject({ code: 'TOOL_NOT_ALLOWED', reason: 'place' })
  expect(world.requests.map(({ followsMoves }) => followsMoves)).toEqual([false])
  // What a call would change is read by the same rule.
  await world.call(
    'gitlab_issue_delete',
    { project_id: 'acme/api', issue_iid: 1 },
    { dryRun: true },
  )
  expect(world.requests.at(-1)?.followsMoves).toBe(false)
  // A look at where a number is may lead on: its answer is what is compared.
  await world.failure(issues, { project_id: 9 })
  expect(world.requests.slice(2).map(({ followsMoves }) => followsMoves)).toEqual([true, false])

  const free = createWorld({ answers: { '*': { body: [] } } })
  await free.call(issues, { project_id: 'acme/api' })
  expect(free.requests.map(({ followsMoves }) => followsMoves)).toEqual([true])
})

verifies.suite('execute:addresses', () => {
  const get = 'gitlab_issue_get'
  const answers = { '*': { body: { iid: 42 } } }
  const url = 'https://gitlab.example/acme/api/-/issues/42'

  test.each([
    ['for the project', { project_id: url }],
    ['for the number', { issue_iid: url }],
    ['for both', { project_id: url, issue_iid: url }],
    ['beside the number', { project_id: 'https://gitlab.example/acme/api', issue_iid: 42 }],
    ['of a part of the page', { project_id: `${url}?tab=notes#note_7` }],
  ])('an address of a page is taken %s', async (_, args) => {
    const world = createWorld({ answers })
    await world.call(get, args)
    expect(world.sent).toEqual(['GET /api/v4/projects/acme%2Fapi/issues/42'])
  })

  test.each([
    ['another host', { project_id: 'https://gitlab.com/acme/api/-/issues/42' }],
    [
      'a host that only begins so',
      { project_id: 'https://gitlab.example.evil/acme/api/-/issues/42' },
    ],
    ['another kind of place', { project_id: 'https://gitlab.example/groups/acme', issue_iid: 42 }],
    ['another number', { project_id: url, issue_iid: 43 }],
    ['another project', { project_id: 'acme/web', issue_iid: url }],
    ['something else', { project_id: 'acme/api', issue_iid: 'https://gitlab.example/acme/api' }],
    ['no page', { project_id: 'https://gitlab.example/acme%2F..%2Fapi', issue_iid: 42 }],
  ])('one of %s is refused', async (_, args) => {
    const world = createWorld({ answers })
    expect((await world.failure(get, args)).tool?.code).toBe('VALIDATION_ERROR')
    expect(world.sent).toEqual([])
  })

  test('default places are taken where the path leaves one out, and nowhere else', async () => {
    const policy = { defaultPlaces: { project: 'acme/api', group: '7' } }
    const world = createWorld({ answers, policy })
    await world.call(get, { issue_iid: 42 })
    await world.call('gitlab_project_create', { name: 'x' })
    expect(world.sent).toEqual([
      'GET /api/v4/projects/acme%2Fapi/issues/42',
      'POST /api/v4/projects',
    ])
    expect(world.requests[1]?.body).toEqual({ name: 'x' })
  })
})
