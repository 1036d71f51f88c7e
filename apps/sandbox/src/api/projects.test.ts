import { describe, expect, test } from 'vitest'
import { startStage } from '../stage.test.support.ts'
import { clientOf, departures } from './client.test.support.ts'

async function start(username = 'ada') {
  const stage = await startStage()
  return { stage, client: await clientOf(stage, { username }) }
}

describe('projects', () => {
  test('one has what GitLab’s document says, and its manager sees its secret', async () => {
    const { stage, client } = await start()
    const { body } = await client.get('/projects/501')
    // The document has no permissions, though GitLab sends them.
    expect(departures('GET /projects/{id}', body)).toEqual([])
    expect(body).toMatchObject({
      permissions: { project_access: { access_level: 50 }, group_access: null },
      namespace: { kind: 'group', full_path: 'lighthouse' },
    })
    expect(body.runners_token).toMatch(/^GR1348941/)
    const grace = await clientOf(stage, { username: 'grace' })
    expect((await grace.get('/projects/501')).body).not.toHaveProperty('runners_token')
  })

  test('what is changed at one stand-in is not changed at another', async () => {
    const changed = await start()
    await changed.client.put('/projects/501', { only_allow_merge_if_pipeline_succeeds: true })
    const { client } = await start()
    const { body } = await client.get('/projects/501')
    expect(body.only_allow_merge_if_pipeline_succeeds).not.toBe(true)
  })

  test('a list is narrowed and sorted, and may be simple', async () => {
    const { client } = await start()
    const names = async (query: string) =>
      (await client.list(`/projects?${query}`)).map(({ name }) => name)
    expect(await names('membership=true&order_by=name&sort=asc')).toEqual([
      'Billing Service',
      'Handbook',
      'Home Automation',
      'Webshop',
    ])
    expect(await names('search=WEB')).toEqual(['Webshop'])
    expect(await names('topic=ledger')).toEqual(['Billing Service'])
    expect(await names('visibility=internal')).toEqual(['Handbook'])
    expect(await names('starred=true')).toEqual([])
    const rows = await client.list('/projects?simple=true')
    expect(departures('GET /projects', rows)).toEqual([])
    expect(await client.get('/projects?order_by=size')).toMatchObject({
      status: 400,
      body: { error: 'order_by does not have a valid value' },
    })
  })

  test('keyset pages go by id, and by nothing else', async () => {
    const { client } = await start()
    const query = 'pagination=keyset&order_by=id&sort=asc&per_page=3&membership=true'
    const first = await client.get(`/projects?${query}`)
    const next = /<([^>]*)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    expect(new URL(next).searchParams.get('id_after')).toBe('503')
    const rest = await client.list(`/projects${new URL(next).search}`)
    expect(rest.map(({ id }) => id)).toEqual([504])
    expect(await client.get('/projects?pagination=keyset&order_by=name')).toMatchObject({
      status: 405,
    })
  })

  test('one is made in the own namespace or in a group, with a first commit if asked', async () => {
    const { client } = await start()
    const own = await client.post('/projects', { name: 'Night Light' })
    expect(own).toMatchObject({
      status: 201,
      body: { path_with_namespace: 'ada/night-light', visibility: 'private', empty_repo: true },
    })
    expect(departures('POST /projects', own.body)).toEqual(['permissions is unknown'])
    const { body: group } = await client.get('/groups/harbour')
    const made = await client.post('/projects', {
      path: 'crane',
      namespace_id: group.id,
      initialize_with_readme: true,
      topics: ['steel'],
      unknown: 'is ignored',
    })
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'crane', path_with_namespace: 'harbour/crane', default_branch: 'main' },
    })
    const tree = await client.list('/projects/harbour%2Fcrane/repository/tree')
    expect(tree).toMatchObject([{ path: 'README.md' }])
  })

  test.each([
    [{}, { error: 'name, path are missing, at least one parameter must be provided' }],
    [
      { path: 'home-automation' },
      { message: { path: ['has already been taken'], name: ['has already been taken'] } },
    ],
    [{ name: 'x', namespace_id: 61 }, { message: { namespace: ['is not valid'] } }],
    [{ name: 'x', path: '-x' }, { message: { path: [expect.stringMatching(/^must not start/)] } }],
    [{ name: 'x', visibility: 'secret' }, { error: 'visibility does not have a valid value' }],
  ])('a new one of %j is 400', async (body, answer) => {
    const { client } = await start()
    expect(await client.post('/projects', body)).toMatchObject({ status: 400, body: answer })
  })

  test('is changed by a maintainer, renamed by an owner', async () => {
    const { stage, client } = await start()
    const changed = await client.put('/projects/501', {
      description: 'New',
      merge_method: 'ff',
      default_branch: 'feature/quiet',
    })
    expect(changed).toMatchObject({
      status: 200,
      body: { description: 'New', merge_method: 'ff', default_branch: 'feature/quiet' },
    })
    expect(departures('PUT /projects/{id}', changed.body)).toEqual(['permissions is unknown'])
    const grace = await clientOf(stage, { username: 'grace' })
    expect(await grace.put('/projects/501', { description: 'x' })).toMatchObject({ status: 403 })
    const { status, body } = await client.put('/projects/501', {})
    expect([status, body.error]).toEqual([
      400,
      expect.stringMatching(/^name, path, .* are missing, at least one parameter/),
    ])
  })

  test('one that has moved leads readers to its number, and refuses the others', async () => {
    const { stage, client } = await start()
    expect((await client.put('/projects/501', { path: 'shop' })).status).toBe(200)
    const read = await client.get('/projects/lighthouse%2Fwebshop/issues?state=opened')
    expect(read.status).toBe(301)
    expect(read.headers.get('location')).toBe(
      `${stage.url}/api/v4/projects/501/issues?state=opened`,
    )
    expect(
      await client.post('/projects/lighthouse%2Fwebshop/issues', { title: 'x' }),
    ).toMatchObject({
      status: 405,
      body: { message: 'Non GET methods are not allowed for moved projects' },
    })
    expect((await client.get('/projects/lighthouse%2Fshop')).body.id).toBe(501)
    const lin = await clientOf(stage, { username: 'lin' })
    expect((await lin.get('/projects/lighthouse%2Fwebshop')).status).toBe(404)
  })

  test('is deleted after a while, and at once when it is named in full', async () => {
    const { stage, client } = await start()
    const grace = await clientOf(stage, { username: 'grace' })
    expect((await grace.delete('/projects/501')).status).toBe(403)
    const gone = await client.delete('/projects/501')
    expect([gone.status, gone.body]).toEqual([202, { message: '202 Accepted' }])
    expect((await client.get('/projects/501')).body.marked_for_deletion_on).toBe('2026-03-01')
    expect(await client.delete('/projects/501')).toMatchObject({
      status: 400,
      body: { message: 'Project has been already marked for deletion' },
    })
    const now = 'permanently_remove=true&full_path='
    expect((await client.delete(`/projects/501?${now}other`)).status).toBe(400)
    expect((await client.delete(`/projects/501?${now}lighthouse%2Fwebshop`)).status).toBe(202)
    expect((await client.get('/projects/501')).status).toBe(404)
  })

  test('a star is given and taken once', async () => {
    const { client } = await start()
    const starred = await client.post('/projects/501/star')
    expect(starred).toMatchObject({ status: 201, body: { star_count: 15 } })
    expect([(await client.post('/projects/501/star')).status]).toEqual([304])
    expect(await client.post('/projects/501/unstar')).toMatchObject({
      status: 201,
      body: { star_count: 14 },
    })
    expect((await client.post('/projects/501/unstar')).status).toBe(304)
  })

  test('a fork has the repository, and is listed', async () => {
    const { client } = await start('grace')
    const forked = await client.post('/projects/501/fork')
    expect(forked).toMatchObject({
      status: 201,
      body: {
        path_with_namespace: 'grace/webshop',
        forked_from_project: { id: 501 },
        default_branch: 'main',
      },
    })
    const commits = await client.list('/projects/grace%2Fwebshop/repository/commits')
    expect(commits).toHaveLength(3)
    const forks = await client.list('/projects/501/forks')
    expect(forks.map(({ id }) => id)).toEqual([forked.body.id])
    expect(departures('GET /projects/{id}/forks', forks)).toEqual(['permissions is unknown'])
    expect(await client.post('/projects/501/fork')).toMatchObject({
      status: 409,
      body: { message: { path: ['has already been taken'] } },
    })
    expect(await client.post('/projects/501/fork', { namespace_path: 'lighthouse' })).toMatchObject(
      { status: 404, body: { message: '404 Target Namespace Not Found' } },
    )
  })

  test('those of a user are found by number and name', async () => {
    const { client } = await start()
    for (const user of ['101', 'ada']) {
      const rows = await client.list(`/users/${user}/projects?simple=true`)
      expect(rows.map(({ path }) => path)).toEqual(['home-automation'])
    }
    expect(await client.get('/users/nobody/projects')).toMatchObject({
      status: 404,
      body: { message: '404 User Not Found' },
    })
  })
})
