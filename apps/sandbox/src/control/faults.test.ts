import { describe, expect, test } from 'vitest'
import { type FaultInput, faults } from '../index.ts'
import { type Stage, startStage } from '../stage.test.support.ts'

/** Whether the refresh token has been used up. */
async function isSpent(stage: Stage, refreshToken: string | null): Promise<boolean> {
  await stage.control.clearFaults()
  return (await stage.refresh(refreshToken)).status === 400
}

/** Like a client that compares its own time: a real delay, measured. */
async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

describe('a lost answer', () => {
  test('dropped after rotating: no answer, and the pair is gone for good', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.dropAfterRotation())
    await expect(stage.refresh(refreshToken)).rejects.toThrow()
    expect((await stage.control.counters()).tokenAnswers).toEqual({ dropped: 1 })
    expect(await isSpent(stage, refreshToken)).toBe(true)
  })

  test('dropped before rotating: no answer, and nothing has happened', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.dropBeforeRotation())
    await expect(stage.refresh(refreshToken)).rejects.toThrow()
    expect(await isSpent(stage, refreshToken)).toBe(false)
  })

  test.each([true, false])('502 with HTML, rotated: %s', async (rotated) => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.badGateway({ rotated }))
    const { status, headers, text } = await stage.refresh(refreshToken)
    expect([status, headers.get('content-type')]).toEqual([502, 'text/html'])
    expect(text).toMatch(/^<html>/)
    expect(await isSpent(stage, refreshToken)).toBe(rotated)
  })
})

describe('a delay', () => {
  const ms = 150

  test('before the work: the old pair lives while the client waits', async () => {
    const stage = await startStage()
    const { refreshToken, accessToken } = await stage.issue()
    await stage.control.addFault(faults.slowStart(ms))
    const refreshed = elapsed(() => stage.refresh(refreshToken))
    expect((await stage.get('/api/v4/user', accessToken)).status).toBe(200)
    expect(await refreshed).toBeGreaterThanOrEqual(ms - 5)
  })

  test('after the work: the pair has rotated while the client waits', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.slowAnswer(ms))
    const refreshed = elapsed(() => stage.refresh(refreshToken))
    await expect.poll(async () => (await stage.control.tokens()).length, { interval: 5 }).toBe(2)
    expect(await refreshed).toBeGreaterThanOrEqual(ms - 5)
  })

  test('ends when the sandbox stops', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.slowStart(60_000))
    const refreshed = stage.refresh(refreshToken).catch(() => 'cut')
    await expect
      .poll(async () => (await stage.control.faults())[0]?.struck, { interval: 5 })
      .toBe(1)
    expect(await elapsed(() => stage.sandbox.stop())).toBeLessThan(1_000)
    expect(await refreshed).toBe('cut')
  })
})

describe('a false refusal spends nothing', () => {
  test('invalid_grant looks like a real one', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    const real = await stage.refresh('0'.repeat(64))
    await stage.control.addFault(faults.falseInvalidGrant())
    const { status, headers, body } = await stage.refresh(refreshToken)
    expect([status, body]).toEqual([real.status, real.body])
    expect(headers.get('www-authenticate')).toBe(real.headers.get('www-authenticate'))
    expect(await isSpent(stage, refreshToken)).toBe(false)
  })

  test.each([
    ['invalid_scope', 400, faults.invalidScope()],
    ['invalid_client', 401, faults.invalidClient()],
  ])('%s', async (error, expected, fault) => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(fault)
    const { status, body } = await stage.refresh(refreshToken)
    expect([status, body.error]).toEqual([expected, error])
    expect(await isSpent(stage, refreshToken)).toBe(false)
  })

  test.each([
    ['in seconds', 30, '30'],
    ['as a date', 'Sun, 01 Mar 2026 10:01:00 GMT', 'Sun, 01 Mar 2026 10:01:00 GMT'],
    ['left out', undefined, null],
  ])('429 with Retry-After %s', async (_, value, header) => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.rateLimited(value))
    const { status, headers } = await stage.refresh(refreshToken)
    expect([status, headers.get('retry-after')]).toEqual([429, header])
    expect(await isSpent(stage, refreshToken)).toBe(false)
  })
})

describe('an odd answer', () => {
  test.each([
    ['HTML with 200', faults.htmlAnswer(), /^<html>/],
    ['an array', faults.arrayAnswer(), /^\[\]$/],
  ])('%s, after rotating', async (_, fault, text) => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(fault)
    const answer = await stage.refresh(refreshToken)
    expect([answer.status, text.test(answer.text)]).toEqual([200, true])
    expect(await isSpent(stage, refreshToken)).toBe(true)
  })

  test.each(['access_token', 'refresh_token', 'expires_in'])('without %s', async (field) => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.answerWithout(field))
    const { status, body } = await stage.refresh(refreshToken)
    expect(status).toBe(200)
    expect(body).not.toHaveProperty(field)
    expect(body).toHaveProperty('scope')
  })

  test.each([0, -1, 'text', 1e12])('expires_in %s', async (value) => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.answerWith({ expires_in: value }))
    const { body } = await stage.refresh(refreshToken)
    expect([body.expires_in, typeof body.access_token]).toEqual([value, 'string'])
  })

  test('a narrower scope than asked for', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue(['api', 'read_user'])
    await stage.control.addFault(faults.answerWith({ scope: 'read_user' }))
    expect((await stage.refresh(refreshToken)).body.scope).toBe('read_user')
  })

  test('a refusal stays as it is', async () => {
    const stage = await startStage()
    await stage.control.addFault(faults.answerWith({ error: 'changed' }))
    expect((await stage.refresh('unknown')).body.error).toBe('invalid_grant')
  })
})

describe('the API', () => {
  test('401 on a good token, without the word that would make it dead', async () => {
    const stage = await startStage()
    const { accessToken } = await stage.issue()
    await stage.control.addFault(faults.restUnauthorized())
    const { status, body } = await stage.get('/api/v4/user', accessToken)
    expect([status, body]).toEqual([401, { message: '401 Unauthorized' }])
    expect((await stage.get('/oauth/token/info', accessToken)).status).toBe(200)
  })

  test('failures, on some paths only', async () => {
    const stage = await startStage({ relativeRoot: 'gitlab' })
    const { accessToken } = await stage.issue()
    await stage.control.addFault({ ...faults.restFailure(500), pathPrefix: '/api/v4/projects' })
    expect((await stage.get('/api/v4/projects', accessToken)).status).toBe(500)
    expect((await stage.get('/api/v4/user', accessToken)).status).toBe(200)
  })

  test.each(['authorize', 'revoke', 'introspect', 'token_info', 'userinfo'] as const)(
    'faults are injected into %s too',
    async (endpoint) => {
      const stage = await startStage()
      const { accessToken } = await stage.issue(['openid'])
      await stage.control.addFault({ endpoint, effect: { kind: 'respond', status: 503, body: '' } })
      const answers = {
        authorize: () => stage.get('/oauth/authorize'),
        revoke: () => stage.post('/oauth/revoke', { token: accessToken }),
        introspect: () => stage.post('/oauth/introspect', { token: accessToken }),
        token_info: () => stage.get('/oauth/token/info', accessToken),
        userinfo: () => stage.get('/oauth/userinfo', accessToken),
      }
      expect((await answers[endpoint]()).status).toBe(503)
    },
  )
})

describe('a fault is injected', () => {
  test('a number of times', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault({ ...faults.falseInvalidGrant(), times: 2 })
    const statuses = []
    for (let call = 0; call < 3; call += 1)
      statuses.push((await stage.refresh(refreshToken)).status)
    expect(statuses).toEqual([400, 400, 200])
    expect((await stage.control.faults())[0]?.struck).toBe(2)
  })

  test('a share of the calls', async () => {
    const draws = [0.1, 0.9, 0.49, 0.5]
    const stage = await startStage({ random: () => draws.shift() ?? 1 })
    await stage.control.addFault({ ...faults.restFailure(), ratio: 0.5 })
    const { accessToken } = await stage.issue()
    const statuses = []
    for (let call = 0; call < 4; call += 1) {
      statuses.push((await stage.get('/api/v4/user', accessToken)).status)
    }
    expect(statuses).toEqual([503, 200, 503, 200])
  })

  test('one grant, one application, one grant type', async () => {
    const stage = await startStage()
    const [odd, other] = [await stage.issue(), await stage.issue()]
    const narrow = async (where: Partial<FaultInput>) => {
      await stage.control.clearFaults()
      await stage.control.addFault({ ...faults.invalidScope(), ...where })
    }
    await narrow({ grantId: odd.grantId })
    expect((await stage.refresh(odd.refreshToken)).body.error).toBe('invalid_scope')
    const refreshed = await stage.refresh(other.refreshToken)
    expect(refreshed.status).toBe(200)
    const second = String(refreshed.body.refresh_token)

    await narrow({ clientId: 'another' })
    const third = await stage.refresh(second)
    expect(third.status).toBe(200)
    await narrow({ clientId: stage.application.clientId })
    expect((await stage.refresh(String(third.body.refresh_token))).status).toBe(400)

    await narrow({})
    const code = { grant_type: 'authorization_code', code: 'x', redirect_uri: 'y' }
    expect((await stage.post('/oauth/token', code)).body.error).toBe('invalid_grant')
  })

  test('together with others: a delay, and then a 502', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.slowStart(100))
    await stage.control.addFault(faults.badGateway({ rotated: false }))
    const took = await elapsed(async () => {
      expect((await stage.refresh(refreshToken)).status).toBe(502)
    })
    expect(took).toBeGreaterThanOrEqual(95)
  })

  test('until it is removed', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    const { id } = await stage.control.addFault(faults.falseInvalidGrant())
    await stage.control.removeFault(id)
    expect((await stage.refresh(refreshToken)).status).toBe(200)
    await expect(stage.control.removeFault(id)).rejects.toThrow(/404/)
  })
})
