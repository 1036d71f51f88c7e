import { describe, expect, test } from 'vitest'
import { startApi } from './caller.test.support.ts'
import { departures } from './client.test.support.ts'

// 501 is lighthouse/webshop: ada owns it, grace is a developer, lin is not in it. 503: lin is a reporter.
const issues = '/projects/501/issues'

describe('an issue', () => {
  test('has the fields of GitLab’s document, and of what people ask for', async () => {
    const ada = await (await startApi()).as('ada')
    const { body } = await ada('GET', `${issues}/1`)
    expect(departures('GET /projects/{id}/issues/{issue_iid}', body)).toEqual([])
    expect(body).toMatchObject({
      iid: 1,
      state: 'opened',
      labels: ['bug'],
      assignees: [{ username: 'ada' }],
      milestone: { title: 'Spring release' },
      user_notes_count: 1,
      upvotes: 0,
      downvotes: 0,
      references: { full: 'lighthouse/webshop#1' },
    })
  })

  test('is made with labels, a milestone, an assignee and a due date', async () => {
    const ada = await (await startApi()).as('ada')
    const { status, body } = await ada('POST', issues, {
      title: 'Lamp is out',
      labels: 'night, bug',
      assignee_ids: [102, 101],
      milestone_id: 501_600,
      due_date: '2026-04-01',
      confidential: true,
      issue_type: 'incident',
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      iid: 25,
      labels: ['bug', 'night'],
      milestone: { id: 501_600 },
      due_date: '2026-04-01',
      confidential: true,
      issue_type: 'incident',
      type: 'INCIDENT',
    })
    // Without a paid plan there is one assignee.
    expect(body.assignees).toMatchObject([{ username: 'grace' }])
    const labels = await ada('GET', '/projects/501/labels?search=night')
    expect(labels.body).toMatchObject([{ name: 'night' }])
  })

  test('is changed field by field, closed, and opened again', async () => {
    const ada = await (await startApi()).as('ada')
    const one = `${issues}/1`
    const changed = await ada('PUT', one, { add_labels: ['docs'], remove_labels: 'bug' })
    expect(changed).toMatchObject({ status: 200, body: { labels: ['docs'] } })
    expect((await ada('PUT', one, { labels: '', milestone_id: 0 })).body).toMatchObject({
      labels: [],
      milestone: null,
    })
    const closed = await ada('PUT', one, { state_event: 'close' })
    expect(closed.body).toMatchObject({ state: 'closed', closed_by: { username: 'ada' } })
    expect((await ada('PUT', one, { state_event: 'reopen' })).body).toMatchObject({
      state: 'opened',
      closed_at: null,
    })
    const system = await ada('GET', `${one}/notes?activity_filter=only_activity&sort=asc`)
    expect(system.body.map(({ body }: { body: string }) => body)).toEqual([
      'changed the milestone',
      'closed',
      'reopened',
    ])
  })

  test('is refused in GitLab’s words', async () => {
    const ada = await (await startApi()).as('ada')
    const problems = [
      [await ada('PUT', `${issues}/1`, {}), 400, /are missing, at least one parameter/],
      [await ada('PUT', `${issues}/1`, { state_event: 'open' }), 400, /state_event does not have/],
      [await ada('PUT', `${issues}/1`, { due_date: 'soon' }), 400, /due_date is invalid/],
      [await ada('GET', `${issues}/first`), 400, /issue_iid is invalid/],
      [await ada('GET', `${issues}?state=open`), 400, /state does not have a valid value/],
      [await ada('GET', `${issues}/501000`), 404, /404 Not found/],
      [await ada('POST', issues, { title: 'x'.repeat(256) }), 400, /is too long/],
    ] as const
    for (const [{ status, body }, expected, words] of problems) {
      expect([status, JSON.stringify(body)]).toEqual([expected, expect.stringMatching(words)])
    }
  })

  test('is changed by its author and by planners, and deleted by owners alone', async () => {
    const stage = await startApi()
    const [ada, grace, lin] = [
      await stage.as('ada'),
      await stage.as('grace'),
      await stage.as('lin'),
    ]
    expect((await grace('DELETE', `${issues}/1`)).status).toBe(403)
    expect((await ada('DELETE', `${issues}/1`)).status).toBe(204)
    expect((await ada('GET', `${issues}/1`)).status).toBe(404)
    expect((await lin('GET', issues)).body).toEqual({ message: '404 Project Not Found' })
  })

  test('that is confidential is not there for a guest', async () => {
    const stage = await startApi()
    const [ada, lin] = [await stage.as('ada'), await stage.as('lin')]
    // The Handbook is internal: who is signed in may read it without a role.
    await stage.control.addUser({ username: 'noor' })
    const noor = await stage.as('noor')
    const { body } = await ada('POST', '/projects/503/issues', {
      title: 'Leak',
      confidential: true,
    })
    const path = `/projects/503/issues/${body.iid}`
    expect((await lin('GET', path)).status).toBe(200)
    expect((await noor('GET', path)).body).toEqual({ message: '404 Not found' })
    const seen = await noor('GET', '/projects/503/issues?per_page=100')
    expect(seen.body).toHaveLength(3)
  })

  test.each([
    ['labels=None', 0],
    ['labels=Any&iids[]=1&iids[]=2', 2],
    ['milestone=Spring%20release', 1],
    ['milestone=None&iids[]=1', 0],
    ['assignee_id=None&iids[]=1&iids[]=2', 1],
    ['assignee_username[]=ada&state=opened&per_page=100', 6],
    ['author_username=grace&per_page=100', 12],
    ['scope=assigned_to_me&iids[]=1', 1],
    ['created_after=2026-02-26T00:00:00Z', 1],
    ['due_date=0&iids[]=3', 1],
    ['confidential=true', 0],
  ])('is found by %s', async (query, count) => {
    const ada = await (await startApi()).as('ada')
    expect((await ada('GET', `${issues}?${query}`)).body).toHaveLength(count)
  })
})

describe('a comment', () => {
  test('is made, changed and deleted by its author', async () => {
    const stage = await startApi()
    const [ada, grace] = [await stage.as('ada'), await stage.as('grace')]
    const made = await grace('POST', `${issues}/2/notes`, { body: 'Me too' })
    expect(made).toMatchObject({
      status: 201,
      body: { body: 'Me too', system: false, noteable_iid: 2, author: { username: 'grace' } },
    })
    const path = `${issues}/2/notes/${made.body.id}`
    expect((await grace('PUT', path, { body: 'Me three' })).body.body).toBe('Me three')
    expect((await grace('PUT', path, {})).body).toEqual({ error: 'body is missing' })
    expect((await ada('DELETE', path)).status).toBe(204)
    expect((await grace('GET', path)).body).toEqual({ message: '404 Not found' })
  })

  test('of another is not changed by a developer', async () => {
    const grace = await (await startApi()).as('grace')
    const { status } = await grace('PUT', `${issues}/1/notes/501700`, { body: 'No' })
    expect(status).toBe(403)
  })

  test('that is internal is seen from the role Planner up', async () => {
    const stage = await startApi()
    const ada = await stage.as('ada')
    await stage.control.addUser({ username: 'noor' })
    const noor = await stage.as('noor')
    const path = '/projects/503/issues/2/notes'
    await ada('POST', path, { body: 'Between us', internal: true })
    expect((await ada('GET', path)).body).toHaveLength(1)
    expect((await noor('GET', path)).body).toHaveLength(0)
    expect((await noor('POST', path, { body: 'x', internal: true })).status).toBe(403)
  })
})

describe('a milestone', () => {
  const milestones = '/projects/501/milestones'

  test('is named by its global id, not by the number that people see', async () => {
    const ada = await (await startApi()).as('ada')
    expect((await ada('GET', `${milestones}/1`)).body).toEqual({ message: '404 Not found' })
    const [first] = (await ada('GET', `${milestones}?iids[]=1`)).body
    expect((await ada('GET', `${milestones}/${first.id}`)).body.iid).toBe(1)
  })

  test('is made, closed and deleted, and what had it stays', async () => {
    const ada = await (await startApi()).as('ada')
    const dates = { start_date: '2026-05-01', due_date: '2026-06-01' }
    const made = await ada('POST', milestones, { title: 'Summer', ...dates })
    expect(made).toMatchObject({ status: 201, body: { iid: 3, state: 'active', ...dates } })
    const path = `${milestones}/${made.body.id}`
    expect((await ada('PUT', path, { state_event: 'close' })).body.state).toBe('closed')
    await ada('PUT', `${issues}/2`, { milestone_id: made.body.id })
    expect((await ada('DELETE', path)).status).toBe(204)
    expect((await ada('GET', `${issues}/2`)).body.milestone).toBeNull()
  })

  test('needs a title that is free and dates in order', async () => {
    const ada = await (await startApi()).as('ada')
    const say = async (body: object) => (await ada('POST', milestones, body)).body
    expect(await say({})).toEqual({ error: 'title is missing' })
    expect(await say({ title: 'Spring release' })).toEqual({
      message: { title: ['already being used for another group or project milestone.'] },
    })
    expect(await say({ title: 'x', start_date: '2026-05-02', due_date: '2026-05-01' })).toEqual({
      message: { due_date: ['must be greater than start date'] },
    })
  })
})

test('a label needs a name that is free and a colour', async () => {
  const ada = await (await startApi()).as('ada')
  const say = (body: object) => ada('POST', '/projects/501/labels', body)
  expect(await say({ name: 'night', color: '#123abc', priority: 1 })).toMatchObject({
    status: 201,
    body: { name: 'night', color: '#123abc', priority: 1 },
  })
  expect(await say({ name: 'night', color: '#123abc' })).toMatchObject({
    status: 409,
    body: { message: 'Label already exists' },
  })
  expect((await say({ name: 'x', color: 'nightly' })).body).toEqual({
    message: { color: ['must be a valid color code'] },
  })
  const counted = await ada('GET', '/projects/501/labels?with_counts=true&search=docs')
  expect(counted.body).toMatchObject([{ open_issues_count: 3, closed_issues_count: 1 }])
})
