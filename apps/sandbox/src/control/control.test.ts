import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { faults } from '../index.ts'
import { callback, type Stage, startStage } from '../stage.test.support.ts'

describe('settings', () => {
  test('the lifetime of tokens counts from the next one on', async () => {
    const stage = await startStage()
    const before = await stage.issue()
    await stage.control.change({ tokenLifetimeSeconds: 5 })
    const after = await stage.issue()
    stage.pass(5)
    expect((await stage.get('/api/v4/user', before.accessToken)).status).toBe(200)
    expect((await stage.get('/api/v4/user', after.accessToken)).status).toBe(401)
    expect((await stage.refresh(after.refreshToken)).body.expires_in).toBe(5)
  })

  test('the clock can be moved by test and by control', async () => {
    const stage = await startStage()
    const { accessToken } = await stage.issue()
    await stage.control.change({ clockOffsetMs: 7_200_000 })
    expect((await stage.get('/api/v4/user', accessToken)).status).toBe(401)
  })

  test('the lifetime of codes', async () => {
    const stage = await startStage()
    await stage.control.change({ codeLifetimeSeconds: 1 })
    const back = await stage.visitor().authorize(stage.authorizeUrl())
    stage.pass(1)
    const { body } = await stage.post('/oauth/token', {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: callback,
    })
    expect(body.error).toBe('invalid_grant')
  })

  test('Cross-Origin-Opener-Policy is on the pages only if asked for', async () => {
    const stage = await startStage()
    const header = async () =>
      (await stage.get('/users/sign_in')).headers.get('cross-origin-opener-policy')
    expect(await header()).toBeNull()
    await stage.control.change({ openerPolicy: 'same-origin' })
    expect(await header()).toBe('same-origin')
  })
})

describe('counters', () => {
  test('calls by endpoint, grant type and answer', async () => {
    const stage = await startStage()
    const { accessToken, refreshToken } = await stage.issue()
    await stage.refresh(refreshToken)
    await stage.refresh(refreshToken)
    await stage.post('/oauth/token', { grant_type: 'magic' })
    await stage.get('/api/v4/user', accessToken)
    await stage.get('/api/v4/nothing', accessToken)
    expect(await stage.control.counters()).toEqual({
      calls: { token: 3, rest: 2 },
      grantTypes: { refresh_token: 2, magic: 1 },
      tokenAnswers: { 200: 1, 400: 2 },
      overlaps: {},
      repeatedRefreshTokens: 1,
    })
    await stage.control.resetCounters()
    expect((await stage.control.counters()).calls).toEqual({})
  })

  test('refreshes of one grant that overlap, by whatever refresh token', async () => {
    const stage = await startStage()
    const [one, two] = [await stage.issue(), await stage.issue()]
    await stage.control.addFault(faults.slowAnswer(100))
    await Promise.all([
      stage.refresh(one.refreshToken),
      stage.refresh(one.refreshToken),
      stage.refresh(two.refreshToken),
    ])
    await stage.refresh(two.refreshToken)
    const { overlaps, repeatedRefreshTokens } = await stage.control.counters()
    expect([overlaps, repeatedRefreshTokens]).toEqual([{ [one.grantId]: 1 }, 2])
  })
})

describe('the record of refreshes', () => {
  test('says which pair was presented, whether it gave one, and what was answered', async () => {
    const stage = await startStage()
    const one = await stage.issue()
    const { body } = await stage.refresh(one.refreshToken)
    await stage.refresh(one.refreshToken)
    await stage.refresh(String(body.refresh_token))
    await stage.refresh('0'.repeat(64))
    const records = await stage.control.refreshes()
    const [first, again, second, unknown] = records
    expect(records).toHaveLength(4)
    expect(first).toMatchObject({ grantId: one.grantId, issued: true, status: 200 })
    expect(again).toEqual({ ...first, issued: false, status: 400 })
    expect(second).toMatchObject({ grantId: one.grantId, issued: true })
    expect(second?.pairId).toBeGreaterThan(first?.pairId ?? Number.NaN)
    expect(unknown).toMatchObject({ grantId: null, pairId: null, issued: false, delivered: true })
    expect(first?.endedAt).toBe(first?.startedAt)
    await stage.control.resetCounters()
    expect(await stage.control.refreshes()).toEqual([])
  })

  test('records an answer that a fault cut off or replaced', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    for (const fault of [
      faults.dropBeforeRotation(),
      faults.falseInvalidGrant(),
      faults.dropAfterRotation(),
    ]) {
      await stage.control.addFault({ ...fault, times: 1 })
      await stage.refresh(refreshToken).catch(() => {})
    }
    expect(await stage.control.refreshes()).toMatchObject([
      { issued: false, status: null, delivered: false },
      { issued: false, status: 400, delivered: true },
      { issued: true, status: null, delivered: false },
    ])
  })

  test('records a client that disconnected before its answer', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.slowAnswer(100))
    const abort = new AbortController()
    const { clientId, clientSecret } = stage.application
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken ?? '',
      client_id: clientId,
      client_secret: clientSecret,
    })
    const { signal } = abort
    const call = fetch(`${stage.url}/oauth/token`, { method: 'POST', body, signal })
    await expect.poll(async () => (await stage.control.refreshes())[0]?.issued).toBe(true)
    expect(await stage.control.refreshes()).toMatchObject([{ endedAt: null, delivered: false }])
    abort.abort()
    await call.catch(() => {})
    const ended = async () => (await stage.control.refreshes())[0]?.endedAt
    await expect.poll(ended).toBeTypeOf('number')
    expect(await stage.control.refreshes()).toMatchObject([{ issued: true, delivered: false }])
  })
})

describe('applications', () => {
  test('get an id and a secret of GitLab’s form', async () => {
    const stage = await startStage()
    const made = await stage.control.registerApplication({ name: 'B', redirectUris: [callback] })
    expect(made.clientId).toMatch(/^[0-9a-f]{64}$/)
    expect(made.clientSecret).toMatch(/^gloas-[0-9a-f]{64}$/)
    expect(made).toMatchObject({ confidential: true, trusted: false })
    expect(await stage.control.applications()).toHaveLength(2)
  })

  test('with an id that exists, replace: another redirect URI, the same tokens', async () => {
    const stage = await startStage()
    const { refreshToken } = await stage.issue()
    const redirectUris = ['http://127.0.0.1:9/other']
    await stage.control.registerApplication({ ...stage.application, redirectUris })
    expect((await stage.refresh(refreshToken)).status).toBe(200)
    await expect(stage.visitor().authorize(stage.authorizeUrl())).rejects.toThrow(/redirect URI/)
  })

  test('removed with everything that was granted', async () => {
    const stage = await startStage()
    const { accessToken } = await stage.issue()
    await stage.control.removeApplication(stage.application.clientId)
    const { body } = await stage.get('/api/v4/user', accessToken)
    expect(body.error_description).toBe('Bad Access Token.')
    expect(await stage.control.tokens()).toEqual([])
  })

  test.each([
    ['no name', { name: '', redirectUris: [callback] }],
    ['no redirect URI', { name: 'B', redirectUris: [] }],
    ['a relative one', { name: 'B', redirectUris: ['/callback'] }],
    ['one with a fragment', { name: 'B', redirectUris: [`${callback}#x`] }],
    ['a script', { name: 'B', redirectUris: ['javascript:alert(1)'] }],
    ['an unknown scope', { name: 'B', redirectUris: [callback], scopes: ['root'] }],
    ['an unknown field', { name: 'B', redirectUris: [callback], colour: 'red' }],
  ])('are refused with %s', async (_, input) => {
    const stage = await startStage()
    await expect(stage.control.registerApplication(input)).rejects.toThrow(/400/)
    expect(await stage.control.applications()).toHaveLength(1)
  })
})

describe('people and grants', () => {
  test('a user is added, and signs in', async () => {
    const stage = await startStage()
    await stage.control.addUser({ username: 'noor', name: 'Noor Haddad' })
    await stage.visitor('noor').authorize(stage.authorizeUrl())
    await expect(stage.control.addUser({ username: 'noor' })).rejects.toThrow(/409/)
    await expect(stage.control.addUser({ username: 'No Or' })).rejects.toThrow(/400/)
  })

  test('a blocked user cannot sign in', async () => {
    const stage = await startStage()
    await stage.control.block('ada')
    await expect(stage.visitor().authorize(stage.authorizeUrl())).rejects.toThrow(/blocked/)
    await expect(stage.control.block('nobody')).rejects.toThrow(/404/)
  })

  test('grants are revoked by user, application or grant', async () => {
    const stage = await startStage()
    const [ada, grace] = [await stage.issue(), await stage.issue(['api'], 'grace')]
    expect(await stage.control.revokeGrants({ username: 'ada' })).toBe(1)
    expect((await stage.refresh(ada.refreshToken)).status).toBe(400)
    expect(await stage.control.revokeGrants({ grantId: grace.grantId })).toBe(1)
    expect(await stage.control.revokeGrants({ clientId: stage.application.clientId })).toBe(0)
    await expect(stage.control.revokeGrants({})).rejects.toThrow(/400/)
    await expect(stage.control.revokeGrants({ username: 'nobody' })).rejects.toThrow(/no such user/)
  })

  test('tokens are listed in clear, dead ones included', async () => {
    const stage = await startStage()
    const old = await stage.issue()
    const { body } = await stage.refresh(old.refreshToken)
    const held = await stage.control.tokens()
    expect(held.map(({ accessToken }) => accessToken)).toEqual([old.accessToken, body.access_token])
    expect(held.map(({ revokedAt }) => revokedAt === null)).toEqual([false, true])
    expect(held[1]?.grantId).toBe(old.grantId)
  })

  test('tokens are not issued for strangers', async () => {
    const { control, application } = await startStage()
    const { clientId } = application
    await expect(control.issueToken({ clientId, username: 'nobody' })).rejects.toThrow(/user/)
    await expect(control.issueToken({ clientId: 'x', username: 'ada' })).rejects.toThrow(/clientId/)
  })
})

test('reset: everything is as at the start', async () => {
  const stage = await startStage()
  await stage.issue()
  await stage.control.registerApplication({ name: 'B', redirectUris: [callback] })
  await stage.control.block('ada')
  await stage.control.addFault(faults.falseInvalidGrant())
  await stage.control.change({ tokenLifetimeSeconds: 1, rotation: { mode: 'none' } })
  await stage.get('/api/v4/user')
  await stage.control.reset()

  const { control } = stage
  expect(await control.tokens()).toEqual([])
  expect((await control.applications()).map(({ name }) => name)).toEqual(['Northwind'])
  expect((await control.users()).some(({ blocked }) => blocked)).toBe(false)
  expect(await control.faults()).toEqual([])
  expect(await control.settings()).toMatchObject({
    tokenLifetimeSeconds: 7_200,
    rotation: { mode: 'strict' },
  })
  expect((await control.counters()).calls).toEqual({})
})

describe('bad input is refused with a sentence, and changes nothing', () => {
  test.each([
    ['PATCH', '/settings', '{"tokenLifetimeSeconds":-1}'],
    ['PATCH', '/settings', '{"rotation":{"mode":"grace"}}'],
    ['PATCH', '/settings', '{"rotation":{"mode":"sometimes"}}'],
    ['PATCH', '/settings', '{"nothing":1}'],
    ['PATCH', '/settings', 'not json'],
    ['POST', '/faults', '{"endpoint":"moon","effect":{"kind":"drop"}}'],
    ['POST', '/faults', '{"endpoint":"token","effect":{"kind":"explode"}}'],
    ['POST', '/faults', '{"endpoint":"token","effect":{"kind":"delay","ms":-1}}'],
    ['POST', '/faults', '{"endpoint":"token","effect":{"kind":"drop"},"ratio":2}'],
    ['POST', '/users', '[]'],
    ['PATCH', '/users/ada', '{"blocked":"yes"}'],
  ])('%s %s %s', async (method, path, body) => {
    const stage = await startStage()
    const before = await stage.control.settings()
    const response = await call(stage, method, path, body)
    expect(response.status).toBe(400)
    expect(typeof ((await response.json()) as { error: unknown }).error).toBe('string')
    expect(await stage.control.settings()).toEqual(before)
    expect(await stage.control.faults()).toEqual([])
  })

  test('what is not there', async () => {
    const stage = await startStage()
    expect((await call(stage, 'GET', '/moon')).status).toBe(404)
    expect((await call(stage, 'DELETE', '/applications/moon')).status).toBe(404)
    expect((await call(stage, 'POST', '/applications/moon/secret')).status).toBe(404)
  })
})

describe('strangers’ pages, open in a browser on this machine, get nothing', () => {
  test('what they may send without asking is refused', async () => {
    const stage = await startStage()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const response = await fetch(`${stage.sandbox.controlUrl}/reset`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{}',
      })
      expect(response.status).toBe(400)
    }
    const preflight = await fetch(`${stage.sandbox.controlUrl}/reset`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    expect(preflight.headers.has('access-control-allow-origin')).toBe(false)
  })

  test('a name that was rebound to this machine is refused', async () => {
    const stage = await startStage()
    await stage.issue()
    const { hostname, port } = new URL(stage.sandbox.controlUrl)
    const status = await new Promise((resolve, reject) => {
      const headers = { host: `evil.example:${port}` }
      request({ hostname, port, path: '/tokens', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(400)
  })
})

function call(stage: Stage, method: string, path: string, body?: string): Promise<Response> {
  return fetch(stage.sandbox.controlUrl + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  })
}
