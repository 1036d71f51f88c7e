import { expect, test } from 'vitest'
import { checkDefinition } from './check-definition.ts'
import { isMinted } from './methods.ts'

const typed = {
  title: 'service account',
  steps: ['Make a service account.'],
  send: [{ in: 'header', name: 'Authorization', value: 'Bearer {token}' }],
  health: {
    request: { method: 'GET', url: 'https://api.example/me', headers: {} },
    active: [{ status: [200] }],
    inactive: [{ status: [401] }],
    details: {},
  },
  manualUrl: 'https://acme.example/accounts',
  defaultScopes: ['read'],
  renewal: { by: 'mint', maxRequestSeconds: 30, defaultExpiresIn: 3600 },
}
const endpoint = {
  url: 'https://acme.example/token',
  headers: {},
  answer: { accessToken: ['/access_token'], expiresIn: ['/expires_in'] },
  errors: [{ if: [{ status: [403] }], is: 'suspended' }],
}
const text = (name: string) => ({ name, label: name, secret: false })
const secret = (name: string) => ({ name, label: name, secret: true })

const exchange = {
  ...typed,
  id: 'exchange',
  kind: 'key_exchange',
  fields: [text('identifier'), secret('secret')],
  typedAccount: { id: 'identifier', name: 'identifier' },
  token: {
    ...endpoint,
    answer: { accessToken: ['/access_token'], expiresAtFromJwt: true },
    method: 'POST',
    body: { json: { identifier: '{identifier}', secret: '{secret}' } },
  },
}
const client = {
  ...typed,
  id: 'client',
  kind: 'client_credentials',
  fields: [text('id'), secret('secret')],
  typedAccount: { id: 'id' },
  token: {
    ...endpoint,
    client: 'client_secret_basic',
    clientId: 'id',
    clientSecret: 'secret',
    parameters: { scope: '{scopes}', account: '{id}' },
  },
}
const file = {
  ...typed,
  id: 'file',
  kind: 'jwt_bearer',
  fields: [
    { ...secret('file'), multiline: true },
    { ...text('person'), optional: true },
  ],
  parts: {
    email: { field: 'file', at: '/client_email' },
    key: { field: 'file', at: '/private_key' },
  },
  typedAccount: { id: 'email' },
  token: {
    ...endpoint,
    parameters: {},
    assertion: {
      algorithm: 'RS256',
      privateKey: 'key',
      issuer: '{email}',
      subject: '{person}',
      claims: { scope: '{scopes}' },
      lifeSeconds: 3600,
    },
  },
}
const definition = {
  schema: 2,
  name: 'acme',
  title: 'Acme',
  category: 'other',
  state: 'preview',
  documentationUrl: 'https://docs.example/api',
  variables: {},
  api: { base: 'https://api.example' },
  auth: [exchange, client, file],
  scopes: [{ name: 'read', sentence: 'See it.', risk: 'low', group: 'all', implies: [] }],
  scopeGroups: [{ name: 'all', title: 'All' }],
  scopePresets: [],
  registration: { each: 'provider', url: 'https://acme.example/apps', steps: ['None is needed.'] },
}

/** The definition with something else in a place; undefined: without it. */
function withValue(pointer: string, value: unknown): unknown {
  const steps = pointer.split('/').slice(1)
  const copy = structuredClone(definition)
  const place = steps
    .slice(0, -1)
    .reduce<unknown>((found, step) => Reflect.get(Object(found), step), copy)
  Reflect.set(Object(place), steps.at(-1) ?? '', value)
  return JSON.parse(JSON.stringify(copy))
}

test('a definition may mint by an exchange, by client credentials and by a signed statement', () => {
  const read = checkDefinition(definition)
  expect(read).toEqual({ definition })
  expect('definition' in read && read.definition.auth.map(isMinted)).toEqual([true, true, true])
})

test.each<[pointer: string, value: unknown, at?: string]>([
  ['/auth/0/send/0/value', 'Bearer {secret}'],
  ['/auth/0/defaultScopes', ['admin'], '/auth/0/defaultScopes/0'],
  ['/auth/0/typedAccount/id', 'secret', '/auth/0/typedAccount'],
  ['/auth/0/typedAccount', undefined, '/auth/0'],
  ['/auth/0/revocation', { style: 'none' }],
  ['/auth/0/renewal/by', 'refresh_token'],
  ['/auth/0/renewal/maxRequestSeconds', 0],
  ['/auth/0/token/url', 'https://acme.example/{identifier}'],
  ['/auth/0/token/url', 'http:acme'],
  ['/auth/0/token/method', 'GET'],
  ['/auth/0/token/body', undefined],
  ['/auth/0/token/body', { form: { secret: 'fixed' } }],
  ['/auth/0/token/body/json/identifier', '{user}'],
  ['/auth/0/token/answer/accessToken', []],
  ['/auth/0/token/answer/expiresIn', ['/expires_in'], '/auth/0/token/answer'],
  ['/auth/0/token/errors/0/is', 'client_rejected'],
  [
    '/auth/0/token/errors/0/if/0',
    { at: '/error', matches: '(a)\\1' },
    '/auth/0/token/errors/0/if/0/matches',
  ],
  ['/auth/0/fields/0/name', 'scopes'],
  ['/auth/1/token/client', 'none'],
  ['/auth/1/token/clientId', 'user'],
  ['/auth/1/token/clientSecret', 'id'],
  ['/auth/1/token/parameters/grant_type', 'password'],
  ['/auth/1/token/parameters/client_secret', 'x'],
  ['/auth/1/token/parameters/account', '{user}'],
  ['/auth/2/parts/email/field', 'person'],
  ['/auth/2/parts/file', { field: 'file', at: '/a' }],
  ['/auth/2/parts/key/at', 'private_key'],
  ['/auth/2/typedAccount/id', 'key', '/auth/2/typedAccount'],
  ['/auth/2/token/assertion/algorithm', 'HS256'],
  ['/auth/2/token/assertion/algorithm', 'none'],
  ['/auth/2/token/assertion/privateKey', 'person'],
  ['/auth/2/token/assertion/issuer', '{key}'],
  ['/auth/2/token/assertion/keyId', '{file}'],
  ['/auth/2/token/assertion/claims/scope', '{key}'],
  ['/auth/2/token/assertion/claims/exp', '1'],
  ['/auth/2/token/assertion/lifeSeconds', 86_400],
  ['/auth/2/token/parameters/assertion', 'x'],
  ['/auth/2/token/parameters/client_secret', '{key}'],
])('is refused where %s is %j', (pointer, value, at = pointer) => {
  const read = checkDefinition(withValue(pointer, value))
  expect('problems' in read && read.problems.map((problem) => problem.pointer)).toContain(at)
})

test('a field of several lines stands in no header', () => {
  const method = {
    ...exchange,
    kind: 'key',
    fields: [{ ...secret('key'), multiline: true }],
    send: [{ in: 'header', name: 'X-Key', value: '{key}' }],
    typedAccount: { id: '$hash' },
  }
  const { token, renewal, defaultScopes, ...key } = method
  const read = checkDefinition({ ...definition, auth: [key] })
  expect(read).toEqual({
    problems: [{ pointer: '/auth/0/fields/0/multiline', reason: 'stands in a header' }],
  })
})
