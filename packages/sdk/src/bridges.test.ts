/** Each bridge in the very library that it is for, against a provider that takes the newest token alone. */
import { Gitlab } from '@gitbeaker/rest'
import { Octokit } from '@octokit/core'
import axios from 'axios'
import { Agent, interceptors, request, fetch as undiciFetch } from 'undici'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { axiosOptions } from './axios.ts'
import { gitbeakerOptions } from './gitbeaker.ts'
import { Keywell, type KeywellUser } from './index.ts'
import { octokitOptions } from './octokit.ts'
import { Provider } from './testing/provider.ts'
import {
  apiKey,
  fetchWithoutChanges,
  type Kept,
  StandInService,
} from './testing/stand-in-service.ts'
import { keywellInterceptor } from './undici.ts'

const who = { tenantId: 'org_acme', userId: 'user_123' }
const json = { 'content-type': 'application/json' }

async function startProvider(): Promise<Provider> {
  const started = await new Provider().start()
  onTestFinished(() => started.stop())
  return started
}

let service: StandInService
let provider: Provider
let other: Provider
beforeEach(async () => {
  service = await new StandInService().start()
  provider = await startProvider()
  other = await startProvider()
  provider.answer = () => ({ headers: json, body: '{"username":"ada"}' })
})
afterEach(() => service.stop())

/** Without the change stream: what is learnt here is learnt from the provider. */
function open(): KeywellUser {
  const keywell = new Keywell({
    url: service.url,
    apiKey,
    fetch: fetchWithoutChanges,
  })
  onTestFinished(() => keywell.close())
  return keywell.forUser(who)
}

const connect = (): Kept => service.connect({ host: provider.origin })

/** What the clients have in common; a failure is thrown in the library's own way. */
interface Client {
  /** Paths of the API, such as `/user`, or whole URLs. */
  get(path: string): Promise<{ status: number; data: unknown }>
  post(path: string, body: Record<string, string>): Promise<{ status: number; data: unknown }>
  statusOf(error: unknown): unknown
  /** Of a failure that was ours. */
  causeOf(error: unknown): unknown
}

const isWhole = (path: string) => path.includes('://')

async function openGitbeaker(user: KeywellUser): Promise<Client> {
  const { requester } = new Gitlab(await gitbeakerOptions(user, 'gitlab')).Projects
  const place = (path: string) => (isWhole(path) ? path : path.slice(1))
  return {
    get: async (path) => {
      const { status, body } = await requester.get(place(path))
      return { status, data: body }
    },
    post: async (path, body) => {
      const answer = await requester.post(place(path), { body })
      return { status: answer.status, data: answer.body }
    },
    statusOf: (error) => (error as { cause: { response: Response } }).cause.response.status,
    causeOf: (error) => error,
  }
}

async function openOctokit(user: KeywellUser): Promise<Client> {
  const octokit = new Octokit(await octokitOptions(user, 'gitlab', { apiPath: '/api/v4' }))
  return {
    get: (path) => octokit.request(`GET ${path}`),
    post: (path, body) => octokit.request(`POST ${path}`, body),
    statusOf: (error) => (error as { status: number }).status,
    causeOf: (error) => (error as Error).cause,
  }
}

async function openAxios(user: KeywellUser): Promise<Client> {
  const client = axios.create(await axiosOptions(user, 'gitlab'))
  const place = (path: string) => (isWhole(path) ? path : `/api/v4${path}`)
  return {
    get: (path) => client.get(place(path)),
    post: (path, body) => client.post(place(path), body),
    statusOf: (error) => axios.isAxiosError(error) && error.response?.status,
    causeOf: (error) => (error as Error).cause,
  }
}

async function openUndici(user: KeywellUser): Promise<Client> {
  await user.getCredential('gitlab')
  const dispatcher = new Agent().compose(
    keywellInterceptor(user, 'gitlab'),
    interceptors.redirect({ maxRedirections: 3 }),
    interceptors.responseError(),
  )
  const place = (path: string) => (isWhole(path) ? path : `${provider.origin}/api/v4${path}`)
  const send = async (path: string, init: { method: 'GET' | 'POST'; body?: string }) => {
    const { statusCode, body } = await request(place(path), { dispatcher, headers: json, ...init })
    return { status: statusCode, data: await body.json() }
  }
  return {
    get: (path) => send(path, { method: 'GET' }),
    post: (path, body) => send(path, { method: 'POST', body: JSON.stringify(body) }),
    statusOf: (error) => (error as { statusCode: number }).statusCode,
    causeOf: (error) => error,
  }
}

const clients = {
  gitbeaker: openGitbeaker,
  octokit: openOctokit,
  axios: openAxios,
  undici: openUndici,
} as const

const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it did not fail'),
    (error: unknown) => error,
  )

verifies.suite('sdk:bridges', () => {
  describe.each(Object.entries(clients))('%s', (name, openClient) => {
    test('sends the credential that is valid then', async () => {
      const kept = connect()
      const user = open()
      const client = await openClient(user)
      expect(await client.get('/user')).toMatchObject({ status: 200, data: { username: 'ada' } })
      expect(provider.seen[0]).toMatchObject({ method: 'GET', path: '/api/v4/user' })
      const first = kept.credential
      service.refresh(kept)
      user.invalidate({ provider: 'gitlab', host: provider.origin })
      user.invalidate('gitlab')
      await client.get('/user')
      const sent = provider.seen.map(({ headers }) => headers.authorization)
      expect(sent).toEqual([`Bearer ${first}`, `Bearer ${kept.credential}`])
      expect(kept.credential).not.toBe(first)
    })

    test('repeats a request after a 401 with a newer credential, body and all', async () => {
      const kept = connect()
      const client = await openClient(open())
      await client.get('/user')
      provider.answer = ({ headers }) =>
        headers.authorization === `Bearer ${kept.credential}`
          ? { headers: json, body: '{"id":1}' }
          : { status: 401, headers: json, body: '{"error":"invalid_token"}' }
      service.refresh(kept)
      expect(await client.post('/projects', { name: 'a' })).toMatchObject({
        status: 200,
        data: { id: 1 },
      })
      expect(provider.seen.slice(1)).toMatchObject([
        { method: 'POST', body: '{"name":"a"}' },
        { method: 'POST', body: '{"name":"a"}' },
      ])
    })

    test('a 401 that stays is an error of the library, and is reported to the service', async () => {
      connect()
      const client = await openClient(open())
      provider.answer = () => ({ status: 401, headers: json, body: '{"message":"401"}' })
      const error = await thrownBy(client.get('/user'))
      expect(client.statusOf(error)).toBe(401)
      expect(provider.seen).toHaveLength(1)
      expect(service.reads.filter((read) => read.minGeneration !== undefined)).toHaveLength(1)
    })

    test('a grant that turns out to be gone is a KeywellError', async () => {
      const kept = connect()
      const client = await openClient(open())
      service.onReport = () => service.revoke(kept)
      provider.answer = () => ({ status: 401 })
      const error = await thrownBy(client.get('/user'))
      expect(client.causeOf(error)).toMatchObject({ code: 'needs_reauth', reason: 'revoked' })
    })

    test('no other host is sent the credential, by URL or by redirect', async () => {
      connect()
      const client = await openClient(open())
      const error = await thrownBy(client.get(`${other.origin}/api/v4/user`))
      expect(client.causeOf(error)).toMatchObject({ code: 'invalid_request' })
      expect(provider.seen).toEqual([])
      expect(other.seen).toEqual([])
      for (const status of [302, 307]) {
        provider.answer = () => ({ status, headers: { location: `${other.origin}/elsewhere` } })
        await client.get('/archive').catch(() => {})
        await client.post('/upload', { name: 'a' }).catch(() => {})
      }
      expect(provider.seen).toHaveLength(4)
      for (const { headers, body } of other.seen) {
        expect(JSON.stringify(headers)).not.toContain('Bearer')
        expect(body).toBe('')
      }
      // Gitbeaker, Octokit and Axios go on as `keywell.fetch` does; Undici's interceptor refuses.
      expect(other.seen.length > 0).toBe(name !== 'undici')
    })

    test('a redirect below the host is followed with the credential', async () => {
      connect()
      const client = await openClient(open())
      const moved = { status: 302, headers: { location: '/api/v4/new' } }
      const { answer } = provider
      provider.answer = (seen) => (seen.path.endsWith('/old') ? moved : answer(seen))
      expect(await client.get('/old')).toMatchObject({ data: { username: 'ada' } })
      expect(provider.seen[1]?.headers.authorization).toMatch(/^Bearer /)
    })

    test('a key has its own headers, and leaves no other', async () => {
      const kept = connect()
      kept.headers = [
        { name: 'PRIVATE-TOKEN', value: 'glpat-key' },
        { name: 'X-App-Key', value: 'app-key' },
      ]
      await (await openClient(open())).get('/user')
      const headers = provider.seen[0]?.headers
      expect(headers?.['private-token']).toBe('glpat-key')
      expect(headers?.['x-app-key']).toBe('app-key')
      expect(headers?.authorization).toBeUndefined()
    })

    test('a user who has not connected gets an error at once', async () => {
      await expect(openClient(open())).rejects.toMatchObject({ code: 'not_connected' })
    })
  })
})

test('Gitbeaker reads pages and text', async () => {
  connect()
  const gitlab = new Gitlab(await gitbeakerOptions(open(), { provider: 'gitlab' }))
  provider.answer = ({ path }) => {
    if (path.includes('/raw')) return { headers: { 'content-type': 'text/plain' }, body: 'a file' }
    const page = Number(new URL(path, provider.origin).searchParams.get('page') ?? 1)
    const next = `<${provider.origin}/api/v4/projects?page=${page + 1}>; rel="next"`
    const link = page < 3 ? { link: next } : {}
    return { headers: { ...json, ...link }, body: JSON.stringify([{ id: page }]) }
  }
  expect((await gitlab.Projects.all()).map(({ id }) => id)).toEqual([1, 2, 3])
  expect(await gitlab.RepositoryFiles.showRaw(1, 'a.txt', 'main')).toBe('a file')
})

describe('the interceptor for Undici', () => {
  const build = (user: KeywellUser) => new Agent().compose(keywellInterceptor(user, 'gitlab'))

  test('is taken by fetch, and replaces a header in any form', async () => {
    const kept = connect()
    const dispatcher = build(open())
    const response = await undiciFetch(`${provider.origin}/api/v4/user`, { dispatcher })
    expect(await response.json()).toEqual({ username: 'ada' })
    const forms = [
      ['Authorization', 'mine', 'x-a', 'b'],
      { AUTHORIZATION: 'mine', 'x-a': 'b' },
      new Map([
        ['authorization', 'mine'],
        ['x-a', 'b'],
      ]),
    ]
    for (const headers of forms) {
      const { body } = await request(provider.origin, { dispatcher, headers })
      await body.dump()
    }
    for (const { headers } of provider.seen) {
      expect(headers.authorization).toBe(`Bearer ${kept.credential}`)
    }
    expect(provider.seen.slice(1).map(({ headers }) => headers['x-a'])).toEqual(['b', 'b', 'b'])
  })

  test('an interceptor below it follows no redirect with the credential', async () => {
    connect()
    provider.answer = () => ({ status: 302, headers: { location: `${other.origin}/` } })
    const dispatcher = new Agent().compose(
      interceptors.redirect({ maxRedirections: 3 }),
      keywellInterceptor(open(), 'gitlab'),
    )
    expect((await request(provider.origin, { dispatcher })).statusCode).toBe(302)
    expect(other.seen).toEqual([])
  })

  test.each([
    ['a step above the root', '/gitlab/../admin'],
    ['an encoded step above the root', '/gitlab/%2e%2e/admin'],
    ['a neighbour that begins like the root', '/gitlab-evil'],
    ['another origin without a scheme', '//evil.example/gitlab/'],
    ['another origin as a whole URL', 'https://evil.example/gitlab/'],
  ])('refuses %s', async (_, path) => {
    service.connect({ host: `${provider.origin}/gitlab` })
    const dispatcher = build(open())
    const target = { origin: provider.origin, path, method: 'GET' } as const
    await expect(dispatcher.request(target)).rejects.toMatchObject({ code: 'invalid_request' })
    expect(provider.seen).toEqual([])
  })

  test('a stream is sent once, and a long 401 comes as it is', async () => {
    const kept = connect()
    const dispatcher = build(open())
    service.onReport = () => service.refresh(kept)
    const long = 'x'.repeat(200_000)
    provider.answer = () => ({ status: 401, body: long })
    const stream = () => new Blob(['a']).stream()
    const streamed = await request(provider.origin, {
      dispatcher,
      method: 'POST',
      body: stream() as never,
    })
    expect(streamed.statusCode).toBe(401)
    expect(await streamed.body.text()).toBe(long)
    const plain = await request(provider.origin, { dispatcher })
    expect([plain.statusCode, await plain.body.text()]).toEqual([401, long])
    expect(provider.seen).toHaveLength(2)
  })
})
