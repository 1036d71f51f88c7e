import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell } from './index.ts'
import { type Answer, Provider, type Seen } from './testing/provider.ts'
import {
  apiKey,
  fetchWithoutChanges,
  type Kept,
  StandInService,
} from './testing/stand-in-service.ts'

const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }

async function startProvider(): Promise<Provider> {
  const started = await new Provider().start()
  onTestFinished(() => started.stop())
  return started
}

let service: StandInService
let provider: Provider
beforeEach(async () => {
  service = await new StandInService().start()
  provider = await startProvider()
})
afterEach(() => service.stop())

/** Without the change stream: what is learnt here is learnt from the provider. */
function open(): Keywell {
  const keywell = new Keywell({
    url: service.url,
    apiKey,
    fetch: fetchWithoutChanges,
  })
  onTestFinished(() => keywell.close())
  return keywell
}

function connect(root = ''): Kept {
  return service.connect({ host: provider.origin + root })
}

const redirect = (location: string, status = 302): Answer => ({ status, headers: { location } })

describe('a request', () => {
  test('goes to the connection and carries its credential', async () => {
    const kept = connect()
    const response = await open().fetch(query, '/api/v4/projects?page=2', {
      headers: { accept: 'application/json', authorization: 'mine' },
    })
    expect(await response.text()).toBe('ok')
    expect(provider.seen).toMatchObject([
      {
        method: 'GET',
        path: '/api/v4/projects?page=2',
        headers: { accept: 'application/json', authorization: `Bearer ${kept.credential}` },
      },
    ])
  })

  test('is joined below a relative root', async () => {
    connect('/gitlab')
    await open().fetch(query, '/api/v4/projects')
    expect(provider.seen[0]?.path).toBe('/gitlab/api/v4/projects')
  })

  test('may name a whole URL below the host, as links to a next page do', async () => {
    connect('/gitlab')
    await open().fetch(query, `${provider.origin}/gitlab/api/v4/projects?page=3`)
    expect(provider.seen[0]?.path).toBe('/gitlab/api/v4/projects?page=3')
  })

  test('without a credential says so', async () => {
    await expect(open().fetch(query, '/')).rejects.toMatchObject({ code: 'not_connected' })
  })

  test('to a host that is down fails as fetch does', async () => {
    service.connect({ host: 'http://127.0.0.1:1' })
    await expect(open().fetch(query, '/')).rejects.toThrow(TypeError)
  })

  test.each([
    ['another origin', 'https://evil.example/api'],
    ['another origin without a scheme', '//evil.example/api'],
    ['a host smuggled in as user', '@evil.example/'],
    ['a port', ':81/'],
    ['a step above the root', '/../admin'],
    ['an encoded step above the root', '/%2e%2e/admin'],
    ['a backslash', '\\\\evil.example\\'],
    ['no path', ''],
    ['a script', 'javascript:alert(1)'],
    ['a neighbour that begins like the root', '$neighbour'],
    ['a user in the URL', '$user'],
  ])('refuses %s', async (_, path) => {
    connect('/gitlab')
    const planted: Record<string, string> = {
      $neighbour: `${provider.origin}/gitlab-evil/api`,
      $user: `${provider.origin.replace('//', '//user@')}/gitlab/api`,
    }
    await expect(open().fetch(query, planted[path] ?? path)).rejects.toMatchObject({
      code: 'invalid_request',
    })
    expect(provider.seen).toEqual([])
  })
})

describe('a redirect', () => {
  test('below the host is followed with the credential', async () => {
    connect()
    provider.answer = ({ path }) => (path === '/old' ? redirect('/new') : {})
    const response = await open().fetch(query, '/old')
    expect(response.status).toBe(200)
    expect(provider.seen.map(({ path }) => path)).toEqual(['/old', '/new'])
    expect(provider.seen[1]?.headers.authorization).toMatch(/^Bearer /)
  })

  test('away from the host is followed without it, and without cookies', async () => {
    connect()
    const other = await startProvider()
    provider.answer = () => redirect(`${other.origin}/file`)
    await open().fetch(query, '/archive', {
      headers: { cookie: 'a=b', 'private-token': 'c', 'x-api-key': 'd', accept: 'text/plain' },
    })
    expect(other.seen).toHaveLength(1)
    expect(other.seen[0]?.headers).toMatchObject({ accept: 'text/plain' })
    for (const name of ['authorization', 'cookie', 'private-token', 'x-api-key']) {
      expect(other.seen[0]?.headers).not.toHaveProperty(name)
    }
  })

  test('takes no header of the credential along, whatever their names', async () => {
    const kept = connect()
    kept.headers = [
      { name: 'X-Api-Key', value: 'secret-1' },
      { name: 'Accept-Language', value: 'secret-2' },
    ]
    const other = await startProvider()
    provider.answer = () => redirect(`${other.origin}/file`)
    await open().fetch(query, '/archive', { headers: { 'accept-language': 'de' } })
    expect(provider.seen[0]?.headers).toMatchObject({
      'x-api-key': 'secret-1',
      'accept-language': 'secret-2',
    })
    expect(other.seen).toHaveLength(1)
    expect(JSON.stringify(other.seen[0]?.headers)).not.toContain('secret-')
  })

  test('out of the relative root, on the same origin, is away from the host', async () => {
    connect('/gitlab')
    provider.answer = ({ path }) => (path === '/gitlab/a' ? redirect('/other-app') : {})
    await open().fetch(query, '/a')
    expect(provider.seen[1]?.path).toBe('/other-app')
    expect(provider.seen[1]?.headers).not.toHaveProperty('authorization')
  })

  test('away and back again does not get it back', async () => {
    connect()
    const other = await startProvider()
    other.answer = () => redirect(`${provider.origin}/back`)
    provider.answer = ({ path }) => (path === '/go' ? redirect(`${other.origin}/`) : {})
    await open().fetch(query, '/go')
    expect(provider.seen[1]).toMatchObject({ path: '/back' })
    expect(provider.seen[1]?.headers).not.toHaveProperty('authorization')
  })

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [302, 'PUT', 'PUT', 'body'],
    [307, 'POST', 'POST', 'body'],
    [308, 'POST', 'POST', 'body'],
  ])('%i turns %s into %s', async (status, method, expected, body) => {
    connect()
    provider.answer = ({ path }) => (path === '/old' ? redirect('/new', status) : {})
    const headers = { 'content-type': 'text/plain' }
    await open().fetch(query, '/old', { method, body: 'body', headers })
    expect(provider.seen[1]).toMatchObject({ method: expected, body })
    expect(provider.seen[1]?.headers['content-type']).toBe(body ? 'text/plain' : undefined)
  })

  const carried: [status: number, method: string][] = [
    [301, 'PUT'],
    [302, 'PATCH'],
    [302, 'DELETE'],
    [307, 'POST'],
    [308, 'POST'],
  ]
  verifies.each('sdk:fetch-other-origin', carried, async ([status, method]) => {
    connect()
    const other = await startProvider()
    provider.answer = () => redirect(`${other.origin}/`, status)
    const headers = { 'content-type': 'text/plain', 'x-api-key': 'd' }
    const send = (body: NonNullable<RequestInit['body']>) =>
      open().fetch(query, '/upload', { method, body, headers, duplex: 'half' } as RequestInit)
    for (const body of ['the secret text', new Blob(['the secret text']).stream()]) {
      await expect(send(body)).rejects.toMatchObject({ code: 'provider_error' })
    }
    expect(other.seen).toEqual([])
  })

  test('away from the host turns a POST into a plain GET where the standard says so', async () => {
    connect()
    const other = await startProvider()
    provider.answer = () => redirect(`${other.origin}/`, 303)
    const headers = { 'content-type': 'text/plain', 'x-api-key': 'd', accept: 'text/plain' }
    await open().fetch(query, '/upload', { method: 'POST', body: 'the text', headers })
    expect(other.seen).toMatchObject([
      { method: 'GET', body: '', headers: { accept: 'text/plain' } },
    ])
    expect(other.seen[0]?.headers).not.toHaveProperty('x-api-key')
    expect(other.seen[0]?.headers).not.toHaveProperty('content-type')
  })

  test('is left to the caller who says so', async () => {
    connect()
    provider.answer = () => redirect('/new')
    const response = await open().fetch(query, '/old', { redirect: 'manual' })
    expect(response.status).toBe(302)
    await expect(open().fetch(query, '/old', { redirect: 'error' })).rejects.toThrow(TypeError)
    expect(provider.seen).toHaveLength(2)
  })

  test('is followed five times at most', async () => {
    connect()
    provider.answer = () => redirect('/again')
    await expect(open().fetch(query, '/')).rejects.toMatchObject({ code: 'provider_error' })
    expect(provider.seen).toHaveLength(6)
  })

  test('to something that is no web address is not followed', async () => {
    connect()
    provider.answer = () => redirect('file:///etc/passwd')
    await expect(open().fetch(query, '/')).rejects.toMatchObject({ code: 'provider_error' })
  })

  test('cannot take a stream along', async () => {
    connect()
    provider.answer = () => redirect('/new', 307)
    // `duplex` is needed for streams; not every declaration of RequestInit knows it.
    const init = { method: 'POST', body: new Blob(['a']).stream(), duplex: 'half' } as RequestInit
    await expect(open().fetch(query, '/old', init)).rejects.toThrow(/streamed body/)
    expect(provider.seen).toHaveLength(1)
  })
})

describe('a 401', () => {
  /** Takes only the newest token, as GitLab does. */
  function strictly(kept: Kept): (request: Seen) => Answer {
    return ({ headers }) =>
      headers.authorization === `Bearer ${kept.credential}` ? {} : { status: 401 }
  }

  test('is tried once more with a newer credential', async () => {
    const kept = connect()
    provider.answer = strictly(kept)
    const keywell = open()
    await keywell.getCredential(query)
    service.refresh(kept)
    const response = await keywell.fetch(query, '/api', { method: 'POST', body: 'hello' })
    expect(response.status).toBe(200)
    expect(provider.seen.map(({ body }) => body)).toEqual(['hello', 'hello'])
    expect(service.reads.filter((read) => 'minGeneration' in read)).toMatchObject([
      { minGeneration: 2 },
    ])
    expect(keywell.getCredentialSync(query)?.generation).toBe(2)
  })

  test('of many calls in flight asks the service once', async () => {
    const kept = connect()
    provider.answer = strictly(kept)
    const keywell = open()
    await keywell.getCredential(query)
    service.refresh(kept)
    const calls = Array.from({ length: 20 }, () => keywell.fetch(query, '/api'))
    for (const response of await Promise.all(calls)) expect(response.status).toBe(200)
    expect(service.reads.filter((read) => 'minGeneration' in read)).toHaveLength(1)
  })

  test('that the service cannot mend is answered as it came', async () => {
    connect()
    provider.answer = () => ({ status: 401, body: 'no' })
    const response = await open().fetch(query, '/api')
    expect(response.status).toBe(401)
    expect(await response.text()).toBe('no')
    expect(provider.seen).toHaveLength(1)
  })

  test('a second one is answered, and reported for the service to probe', async () => {
    const kept = connect()
    service.onReport = () => {
      if (kept.connection.generation === 1) service.refresh(kept)
    }
    provider.answer = () => ({ status: 401 })
    const keywell = open()
    expect((await keywell.fetch(query, '/api')).status).toBe(401)
    expect(provider.seen).toHaveLength(2)
    await expect
      .poll(() => service.reads.map(({ minGeneration }) => minGeneration))
      .toEqual(expect.arrayContaining([2, 3]))
  })

  test('that means revoked is a KeywellError with the reason', async () => {
    const kept = connect()
    service.onReport = () => service.revoke(kept)
    provider.answer = () => ({ status: 401 })
    const keywell = open()
    await expect(keywell.fetch(query, '/api')).rejects.toMatchObject({
      code: 'needs_reauth',
      reason: 'revoked',
    })
    expect(keywell.getCredentialSync(query)).toBeUndefined()
  })

  test('while the service is down is answered as it came', async () => {
    connect()
    provider.answer = () => ({ status: 401 })
    const keywell = open()
    await keywell.getCredential(query)
    await service.stop()
    expect((await keywell.fetch(query, '/api')).status).toBe(401)
  })

  test('with a stream as body is only reported: it cannot be sent twice', async () => {
    const kept = connect()
    service.onReport = () => service.refresh(kept)
    provider.answer = () => ({ status: 401 })
    const init = { method: 'POST', body: new Blob(['a']).stream(), duplex: 'half' } as RequestInit
    const keywell = open()
    expect((await keywell.fetch(query, '/api', init)).status).toBe(401)
    expect(provider.seen).toHaveLength(1)
    await expect.poll(() => keywell.getCredentialSync(query)?.generation).toBe(2)
  })

  test('of another host says nothing about the credential', async () => {
    connect()
    const other = await startProvider()
    other.answer = () => ({ status: 401 })
    provider.answer = () => redirect(`${other.origin}/`)
    expect((await open().fetch(query, '/api')).status).toBe(401)
    expect(service.reads.filter((read) => 'minGeneration' in read)).toEqual([])
  })

  test('403 is never tried again', async () => {
    connect()
    provider.answer = () => ({ status: 403 })
    expect((await open().fetch(query, '/api')).status).toBe(403)
    expect(provider.seen).toHaveLength(1)
    expect(service.reads.filter((read) => 'minGeneration' in read)).toEqual([])
  })
})
