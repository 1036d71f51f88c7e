import { expect, test } from 'vitest'
import { providerDefinitionSchema } from './checks.ts'

const request = { method: 'GET', url: '{host}/user', headers: {} }
const account = { id: { at: ['/id'], type: 'integer' }, name: [], username: [], avatarUrl: [] }
const revocation = {
  style: 'request',
  request: { method: 'DELETE', url: '{host}/keys/own', headers: {} },
  authenticate: 'credential',
  done: [{ status: [204] }],
  kills: 'token',
}
const key = {
  id: 'key',
  kind: 'key',
  title: 'API key',
  fields: [{ name: 'key', label: 'API key', secret: true }],
  steps: ['Make a key.'],
  send: [{ in: 'header', name: 'Authorization', value: 'Bearer {key}' }],
  identity: { request, account, scopes: [] },
  health: { request, active: [{ status: [200] }], inactive: [{ status: [401] }], details: {} },
  manualUrl: '{host}/keys',
  revocation,
}
const definition = {
  schema: 2,
  name: 'acme-git',
  title: 'Acme Git',
  category: 'code',
  state: 'stable',
  documentationUrl: 'https://docs.example/api',
  variables: { host: { kind: 'host', title: 'Address', default: 'https://git.example' } },
  api: { base: '{host}' },
  auth: [key],
  scopes: [],
  scopeGroups: [],
  scopePresets: [],
  registration: { each: 'host', url: '{host}/apps', steps: ['Register an app.'] },
}

/** The definition with something else in a place. */
function withValue(path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(definition)
  const place = path
    .slice(0, -1)
    .reduce<unknown>((found, step) => Reflect.get(Object(found), step), copy)
  Reflect.set(Object(place), path.at(-1) ?? '', value)
  return copy
}

test('a definition is what it is, with nothing added', () => {
  expect(providerDefinitionSchema.parse(definition)).toEqual(definition)
})

test.each<[(string | number)[], unknown]>([
  [['schema'], 1],
  [['name'], 'Acme Git'],
  [['name'], '__proto__'],
  [['title'], ''],
  [['title'], 'two\nlines'],
  [['documentationUrl'], 'http://docs.example'],
  [['documentationUrl'], 'javascript:alert(1)'],
  [['variables'], { 'two words': definition.variables.host }],
  [['variables', 'host', 'kind'], 'anything'],
  [['auth'], []],
  [['auth', 0, 'kind'], 'magic'],
  [['auth', 0, 'more'], 1],
  [['auth', 0, 'fields'], []],
  [['auth', 0, 'fields'], [{ name: 'key', label: 'API key', secret: false }]],
  [['auth', 0, 'fields'], [{ name: 'key', label: 'API key', secret: true, optional: true }]],
  [['auth', 0, 'fields', 0, 'name'], 'state'],
  [['auth', 0, 'fields', 1], { name: 'key', label: 'Again', secret: false }],
  [['auth', 0, 'send'], []],
  [['auth', 0, 'send', 0, 'name'], 'X Key'],
  [['auth', 0, 'send', 0, 'name'], 'Host'],
  [['auth', 0, 'send', 0, 'value'], 'Bearer {token}'],
  [['auth', 0, 'send', 1], { in: 'basic', username: '', password: '{key}' }],
  [['auth', 0, 'send', 1], { in: 'query', name: 'key', value: '{key}' }],
  [['auth', 0, 'identity', 'account', 'id', 'at'], ['id']],
  [['auth', 0, 'identity', 'account', 'id', 'at'], ['/a~2']],
  [['auth', 0, 'identity', 'account', 'id', 'at'], []],
  [['auth', 0, 'identity', 'request', 'method'], 'CONNECT'],
  [['auth', 0, 'identity', 'request', 'headers'], { Authorization: 'x' }],
  [['auth', 0, 'identity', 'request', 'headers'], { Host: 'evil.example' }],
  [['auth', 0, 'identity', 'request', 'headers'], { 'X-A': 'a\r\nb' }],
  [['auth', 0, 'identity', 'request', 'headers'], { 'X A': 'a' }],
  [['auth', 0, 'health', 'active'], []],
  [['auth', 0, 'health', 'active'], [{}]],
  [['auth', 0, 'health', 'active'], [{ at: '/id' }]],
  [['auth', 0, 'health', 'active'], [{ equals: 1 }]],
  [['auth', 0, 'health', 'active'], [{ at: '/id', equals: 1, notEquals: 2 }]],
  [['auth', 0, 'health', 'active'], [{ status: [99] }]],
  [['auth', 0, 'health', 'active'], [{ at: '/id', matches: 'a'.repeat(201) }]],
  [['auth', 0, 'health', 'active'], [{ all: [{ all: [{ all: [{ status: [200] }] }] }] }]],
  [['auth', 0, 'revocation', 'request', 'url'], '{host}/keys/{token}'],
  [['auth', 0, 'revocation', 'style'], 'rfc7009'],
  [['auth', 0, 'revocation', 'authenticate'], 'client_basic'],
  [['auth', 0, 'revocation', 'done'], []],
  [['auth', 0, 'revocation', 'body'], { json: {}, form: {} }],
  [['limits'], { requestsPerSecond: 0, burst: 1, concurrency: 1 }],
  [['scopes'], [{ name: 'two words', sentence: 'See it.', risk: 'low', group: 'a', implies: [] }]],
  [['scopes'], [{ name: 'a,b', sentence: 'See it.', risk: 'low', group: 'a', implies: [] }]],
])('is refused where %j is %j', (path, value) => {
  const { error } = providerDefinitionSchema.safeParse(withValue(path, value))
  expect(error?.issues[0]?.path.slice(0, path.length - 1)).toEqual(path.slice(0, -1))
})
