import { text as textOf } from 'node:stream/consumers'
import { type OAuth2Method, type ProviderDefinition, Secret } from '@keywell/protocol'
import { gitlab, oauthOf, reachOf, variablesAt } from '@keywell/providers'
import { afterAll, describe, expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { listeners } from '../outbound/listeners.test.support.ts'
import { createOutbound } from '../outbound/outbound.ts'
import { authorizationUrl, exchangeCode, type Registration, refreshTokens } from './client.ts'

// What a definition may say of its token endpoint beyond what the bundled ones do, at a real listener.

const running = listeners()
const closers: (() => Promise<void>)[] = [running.close]
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

interface Asked {
  headers: NodeJS.Dict<string | string[]>
  form: URLSearchParams
}

/** A provider that answers so, as a definition with these differences describes it. */
async function registered(
  change: (method: OAuth2Method) => Partial<OAuth2Method>,
  answer: { status?: number; body: unknown },
) {
  const asked: Asked[] = []
  const listener = await running.http(async (request, response) => {
    asked.push({ headers: request.headers, form: new URLSearchParams(await textOf(request)) })
    const { status = 200, body } = answer
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const outbound = createOutbound({ allow: [{ origin: listener.origin }] })
  closers.push(outbound.close)
  const method = oauthOf(gitlab, 'oauth')
  const provider: ProviderDefinition = { ...gitlab, auth: [{ ...method, ...change(method) }] }
  const changed = oauthOf(provider, 'oauth')
  const variables = variablesAt(provider, listener.origin)
  const reach = reachOf(provider, changed, variables)
  const registration: Registration = {
    provider,
    method: changed,
    appMethod: changed,
    host: listener.origin,
    variables,
    reach,
    clientId: 'an-app',
    clientSecret: new Secret('a-b~c%d+e:f'),
    privateKey: null,
    revision: 1,
  }
  const sending = { tenantId: 'ten_1' }
  return {
    asked,
    provider,
    method: changed,
    variables,
    refresh: () =>
      refreshTokens(outbound, registration, {
        refreshToken: new Secret('rt-1'),
        reach,
        scopes: ['read', 'write'],
        sending,
      }),
    exchange: () =>
      exchangeCode(outbound, registration, {
        code: new Secret('a-code'),
        verifier: new Secret('a'.repeat(43)),
        redirectUri: 'https://keywell.example/oauth/callback/int_1',
        sending,
      }),
  }
}

const granted = {
  access_token: 'at-2',
  refresh_token: 'rt-2',
  expires_in: 60,
  token_type: 'bearer',
}

describe('a token request', () => {
  verifies.each(
    'basic:characters',
    [
      ['client_secret_basic', `Basic ${btoa('an-app:a-b~c%d+e:f')}`, null],
      ['client_secret_post', undefined, 'a-b~c%d+e:f'],
    ] as const,
    async ([client, header, inForm]) => {
      const { asked, refresh } = await registered(
        ({ token }) => ({ token: { ...token, client } }),
        {
          body: granted,
        },
      )
      expect((await refresh()).kind).toBe('tokens')
      expect(asked[0]?.headers.authorization).toBe(header)
      expect(asked[0]?.form.get('client_secret')).toBe(inForm)
    },
  )

  test('names the scopes again where the provider wants it, and sends the headers of the definition', async () => {
    const change = ({ authorize, token }: OAuth2Method): Partial<OAuth2Method> => ({
      authorize: { ...authorize, scopes: { parameter: 'user_scope', separator: ',' } },
      token: { ...token, sendScopeOnRefresh: true, headers: { 'X-Version': '2022-06-28' } },
    })
    const { asked, refresh } = await registered(change, { body: granted })
    await refresh()
    expect(asked[0]?.form.get('user_scope')).toBe('read,write')
    expect(asked[0]?.headers['x-version']).toBe('2022-06-28')
    const plain = await registered(() => ({}), { body: granted })
    await plain.refresh()
    expect(plain.asked[0]?.form.has('scope')).toBe(false)
  })

  test('has no verifier where the provider knows no PKCE, and the consent no challenge', async () => {
    const change = ({ authorize }: OAuth2Method): Partial<OAuth2Method> => ({
      authorize: {
        ...authorize,
        pkce: 'none',
        scopes: null,
        parameters: { prompt: 'consent', client_id: 'another-app' },
      },
    })
    const { asked, provider, method, variables, exchange } = await registered(change, {
      body: granted,
    })
    expect((await exchange()).kind).toBe('tokens')
    expect(asked[0]?.form.has('code_verifier')).toBe(false)
    const url = await authorizationUrl({
      provider,
      method,
      variables,
      clientId: 'an-app',
      redirectUri: 'https://keywell.example/oauth/callback/int_1',
      scopes: ['read'],
      state: 'a-state',
      verifier: new Secret('a'.repeat(43)),
    })
    expect([...url.searchParams.keys()].toSorted()).toEqual(
      ['client_id', 'prompt', 'redirect_uri', 'response_type', 'state'].toSorted(),
    )
    expect(url.searchParams.get('client_id'), 'a fixed parameter replaces none of ours').toBe(
      'an-app',
    )
  })
})

describe('a token answer', () => {
  const nested = ({ token }: OAuth2Method): Partial<OAuth2Method> => ({
    token: {
      ...token,
      answer: {
        accessToken: ['/authed_user/access_token'],
        refreshToken: ['/authed_user/refresh_token', '/refresh_token'],
        expiresIn: ['/authed_user/expires_in'],
        scope: ['/scopes', '/scope'],
      },
    },
  })

  test('is read where the definition says', async () => {
    const body = {
      access_token: 'of-the-bot',
      refresh_token: 'rt-of-the-bot',
      authed_user: { access_token: 'of-the-user', refresh_token: null, expires_in: '120' },
      scope: 'chat:write,users:read',
    }
    const { refresh } = await registered(nested, { body })
    const outcome = await refresh()
    if (outcome.kind !== 'tokens') throw new Error(outcome.kind)
    expect(outcome.tokens.accessToken.expose()).toBe('of-the-user')
    expect(outcome.tokens.refreshToken?.expose()).toBe('rt-of-the-bot')
    expect(outcome).toMatchObject({ expiresInMs: 120_000, scopes: ['chat:write', 'users:read'] })
  })

  const dialect = ({ token }: OAuth2Method): Partial<OAuth2Method> => ({
    token: {
      ...token,
      errors: [
        { if: [{ at: '/error', oneOf: ['bad_refresh_token'] }], is: 'rejected' },
        { if: [{ at: '/error', equals: 'incorrect_client_credentials' }], is: 'client_rejected' },
        { if: [{ status: [503], text: 'maintenance' }], is: 'not_processed' },
        {
          if: [{ at: '/error', equals: 'invalid_grant' }, { status: [418] }],
          is: 'request_rejected',
        },
      ],
    },
  })

  test.each([
    [200, { error: 'bad_refresh_token' }, 'rejected'],
    [200, { error: 'incorrect_client_credentials' }, 'client_rejected'],
    [503, { message: 'maintenance' }, 'not_processed'],
    [400, { error: 'invalid_grant' }, 'request_rejected'],
    [418, { hello: 'teapot' }, 'request_rejected'],
    [401, { error: 'invalid_client' }, 'client_rejected'],
    [500, { error: 'server_error' }, 'ambiguous'],
    [429, { error: 'slow' }, 'not_processed'],
  ] as const)('of status %i that says %j is %s', async (status, body, kind) => {
    const { refresh } = await registered(dialect, { status, body })
    expect((await refresh()).kind).toBe(kind)
  })

  test('with a token in it is none of the errors, whatever it says', async () => {
    const { refresh } = await registered(dialect, {
      body: { error: 'bad_refresh_token', access_token: 'at-2', refresh_token: 'rt-2' },
    })
    expect((await refresh()).kind).toBe('tokens')
  })
})
