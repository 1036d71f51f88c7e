import { describe, expect, test } from 'vitest'
import { startStage } from '../stage.test.support.ts'
import { clientOf, departures } from './client.test.support.ts'

const key = `ssh-ed25519 ${Buffer.from('\0\0\0\vssh-ed25519\0\0\0 0123456789').toString('base64')} ci`

async function start(username = 'ada') {
  const stage = await startStage()
  return { stage, client: await clientOf(stage, { username }) }
}

describe('search', () => {
  test.each([
    ['/search', 'projects', 'WEBSHOP', 'name', ['Webshop']],
    ['/search', 'issues', 'umlaut', 'title', ['Search finds nothing for words with an umlaut']],
    ['/search', 'users', 'lind', 'username', ['grace']],
    ['/groups/lighthouse/search', 'projects', 'handbook', 'name', ['Handbook']],
    ['/groups/lighthouse/search', 'issues', 'blinds', 'title', []],
    ['/groups/harbour/search', 'users', 'a', 'username', ['ada', 'grace', 'lin']],
    ['/projects/501/search', 'issues', 'umlaut', 'project_id', [501]],
    ['/projects/501/-/search', 'commits', 'entry point', 'project_id', [501]],
    ['/projects/501/search', 'blobs', 'console', 'path', ['src/start.ts']],
    ['/projects/501/search', 'users', 'grace', 'username', ['grace']],
  ])('%s of %s for %s', async (path, scope, search, field, found) => {
    const { client } = await start()
    const rows = await client.list(`${path}?scope=${scope}&search=${encodeURIComponent(search)}`)
    expect(rows.map((row) => row[field])).toEqual(found)
  })

  test('code beyond one project needs an index', async () => {
    const { stage, client } = await start()
    const refused = {
      status: 400,
      body: { message: 'Scope supported only with advanced search or exact code search' },
    }
    expect(await client.get('/search?scope=blobs&search=console')).toMatchObject(refused)
    expect(await client.get('/groups/lighthouse/search?scope=commits&search=x')).toMatchObject(
      refused,
    )
    await stage.control.change({ advancedSearch: true })
    expect(await client.list('/groups/lighthouse/search?scope=blobs&search=Webshop')).toMatchObject(
      [{ path: 'README.md' }, { path: 'src/start.ts' }],
    )
  })

  test.each([
    ['scope=issues', 'search is missing'],
    ['search=x', 'scope is missing'],
    ['scope=issues&search=', 'search is empty'],
    ['scope=wikis&search=x', 'scope does not have a valid value'],
  ])('%s is refused', async (query, error) => {
    const { client } = await start()
    expect(await client.get(`/search?${query}`)).toMatchObject({ status: 400, body: { error } })
  })

  test('a stranger finds nothing of a private project', async () => {
    const { client } = await start('lin')
    expect(await client.list('/search?scope=issues&search=umlaut')).toEqual([])
    expect((await client.get('/projects/501/search?scope=issues&search=umlaut')).status).toBe(404)
  })
})

describe('snippets', () => {
  const path = '/projects/501/snippets'

  test('are made, found and deleted', async () => {
    const { stage, client } = await start()
    const wish = { title: 'Hello', visibility: 'private', file_name: 'hi.txt', content: 'Hi' }
    const made = await client.post(path, wish)
    expect(made).toMatchObject({ status: 201, body: { title: 'Hello', file_name: 'hi.txt' } })
    expect(departures('POST /projects/{id}/snippets', made.body)).toEqual([])
    expect(await client.list(path)).toMatchObject([{ id: made.body.id }])
    const { status, text } = await client.get(`${path}/${made.body.id}/raw`)
    expect([status, text]).toEqual([200, 'Hi'])
    const grace = await clientOf(stage, { username: 'grace' })
    expect((await grace.delete(`${path}/${made.body.id}`)).status).toBe(404)
    expect((await client.delete(`${path}/${made.body.id}`)).status).toBe(204)
    expect(await client.get(`${path}/${made.body.id}`)).toMatchObject({
      status: 404,
      body: { message: '404 Snippet Not Found' },
    })
  })

  test.each([
    [{}, 'title is missing, visibility is missing'],
    [
      { title: 'x', visibility: 'private' },
      'files, content are missing, exactly one parameter must be provided',
    ],
    [{ title: 'x', visibility: 'private', content: 'x' }, 'file_name is missing'],
    [{ title: '', visibility: 'private' }, 'title is empty'],
    [
      { title: 'x', visibility: 'private', files: [{ file_path: 'a' }] },
      'files[0][content] is missing',
    ],
  ])('a new one of %j is 400: %s', async (body, error) => {
    const { client } = await start()
    expect(await client.post(path, body)).toMatchObject({ status: 400, body: { error } })
  })
})

describe('deploy keys', () => {
  const path = '/projects/501/deploy_keys'

  test('are added, shown and deleted by a maintainer', async () => {
    const { stage, client } = await start()
    const made = await client.post(path, { title: 'CI', key, can_push: true })
    expect(made).toMatchObject({ status: 201, body: { title: 'CI', can_push: true } })
    expect(departures('POST /projects/{id}/deploy_keys', made.body)).toEqual([])
    expect((await client.post(path, { title: 'Again', key })).body.id).toBe(made.body.id)
    expect(await client.list(path)).toMatchObject([{ id: made.body.id }])
    const grace = await clientOf(stage, { username: 'grace' })
    expect(await grace.get(path)).toMatchObject({ status: 403 })
    expect((await client.delete(`${path}/${made.body.id}`)).status).toBe(204)
    expect(await client.delete(`${path}/${made.body.id}`)).toMatchObject({
      status: 404,
      body: { message: '404 Deploy Key Not Found' },
    })
    expect(await client.post(path, { title: 'Bad', key: 'x' })).toMatchObject({ status: 400 })
  })
})

describe('webhooks', () => {
  const path = '/projects/501/hooks'
  const url = 'https://hooks.example/in'

  test('are added, changed and deleted, and never show their token', async () => {
    const { stage, client } = await start()
    const made = await client.post(path, { url, token: 'hush', issues_events: true })
    expect(made).toMatchObject({
      status: 201,
      body: { url, issues_events: true, push_events: true, enable_ssl_verification: true },
    })
    expect(made.text).not.toContain('hush')
    expect(departures('POST /projects/{id}/hooks', made.body)).toEqual([])
    const one = `${path}/${made.body.id}`
    expect(await client.put(one, { push_events: false })).toMatchObject({
      status: 200,
      body: { push_events: false, issues_events: true },
    })
    expect((await client.get(one)).body.push_events).toBe(false)
    const grace = await clientOf(stage, { username: 'grace' })
    expect((await grace.get(path)).status).toBe(403)
    expect((await client.delete(one)).status).toBe(204)
    expect(await client.get(one)).toMatchObject({
      status: 404,
      body: { message: '404 Not found' },
    })
  })

  test.each(['ftp://hooks.example', 'not a url', 'http://localhost:1/', 'http://192.168.0.1/'])(
    'an address that may not be called is 422: %s',
    async (target) => {
      const { client } = await start()
      expect(await client.post(path, { url: target })).toMatchObject({
        status: 422,
        body: { error: 'Invalid url given' },
      })
    },
  )
})
