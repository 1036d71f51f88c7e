import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { type Answer, createWorld, type WorldOptions } from '../testing/fake-ports.ts'

const absent = (noun: string): Answer => ({
  status: 404,
  body: { message: `404 ${noun} Not Found` },
})
const absentItem: Answer = { status: 404, body: { message: '404 Not found' } }

async function hinted(
  tool: string,
  args: unknown,
  answers: NonNullable<WorldOptions['answers']>,
  more: WorldOptions = {},
) {
  const world = createWorld({ answers, ...more })
  const error = await world.failure(tool, args)
  return { error, similar: error.tool?.similar, world }
}

verifies.suite('execute:hints', () => {
  const own = [{ path_with_namespace: 'acme/api' }, { path_with_namespace: 'acme/billing' }]

  test('the nearest of the projects that the user has', async () => {
    const { similar, error, world } = await hinted(
      'gitlab_issues_list',
      { project_id: 'acme/apl' },
      { 'GET /projects/acme%2Fapl/issues': absent('Project'), 'GET /projects': { body: own } },
    )
    expect(similar).toEqual(['acme/api'])
    expect(error.nextStep).toBe('Use project_id acme/api, if that is what is meant.')
    expect(world.sent).toHaveLength(2)
    expect(world.sent[1]).toContain('membership=true')
    expect(world.outcomes).toMatchObject([{ requests: 2 }])
  })

  test('the latest ones, where a search finds none; and no more than two reads', async () => {
    const { similar, world } = await hinted(
      'gitlab_issues_list',
      { project_id: 'acme/biling' },
      {
        'GET /projects/acme%2Fbiling/issues': absent('Project'),
        'GET /projects': [{ body: [] }, { body: own }],
      },
    )
    expect(similar).toEqual(['acme/billing'])
    expect(world.sent).toHaveLength(3)
  })

  test('the nearest branch, and the default one in place of master', async () => {
    const list = 'GET /projects/7/repository/branches'
    const body = [{ name: 'develop', default: true }, { name: 'feature/login' }]
    const branch = async (name: string) => {
      const missing = `${list}/${encodeURIComponent(name)}`
      const answers = { [missing]: absent('Branch'), [list]: { body } }
      return hinted('gitlab_branch_get', { project_id: 7, branch: name }, answers)
    }
    const near = await branch('feature/logni')
    expect(near.similar).toEqual(['feature/login'])
    expect(near.world.sent[1]).toContain('search=%5Efea')
    expect((await branch('Feature/Login')).similar).toEqual(['feature/login'])
    expect((await branch('master')).similar).toEqual(['develop'])
    expect((await branch('nothing-like-it')).similar).toBeUndefined()
  })

  test('the nearest branch of a ref that a pipeline cannot start from', async () => {
    const { similar, error } = await hinted(
      'gitlab_pipeline_create',
      { project_id: 7, ref: 'mian' },
      {
        'POST /projects/7/pipeline': {
          status: 400,
          body: { message: { base: ['Reference not found'] } },
        },
        // None begins with the same letters.
        'GET /projects/7/repository/branches': [{ body: [] }, { body: [{ name: 'main' }] }],
      },
    )
    expect(similar).toEqual(['main'])
    expect(error.nextStep).toContain('ref main')
  })

  test('what decodes a slash on the way is named, without a look', async () => {
    const page = { status: 404, body: '<html>404</html>' }
    const args = { project_id: 'acme/api' }
    const { error, world } = await hinted('gitlab_issues_list', args, { '*': page })
    expect(error.tool).toMatchObject({ code: 'NOT_FOUND', reason: 'route' })
    expect(error.nextStep).toContain('proxy_pass')
    expect(error.nextStep).toContain('AllowEncodedSlashes NoDecode')
    expect(world.sent).toHaveLength(1)
  })

  test.each([
    ['gitlab_issue_get', 'issue_iid', 'issues', 'issue', '#'],
    ['gitlab_merge_request_get', 'merge_request_iid', 'merge_requests', 'mergeRequest', '!'],
  ])('%s: the number that belongs to a global id', async (tool, field, part, kind, mark) => {
    const asked = (project: string, graphql: Answer) =>
      hinted(
        tool,
        { project_id: project, [field]: 501003 },
        {
          [`GET /projects/${encodeURIComponent(project)}/${part}/501003`]: absentItem,
          'POST /api/graphql': graphql,
        },
      )
    const ask = (project: string, reference: string | null) =>
      asked(project, { body: { data: { [kind]: reference && { reference } } } })
    const here = await ask('acme/api', `acme/api${mark}42`)
    expect(here.error.nextStep).toContain(`use ${field} 42.`)
    expect(here.world.requests[1]?.body).toMatchObject({
      variables: { id: expect.stringMatching(/^gid:\/\/gitlab\/\w+\/501003$/) },
    })
    const elsewhere = await ask('acme/api', `acme/web${mark}42`)
    expect(elsewhere.error.nextStep).toContain(`use ${field} 42 with project_id acme/web.`)
    const hidden = await ask('acme/api', null)
    expect(hidden.error.nextStep).not.toContain('global id')
    // A host without GraphQL loses the hint, and nothing else.
    const without = await asked('acme/api', { status: 404, body: '<html></html>' })
    expect(without.error.tool?.code).toBe(hidden.error.tool?.code)
    expect(without.error.nextStep).toBe(hidden.error.nextStep)
  })

  test('the id of a milestone whose number was given', async () => {
    const { error } = await hinted(
      'gitlab_milestone_get',
      { project_id: 7, milestone_id: 3 },
      {
        'GET /projects/7/milestones/3': absentItem,
        'GET /projects/7/milestones': { body: [{ id: 900, iid: 3 }] },
      },
    )
    expect(error.nextStep).toContain('use milestone_id 900')
  })

  test('approvals that another tier has', async () => {
    const merge = 'GET /projects/7/merge_requests/3'
    const answers = {
      [`${merge}/approvals`]: { status: 403, body: { message: '403 Forbidden' } },
      [merge]: { body: { iid: 3 } },
    }
    const args = { project_id: 7, merge_request_iid: 3 }
    const { error } = await hinted('gitlab_merge_request_approvals_get', args, answers)
    expect(error.tool?.code).toBe('PREMIUM_REQUIRED')
    const hidden = await hinted('gitlab_merge_request_approvals_get', args, {
      ...answers,
      [merge]: absentItem,
    })
    expect(hidden.error.tool?.code).toBe('FORBIDDEN')
  })

  test('a hint that fails leaves the error as it is', async () => {
    const { error } = await hinted(
      'gitlab_issues_list',
      { project_id: 'acme/apl' },
      { 'GET /projects/acme%2Fapl/issues': absent('Project'), 'GET /projects': { status: 500 } },
    )
    expect(error.tool).toMatchObject({ code: 'PROJECT_NOT_FOUND' })
  })

  test('none is looked for without a place in the window, where the caller wants none, or where places are limited', async () => {
    const args = { project_id: 'acme/apl' }
    const answers = {
      'GET /projects/acme%2Fapl/issues': absent('Project'),
      'GET /projects': { body: own },
    }
    const full = { policy: { rateLimit: { calls: 1, windowMs: 60_000 } } }
    const limited = { policy: { places: { project: ['acme/*'] } } }
    for (const more of [full, limited]) {
      const { world, similar } = await hinted('gitlab_issues_list', args, answers, more)
      expect(world.sent).toHaveLength(1)
      expect(similar).toBeUndefined()
    }
    const world = createWorld({ answers })
    await world.failure('gitlab_issues_list', args, { hints: false })
    expect(world.sent).toHaveLength(1)
  })
})
