import { expect, test } from 'vitest'
import { startStage } from '../stage.test.support.ts'

test('token/info of a living token has the new names and the old ones', async () => {
  const stage = await startStage()
  const { accessToken } = await stage.issue(['api', 'read_user'])
  stage.pass(200)
  const { status, body } = await stage.get('/oauth/token/info', accessToken)
  expect([status, body]).toEqual([
    200,
    {
      resource_owner_id: 101,
      scope: ['api', 'read_user'],
      expires_in: 7_000,
      application: { uid: stage.application.clientId },
      created_at: Date.parse('2026-03-01T10:00:00Z') / 1_000,
      scopes: ['api', 'read_user'],
      expires_in_seconds: 7_000,
    },
  ])
})

test('token/info asks for no scope', async () => {
  const stage = await startStage()
  const { accessToken } = await stage.issue(['write_repository'])
  expect((await stage.get('/oauth/token/info', accessToken)).status).toBe(200)
})

test('token/info says nothing about a blocked account', async () => {
  const stage = await startStage()
  const { accessToken } = await stage.issue()
  await stage.control.block('ada')
  expect((await stage.get('/oauth/token/info', accessToken)).status).toBe(200)
})

test('token/info of a dead token is 400 invalid_request: revoked, expired, unknown, a refresh token, none', async () => {
  const stage = await startStage()
  const [revoked, expired] = [await stage.issue(), await stage.issue(['api'], 'grace')]
  await stage.control.revokeGrants({ username: 'ada' })
  stage.pass(7_200)
  const dead = [revoked.accessToken, expired.accessToken, 'unknown', expired.refreshToken]
  for (const token of [...dead, undefined]) {
    const { status, body } = await stage.get('/oauth/token/info', token ?? undefined)
    expect([status, body.error]).toEqual([400, 'invalid_request'])
  }
})

test('a token may come in the query, by either name', async () => {
  const stage = await startStage()
  const { accessToken } = await stage.issue()
  for (const name of ['access_token', 'bearer_token']) {
    expect((await stage.get(`/oauth/token/info?${name}=${accessToken}`)).status).toBe(200)
    expect((await stage.get(`/api/v4/user?${name}=${accessToken}`)).status).toBe(200)
  }
})

test('userinfo returns what the scopes allow', async () => {
  const stage = await startStage()
  const full = await stage.issue(['openid', 'profile', 'email'])
  expect((await stage.get('/oauth/userinfo', full.accessToken)).body).toMatchObject({
    sub: '101',
    nickname: 'ada',
    email: 'ada@example.test',
  })
  const bare = await stage.issue(['openid'])
  expect((await stage.get('/oauth/userinfo', bare.accessToken)).body).toEqual({ sub: '101' })
  const without = await stage.issue(['api'])
  const refused = await stage.get('/oauth/userinfo', without.accessToken)
  expect([refused.status, refused.body.error]).toEqual([403, 'insufficient_scope'])
  const dead = await stage.get('/oauth/userinfo', 'unknown')
  expect([dead.status, dead.body.error]).toEqual([401, 'invalid_token'])
})

test('introspect describes a token to its own client only', async () => {
  const stage = await startStage()
  const token = await stage.issue()
  const introspect = async (value: string | null, more: Record<string, string> = {}) =>
    (await stage.post('/oauth/introspect', { token: value ?? '', ...more })).body
  expect(await introspect(token.accessToken)).toMatchObject({ active: true, scope: 'api' })
  expect(await introspect(token.refreshToken)).toMatchObject({ active: true })
  expect(await introspect('unknown')).toEqual({ active: false })
  expect(await introspect(token.accessToken, { client_id: 'x', client_secret: 'y' })).toMatchObject(
    {
      error: 'invalid_client',
    },
  )
  await stage.refresh(token.refreshToken)
  expect(await introspect(token.refreshToken)).toEqual({ active: false })
})
