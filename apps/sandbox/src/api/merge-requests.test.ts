import { describe, expect, test } from 'vitest'
import { type ApiStage, type Caller, startApi } from './caller.test.support.ts'
import { departures } from './client.test.support.ts'

// ada owns 501 and has opened its merge request from feature/quiet; grace is a developer, lin is not in it.
const list = '/projects/501/merge_requests'
const one = `${list}/1`
const files = '/projects/501/repository/files'

async function start(): Promise<{ stage: ApiStage; ada: Caller; grace: Caller }> {
  const stage = await startApi()
  return { stage, ada: await stage.as('ada'), grace: await stage.as('grace') }
}

/** A branch with one change of the README. */
async function change(ada: Caller, branch: string, content: string): Promise<void> {
  await ada('POST', '/projects/501/repository/branches', { branch, ref: 'main' })
  await ada('PUT', `${files}/README.md`, { branch, content, commit_message: 'Say more' })
}

describe('a merge request', () => {
  test('has the fields of GitLab’s document, and of what people ask for', async () => {
    const { ada } = await start()
    const { body } = await ada('GET', one)
    expect(departures('GET /projects/{id}/merge_requests/{merge_request_iid}', body)).toEqual([])
    const listed = await ada('GET', list)
    expect(departures('GET /projects/{id}/merge_requests', listed.body)).toEqual([])
    expect(body).toMatchObject({
      iid: 1,
      state: 'opened',
      author: { username: 'ada' },
      source_branch: 'feature/quiet',
      target_branch: 'main',
      merge_status: 'can_be_merged',
      detailed_merge_status: 'mergeable',
      has_conflicts: false,
      changes_count: '1',
      pipeline: { status: 'success', ref: 'feature/quiet' },
      references: { full: 'lighthouse/webshop!1' },
      web_url: expect.stringMatching(/\/lighthouse\/webshop\/-\/merge_requests\/1$/),
      user: { can_merge: true },
    })
    const { base_sha, head_sha, start_sha } = body.diff_refs
    expect(head_sha).toBe(body.sha)
    expect(base_sha).toBe(start_sha)
    expect(base_sha).not.toBe(head_sha)
  })

  test('shows its commits, its changes and its pipelines', async () => {
    const { ada } = await start()
    const at = '/projects/{id}/merge_requests/{merge_request_iid}'
    const commits = await ada('GET', `${one}/commits`)
    expect(departures(`GET ${at}/commits`, commits.body)).toEqual([])
    expect(commits.body).toMatchObject([{ title: 'Start without a word' }])
    const diffs = await ada('GET', `${one}/diffs`)
    expect(departures(`GET ${at}/diffs`, diffs.body)).toEqual([])
    expect(diffs.body).toMatchObject([
      { new_path: 'src/start.ts', new_file: false, diff: expect.stringMatching(/^@@ /) },
    ])
    const unified = await ada('GET', `${one}/diffs?unidiff=true`)
    expect(unified.body[0].diff).toMatch(/^--- a\/src\/start\.ts\n\+\+\+ b\/src\/start\.ts\n@@ /)
    const pipelines = await ada('GET', `${one}/pipelines`)
    expect(pipelines.body).toMatchObject([{ ref: 'feature/quiet', status: 'success' }])
  })

  test('is opened from a branch, with a reviewer, and as a draft by its title', async () => {
    const { ada } = await start()
    await change(ada, 'feature/loud', '# Loud\n')
    const made = await ada('POST', list, {
      title: 'Draft: Be loud',
      source_branch: 'feature/loud',
      target_branch: 'main',
      description: 'Louder.',
      labels: ['feature'],
      reviewer_ids: [102],
      remove_source_branch: true,
      squash: true,
    })
    expect(made.status).toBe(201)
    expect(departures('POST /projects/{id}/merge_requests', made.body)).toEqual([])
    expect(made.body).toMatchObject({
      iid: 2,
      draft: true,
      detailed_merge_status: 'draft_status',
      labels: ['feature'],
      reviewers: [{ username: 'grace' }],
      squash: true,
      force_remove_source_branch: true,
    })
    const drafts = await ada('GET', `${list}?wip=yes`)
    expect(drafts.body.map(({ iid }: { iid: number }) => iid)).toEqual([2])
    const reviewed = await ada('GET', `${list}?reviewer_username=grace`)
    expect(reviewed.body).toHaveLength(1)
    const ready = await ada('PUT', `${list}/2`, { title: 'Be loud' })
    expect(ready.body).toMatchObject({ draft: false, detailed_merge_status: 'mergeable' })
  })

  test('is not opened twice, from itself, or from nowhere', async () => {
    const { ada } = await start()
    const say = (source_branch: string) =>
      ada('POST', list, { title: 'x', source_branch, target_branch: 'main' })
    expect(await say('feature/quiet')).toMatchObject({
      status: 409,
      body: { message: ['Another open merge request already exists for this source branch: !1'] },
    })
    expect(await say('main')).toMatchObject({ status: 422 })
    expect(await say('feature/none')).toMatchObject({ status: 400 })
    expect((await ada('POST', list, { title: 'x' })).body).toEqual({
      error: 'source_branch is missing, target_branch is missing',
    })
  })

  test('is closed, opened again and commented', async () => {
    const { ada, grace } = await start()
    expect((await ada('PUT', one, { state_event: 'close' })).body.state).toBe('closed')
    expect((await ada('PUT', one, { state_event: 'reopen' })).body.state).toBe('opened')
    const made = await grace('POST', `${one}/notes`, { body: 'Looks good' })
    expect(made).toMatchObject({ status: 201, body: { noteable_type: 'MergeRequest' } })
    const notes = await ada('GET', `${one}/notes?activity_filter=only_comments`)
    expect(notes.body).toMatchObject([{ body: 'Looks good' }])
  })

  test('is not there for the guests of a private project', async () => {
    const { stage, ada } = await start()
    await ada('POST', '/projects/501/members', { user_id: 103, access_level: 10 })
    const lin = await stage.as('lin')
    expect((await lin('GET', '/projects/501/issues')).status).toBe(200)
    expect((await lin('GET', list)).status).toBe(403)
    expect((await lin('GET', one)).body).toEqual({ message: '404 Not found' })
  })
})

describe('merging', () => {
  test('moves the target, and removes the branch if that is wished', async () => {
    const { ada } = await start()
    const before = (await ada('GET', one)).body
    const merged = await ada('PUT', `${one}/merge`, {
      sha: before.sha,
      should_remove_source_branch: true,
    })
    const at = 'PUT /projects/{id}/merge_requests/{merge_request_iid}/merge'
    expect(departures(at, merged.body)).toEqual([])
    expect(merged).toMatchObject({
      status: 200,
      body: {
        state: 'merged',
        merged_by: { username: 'ada' },
        detailed_merge_status: 'not_open',
        // What it brought can still be read.
        sha: before.sha,
        changes_count: '1',
      },
    })
    const main = await ada('GET', '/projects/501/repository/branches/main')
    expect(main.body.commit.id).toBe(merged.body.merge_commit_sha)
    const gone = await ada('GET', '/projects/501/repository/branches/feature%2Fquiet')
    expect(gone.body).toEqual({ message: '404 Branch Not Found' })
    expect((await ada('GET', `${one}/commits`)).body).toHaveLength(1)
  })

  test('without the right is 401 for a living token', async () => {
    const { grace } = await start()
    expect(await grace('PUT', `${one}/merge`)).toMatchObject({
      status: 401,
      body: { message: '401 Unauthorized' },
    })
    expect((await grace('GET', '/user')).status).toBe(200)
  })

  test('of a draft, or of one that is merged already, is 405', async () => {
    const { ada } = await start()
    await ada('PUT', one, { title: 'Draft: Start without a word' })
    expect(await ada('PUT', `${one}/merge`)).toMatchObject({
      status: 405,
      body: { message: '405 Method Not Allowed' },
    })
    await ada('PUT', one, { title: 'Start without a word' })
    expect((await ada('PUT', `${one}/merge`)).status).toBe(200)
    expect((await ada('PUT', `${one}/merge`)).status).toBe(405)
  })

  test('of another head than the one that was looked at is 409', async () => {
    const { ada } = await start()
    const { sha } = (await ada('GET', one)).body
    await ada('PUT', `${files}/README.md`, {
      branch: 'feature/quiet',
      content: '# Quiet\n',
      commit_message: 'Say so',
    })
    const { status, body } = await ada('PUT', `${one}/merge`, { sha })
    const head = (await ada('GET', one)).body.sha
    expect([status, body.message]).toEqual([
      409,
      `SHA does not match HEAD of source branch: ${head}`,
    ])
    expect(head).not.toBe(sha)
  })

  test('of branches that changed the same file is 422', async () => {
    const { ada } = await start()
    await ada('PUT', `${files}/src%2Fstart.ts`, {
      branch: 'main',
      content: 'export function start(): void { throw new Error() }\n',
      commit_message: 'Never start',
    })
    expect((await ada('GET', one)).body).toMatchObject({
      has_conflicts: true,
      merge_status: 'cannot_be_merged',
      detailed_merge_status: 'conflict',
    })
    expect(await ada('PUT', `${one}/merge`)).toMatchObject({
      status: 422,
      body: { message: 'Branch cannot be merged' },
    })
  })

  test('waits for a pipeline where the project asks for one', async () => {
    const { stage, ada } = await start()
    await ada('PUT', '/projects/501', { only_allow_merge_if_pipeline_succeeds: true })
    const pipeline = await ada('POST', '/projects/501/pipeline', { ref: 'feature/quiet' })
    expect((await ada('GET', one)).body.detailed_merge_status).toBe('ci_still_running')
    expect((await ada('PUT', `${one}/merge`)).status).toBe(405)
    expect(await ada('PUT', `${one}/merge`, { auto_merge: true })).toMatchObject({
      status: 200,
      body: { state: 'opened', merge_when_pipeline_succeeds: true },
    })
    const jobs = await ada('GET', `/projects/501/pipelines/${pipeline.body.id}/jobs`)
    for (const { id, name } of jobs.body) {
      if (name !== 'deploy') await stage.control.reportJob(id, { status: 'success' })
    }
    expect((await ada('GET', one)).body.detailed_merge_status).toBe('mergeable')
  })
})

describe('an approval', () => {
  const at = '/projects/{id}/merge_requests/{merge_request_iid}'

  test('is given once, by another than the author', async () => {
    const { ada, grace } = await start()
    expect((await grace('GET', `${one}/approvals`)).body).toMatchObject({
      user_can_approve: true,
      approved: false,
    })
    const approved = await grace('POST', `${one}/approve`)
    expect(departures(`POST ${at}/approve`, approved.body)).toEqual([])
    expect(approved).toMatchObject({
      status: 201,
      body: {
        user_has_approved: true,
        approved: true,
        approved_by: [{ user: { username: 'grace' } }],
      },
    })
    for (const caller of [grace, ada]) {
      expect(await caller('POST', `${one}/approve`)).toMatchObject({
        status: 401,
        body: { message: '401 Unauthorized' },
      })
    }
    expect((await grace('POST', `${one}/unapprove`)).status).toBe(201)
    expect((await ada('GET', `${one}/approvals`)).body.approved).toBe(false)
  })

  test('of another head is 409, and of a reporter 403', async () => {
    const { stage, grace } = await start()
    expect((await grace('POST', `${one}/approve`, { sha: 'a'.repeat(40) })).status).toBe(409)
    const lin = await stage.as('lin')
    expect((await lin('POST', '/projects/503/merge_requests/1/approve')).status).toBe(403)
  })
})
