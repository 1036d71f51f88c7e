/** GitHub's tools through the service, at a stand-in: nothing between the routes and the provider knows GitLab by name. */
import { isKeywellError, Keywell, type KeywellError } from '@keywell/sdk'
import { listTools } from '@keywell/tools'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import type { TestDatabase } from './support/inspected.ts'
import { startGitHub } from './support/installed-app.ts'
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

  test('what GitHub refuses is told by its code', async () => {
    const { call } = await connected('usr_refused', ['public_repo'])
    const codes = await Promise.all(
      [
        call('github_issue_get', { issue_number: 4_711 }),
        call('github_issues_list', { repo: 'no-such' }),
        call('github_pull_request_create', { title: 'No', head: 'nowhere', base: 'main' }),
      ].map(async (each) => (await failureOf(each)).tool?.code),
    )
    expect(codes).toEqual(['ISSUE_NOT_FOUND', 'PROJECT_NOT_FOUND', 'VALIDATION_ERROR'])
  })
})
