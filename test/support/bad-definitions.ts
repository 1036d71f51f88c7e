/** Definitions that are not right, each with the place of its fault. */
import { gitlab } from '@keywell/providers'
import { define } from './other-provider.ts'

export const acme = define('https://signin.acme.example', 'https://api.acme.example')

/** A copy with another value in one place; undefined takes the place away. */
export function withValue(base: unknown, pointer: string, value: unknown): unknown {
  const copy = structuredClone(base)
  const steps = pointer.split('/').slice(1)
  const last = steps.pop() ?? ''
  const place = steps.reduce<unknown>((found, step) => Reflect.get(Object(found), step), copy)
  if (value === undefined) Reflect.deleteProperty(Object(place), last)
  else Reflect.set(Object(place), last, value)
  return copy
}

const label = { kind: 'label', title: 'Shop', pattern: '[a-z]+', letters: 'lower' }
const segment = { kind: 'segment', title: 'Organisation', pattern: '[a-z]+' }
const shop = withValue(acme, '/variables', { shop: label, org: segment })
const account = { id: { at: ['/id'], type: 'text' }, name: [], username: [], avatarUrl: [] }
const look = {
  method: 'GET',
  url: 'https://{shop}.acme.example/{site}/me',
  headers: { 'X-Shop': '{shop} {site}' },
}
/** A key whose requests name the variable of the host, and a field that is no secret. */
const openKey = {
  ...acme,
  variables: { shop: label, org: segment },
  api: { base: 'https://{shop}.acme.example', also: ['https://{shop}-cdn.acme.example'] },
  auth: [
    {
      id: 'key',
      kind: 'key',
      title: 'API key',
      fields: [
        { name: 'key', label: 'Key', secret: true },
        { name: 'site', label: 'Site', secret: false },
        { name: 'team', label: 'Team', secret: false, optional: true },
      ],
      steps: ['Make one.'],
      send: [{ in: 'header', name: 'X-Key', value: '{shop} {key}' }],
      identity: { request: look, account, scopes: [] },
      health: {
        request: look,
        active: [{ status: [200] }],
        inactive: [{ status: [401] }],
        details: {},
      },
      revocation: {
        style: 'request',
        request: { ...look, method: 'DELETE' },
        authenticate: 'credential',
        body: { json: { shop: '{shop}' } },
        done: [{ status: [204] }],
        kills: 'token',
      },
      manualUrl: 'https://{shop}.acme.example/keys',
    },
  ],
}
const derived = (more: object) => ({
  ...gitlab.variables,
  api: { kind: 'derived', from: 'host', lines: [{ value: '{host}/api' }], ...more },
})
const signed = define('https://signin.acme.example', 'https://api.acme.example', { signed: true })
const callback = '/auth/0/authorize/callback'
const told = define('https://signin.acme.example', 'https://api.acme.example', { told: true })
const longPattern = 'a'.repeat(201)
const scope = acme.scopes[0]

/** What is changed, where the problem is found, and what it says. */
export type Row = [base: unknown, at: string, value: unknown, pointer: string, reason: RegExp]

const oauth = '/auth/0'
export const rows: Row[] = [
  // Signed callbacks.
  [signed, `${callback}/signature/parameter`, 'code', `${callback}/signature/parameter`, /OAuth/],
  [signed, `${callback}/signature`, undefined, `${callback}/signature`, /object/],
  [signed, `${callback}/signature/algorithm`, 'md5', `${callback}/signature/algorithm`, /sha256/],
  [signed, `${callback}/mustEqual/state`, 'x', `${callback}/mustEqual/state`, /another way/],
  [signed, `${callback}/mustEqual/hmac`, 'x', `${callback}/mustEqual/hmac`, /another way/],
  [signed, `${callback}/mustEqual/realm`, '{realm}', `${callback}/mustEqual/realm`, /no variable/],
  // Told addresses.
  [told, '/variables/home/allow', [], '/variables/home/allow', /expected/],
  [told, '/variables/home/allow/0', 'https://*', '/variables/home/allow/0', /origin/],
  [told, '/variables/home/allow/0', 'https://*.com', '/variables/home/allow/0', /origin/],
  [told, '/variables/home/allow/0', 'https://a.*.com', '/variables/home/allow/0', /origin/],
  [told, '/variables/home/allow/0', 'https://acme.example/', '/variables/home/allow/0', /origin/],
  [told, '/api/base', 'https://api.acme.example', '/variables/home', /not in api.base/],
  [told, '/api/base', 'https://{home}', '/api/base', /beginning/],
  [told, '/registration/each', 'host', '/registration/each', /told to its app/],
  [told, `${oauth}/token/answer/origin`, undefined, oauth, /must tell home/],
  [told, `${oauth}/token/url`, '{home}/token', `${oauth}/token/url`, /no value here/],
  [told, `${oauth}/authorize/url`, '{home}/consent', `${oauth}/authorize/url`, /no value here/],
  // Types and fields.
  [acme, '/schema', 1, '/schema', /expected 2/],
  [acme, '/name', 'Acme Notes', '/name', /match/],
  [acme, '/name', `a${'b'.repeat(40)}`, '/name', /match/],
  [acme, '/title', 7, '/title', /string/],
  [acme, '/title', undefined, '/title', /string/],
  [acme, '/colour', 'red', '/colour', /no such field/],
  [acme, '/documentationUrl', 'http://docs.example', '/documentationUrl', /URL/],
  [acme, '/auth', [], '/auth', /expected/],
  [acme, `${oauth}/kind`, 'magic', `${oauth}/kind`, /nvalid/],
  [acme, `${oauth}/send/0/name`, 'Host', `${oauth}/send/0/name`, /connection/],
  [acme, `${oauth}/send/0/value`, 'Token {key}', `${oauth}/send/0/value`, /key/],
  [acme, `${oauth}/token/a~b`, 1, `${oauth}/token/a~0b`, /no such field/],
  [
    acme,
    `${oauth}/token/headers/Authorization`,
    'x',
    `${oauth}/token/headers/Authorization`,
    /service itself/,
  ],
  [
    acme,
    `${oauth}/token/answer/accessToken`,
    ['token'],
    `${oauth}/token/answer/accessToken/0`,
    /pointer/,
  ],
  [acme, `${oauth}/token/errors/0/is`, 'dead', `${oauth}/token/errors/0/is`, /expected/],
  [acme, `${oauth}/health/active`, [{}], `${oauth}/health/active/0`, /says nothing/],
  [acme, `${oauth}/health/active/0/equals`, 'x', `${oauth}/health/active/0`, /exactly one/],
  [
    acme,
    '/limits',
    { requestsPerSecond: 0, burst: 1, concurrency: 1 },
    '/limits/requestsPerSecond',
    />0/,
  ],
  [
    acme,
    '/limits',
    { requestsPerSecond: 1, burst: 1, concurrency: 5_000 },
    '/limits/concurrency',
    /1000/,
  ],

  // Values that contradict each other.
  [acme, `${oauth}/renewal/graceSeconds`, undefined, `${oauth}/renewal/graceSeconds`, /grace/],
  [acme, `${oauth}/renewal/newEachTime`, true, `${oauth}/renewal/newEachTime`, /none/],
  [
    acme,
    `${oauth}/health/inactive/0`,
    acme.auth[0]?.health.active[0],
    `${oauth}/health/inactive/0`,
    /same as active/,
  ],
  [acme, `${oauth}/authorize/scopes`, null, `${oauth}/defaultScopes`, /never sent/],
  [
    acme,
    `${oauth}/authorize/scopes/parameter`,
    'state',
    `${oauth}/authorize/scopes/parameter`,
    /OAuth/,
  ],
  [
    acme,
    `${oauth}/authorize/parameters/redirect_uri`,
    'https://evil.example',
    `${oauth}/authorize/parameters/redirect_uri`,
    /service itself/,
  ],
  [
    acme,
    `${oauth}/authorize/parameters/permissions`,
    'all',
    `${oauth}/authorize/parameters/permissions`,
    /service itself/,
  ],
  [acme, `${oauth}/revocation/body`, undefined, `${oauth}/revocation`, /nothing/],
  [
    acme,
    `${oauth}/revocation/body/json/session`,
    '{session}',
    `${oauth}/revocation/body/json/session`,
    /no value/,
  ],
  [
    withValue(acme, `${oauth}/renewal`, { by: 'none', defaultExpiresIn: null }),
    `${oauth}/revocation/send`,
    'refresh_token',
    `${oauth}/revocation/send`,
    /no refresh token/,
  ],
  [gitlab, `${oauth}/identity/scopes`, [], `${oauth}/identity/fallback`, /never used/],
  [acme, '/auth/1', acme.auth[0], '/auth/1/id', /two/],
  [gitlab, '/auth/1/identity', undefined, '/auth/1', /either/],
  [gitlab, '/auth/1/typedAccount', { id: '$hash' }, '/auth/1', /either/],
  ...['key', 'other'].map((id): [unknown, string, unknown, string, RegExp] => [
    withValue(withValue(gitlab, '/auth/1/identity', undefined), '/auth/1/typedAccount', {
      id: '$hash',
    }),
    '/auth/1/typedAccount/id',
    id,
    '/auth/1/typedAccount',
    /no secrets/,
  ]),

  // Scopes.
  [acme, '/scopes/2', scope, '/scopes/2/name', /two/],
  [acme, '/scopes/0/name', 'notes read', '/scopes/0/name', /match/],
  [acme, '/scopes/1/implies', ['notes:admin'], '/scopes/1/implies/0', /no scope notes:admin/],
  [acme, '/scopes/0/implies', ['notes:read'], '/scopes/0/implies', /itself/],
  [acme, '/scopes/0/group', 'drawings', '/scopes/0/group', /no group/],
  [acme, '/scopeGroups/1', acme.scopeGroups[0], '/scopeGroups/1/name', /two/],
  [
    acme,
    '/scopePresets',
    [{ name: 'all', title: 'All', sentence: 'All.', scopes: ['all'] }],
    '/scopePresets/0/scopes/0',
    /no scope all/,
  ],
  [acme, `${oauth}/defaultScopes`, ['notes:all'], `${oauth}/defaultScopes/0`, /no scope/],
  [acme, `${oauth}/identity/scopes`, ['notes:all'], `${oauth}/identity/scopes/0`, /no scope/],

  // Addresses.
  [acme, '/api/base', 'https://{shop}.acme.example', '/api/base', /no variable shop/],
  [shop, '/api/base', 'https://{shop}.acme.example/{org}', '/api/base', /one variable/],
  [shop, '/api/base', '{shop}://api.acme.example', '/api/base', /scheme/],
  [shop, '/api/base', 'https://{shop}', '/api/base', /below a domain/],
  [shop, '/api/base', 'https://api{shop}.acme.example', '/api/base', /below a domain/],
  [shop, '/api/base', 'https://acme.example/v{org}', '/api/base', /whole segment/],
  [shop, '/api/base', 'https://{org}.acme.example', '/api/base', /host name/],
  [acme, '/api/base', 'https://api.acme.example/', '/api/base', /slash at the end/],
  [acme, '/api/also', ['ftp://files.acme.example'], '/api/also/0', /https/],
  [gitlab, '/api/also', ['{host}.evil.example'], '/api/also/0', /beginning/],
  [gitlab, '/api/also', ['https://evil.example/{host}'], '/api/also/0', /beginning/],
  [
    acme,
    `${oauth}/token/url`,
    'https://signin.acme.example@evil.example/tokens',
    `${oauth}/token/url`,
    /address/,
  ],
  [
    acme,
    `${oauth}/token/url`,
    'https://signin.acme.example\\@evil.example',
    `${oauth}/token/url`,
    /address/,
  ],
  [
    acme,
    `${oauth}/token/url`,
    'https://signin.acme.example/a/../tokens',
    `${oauth}/token/url`,
    /dot segment/,
  ],
  [
    acme,
    `${oauth}/token/url`,
    'https://signin.acme.example:443/tokens',
    `${oauth}/token/url`,
    /port/,
  ],
  [
    acme,
    `${oauth}/token/url`,
    'https://signin.acme.example/{tokens',
    `${oauth}/token/url`,
    /brace/,
  ],
  [
    acme,
    `${oauth}/token/url`,
    'https://signin.acme.example/tokens#x',
    `${oauth}/token/url`,
    /address/,
  ],
  [acme, `${oauth}/manualUrl`, 'javascript:alert(1)', `${oauth}/manualUrl`, /https/],
  [
    acme,
    `${oauth}/revocation/request/url`,
    'https://signin.acme.example/{token}',
    `${oauth}/revocation/request/url`,
    /token/,
  ],
  [
    acme,
    `${oauth}/health/request/url`,
    'https://api.acme.example/{token}',
    `${oauth}/health/request/url`,
    /no variable token/,
  ],
  [shop, `${oauth}/manualUrl`, 'https://acme.example/{org}', `${oauth}/manualUrl`, /no value here/],
  [
    shop,
    '/registration/url',
    'https://acme.example/{org}/apps',
    '/registration/url',
    /no value here/,
  ],
  [
    shop,
    `${oauth}/identity/request/url`,
    'https://api.acme.example/{org}/me',
    `${oauth}/identity/request/url`,
    /no value here/,
  ],
  [gitlab, '/instance/url', 'https://evil.example/{host.hostname}x', '/instance/url', /./],
  [gitlab, `${oauth}/token/url`, 'https://{host.port}/tokens', `${oauth}/token/url`, /no port/],

  // Values in headers and addresses.
  [
    openKey,
    '/auth/0/identity/request/url',
    'https://{shop}.acme.example/{key}',
    '/auth/0/identity/request/url',
    /no variable key/,
  ],
  [
    openKey,
    '/auth/0/identity/request/url',
    'https://{shop}.acme.example/{team}',
    '/auth/0/identity/request/url',
    /no variable team/,
  ],
  [
    openKey,
    '/auth/0/identity/request/url',
    'https://{site}.acme.example/me',
    '/auth/0/identity/request/url',
    /host name/,
  ],
  [
    openKey,
    '/auth/0/health/request/url',
    'https://{shop}.acme.example/v{site}',
    '/auth/0/health/request/url',
    /whole segment/,
  ],
  [
    openKey,
    '/auth/0/manualUrl',
    'https://{shop}.acme.example/{site}',
    '/auth/0/manualUrl',
    /no variable site/,
  ],
  [
    openKey,
    '/auth/0/health/request/headers',
    { 'X-Key': '{key}' },
    '/auth/0/health/request/headers/X-Key',
    /no value for key/,
  ],
  [
    openKey,
    '/auth/0/revocation/request/headers',
    { 'X-Org': '{org}' },
    '/auth/0/revocation/request/headers/X-Org',
    /no value for org/,
  ],
  [openKey, '/auth/0/send/0/value', '{org}', '/auth/0/send/0/value', /no value for org/],
  [openKey, '/auth/0/send/0/value', '{key}\r\nX: {shop}', '/auth/0/send/0/value', /ASCII/],
  [openKey, '/auth/0/fields/1/name', 'shop', '/auth/0/fields/1/name', /variable/],
  [openKey, '/auth/0/typedAccount', { id: 'shop' }, '/auth/0', /either/],
  [
    withValue(withValue(openKey, '/auth/0/identity', undefined), '/auth/0/typedAccount', {
      id: 'shop',
      name: 'site',
    }),
    '/auth/0/typedAccount',
    { id: 'org' },
    '/auth/0/typedAccount',
    /no secrets/,
  ],
  [gitlab, '/auth/1/send/0/value', '{host.hostname}', '/auth/1/send/0/value', /no value/],
  [shop, '/api/also', ['https://{shop}-.acme.example'], '/api/also/0', /below a domain/],
  [shop, '/api/also', ['https://{shop}-cdn'], '/api/also/0', /below a domain/],

  // Variables and patterns.
  [gitlab, '/auth/1/fields/0/pattern', '[a-z', '/auth/1/fields/0/pattern', /RE2/],
  [acme, '/variables', { shop: { ...label, pattern: '(a)\\1' } }, '/variables/shop/pattern', /RE2/],
  [acme, '/variables', { shop: { ...label, pattern: '(?=a)a' } }, '/variables/shop/pattern', /RE2/],
  [
    acme,
    '/variables',
    { shop: { ...label, pattern: longPattern } },
    '/variables/shop/pattern',
    /200/,
  ],
  [
    acme,
    '/variables',
    { org: { ...segment, default: 'ACME' } },
    '/variables/org/default',
    /pattern/,
  ],
  [acme, '/variables', { 'two words': label }, '/variables/two words', /letter/],
  [acme, '/variables', { host: gitlab.variables.host }, '/variables/host', /never given/],
  [gitlab, '/variables/host/default', 'https://gitlab.com/', '/variables/host/default', /slash/],
  [gitlab, '/variables/host/default', 'gitlab.com', '/variables/host/default', /https/],
  [
    acme,
    '/variables',
    { region: { kind: 'choice', title: 'Region', options: [{ value: 'eu@evil', title: 'EU' }] } },
    '/variables/region/options/0/value',
    /word/,
  ],
  [
    acme,
    '/variables',
    {
      region: {
        kind: 'choice',
        title: 'Region',
        options: [
          { value: 'eu', title: 'EU' },
          { value: 'eu', title: 'Europe' },
        ],
      },
    },
    '/variables/region/options/1/value',
    /two/,
  ],
  [gitlab, '/variables', derived({ from: 'web' }), '/variables/api/from', /api.base/],
  [
    gitlab,
    '/variables',
    derived({ lines: [{ endsWith: '.corp', value: '{host}/api' }] }),
    '/variables/api/lines',
    /every other/,
  ],
  [
    gitlab,
    '/variables',
    derived({ lines: [{ value: 'https://{web}/api' }] }),
    '/variables/api/lines/0/value',
    /no variable/,
  ],
  [
    acme,
    `${oauth}/health/inactive/0`,
    { at: '/fault', matches: '(a' },
    `${oauth}/health/inactive/0/matches`,
    /RE2/,
  ],
  [
    acme,
    `${oauth}/token/errors/0/if/0`,
    { at: '/problem', matches: 'a(?!b)' },
    `${oauth}/token/errors/0/if/0/matches`,
    /RE2/,
  ],
]
