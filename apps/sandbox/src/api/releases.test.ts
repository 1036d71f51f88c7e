import { describe, expect, test } from 'vitest'
import { startApi } from './caller.test.support.ts'
import { departures } from './client.test.support.ts'

const list = '/projects/501/releases'
const one = `/projects/{id}/releases/{tag_name}`

describe('a release', () => {
  test('is made with a new tag, links and milestones', async () => {
    const ada = await (await startApi()).as('ada')
    const made = await ada('POST', list, {
      tag_name: 'v2.0.0/rc',
      ref: 'main',
      name: 'Second',
      description: 'More.',
      milestones: ['Spring release'],
      released_at: '2026-12-01T00:00:00Z',
      assets: { links: [{ name: 'Notes', url: 'https://example.test/notes' }] },
    })
    expect(made.status).toBe(201)
    expect(departures('POST /projects/{id}/releases', made.body)).toEqual([])
    expect(made.body).toMatchObject({
      upcoming_release: true,
      milestones: [{ title: 'Spring release', issue_stats: { total: 1, closed: 0 } }],
      assets: { count: 5, links: [{ name: 'Notes', link_type: 'other' }] },
    })
    expect((await ada('GET', '/projects/501/repository/tags/v2.0.0%2Frc')).status).toBe(200)
    const listed = await ada('GET', list)
    expect(departures('GET /projects/{id}/releases', listed.body)).toEqual([])
    expect(listed.body).toMatchObject([{ tag_name: 'v2.0.0/rc' }, { tag_name: 'v1.0.0' }])
    const { body } = await ada('GET', `${list}/v2.0.0%2Frc`)
    expect(departures(`GET ${one}`, body)).toEqual([])
  })

  test('is changed and deleted, and its tag stays', async () => {
    const ada = await (await startApi()).as('ada')
    const path = `${list}/v1.0.0`
    const changed = await ada('PUT', path, { description: 'It still starts.' })
    expect(changed.body).toMatchObject({ name: 'First release', description: 'It still starts.' })
    expect(departures(`PUT ${one}`, changed.body)).toEqual([])
    expect((await ada('DELETE', path)).status).toBe(200)
    expect((await ada('GET', path)).body).toEqual({ message: '404 Not Found' })
    expect((await ada('GET', '/projects/501/repository/tags/v1.0.0')).status).toBe(200)
  })

  test('is refused in GitLab’s words', async () => {
    const ada = await (await startApi()).as('ada')
    const say = (body: object) => ada('POST', list, body)
    expect(await say({ tag_name: 'v1.0.0' })).toMatchObject({
      status: 409,
      body: { message: 'Release already exists' },
    })
    expect(await say({ tag_name: 'v3' })).toMatchObject({
      status: 422,
      body: { message: 'Ref is not specified' },
    })
    expect(await say({ tag_name: 'v3', ref: 'nowhere' })).toMatchObject({ status: 400 })
    expect(await say({ tag_name: 'v3', ref: 'main', milestones: ['None'] })).toMatchObject({
      status: 400,
      body: { message: 'Milestone(s) not found: None' },
    })
  })
})
