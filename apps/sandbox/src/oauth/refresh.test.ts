import { describe, expect, test } from 'vitest'
import { callback, type Stage, startStage } from '../stage.test.support.ts'

/** Whether an access token opens the API. */
async function lives(stage: Stage, accessToken: unknown): Promise<boolean> {
  return (await stage.get('/api/v4/user', String(accessToken))).status === 200
}

describe('strict rotation, as at GitLab', () => {
  test('a refresh kills both old tokens at once', async () => {
    const stage = await startStage()
    const old = await stage.issue()
    const { status, body } = await stage.refresh(old.refreshToken)
    expect(status).toBe(200)
    expect(await lives(stage, old.accessToken)).toBe(false)
    expect(await lives(stage, body.access_token)).toBe(true)
    expect(body.refresh_token).not.toBe(old.refreshToken)
  })

  test('a spent refresh token is refused without a reason, and the newer pair lives', async () => {
    const stage = await startStage()
    const old = await stage.issue()
    const { body } = await stage.refresh(old.refreshToken)
    const again = await stage.refresh(old.refreshToken)
    const unknown = await stage.refresh('0'.repeat(64))
    expect([again.status, again.body]).toEqual([400, unknown.body])
    expect(again.body.error).toBe('invalid_grant')
    expect(await lives(stage, body.access_token)).toBe(true)
    expect((await stage.refresh(String(body.refresh_token))).status).toBe(200)
  })

  test('of 8 refreshes at once, exactly one is answered with a pair', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    const answers = await Promise.all(Array.from({ length: 8 }, () => stage.refresh(refreshToken)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)])
  })

  test('works after the access token has expired', async () => {
    const stage = await startStage()
    const old = await stage.issue()
    stage.pass(7_200)
    expect(await lives(stage, old.accessToken)).toBe(false)
    expect((await stage.refresh(old.refreshToken)).status).toBe(200)
  })

  test('scopes may be narrowed, for good, and never widened', async () => {
    const stage = await startStage()
    const old = await stage.issue(['read_user', 'read_api'])
    const wider = await stage.refresh(old.refreshToken, { scope: 'read_user api' })
    expect([wider.status, wider.body.error]).toEqual([400, 'invalid_scope'])
    const { body } = await stage.refresh(old.refreshToken, { scope: 'read_user' })
    expect(body.scope).toBe('read_user')
    const back = await stage.refresh(String(body.refresh_token), { scope: 'read_api' })
    expect(back.body.error).toBe('invalid_scope')
    expect((await stage.refresh(String(body.refresh_token))).body.scope).toBe('read_user')
  })

  test('a redirect URI is ignored', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    expect((await stage.refresh(refreshToken, { redirect_uri: 'http://else' })).status).toBe(200)
  })

  test('the refresh token of another client is refused, and not spent', async () => {
    const stage = await startStage()
    const other = await stage.control.registerApplication({ name: 'B', redirectUris: [callback] })
    const { refreshToken } = await stage.issue()
    const answer = await stage.refresh(refreshToken, {
      client_id: other.clientId,
      client_secret: other.clientSecret,
    })
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant'])
    expect((await stage.refresh(refreshToken)).status).toBe(200)
  })

  test('a wrong secret is invalid_client, and spends nothing', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    const { clientId: client_id } = stage.application
    const wrong = await stage.refresh(refreshToken, { client_id, client_secret: 'x' })
    expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client'])
    expect((await stage.refresh(refreshToken)).status).toBe(200)
  })

  test('a secret that was renewed is dead at once', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    const { clientSecret } = await stage.control.renewSecret(stage.application.clientId)
    expect((await stage.refresh(refreshToken)).status).toBe(401)
    const { clientId: client_id } = stage.application
    const answer = await stage.refresh(refreshToken, { client_id, client_secret: clientSecret })
    expect(answer.status).toBe(200)
  })
})

describe('other rotations', () => {
  test('strict_family: using a spent refresh token kills every pair of the grant', async () => {
    const stage = await startStage()
    await stage.control.change({ rotation: { mode: 'strict_family' } })
    const old = await stage.issue()
    const stranger = await stage.issue()
    const { body } = await stage.refresh(old.refreshToken)
    expect((await stage.refresh(old.refreshToken)).body.error).toBe('invalid_grant')
    expect(await lives(stage, body.access_token)).toBe(false)
    expect((await stage.refresh(String(body.refresh_token))).status).toBe(400)
    expect(await lives(stage, stranger.accessToken)).toBe(true)
  })

  test('until_used: the old pair lives until the new access token is used', async () => {
    const stage = await startStage()
    await stage.control.change({ rotation: { mode: 'until_used' } })
    const old = await stage.issue()
    const lost = await stage.refresh(old.refreshToken)
    const { body } = await stage.refresh(old.refreshToken)
    expect([lost.status, await lives(stage, old.accessToken)]).toEqual([200, true])
    expect(await lives(stage, body.access_token)).toBe(true)
    expect(await lives(stage, old.accessToken)).toBe(false)
    expect((await stage.refresh(old.refreshToken)).body.error).toBe('invalid_grant')
  })

  test.each(['/oauth/token/info', '/oauth/userinfo'])(
    'until_used: %s is a use too',
    async (path) => {
      const stage = await startStage()
      await stage.control.change({ rotation: { mode: 'until_used' } })
      const old = await stage.issue(['api', 'openid'])
      const { body } = await stage.refresh(old.refreshToken)
      expect((await stage.get(path, String(body.access_token))).status).toBe(200)
      expect(await lives(stage, old.accessToken)).toBe(false)
    },
  )

  test('none: the refresh token stays, and old access tokens live out their time', async () => {
    const stage = await startStage()
    await stage.control.change({ rotation: { mode: 'none' } })
    const old = await stage.issue()
    const { body } = await stage.refresh(old.refreshToken)
    const again = await stage.refresh(old.refreshToken)
    expect([body.refresh_token, again.body.refresh_token]).toEqual([
      old.refreshToken,
      old.refreshToken,
    ])
    expect(await lives(stage, old.accessToken)).toBe(true)
    await stage.post('/oauth/revoke', { token: old.refreshToken ?? '' })
    expect(await lives(stage, old.accessToken)).toBe(false)
    expect(await lives(stage, again.body.access_token)).toBe(false)
  })

  test('grace, same: a repeat inside the window gives the same pair, after it nothing', async () => {
    const stage = await startStage()
    await stage.control.change({
      rotation: { mode: 'grace', graceSeconds: 10, graceAnswer: 'same' },
    })
    const old = await stage.issue()
    const first = await stage.refresh(old.refreshToken)
    stage.pass(9)
    const repeat = await stage.refresh(old.refreshToken)
    expect(repeat.body.refresh_token).toBe(first.body.refresh_token)
    expect(repeat.body.expires_in).toBe(7_191)
    expect(await lives(stage, old.accessToken)).toBe(true)
    stage.pass(1)
    expect((await stage.refresh(old.refreshToken)).body.error).toBe('invalid_grant')
    expect(await lives(stage, first.body.access_token)).toBe(true)
  })

  test('grace, sibling: a repeat gives another pair of the same grant', async () => {
    const stage = await startStage()
    await stage.control.change({
      rotation: { mode: 'grace', graceSeconds: 10, graceAnswer: 'sibling' },
    })
    const old = await stage.issue()
    const first = await stage.refresh(old.refreshToken)
    const repeat = await stage.refresh(old.refreshToken)
    expect(repeat.body.refresh_token).not.toBe(first.body.refresh_token)
    expect(await lives(stage, first.body.access_token)).toBe(true)
    const grants = new Set((await stage.control.tokens()).map(({ grantId }) => grantId))
    expect(grants.size).toBe(1)
  })

  test('grace ends when the grant is revoked', async () => {
    const stage = await startStage()
    await stage.control.change({
      rotation: { mode: 'grace', graceSeconds: 10, graceAnswer: 'sibling' },
    })
    const old = await stage.issue()
    await stage.refresh(old.refreshToken)
    await stage.control.revokeGrants({ username: 'ada' })
    expect((await stage.refresh(old.refreshToken)).body.error).toBe('invalid_grant')
  })
})
