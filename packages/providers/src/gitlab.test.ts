import { describe, expect, test } from 'vitest'
import { readAccount } from './answers/account.ts'
import { readHealth } from './answers/health.ts'
import { gitlab } from './gitlab.ts'
import { keyOf, oauthOf } from './methods.ts'

const { authorize, defaultScopes, health, identity, manualUrl, renewal, revocation, token } =
  oauthOf(gitlab, 'oauth')
const { fallback } = identity
if (fallback === undefined) throw new Error('no fallback')
if (revocation.style !== 'rfc7009') throw new Error('another way to withdraw')

describe('scopes', () => {
  test('are the 21 that an application can ask for, each once', () => {
    const names = gitlab.scopes.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.toSorted()).toEqual(
      [
        'admin_mode ai_features api create_runner email k8s_proxy manage_runner openid profile',
        'read_api read_observability read_registry read_repository read_service_ping read_user',
        'read_virtual_registry sudo write_observability write_registry write_repository',
        'write_virtual_registry',
      ].flatMap((line) => line.split(' ')),
    )
  })

  test('imply only scopes that exist, and never themselves', () => {
    const names = new Set<string>(gitlab.scopes.map(({ name }) => name))
    for (const scope of gitlab.scopes) {
      expect(
        scope.implies.filter((implied) => !names.has(implied) || implied === scope.name),
      ).toEqual([])
    }
  })

  test('write_repository does not open what read_repository opens', () => {
    expect(gitlab.scopes.find(({ name }) => name === 'write_repository')?.implies).toEqual([])
  })

  test('have one sentence that a person can read', () => {
    for (const { name, sentence } of gitlab.scopes) {
      expect(sentence, name).toMatch(/^[A-Z].{15,}\.$/)
    }
  })

  test('each have a heading, and no heading stands alone', () => {
    const used = new Set<string>(gitlab.scopes.map(({ group }) => group))
    expect(gitlab.scopeGroups.map(({ name }) => name).toSorted()).toEqual([...used].toSorted())
  })

  test('say when only administrators can use them', () => {
    const marked = gitlab.scopes.filter((scope) => 'administratorsOnly' in scope)
    expect(marked.map(({ name }) => name)).toEqual(['sudo', 'admin_mode', 'read_service_ping'])
    for (const { sentence } of marked) expect(sentence).toContain('Administrators only.')
  })

  test('asked for by default exist, and none of them can change anything', () => {
    for (const wanted of defaultScopes) {
      expect(gitlab.scopes.find(({ name }) => name === wanted)?.risk).not.toBe('critical')
      expect(wanted).toMatch(/^read_/)
    }
  })
})

describe('addresses', () => {
  test('are below the host, so that a relative root is kept', () => {
    const templates = [
      authorize.url,
      token.url,
      revocation.url,
      identity.request.url,
      fallback.request.url,
      health.request.url,
      manualUrl,
      gitlab.registration.url,
      gitlab.instance.url,
    ]
    for (const template of templates) expect(template).toMatch(/^\{host\}\/[^/]/)
  })
})

describe('identity', () => {
  const user = {
    id: 1234,
    username: 'ada',
    name: 'Ada Lovelace',
    state: 'active',
    avatar_url: 'https://gitlab.com/uploads/-/system/user/avatar/1234/avatar.png',
  }

  test('reads the account of GET /user', () => {
    expect(readAccount(identity.account, user)).toEqual({
      id: '1234',
      name: 'Ada Lovelace',
      username: 'ada',
      avatarUrl: user.avatar_url,
    })
  })

  test('does without name and picture', () => {
    expect(
      readAccount(identity.account, { id: 1, username: 'bot', name: '', avatar_url: null }),
    ).toEqual({
      id: '1',
      name: null,
      username: 'bot',
      avatarUrl: null,
    })
  })

  test('takes no picture that is not on the web', () => {
    for (const avatar_url of ['javascript:alert(1)', '//host/a.png', '/a.png', ' https://a', 7]) {
      expect(readAccount(identity.account, { ...user, avatar_url })?.avatarUrl).toBeNull()
    }
  })

  test('the fallback knows the id alone', () => {
    const info = { resource_owner_id: 1234, scope: ['write_repository'], expires_in: 7000 }
    expect(readAccount(fallback.account, info)).toEqual({
      id: '1234',
      name: null,
      username: null,
      avatarUrl: null,
    })
  })

  test('an app-only token has no account', () => {
    expect(
      readAccount(fallback.account, { resource_owner_id: null, scope: ['api'] }),
    ).toBeUndefined()
  })

  test('what is no account is none', () => {
    const bodies = [
      undefined,
      null,
      'id',
      1234,
      [],
      {},
      { message: '401 Unauthorized' },
      { id: null },
      { id: 0 },
      { id: -1 },
      { id: 1.5 },
      { id: '1234' },
      { id: 2 ** 53 },
      Object.create({ id: 1234 }),
    ]
    for (const body of bodies) {
      expect(readAccount(identity.account, body), JSON.stringify(body)).toBeUndefined()
      expect(readAccount(fallback.account, body), JSON.stringify(body)).toBeUndefined()
    }
  })
})

describe('health', () => {
  const info = {
    resource_owner_id: 1234,
    scope: ['api', 'read_user'],
    expires_in: 6543,
    application: { uid: 'd4c3b2a1' },
    created_at: 1_760_000_000,
    scopes: ['api', 'read_user'],
    expires_in_seconds: 6543,
  }

  test('a token that token/info describes lives, with scopes and time left', () => {
    const answer = { status: 200, body: info }
    expect(readHealth(health, answer)).toEqual({
      status: 'active',
      scopes: ['api', 'read_user'],
      expiresIn: 6543,
    })
  })

  test('the older names of the fields do as well', () => {
    const old = { resource_owner_id: 1, scopes: ['api'], expires_in_seconds: 10 }
    expect(readHealth(health, { status: 200, body: old })).toEqual({
      status: 'active',
      scopes: ['api'],
      expiresIn: 10,
    })
  })

  test('an app-only token lives, and so does one without an end', () => {
    const body = { resource_owner_id: null, scope: ['api'], expires_in: null }
    expect(readHealth(health, { status: 200, body })).toEqual({ status: 'active', scopes: ['api'] })
  })

  test('dead is 400 invalid_request at GitLab and 401 invalid_token at a stock Doorkeeper', () => {
    const dead = [
      { status: 400, body: { error: 'invalid_request' } },
      {
        status: 401,
        body: {
          error: 'invalid_token',
          error_description: 'Token was revoked. You have to re-authorize from the user.',
        },
      },
      { status: 401, body: { error: 'invalid_token', error_description: 'Bad Access Token.' } },
    ]
    for (const answer of dead) {
      expect(readHealth(health, answer)).toEqual({ status: 'inactive' })
    }
  })

  test('everything else is neither', () => {
    const unknown = [
      { status: 200, body: undefined },
      { status: 200, body: {} },
      { status: 200, body: 'Sign in to the hotel network' },
      { status: 204, body: undefined },
      { status: 302, body: undefined },
      { status: 400, body: { message: { title: ["can't be blank"] } } },
      { status: 400, body: { error: 'invalid_token' } },
      { status: 401, body: undefined },
      { status: 401, body: { message: '401 Unauthorized' } },
      { status: 401, body: { error: 'invalid_client' } },
      { status: 404, body: { error: '404 Not Found' } },
      { status: 422, body: { message: 'Branch cannot be merged' } },
      { status: 429, body: undefined },
      { status: 500, body: undefined },
      { status: 503, body: { error: 'invalid_token' } },
    ]
    for (const answer of unknown) {
      expect(readHealth(health, answer), JSON.stringify(answer)).toEqual({ status: 'unknown' })
    }
  })

  test('403 never means dead', () => {
    const bodies = [
      undefined,
      { error: 'insufficient_scope', scope: 'api read_api' },
      { error: 'invalid_token' },
      { error: 'invalid_request' },
      { message: '403 Forbidden' },
      { message: '403 Forbidden - Your account has been blocked.' },
    ]
    for (const body of bodies) {
      expect(readHealth(health, { status: 403, body })).toEqual({ status: 'unknown' })
    }
  })

  test('details of a strange answer are left out', () => {
    const stated = (body: unknown) => readHealth(health, { status: 200, body })
    expect(stated({ scope: ['api'], expires_in: 'soon' })).toEqual({
      status: 'active',
      scopes: ['api'],
    })
    expect(stated({ scope: ['api', 7, null], expires_in: Number.NaN })).toEqual({
      status: 'active',
      scopes: ['api'],
    })
  })
})

test('refresh: strict, two hours, and the old access token is evidence', () => {
  expect(renewal).toMatchObject({
    rotation: 'strict',
    revokesOldAccessToken: true,
    defaultExpiresIn: 7200,
    refreshTokenLifetime: { idle: null, absolute: null },
  })
})

test('revocation: the refresh token, without a hint', () => {
  expect(revocation).toMatchObject({ send: 'refresh_token', hint: null, kills: 'pair' })
})

describe('personal access tokens', () => {
  const keys = keyOf(gitlab, 'personal_access_token')
  if (keys.identity?.fallback === undefined) throw new Error('no keys')
  const { health: look } = keys
  const owner = keys.identity.fallback.account
  const self = {
    id: 4,
    name: 'CI',
    revoked: false,
    created_at: '2026-01-02T03:04:05.000Z',
    scopes: ['read_api'],
    user_id: 1234,
    last_used_at: null,
    active: true,
    expires_at: '2026-12-31',
  }

  test('a living one tells scopes, owner, and the first moment at which it is refused', () => {
    const stated = (body: unknown) => readHealth(look, { status: 200, body })
    expect(stated(self)).toEqual({
      status: 'active',
      scopes: ['read_api'],
      expiresAt: new Date('2026-12-31T00:00:00Z'),
    })
    const endless = { status: 'active', scopes: ['read_api'] }
    expect(stated({ ...self, expires_at: null })).toEqual(endless)
    expect(stated({ ...self, expires_at: '2026-13-45' })).toEqual(endless)
    expect(readAccount(owner, self)).toMatchObject({ id: '1234' })
  })

  test.each([
    { status: 200, body: { ...self, revoked: true } },
    { status: 200, body: { ...self, active: false } },
    { status: 401, body: { error: 'invalid_token', error_description: 'Token was revoked.' } },
    { status: 401, body: { message: '401 Unauthorized' } },
  ])('dead: %j', (answer) => {
    expect(readHealth(look, answer)).toEqual({ status: 'inactive' })
  })

  test.each([
    { status: 200, body: undefined },
    { status: 200, body: {} },
    { status: 302, body: undefined },
    { status: 400, body: { message: '400 Bad request' } },
    { status: 401, body: undefined },
    { status: 401, body: { error: 'login required by the proxy' } },
    { status: 403, body: { message: '403 Forbidden - Your account has been blocked.' } },
    { status: 403, body: { error: 'invalid_token' } },
    { status: 404, body: { error: '404 Not Found' } },
    { status: 429, body: undefined },
    { status: 500, body: { message: '401 Unauthorized' } },
  ])('neither: %j', (answer) => {
    expect(readHealth(look, answer)).toEqual({ status: 'unknown' })
  })
})
