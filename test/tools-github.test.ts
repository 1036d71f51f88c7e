/** GitHub's tools through the service, at a stand-in: nothing between the routes and the provider knows GitLab by name. */
import { isKeywellError, Keywell, type KeywellError } from '@keywell/sdk'
import { listTools } from '@keywell/tools'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import type { TestDatabase } from './support/inspected.ts'
import { installInBrowser, integrateApp, startGitHub } from './support/installed-app.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const tenantId = 'ten_github_tools'
const at = { owner: 'northwind', repo: 'site' }

let database: TestDatabase
let github: Awaited<ReturnType<typeof startGitHub>>
let stage: Stage
let keywell: Keywell

beforeAll(async () => {
  database = await openEmbedded()
  github = await startGitHub()
  stage = await createStage(database, {
    providers: [github.definition],
    privateHosts: github.origins.map((origin) => ({ origin })),
  })
  keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
})
afterAll(async () => {
  keywell.close()
  await stage.stop()
  await github.at.stop()
  await database.close()
})

/** A user with a token of these scopes. */
async function connected(userId: string, scopes: readonly string[]) {
  const token = github.at.createPersonalAccessToken({ login: 'ada', scopes: [...scopes] })
  const who = { tenantId, userId }
  const credential = { type: 'api_key', value: token }
  const body = { ...who, provider: 'github', method: 'personal_access_token', credential }
  must(await stage.call('POST', '/v1/connections', body), 201)
  return {
    token,
    call: (tool: string, given: object = {}) =>
      keywell.tools.execute<Record<string, never>>(tool, { ...at, ...given }, who),
  }
}

const failureOf = (call: Promise<unknown>): Promise<KeywellError> =>
  call.then(
    () => Promise.reject(new Error('It did not fail.')),
    (error: unknown) => (isKeywellError(error) ? error : Promise.reject(error)),
  )

verifies.suite('tools:github', () => {
  test('each tool does what it says', async () => {
    const { call, token } = await connected('usr_all', ['public_repo'])
    const ran = new Set<string>()
    const told: string[] = []
    const run = async (tool: string, given: object = {}) => {
      const answer = await call(tool, given)
      ran.add(tool)
      told.push(JSON.stringify(answer))
      return answer
    }
    const issue = (await run('github_issue_create', { title: 'Repaint the harbour' })).data
    const issue_number = Number(issue.number)
    await run('github_issue_comment_create', { issue_number, body: 'In spring.' })
    expect((await run('github_issue_get', { issue_number })).data).toMatchObject({ comments: 1 })
    expect((await run('github_issues_list', { per_page: 1 })).nextPage).toBe(2)
    const made = { title: 'A lamp', head: 'lamp', base: 'main' }
    const pull_number = Number((await run('github_pull_request_create', made)).data.number)
    expect((await run('github_pull_requests_list')).data).toMatchObject([{ number: pull_number }])
    expect((await run('github_pull_request_get', { pull_number })).data).toMatchObject({
      mergeable: true,
      head: { ref: 'lamp' },
    })
    const merged = (await run('github_pull_request_merge', { pull_number })).data
    expect(merged).toMatchObject({ merged: true })
    // The list is a field of an object there.
    expect((await run('github_workflow_runs_list', { branch: 'lamp' })).data).toMatchObject([
      { conclusion: 'failure' },
    ])
    const file = (await run('github_contents_get', { path: 'src/lamp.ts' })).data
    expect(file).toMatchObject({ content: 'export const lamp = true\n' })
    expect((await call('github_contents_get')).data).toMatchObject({
      entries: [{ name: 'README.md' }, { name: 'src', type: 'dir' }],
    })
    expect([...ran].sort()).toEqual(
      listTools('github')
        .map(({ name }) => name)
        .sort(),
    )
    expect(told.filter((text) => text.includes(token))).toEqual([])
  })

  test('a token without the scope is not sent', async () => {
    const { call } = await connected('usr_profile', ['read:user'])
    const error = await failureOf(call('github_issue_create', { title: 'No' }))
    expect(error.tool).toMatchObject({ code: 'SCOPE_MISSING', refusedBy: 'keywell' })
    expect(error.missingScopes).toEqual(['public_repo'])
    // What is public, any token reads.
    expect((await call('github_issues_list')).data).not.toEqual([])
  })
})

/** The error of a call, and what it says to do. */
async function refusal(call: Promise<unknown>) {
  const { tool, nextStep, missingScopes, retryAfterMs } = await failureOf(call)
  const { code, reason, similar, refusedBy } = tool ?? {}
  expect(refusedBy).toBe('provider')
  return { code, reason, similar, nextStep, missingScopes, retryAfterMs }
}

const repository = (name: string) => {
  const found = github.at.repositories.find((each) => each.name === name)
  if (found === undefined) throw new Error(`There is no repository ${name}.`)
  return found
}

verifies.suite('tools:github-refusals', () => {
  test('what is not there is named, or what was meant in its place', async () => {
    const { call } = await connected('usr_absent', ['repo'])
    expect(await refusal(call('github_issue_get', { issue_number: 4_711 }))).toMatchObject({
      code: 'ISSUE_NOT_FOUND',
      reason: 'issue',
    })
    expect(await refusal(call('github_contents_get', { path: 'no/such' }))).toMatchObject({
      code: 'NOT_FOUND',
      reason: 'file',
    })
    const typo = { repo: 'harbuor' }
    for (const tool of ['github_issues_list', 'github_contents_get']) {
      expect(await refusal(call(tool, typo))).toMatchObject({
        code: 'REPOSITORY_NOT_FOUND',
        similar: ['northwind/harbour'],
        nextStep: expect.stringContaining('owner/repo northwind/harbour'),
      })
    }
    expect(await refusal(call('github_issues_list', { owner: 'nortwind' }))).toMatchObject({
      similar: ['northwind/site'],
    })
    expect(await refusal(call('github_issues_list', { repo: 'nothing-like-it' }))).toMatchObject({
      code: 'REPOSITORY_NOT_FOUND',
      reason: 'repository',
      similar: undefined,
    })
    // Both are counted together.
    expect(await refusal(call('github_pull_request_get', { pull_number: 1 }))).toMatchObject({
      code: 'PULL_REQUEST_NOT_FOUND',
      nextStep: expect.stringContaining('github_issue_get with issue_number 1'),
    })
    expect(await refusal(call('github_pull_request_get', { pull_number: 99 }))).toMatchObject({
      code: 'PULL_REQUEST_NOT_FOUND',
      nextStep: expect.not.stringContaining('issue_number'),
    })
  })

  test('a private repository asks for the scope that shows it', async () => {
    const { call } = await connected('usr_public', ['public_repo'])
    for (const [tool, given] of [
      ['github_issues_list', {}],
      ['github_issue_get', { issue_number: 1 }],
      ['github_contents_get', { path: 'README.md' }],
      ['github_issue_create', { title: 'No' }],
    ] as const) {
      const refused = await refusal(call(tool, { repo: 'harbour', ...given }))
      expect(refused, tool).toMatchObject({ code: 'SCOPE_MISSING', missingScopes: ['repo'] })
    }
    // What is not there in a public one is not a matter of scopes, and a name that is near was mistyped.
    const issue = await refusal(call('github_issue_get', { issue_number: 4_711 }))
    expect(issue.code).toBe('ISSUE_NOT_FOUND')
    expect(await refusal(call('github_issues_list', { repo: 'sitte' }))).toMatchObject({
      code: 'REPOSITORY_NOT_FOUND',
      similar: ['northwind/site'],
    })
  })

  test('a branch is one that there is', async () => {
    const { call } = await connected('usr_branch', ['repo'])
    const made = { title: 'No', head: 'lamp', base: 'main', repo: 'charts' }
    expect(await refusal(call('github_contents_get', { ref: 'lmap' }))).toMatchObject({
      code: 'BRANCH_NOT_FOUND',
      similar: ['lamp'],
      nextStep: expect.stringContaining('ref lamp'),
    })
    expect(await refusal(call('github_contents_get', { ref: 'master' }))).toMatchObject({
      similar: ['main'],
    })
    const create = (more: object) => call('github_pull_request_create', { ...made, ...more })
    expect(await refusal(create({ head: 'lampp' }))).toMatchObject({
      code: 'BRANCH_NOT_FOUND',
      nextStep: expect.stringContaining('head lamp'),
    })
    expect(await refusal(create({ base: 'master' }))).toMatchObject({
      nextStep: expect.stringContaining('base main'),
    })
    expect(await refusal(create({ head: 'main' }))).toMatchObject({
      code: 'CONFLICT',
      reason: 'nothing_to_merge',
    })
    await create({})
    expect(await refusal(create({}))).toMatchObject({ code: 'CONFLICT', reason: 'exists' })
  })

  test('a merge that cannot be made says why', async () => {
    const { call } = await connected('usr_merge', ['repo'])
    const made = { title: 'A lamp', head: 'lamp', base: 'main', draft: true, repo: 'harbour' }
    const { data } = await call('github_pull_request_create', made)
    const at = { repo: 'harbour', pull_number: Number(data.number) }
    expect(await refusal(call('github_pull_request_merge', at))).toMatchObject({
      code: 'CONFLICT',
      reason: 'not_mergeable',
    })
    const there = { owner: 'ada', repo: 'sextant' }
    const open = await call('github_pull_request_create', { ...made, ...there, draft: false })
    const merge = { ...there, pull_number: Number(open.data.number), sha: '0'.repeat(40) }
    expect(await refusal(call('github_pull_request_merge', merge))).toMatchObject({
      code: 'CONFLICT',
      reason: 'stale',
    })
  })

  test('what the owner of a repository or an organization has set is said with who can change it', async () => {
    const { call } = await connected('usr_closed', ['repo'])
    const [northwind] = github.at.organizations
    const harbour = repository('harbour')
    if (northwind === undefined) throw new Error('There is no organization.')
    const list = () => refusal(call('github_issues_list', { repo: 'harbour' }))
    northwind.enforcesSaml = true
    expect(await list()).toMatchObject({
      code: 'FORBIDDEN',
      reason: 'sso',
      nextStep: expect.stringContaining('https://github.com/orgs/northwind/sso'),
    })
    northwind.enforcesSaml = false
    harbour.hasNoIssues = true
    expect(await list()).toMatchObject({ code: 'NOT_FOUND', reason: 'switched_off' })
    harbour.hasNoIssues = false
    harbour.blocked = true
    expect(await list()).toMatchObject({ code: 'FORBIDDEN', reason: 'blocked' })
    harbour.blocked = false
    harbour.archived = true
    const create = call('github_issue_create', { repo: 'harbour', title: 'No' })
    expect(await refusal(create)).toMatchObject({ code: 'FORBIDDEN', reason: 'archived' })
    harbour.archived = false
  })

  test('a repository that has moved is read, and a change names where to', async () => {
    const { call } = await connected('usr_moved', ['repo'])
    repository('sextant').formerName = 'compass'
    const former = { owner: 'ada', repo: 'compass' }
    expect((await call('github_issue_get', { ...former, issue_number: 1 })).data).toMatchObject({
      number: 1,
    })
    expect(await refusal(call('github_issue_create', { ...former, title: 'No' }))).toMatchObject({
      code: 'CONFLICT',
      reason: 'moved',
      similar: ['ada/sextant'],
    })
  })

  test.each([
    ['of one hour', () => github.at.primaryRateLimit(), 121_000],
    ['of many calls at once', () => github.at.secondaryRateLimit(), 60_000],
    [
      'of many calls at once, without a header',
      () => github.at.secondaryRateLimit({ saysPause: false }),
      60_000,
    ],
  ])('a limit %s rests the connection', async (name, fault, mostMs) => {
    const { call } = await connected(`usr_limit_${name.length}`, ['repo'])
    github.at.addFault({ ...fault(), path: '/repos/northwind/site/issues' })
    const { code, retryAfterMs } = await refusal(call('github_issues_list'))
    expect(code).toBe('RATE_LIMITED')
    expect(retryAfterMs).toBeGreaterThan(mostMs - 10_000)
    expect(retryAfterMs).toBeLessThanOrEqual(mostMs)
    // Nothing is sent until then.
    const again = await failureOf(call('github_issues_list'))
    expect(again.tool).toMatchObject({ code: 'RATE_LIMITED', refusedBy: 'keywell' })
  })

  test('arguments that GitHub does not take are named', async () => {
    const { call } = await connected('usr_invalid', ['repo'])
    const error = await failureOf(call('github_issue_create', { title: '' }))
    expect(error.tool).toMatchObject({
      code: 'VALIDATION_ERROR',
      issues: [{ field: 'title', problem: 'It is required.' }],
    })
  })

  test('an app that lacks a permission is told which', async () => {
    const who = { tenantId, userId: 'usr_installs' }
    const { app } = await integrateApp(stage, github.at, { tenantId })
    await installInBrowser(stage, { who, account: 'northwind' })
    expect(app.permissions).not.toHaveProperty('issues')
    const call = keywell.tools.execute(
      'github_issue_create',
      { ...at, title: 'No' },
      { tenantId, owner: 'tenant' },
    )
    expect(await refusal(call)).toMatchObject({
      code: 'FORBIDDEN',
      reason: 'permission',
      nextStep: expect.stringContaining('"issues=write"'),
    })
  })
})
