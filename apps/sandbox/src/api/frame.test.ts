import { describe, expect, test } from 'vitest'
import { startStage } from '../stage.test.support.ts'

describe('what every operation shares', () => {
  test('a path that is known by another method is 405, and says by which', async () => {
    const stage = await startStage()
    const response = await fetch(`${stage.url}/api/v4/user`, { method: 'DELETE' })
    expect([response.status, await response.json()]).toEqual([405, { error: '405 Not Allowed' }])
    expect(response.headers.get('allow')).toBe('OPTIONS, GET, HEAD')
  })

  test('a limit is told with every answer, and ends in 429 until the minute is over', async () => {
    const stage = await startStage()
    const { accessToken } = await stage.issue()
    const quiet = await stage.get('/api/v4/user', accessToken)
    expect([...quiet.headers.keys()].some((name) => name.startsWith('ratelimit'))).toBe(false)

    await stage.control.change({ apiCallsPerMinute: 2 })
    expect((await stage.get('/api/v4/user', accessToken)).headers.get('ratelimit-remaining')).toBe(
      '1',
    )
    const missing = await stage.get('/api/v4/projects/999', accessToken)
    expect([missing.status, missing.headers.get('ratelimit-remaining')]).toEqual([404, '0'])
    const late = await stage.get('/api/v4/user', accessToken)
    expect([late.status, late.text]).toEqual([429, 'Retry later\n'])
    expect(Object.fromEntries(late.headers)).toMatchObject({
      'content-type': 'text/plain',
      'ratelimit-limit': '2',
      'ratelimit-name': 'throttle_authenticated_api',
      'retry-after': '60',
    })
    stage.pass(60)
    expect((await stage.get('/api/v4/user', accessToken)).status).toBe(200)
  })

  test('another user has a limit of their own', async () => {
    const stage = await startStage()
    await stage.control.change({ apiCallsPerMinute: 1 })
    const [ada, grace] = [await stage.issue(), await stage.issue(['api'], 'grace')]
    const status = async (token: string) => (await stage.get('/api/v4/user', token)).status
    expect([await status(ada.accessToken), await status(ada.accessToken)]).toEqual([200, 429])
    expect(await status(grace.accessToken)).toBe(200)
  })
})
