import { describe, expect, test } from 'vitest'
import { startStage } from '../stage.test.support.ts'
import { clientOf, departures } from './client.test.support.ts'

async function start(username = 'ada') {
  const stage = await startStage()
  return { stage, client: await clientOf(stage, { username }) }
}

describe('groups', () => {
  test('those are listed that are the caller’s, or have a project of theirs', async () => {
    const { stage, client } = await start()
    const paths = async (query = '') =>
      (await client.list(`/groups${query}`)).map(({ full_path }) => full_path)
    expect(await paths()).toEqual(['harbour/docks', 'harbour', 'lighthouse'])
    expect(await paths('?owned=true')).toEqual(['harbour/docks', 'harbour'])
    expect(await paths('?top_level_only=true&sort=desc')).toEqual(['lighthouse', 'harbour'])
    expect(await paths('?search=dock')).toEqual(['harbour/docks'])
    await stage.control.addUser({ username: 'eve' })
    expect(await (await clientOf(stage, { username: 'eve' })).list('/groups')).toEqual([])
  })

  test('one is found by number and path, with its projects', async () => {
    const { client } = await start()
    const { body } = await client.get('/groups/harbour%2Fdocks')
    expect(body).toMatchObject({
      id: 63,
      path: 'docks',
      full_name: 'Harbour / Docks',
      parent_id: 62,
      projects: [],
    })
    expect(departures('GET /groups/{id}', body)).toEqual([])
    const { body: lighthouse } = await client.get('/groups/61')
    expect(lighthouse).not.toHaveProperty('runners_token')
    expect(await client.get('/groups/none')).toMatchObject({
      status: 404,
      body: { message: '404 Group Not Found' },
    })
  })

  test('projects of a group are those that the caller sees, below it if asked', async () => {
    const { client } = await start()
    const ids = async (path: string) => (await client.list(path)).map(({ id }) => id)
    expect(await ids('/groups/lighthouse/projects?order_by=id&sort=asc')).toEqual([501, 502, 503])
    const { body } = await client.post('/projects', { path: 'crane', namespace_id: 63 })
    expect(await ids('/groups/harbour/projects')).toEqual([])
    expect(await ids('/groups/harbour/projects?include_subgroups=true')).toEqual([body.id])
    expect(await client.list('/groups/harbour/subgroups')).toMatchObject([{ id: 63 }])
  })

  test('one is made at the top and below, by who may', async () => {
    const { stage, client } = await start('grace')
    const top = await client.post('/groups', { name: 'Cliffs', path: 'cliffs' })
    expect(top).toMatchObject({ status: 201, body: { full_path: 'cliffs', parent_id: null } })
    expect(departures('POST /groups', top.body)).toEqual(['runners_token is unknown'])
    const below = { name: 'Cove', path: 'cove', parent_id: 62, visibility: 'private' }
    expect(await client.post('/groups', below)).toMatchObject({
      status: 201,
      body: { full_path: 'harbour/cove' },
    })
    const lin = await clientOf(stage, { username: 'lin' })
    expect((await lin.post('/groups', { ...below, path: 'bay' })).status).toBe(403)
    expect(await client.post('/groups', {})).toMatchObject({
      status: 400,
      body: { error: 'name is missing, path is missing' },
    })
    expect(await client.post('/groups', { name: 'x', path: 'cliffs' })).toMatchObject({
      status: 400,
      body: { message: 'Failed to save group {:path=>["has already been taken"]}' },
    })
  })

  test('a new path moves all that is below', async () => {
    const { stage, client } = await start()
    await client.post('/projects', { path: 'crane', namespace_id: 63 })
    const renamed = await client.put('/groups/harbour', { path: 'port', description: 'Old' })
    expect(renamed).toMatchObject({ status: 200, body: { full_path: 'port', description: 'Old' } })
    const { body } = await client.get('/projects/port%2Fdocks%2Fcrane')
    expect(body).toMatchObject({ path_with_namespace: 'port/docks/crane' })
    expect((await client.get('/projects/harbour%2Fdocks%2Fcrane')).status).toBe(301)
    const grace = await clientOf(stage, { username: 'grace' })
    expect((await grace.put('/groups/port', { name: 'x' })).status).toBe(403)
  })

  test('one is deleted after a while', async () => {
    const { client } = await start()
    expect(await client.delete('/groups/harbour')).toMatchObject({
      status: 202,
      body: { message: '202 Accepted' },
    })
    expect((await client.get('/groups/harbour')).body.marked_for_deletion_on).toBe('2026-03-01')
    expect((await client.delete('/groups/harbour')).status).toBe(400)
    expect((await client.delete('/groups/lighthouse')).status).toBe(403)
  })

  test('namespaces are the own one and those of the groups', async () => {
    const { client } = await start()
    const rows = await client.list('/namespaces')
    expect(rows.map(({ full_path, kind }) => [full_path, kind])).toEqual([
      ['ada', 'user'],
      ['harbour', 'group'],
      ['harbour/docks', 'group'],
    ])
    expect(departures('GET /namespaces', rows)).toEqual([])
    expect(await client.list('/namespaces?search=dock')).toHaveLength(1)
  })
})

describe.each(['projects/501', 'groups/harbour'])('members of %s', (place) => {
  test('are listed and found by name', async () => {
    const { client } = await start()
    const rows = await client.list(`/${place}/members?query=GRACE`)
    expect(rows).toMatchObject([{ username: 'grace', membership_state: 'active' }])
    const operation = `GET /${place.split('/')[0]}/{id}/members`
    expect(departures(operation, rows)).toEqual([])
  })

  test('are added by id and by name, once, and removed', async () => {
    const { stage, client } = await start()
    const [eve] = [await stage.control.addUser({ username: 'eve' })]
    const made = await client.post(`/${place}/members`, {
      user_id: eve.id,
      access_level: 20,
      expires_at: '2026-12-31',
    })
    expect(made).toMatchObject({
      status: 201,
      body: { id: eve.id, access_level: 20, expires_at: '2026-12-31' },
    })
    expect(await client.post(`/${place}/members`, { username: 'eve', access_level: 20 })).toEqual(
      expect.objectContaining({ status: 409, body: { message: 'Member already exists' } }),
    )
    expect((await client.delete(`/${place}/members/${eve.id}`)).status).toBe(204)
    expect(await client.delete(`/${place}/members/${eve.id}`)).toMatchObject({
      status: 404,
      body: { message: '404 Not found' },
    })
  })

  test.each([
    [{ user_id: 103 }, 400, { error: 'access_level is missing' }],
    [
      { user_id: 103, access_level: 25 },
      400,
      { error: 'access_level does not have a valid value' },
    ],
    [
      { access_level: 30 },
      400,
      { error: 'user_id, username are missing, at least one parameter must be provided' },
    ],
    [
      { access_level: 30, user_id: 1, username: 'x' },
      400,
      { error: 'user_id, username are mutually exclusive' },
    ],
    [{ access_level: 30, user_id: 999 }, 404, { message: '404 User Not Found' }],
    [
      { access_level: 30, user_id: 103, expires_at: '2020-01-01' },
      400,
      { message: { expires_at: ['cannot be a date in the past'] } },
    ],
  ])('%j is refused with %i', async (body, status, answer) => {
    const { client } = await start()
    expect(await client.post(`/${place}/members`, body)).toMatchObject({ status, body: answer })
  })

  test('are not the business of others, who may leave all the same', async () => {
    const { client } = await start('grace')
    const added = await client.post(`/${place}/members`, { user_id: 103, access_level: 10 })
    expect(added).toMatchObject({ status: 403, body: { message: '403 Forbidden' } })
    expect((await client.delete(`/${place}/members/101`)).status).toBe(403)
    expect((await client.delete(`/${place}/members/102`)).status).toBe(204)
  })
})

describe('roles', () => {
  test('are inherited from the group, and cannot be less', async () => {
    const { stage, client } = await start()
    const { body } = await client.post('/projects', { path: 'crane', namespace_id: 63 })
    const grace = await clientOf(stage, { username: 'grace' })
    expect(await grace.get(`/projects/${body.id}`)).toMatchObject({
      status: 200,
      body: { permissions: { project_access: null, group_access: { access_level: 40 } } },
    })
    const less = { user_id: 102, access_level: 10 }
    expect(await client.post(`/projects/${body.id}/members`, less)).toMatchObject({
      status: 400,
      body: {
        message: {
          access_level: [
            'should be greater than or equal to Maintainer inherited membership from group Docks',
          ],
        },
      },
    })
    const owner = { username: 'grace', access_level: 50 }
    expect((await grace.post(`/projects/${body.id}/members`, owner)).status).toBe(403)
  })

  test('the last owner of a group stays', async () => {
    const { client } = await start()
    expect((await client.delete('/groups/harbour/members/101')).status).toBe(403)
  })

  test('a guest of a private project sees it, and not its code', async () => {
    const { stage, client } = await start()
    await client.post('/projects/501/members', { username: 'lin', access_level: 10 })
    const lin = await clientOf(stage, { username: 'lin' })
    expect((await lin.get('/projects/501')).status).toBe(200)
    expect(await lin.get('/projects/501/repository/tree')).toMatchObject({ status: 403 })
  })
})
