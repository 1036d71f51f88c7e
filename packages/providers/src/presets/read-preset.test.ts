import { describe, expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { readDefinition } from '../read-definition.ts'

const read = (value: unknown) => readDefinition(new TextEncoder().encode(JSON.stringify(value)))
const api = 'https://api.acme.example'
const common = {
  name: 'acme',
  title: 'Acme',
  documentationUrl: 'https://docs.acme.example',
  base: api,
  health: { url: `${api}/me` },
}
const oauth2 = {
  preset: 'oauth2',
  ...common,
  authorizeUrl: 'https://login.acme.example/authorize',
  tokenUrl: 'https://login.acme.example/token',
  identity: { url: `${api}/me`, id: ['/id'] },
}
const discovered = {
  authorization_endpoint: 'https://login.acme.example/authorize',
  token_endpoint: 'https://login.acme.example/token',
  userinfo_endpoint: 'https://login.acme.example/me',
  scopes_supported: ['openid', 'email'],
  client: 'client_secret_basic',
  authorization_response_iss_parameter_supported: false,
}
const { base: _, health: __, ...named } = common
const oidc = { preset: 'oidc', ...named, issuer: 'https://login.acme.example/', discovered }
const apiKey = { preset: 'api-key', ...common, header: { name: 'X-Key' } }
const basic = { preset: 'basic', ...common }

function made(preset: object) {
  const answer = read(preset)
  if (!('definition' in answer)) throw new Error(JSON.stringify(answer.problems))
  expect(answer.isMade).toBe(true)
  // It would be read as it is.
  expect(read(answer.definition)).toEqual({ definition: answer.definition })
  return answer.definition
}

describe('a preset makes', () => {
  test('of oauth2 what does the least harm where it is wrong', () => {
    const definition = made({ ...oauth2, revokeUrl: 'https://login.acme.example/revoke' })
    expect(definition).toMatchObject({ state: 'preview', scopes: [] })
    expect(definition.auth[0]).toMatchObject({
      authorize: { pkce: 'S256', scopes: null, issuer: { value: 'https://login.acme.example' } },
      renewal: { by: 'refresh_token', rotation: 'strict_family' },
      revocation: { kills: 'user_and_app', send: 'refresh_token' },
      health: { inactive: [{ status: [401], at: '/error', equals: 'invalid_token' }] },
    })
    const forever = made({ ...oauth2, rotation: null, defaultExpiresIn: null })
    expect(forever.auth[0]).toMatchObject({ renewal: { by: 'none', defaultExpiresIn: null } })
  })

  test('of oidc what the issuer said, with its scopes', () => {
    const definition = made(oidc)
    expect(definition.api.base).toBe('https://login.acme.example')
    expect(definition.scopes.map(({ name }) => name)).toEqual(['email'])
    expect(definition.auth[0]).toMatchObject({
      defaultScopes: ['email'],
      authorize: {
        scopes: { always: ['openid'] },
        // As the issuer writes it.
        issuer: { value: 'https://login.acme.example/', inCallback: 'optional' },
      },
      token: { client: 'client_secret_basic' },
      revocation: { style: 'none' },
    })
  })

  test('of a variable one host for each', () => {
    const shop = { kind: 'label', title: 'Shop', pattern: '[a-z]+', letters: 'lower' }
    const base = 'https://{shop}.acme.example'
    const health = { url: `${base}/me` }
    expect(made({ ...apiKey, base, health, variables: { shop } }).registration.each).toBe(
      'provider',
    )
    const host = { kind: 'host', title: 'Address' }
    const own = { base: '{host}', health: { url: '{host}/me' }, variables: { host } }
    expect(made({ ...apiKey, ...own }).registration.each).toBe('host')
  })
})

/** What is changed, and where the problem is. */
const rows: [preset: object, change: object, pointer: string, reason: RegExp][] = [
  [oauth2, { preset: 'oauth1' }, '/preset', /nvalid/],
  [oauth2, { colour: 'red' }, '/colour', /no such field/],
  [oauth2, { tokenUrl: undefined }, '/tokenUrl', /string/],
  [oauth2, { identity: undefined }, '/identity', /object/],
  [oauth2, { health: undefined }, '/health', /object/],
  [oauth2, { title: ' Acme' }, '/title', /blanks/],
  [oauth2, { base: 'ftp://x' }, '/base', /https/],
  [oauth2, { base: `${api}/` }, '/base', /slash/],
  [oauth2, { also: ['https://{x}.acme.example'] }, '/also/0', /no variable x/],
  [oauth2, { authorizeUrl: 'login.acme.example' }, '/authorizeUrl', /https/],
  [oauth2, { tokenUrl: 'https://login.acme.example:443/token' }, '/tokenUrl', /port/],
  [oauth2, { revokeUrl: 'https://{x}/revoke' }, '/revokeUrl', /variable/],
  [oauth2, { issuer: 'https://{x}' }, '/issuer/value', /variable/],
  [oauth2, { appsUrl: 'https://{x}' }, '/appsUrl', /variable/],
  [oauth2, { manualUrl: 'https://{x}' }, '/manualUrl', /variable/],
  [oauth2, { parameters: { state: 'x' } }, '/parameters/state', /service itself/],
  [oauth2, { defaultScopes: ['read'] }, '/defaultScopes/0', /no scope read/],
  [oauth2, { scopes: [{ name: 'a b', sentence: 'A.' }] }, '/scopes/0/name', /match/],
  [
    oauth2,
    {
      scopes: [
        { name: 'a', sentence: 'A.' },
        { name: 'a', sentence: 'A.' },
      ],
    },
    '/scopes/1/name',
    /two/,
  ],
  [oauth2, { header: { name: 'X', value: '{key}' } }, '/header/value', /key/],
  [oauth2, { identity: { ...oauth2.identity, url: `${api}/{x}` } }, '/identity/url', /variable/],
  [oauth2, { identity: { ...oauth2.identity, id: ['id'] } }, '/identity/id/0', /pointer/],
  [oauth2, { health: { url: `${api}/{x}` } }, '/health/url', /variable/],
  [
    oauth2,
    { health: { url: `${api}/me`, inactive: [{ status: [200] }] } },
    '/health/inactive/0',
    /same/,
  ],
  [oauth2, { variables: { host: { kind: 'host', title: 'A' } } }, '/variables/host', /never given/],
  [oidc, { discovered: undefined }, '/discovered', /providers discover/],
  [oidc, { issuer: 'https://login.acme.example/a?b' }, '/issuer', /base URL/],
  [
    oidc,
    { discovered: { ...discovered, token_endpoint: 'https://{x}/token' } },
    '/discovered/token_endpoint',
    /variable/,
  ],
  [apiKey, { header: undefined }, '/header', /or basic/],
  [apiKey, { basic: { username: '{token}', password: '' } }, '/header', /not both/],
  [apiKey, { header: { name: 'Host' } }, '/header/name', /connection/],
  [apiKey, { header: { name: 'X', value: '{key}' } }, '/header/value', /key/],
  [apiKey, { field: { label: 'Key', pattern: '[a' } }, '/field/pattern', /RE2/],
  [apiKey, { steps: [] }, '/steps', />=1/],
  [basic, { base: 'acme.example' }, '/base', /https/],
]

verifies.suite('presets:problems', () => {
  test.each([oauth2, oidc, apiKey, basic])('the preset $preset is right', (preset) => {
    expect(read(preset)).toHaveProperty('definition')
  })

  const named = rows.map(
    ([preset, change, pointer, reason]) => [change, pointer, reason, preset] as const,
  )
  test.each(named)('%j is refused at %s', (change, pointer, reason, preset) => {
    const answer = read({ ...preset, ...change })
    expect('problems' in answer ? answer.problems : []).toContainEqual({
      pointer,
      reason: expect.stringMatching(reason),
    })
  })
})
