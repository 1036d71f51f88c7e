import { expect, test } from 'vitest'
import { type Answer, callback, type Stage, startStage } from '../stage.test.support.ts'

function revoke(
  stage: Stage,
  token: string | null,
  more: Record<string, string> = {},
): Promise<Answer> {
  return stage.post('/oauth/revoke', { token: token ?? '', ...more })
}

async function isAlive(stage: Stage, refreshToken: string | null): Promise<boolean> {
  return (await stage.refresh(refreshToken)).status === 200
}

test.each(['accessToken', 'refreshToken'] as const)(
  'revoking the %s kills the pair',
  async (which) => {
    const stage = await startStage()
    const token = await stage.issue()
    const answer = await revoke(stage, token[which])
    expect([answer.status, answer.text]).toEqual([200, '{}'])
    expect((await stage.get('/api/v4/user', token.accessToken)).status).toBe(401)
    expect(await isAlive(stage, token.refreshToken)).toBe(false)
  },
)

test('an unknown token, and none at all, are 200 {}', async () => {
  const stage = await startStage()
  for (const token of ['unknown', '']) {
    const answer = await revoke(stage, token)
    expect([answer.status, answer.text]).toEqual([200, '{}'])
  }
})

test('revoking twice is 200 {}', async () => {
  const stage = await startStage()
  const { refreshToken } = await stage.issue()
  await revoke(stage, refreshToken)
  expect((await revoke(stage, refreshToken)).status).toBe(200)
})

test('another client, a wrong secret, and no client: 403, and the token stays valid', async () => {
  const stage = await startStage()
  const other = await stage.control.registerApplication({ name: 'B', redirectUris: [callback] })
  const { refreshToken } = await stage.issue()
  const callers = [
    { client_id: other.clientId, client_secret: other.clientSecret },
    { client_id: stage.application.clientId, client_secret: 'wrong' },
    { client_id: '' },
  ]
  for (const caller of callers) {
    const answer = await revoke(stage, refreshToken, caller)
    expect([answer.status, answer.body]).toEqual([
      403,
      {
        error: 'unauthorized_client',
        error_description: 'You are not authorized to revoke this token',
      },
    ])
  }
  expect(await isAlive(stage, refreshToken)).toBe(true)
})

test('revoking an expired access token does nothing and says 200; its refresh token does it', async () => {
  const stage = await startStage()
  const token = await stage.issue()
  stage.pass(7_200)
  expect((await revoke(stage, token.accessToken)).status).toBe(200)
  const [held] = await stage.control.tokens()
  expect(held?.revokedAt).toBeNull()
  await revoke(stage, token.refreshToken)
  expect(await isAlive(stage, token.refreshToken)).toBe(false)
})

test('a wrong hint hides the token, the right one does not', async () => {
  const stage = await startStage()
  const { refreshToken } = await stage.issue()
  await revoke(stage, refreshToken, { token_type_hint: 'access_token' })
  expect((await stage.control.tokens())[0]?.revokedAt).toBeNull()
  await revoke(stage, refreshToken, { token_type_hint: 'refresh_token' })
  expect((await stage.control.tokens())[0]?.revokedAt).not.toBeNull()
})
