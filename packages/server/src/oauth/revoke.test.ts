import { text as textOf } from 'node:stream/consumers'
import { type Method, type OAuth2Method, Secret } from '@keywell/protocol'
import { gitlab, keyOf, oauthOf, reachOf, variablesAt } from '@keywell/providers'
import { afterAll, describe, expect, test } from 'vitest'
import { listeners } from '../outbound/listeners.test.support.ts'
import { createOutbound } from '../outbound/outbound.ts'
import { revokeCredential } from './revoke.ts'

// What a definition may say of a withdrawal, at a real listener.

const running = listeners()
const closers: (() => Promise<void>)[] = [running.close]
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

type ByRequest = Extract<OAuth2Method['revocation'], { style: 'request' }>

const byRequest: ByRequest = {
  style: 'request',
  request: {
    method: 'DELETE',
    url: '{host}/apps/{client_id}/token',
    headers: { 'X-Version': '3' },
  },
  authenticate: 'client_basic',
  body: { json: { access_token: '{token}' } },
  send: 'access_token',
  done: [{ status: [204, 404] }],
  kills: 'token',
}

/** A provider that answers so, and a grant that is withdrawn as the method says. */
async function withdraw(
  method: Method,
  answer: { status: number; body?: unknown; headers?: Record<string, string> },
) {
  const asked: Record<string, unknown>[] = []
  const listener = await running.http(async (request, response) => {
    const { authorization, 'content-type': type, 'x-version': version } = request.headers
    const body = await textOf(request)
    asked.push({ line: `${request.method} ${request.url}`, authorization, type, version, body })
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body))
  })
  const outbound = createOutbound({ allow: [{ origin: listener.origin }] })
  closers.push(outbound.close)
  const provider = { ...gitlab, auth: [method] }
  const { origin: host } = listener
  const variables = variablesAt(provider, host)
  const reach = reachOf(provider, method, variables)
  const client = {
    provider,
    host,
    variables,
    reach,
    clientId: 'an-app',
    clientSecret: new Secret('a-b~c%d+e:f'),
    privateKey: null,
    revision: 1,
  }
  const outcome = await revokeCredential(
    outbound,
    {
      provider,
      host,
      method,
      tokens: { accessToken: new Secret('at-$&-1'), refreshToken: new Secret('rt-1'), reach },
      client: method.kind === 'oauth2' ? { ...client, method, appMethod: method } : undefined,
    },
    { tenantId: 'ten_1' },
  )
  return { outcome, asked: asked[0] }
}

const granted = (revocation: OAuth2Method['revocation']): Method => ({
  ...oauthOf(gitlab, 'oauth'),
  revocation,
})

describe('a withdrawal by a request of its own', () => {
  test('names the client by Basic, and has the token in its body alone', async () => {
    const { outcome, asked } = await withdraw(granted(byRequest), { status: 204 })
    expect(outcome).toBe('revoked')
    expect(asked).toEqual({
      line: 'DELETE /apps/an-app/token',
      authorization: `Basic ${btoa('an-app:a-b~c%d+e:f')}`,
      type: 'application/json',
      version: '3',
      body: '{"access_token":"at-$&-1"}',
    })
  })

  test('may send the refresh token, as a form, without a client', async () => {
    const { asked } = await withdraw(
      granted({
        ...byRequest,
        request: { method: 'POST', url: '{host}/forget', headers: {} },
        authenticate: 'none',
        body: { form: { token: '{token}', app: '{client_id}' } },
        send: 'refresh_token',
      }),
      { status: 204 },
    )
    expect(asked).toMatchObject({
      line: 'POST /forget',
      authorization: undefined,
      type: 'application/x-www-form-urlencoded',
      body: 'token=rt-1&app=an-app',
    })
  })

  test('of a key is made with the key itself', async () => {
    const key = keyOf(gitlab, 'personal_access_token')
    if (key.kind !== 'key') throw new Error('it is no key')
    const { style, kills, done } = byRequest
    const request = { method: 'DELETE', url: '{host}/v2/access-token', headers: {} } as const
    const { outcome, asked } = await withdraw(
      { ...key, revocation: { style, kills, done, request, authenticate: 'credential' } },
      { status: 204 },
    )
    expect(outcome).toBe('revoked')
    expect(asked).toMatchObject({
      line: 'DELETE /v2/access-token',
      authorization: 'Bearer at-$&-1',
      body: '',
    })
  })

  test.each([
    [404, undefined, 'revoked'],
    [200, {}, 'refused'],
    [401, { message: 'Bad credentials' }, 'refused'],
    [401, { error: 'invalid_client' }, 'client_rejected'],
    [403, { error: 'unauthorized_client' }, 'client_rejected'],
    [429, undefined, 'retry'],
    [503, undefined, 'retry'],
  ] as const)('that is answered %i %j is %s', async (status, body, outcome) => {
    const answer = { status, ...(body && { body }) }
    expect((await withdraw(granted(byRequest), answer)).outcome).toBe(outcome)
  })

  test('that is limited is tried again, whatever the status', async () => {
    const limited = { status: 403, headers: { 'retry-after': '60' } }
    expect((await withdraw(granted(byRequest), limited)).outcome).toBe('retry')
  })

  test('counts as done by what its definition says of the answer', async () => {
    const slack = granted({ ...byRequest, done: [{ status: [200], at: '/ok', equals: true }] })
    expect((await withdraw(slack, { status: 200, body: { ok: true } })).outcome).toBe('revoked')
    expect((await withdraw(slack, { status: 200, body: { ok: false } })).outcome).toBe('refused')
  })
})

test('a grant that only a person withdraws is not sent', async () => {
  await expect(withdraw(granted({ style: 'none' }), { status: 200 })).rejects.toThrow(TypeError)
})
