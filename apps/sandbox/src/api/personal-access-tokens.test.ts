import { expect, test } from 'vitest'
import { read, type Stage, startStage } from '../stage.test.support.ts'

const path = '/api/v4/personal_access_tokens/self'

async function getPrivately(stage: Stage, target: string, value: string) {
  return read(await fetch(stage.url + target, { headers: { 'private-token': value } }))
}

test('one opens the API as its user, by either header, within its scopes', async () => {
  const stage = await startStage()
  const { value } = await stage.control.issuePersonalAccessToken({
    username: 'grace',
    scopes: ['read_user'],
  })
  expect(value).toMatch(/^glpat-[\w-]{20}$/)
  expect((await stage.get('/api/v4/user', value)).body.username).toBe('grace')
  expect((await getPrivately(stage, '/api/v4/user', value)).body.username).toBe('grace')
  const { status, body } = await stage.get('/api/v4/projects', value)
  expect([status, body.error]).toEqual([403, 'insufficient_scope'])
})

test('it may read itself whatever its scopes, and the answer does not hold the token', async () => {
  const stage = await startStage()
  const issued = await stage.control.issuePersonalAccessToken({
    username: 'ada',
    name: 'CI',
    scopes: ['write_repository'],
    expiresOn: '2026-04-01',
  })
  const { status, body, text } = await getPrivately(stage, path, issued.value)
  expect(status).toBe(200)
  expect(body).toEqual({
    id: issued.id,
    name: 'CI',
    description: null,
    revoked: false,
    created_at: '2026-03-01T10:00:00.000Z',
    scopes: ['write_repository'],
    user_id: 101,
    last_used_at: '2026-03-01T10:00:00.000Z',
    active: true,
    expires_at: '2026-04-01',
  })
  expect(text).not.toContain(issued.value)
})

test('a revoked and an expired one are refused with their sentences', async () => {
  const stage = await startStage()
  const revoked = await stage.control.issuePersonalAccessToken({ username: 'ada' })
  expect(await stage.control.revokePersonalAccessToken(revoked.id)).toMatchObject({
    revokedAt: '2026-03-01T10:00:00.000Z',
  })
  const expiring = await stage.control.issuePersonalAccessToken({
    username: 'ada',
    expiresOn: '2026-03-02',
  })
  stage.pass(14 * 3_600 - 1)
  expect((await stage.get(path, expiring.value)).status).toBe(200)
  stage.pass(1)
  for (const [value, sentence] of [
    [revoked.value, /was revoked/],
    [expiring.value, /is expired/],
    ['glpat-unknown', /Bad Access Token/],
  ] as const) {
    const { status, body } = await stage.get(path, value)
    expect([status, body.error]).toEqual([401, 'invalid_token'])
    expect(body.error_description).toMatch(sentence)
  }
  const { status, body } = await getPrivately(stage, path, 'glpat-unknown')
  expect([status, body]).toEqual([401, { message: '401 Unauthorized' }])
})

test('the two kinds are not taken for each other', async () => {
  const stage = await startStage()
  const { value } = await stage.control.issuePersonalAccessToken({ username: 'ada' })
  const { accessToken } = await stage.issue(['api'])
  const info = await stage.get('/oauth/token/info', value)
  expect([info.status, info.body.error]).toEqual([400, 'invalid_request'])
  expect((await stage.get(path, accessToken)).status).toBe(400)
  expect((await getPrivately(stage, '/api/v4/user', accessToken)).status).toBe(401)
})

test('a blocked user gets an error that says so', async () => {
  const stage = await startStage()
  const { value } = await stage.control.issuePersonalAccessToken({ username: 'ada' })
  await stage.control.block('ada')
  expect((await stage.get(path, value)).status).toBe(403)
})

test('a wrong order is refused', async () => {
  const { control } = await startStage()
  const make = control.issuePersonalAccessToken
  await expect(make({ username: 'nobody' })).rejects.toThrow('no such user')
  await expect(make({ username: 'ada', scopes: ['everything'] })).rejects.toThrow('scopes')
  await expect(make({ username: 'ada', expiresOn: 'soon' })).rejects.toThrow('expiresOn')
  await expect(control.revokePersonalAccessToken(1)).rejects.toThrow('404')
})
