import type { ProviderDefinition } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { addressOf } from './address.ts'
import { checkDefinition } from './check-definition.ts'
import { github as bundled } from './github.ts'
import { appOf, consentOf, isMinted, isTyped } from './methods.ts'
import { reachOf } from './reach.ts'

const github: ProviderDefinition = bundled
const place = github.auth.findIndex(({ kind }) => kind === 'installation')
const here = `/auth/${place}`
const method = appOf(github, 'app_installation')

/** GitHub's definition with something else in a place; undefined: without it. */
function withValue(pointer: string, value: unknown): unknown {
  const steps = pointer.split('/').slice(1)
  const copy = structuredClone<unknown>(github)
  const parent = steps
    .slice(0, -1)
    .reduce<unknown>((found, step) => Reflect.get(Object(found), step), copy)
  Reflect.set(Object(parent), steps.at(-1) ?? '', value)
  return JSON.parse(JSON.stringify(copy))
}

test('a definition may have an app that is installed, which mints its access tokens', () => {
  expect(checkDefinition(github)).toEqual({ definition: github })
  expect([isMinted(method), isTyped(method)]).toEqual([true, false])
})

test.each<[pointer: string, value: unknown, at?: string]>([
  ['/install/consent', 'personal_access_token'],
  ['/install/consent', 'app'],
  ['/install/url', '{web}/apps/{slug}/new'],
  ['/install/url', '{web}/apps/{installation}/new'],
  ['/install/id/parameter', 'state'],
  ['/install/id/pattern', '(a)\\1'],
  ['/install/pending/parameter', 'installation_id'],
  ['/install/list/request/url', '{api}/user/installations/{installation}'],
  ['/install/list/request/headers', { 'X-Key': '{key}' }, '/install/list/request/headers/X-Key'],
  ['/install/list/pages/size', 0],
  ['/assertion/algorithm', 'HS256'],
  ['/assertion/algorithm', 'none'],
  ['/assertion/lifeSeconds', 601],
  ['/token/url', '{api}/access_tokens'],
  ['/token/url', '{api}/access_tokens?of=a-{installation}'],
  ['/token/answer/expiresIn', ['/expires_in'], '/token/answer'],
  ['/token/errors/0/is', 'sign_in_again'],
  ['/renewal/by', 'refresh_token'],
  ['/revocation/authenticate', 'client_basic'],
  ['/removal', undefined],
  ['/removal/request/url', '{api}/app/installations'],
  ['/identity', github.auth[0]?.identity],
])('is refused where %s is %j', (pointer, value, at = pointer) => {
  const read = checkDefinition(withValue(`${here}${pointer}`, value))
  expect('problems' in read && read.problems.map((problem) => problem.pointer)).toContain(
    `${here}${at}`,
  )
})

test('no variable has the name of the id', () => {
  const variable = { kind: 'segment', title: 'Id', pattern: '[0-9]+' }
  const read = checkDefinition(withValue('/variables/installation', variable))
  expect('problems' in read && read.problems[0]?.pointer).toBe('/variables/installation')
})

test('the secrets of the app reach where its users consent, and where it acts for itself', () => {
  const apart = {
    ...github,
    auth: github.auth.map((each) => {
      if (each.kind !== 'oauth2') return each
      const { device: _, ...consent } = each
      return { ...consent, token: { ...each.token, url: 'https://login.example/token' } }
    }),
  }
  const reach = reachOf(apart, method, {
    web: 'https://github.com',
    api: 'https://api.github.com',
  })
  expect(reach).toEqual([
    'api https://api.github.com',
    'client https://api.github.com',
    'client https://login.example',
  ])
})

test('the code of an install page comes without a challenge, so none is proved', () => {
  expect(consentOf(github, method).authorize.pkce).toBe('none')
  const asUser = appOf(github, 'app_user')
  expect(consentOf(github, asUser).authorize.pkce).toBe('S256')
})

test('the install page is that of the app', () => {
  if (method.kind !== 'installation') throw new Error('invariant: an installation')
  const variables = { web: 'https://github.com', appSlug: 'northwind' }
  expect(addressOf(method.install.url, variables).href).toBe(
    'https://github.com/apps/northwind/installations/new',
  )
})
