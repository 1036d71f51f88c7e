import { describe, expect, test } from 'vitest'
import { startApi } from './caller.test.support.ts'
import { departures } from './client.test.support.ts'

const variables = '/projects/501/variables'

describe('a CI/CD variable', () => {
  test('is for maintainers, who read its value with read_api', async () => {
    const stage = await startApi()
    const [ada, grace] = [await stage.as('ada'), await stage.as('grace')]
    const made = await ada('POST', variables, { key: 'TOKEN', value: 'sesame-1234', masked: true })
    expect(made).toMatchObject({ status: 201, body: { masked: true, environment_scope: '*' } })
    expect(departures('POST /projects/{id}/variables', made.body)).toEqual([])
    const reader = await stage.as('ada', 'read_api')
    expect((await reader('GET', variables)).body).toMatchObject([{ value: 'sesame-1234' }])
    expect((await grace('GET', variables)).body).toEqual({ message: '403 Forbidden' })
    expect((await reader('DELETE', `${variables}/TOKEN`)).body.error).toBe('insufficient_scope')
  })

  test('that is hidden never shows its value', async () => {
    const ada = await (await startApi()).as('ada')
    const given = { key: 'TOKEN', value: 'sesame-1234', masked_and_hidden: true }
    expect((await ada('POST', variables, given)).body).toMatchObject({ hidden: true, value: null })
    const changed = await ada('PUT', `${variables}/TOKEN`, { value: 'sesame-5678', masked: false })
    expect(changed.body).toMatchObject({ hidden: true, masked: true, value: null })
  })

  test('of which there are several is named with the scope of its environments', async () => {
    const ada = await (await startApi()).as('ada')
    for (const environment_scope of ['production', 'review/*']) {
      await ada('POST', variables, { key: 'URL', value: environment_scope, environment_scope })
    }
    const { status, body } = await ada('GET', `${variables}/URL`)
    expect([status, body.message]).toEqual([409, expect.stringContaining('multiple variables')])
    const filter = 'filter[environment_scope]=review%2F*'
    expect((await ada('GET', `${variables}/URL?${filter}`)).body.value).toBe('review/*')
    const changed = await ada('PUT', `${variables}/URL`, {
      value: 'new',
      filter: { environment_scope: 'production' },
    })
    expect(changed.body).toMatchObject({ value: 'new', environment_scope: 'production' })
    expect((await ada('DELETE', `${variables}/URL?${filter}`)).status).toBe(204)
    expect((await ada('GET', `${variables}/URL`)).body.value).toBe('new')
  })

  test('is refused in GitLab’s words', async () => {
    const ada = await (await startApi()).as('ada')
    const say = async (body: object) => (await ada('POST', variables, body)).body
    await say({ key: 'A', value: '1' })
    expect(await say({ key: 'A' })).toEqual({ error: 'value is missing' })
    expect(await say({ key: 'A', value: '2' })).toEqual({
      message: { key: ['(A) has already been taken'] },
    })
    expect(await say({ key: 'A-B', value: '2' })).toEqual({
      message: { key: ["can contain only letters, digits and '_'."] },
    })
    expect(await say({ key: 'B', value: 'short', masked: true })).toEqual({
      message: { value: ['is invalid'] },
    })
    expect((await ada('GET', `${variables}/B`)).body).toEqual({ message: '404 Variable Not Found' })
  })
})
