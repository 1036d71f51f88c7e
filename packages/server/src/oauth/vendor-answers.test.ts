/** Answers as providers document them, by which a reader that knows RFC 6749 alone would be misled. */
import type { HealthDefinition, OAuth2Method } from '@keywell/protocol'
import { type fulfils, github, oauthMethods, readHealth } from '@keywell/providers'
import { expect } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { classifyTokenAnswer } from './token-answer.ts'

type Endpoint = Pick<OAuth2Method['token'], 'answer' | 'errors'>

const classify = (endpoint: Endpoint, body: unknown, status = 200) =>
  classifyTokenAnswer({
    send: async () => Response.json(body, { status }),
    process: async (response) => response.json(),
    endpoint,
  })

// https://docs.slack.dev/authentication/using-token-rotation
const slackUser: Endpoint = {
  answer: {
    accessToken: ['/authed_user/access_token', '/access_token'],
    refreshToken: ['/authed_user/refresh_token', '/refresh_token'],
    expiresIn: ['/authed_user/expires_in', '/expires_in'],
    scope: ['/authed_user/scope', '/scope'],
  },
  errors: [
    { if: [{ at: '/error', oneOf: ['invalid_refresh_token', 'invalid_code'] }], is: 'rejected' },
    { if: [{ at: '/error', equals: 'bad_client_secret' }], is: 'client_rejected' },
    { if: [{ at: '/error', equals: 'ratelimited' }], is: 'not_processed' },
  ],
}
const plain: Endpoint = {
  answer: {
    accessToken: ['/access_token'],
    refreshToken: ['/refresh_token'],
    expiresIn: ['/expires_in'],
    scope: ['/scope'],
  },
  errors: [],
}

verifies('answers:200-error', async () => {
  const ways = oauthMethods(github)
  expect(ways.length).toBeGreaterThan(1)
  for (const { token } of ways) {
    const refused = (error: string) => classify(token, { error, error_description: 'Refused.' })
    expect(await refused('bad_refresh_token')).toMatchObject({ kind: 'rejected' })
    expect(await refused('bad_verification_code')).toMatchObject({ kind: 'rejected' })
    expect(await refused('incorrect_client_credentials')).toMatchObject({ kind: 'client_rejected' })
    expect(await refused('something_new')).toMatchObject({ kind: 'ambiguous' })
  }
  const refused = (error: string) => classify(slackUser, { ok: false, error })
  expect(await refused('invalid_refresh_token')).toMatchObject({ kind: 'rejected' })
  expect(await refused('bad_client_secret')).toMatchObject({ kind: 'client_rejected' })
  expect(await refused('ratelimited')).toMatchObject({ kind: 'not_processed' })
  expect(await refused('fatal_error')).toMatchObject({ kind: 'ambiguous' })
})

verifies('answers:nested', async () => {
  const answer = {
    ok: true,
    access_token: 'xoxb-of-the-bot',
    scope: 'commands',
    authed_user: {
      id: 'U1',
      access_token: 'xoxp-of-the-user',
      refresh_token: 'xoxe-1-of-the-user',
      expires_in: 43_200,
      scope: 'chat:write,users:read',
    },
  }
  const found = await classify(slackUser, answer)
  if (found.kind !== 'tokens') throw new Error(found.kind)
  expect(found.tokens.accessToken.expose()).toBe('xoxp-of-the-user')
  expect(found.tokens.refreshToken?.expose()).toBe('xoxe-1-of-the-user')
  expect(found).toMatchObject({ expiresInMs: 43_200_000, scopes: ['chat:write', 'users:read'] })
  // A refresh answers without the nesting.
  const refreshed = await classify(slackUser, { ok: true, access_token: 'xoxp-next' })
  expect(refreshed.kind === 'tokens' && refreshed.tokens.accessToken.expose()).toBe('xoxp-next')
})

verifies('answers:separators', async () => {
  const scopes = async (scope: unknown) => {
    const found = await classify(plain, { access_token: 'at', scope })
    return found.kind === 'tokens' ? found.scopes : found.kind
  }
  for (const scope of ['repo read:org', 'repo,read:org', 'repo, read:org', ['repo', 'read:org']]) {
    expect(await scopes(scope), JSON.stringify(scope)).toEqual(['repo', 'read:org'])
  }
  expect(await scopes(''), 'none were granted').toEqual([])
  expect(await scopes([]), 'none were granted').toEqual([])
  for (const silent of [undefined, null, 7, {}, '"'] as const) {
    expect(await scopes(silent), String(silent)).toBeNull()
  }
})

verifies('answers:never', async () => {
  const life = async (more: object) => {
    const found = await classify(plain, { access_token: 'at', ...more })
    return found.kind === 'tokens' ? found.expiresInMs : found.kind
  }
  for (const silent of [0, '0', null, undefined, -1, 'never', Number.NaN]) {
    expect(await life({ expires_in: silent }), String(silent)).toBeNull()
  }
  expect(await life({ expires_in: '3600' })).toBe(3_600_000)
})

const request = { method: 'GET', url: 'https://api.example/self', headers: {} } as const
const statusOf = (
  { active, inactive }: Pick<HealthDefinition, 'active' | 'inactive'>,
  answer: Parameters<typeof fulfils>[0],
) => readHealth({ request, details: {}, active, inactive }, answer).status

verifies('answers:403-dead', () => {
  // https://developers.figma.com/docs/rest-api/errors, https://docs.datadoghq.com/api/latest/authentication
  const figma = {
    active: [{ status: [200], at: '/id', type: 'string' as const }],
    inactive: [
      {
        all: [
          { status: [403] },
          {
            any: [
              { at: '/err', contains: 'Invalid token' },
              { at: '/err', contains: 'Token expired' },
            ],
          },
        ],
      },
    ],
  }
  expect(statusOf(figma, { status: 403, body: { err: 'Invalid token' } })).toBe('inactive')
  expect(statusOf(figma, { status: 403, body: { err: 'Not allowed' } })).toBe('unknown')
  expect(statusOf(figma, { status: 401, body: undefined })).toBe('unknown')
  const datadog = { active: [{ status: [200] }], inactive: [{ status: [403] }] }
  expect(statusOf(datadog, { status: 403, body: { errors: ['Forbidden'] } })).toBe('inactive')
})

verifies('answers:401-alive', () => {
  // https://docs.stripe.com/keys/restricted-api-keys
  const stripe = {
    active: [{ status: [200] }, { status: [403], at: '/error', type: 'object' as const }],
    inactive: [{ status: [401], at: '/error', type: 'object' as const }],
  }
  expect(statusOf(stripe, { status: 403, body: { error: { type: 'x' } } })).toBe('active')
  // https://www.dropbox.com/developers/documentation/http/documentation#error-handling
  const dropbox = {
    active: [{ status: [200] }],
    inactive: [
      { status: [401], at: '/error/.tag', oneOf: ['invalid_access_token', 'expired_access_token'] },
    ],
  }
  const ofScope = { error: { '.tag': 'missing_scope', required_scope: 'files.read' } }
  expect(statusOf(dropbox, { status: 401, body: ofScope })).toBe('unknown')
  expect(
    statusOf(dropbox, { status: 401, body: { error: { '.tag': 'expired_access_token' } } }),
  ).toBe('inactive')
  // https://developer.clickup.com/docs/common_errors
  const clickUp = {
    active: [{ status: [200] }],
    inactive: [{ status: [401], at: '/ECODE', oneOf: ['OAUTH_019', 'OAUTH_021', 'OAUTH_025'] }],
  }
  expect(statusOf(clickUp, { status: 401, body: { ECODE: 'OAUTH_027' } })).toBe('unknown')
  expect(statusOf(clickUp, { status: 401, body: { ECODE: 'OAUTH_019' } })).toBe('inactive')
})
