import { expect, test } from 'vitest'
import { variablesAt } from './address.ts'
import { gitlab } from './gitlab.ts'
import { oauthOf } from './methods.ts'
import { calledAddresses, isWithin, reachAt, reachOf } from './reach.ts'

const method = oauthOf(gitlab, 'oauth')
const token = { ...method.token, url: 'https://{shop}.login.example/token' }
const twoSided = { ...method, token, revocation: { style: 'none' as const } }

test('every address that is called with a secret is known', () => {
  expect(new Set(calledAddresses(gitlab))).toEqual(
    new Set([
      '{host}/oauth/token',
      '{host}/oauth/revoke',
      '{host}/oauth/token/info',
      '{host}/api/v4/user',
      '{host}/api/v4/personal_access_tokens/self',
    ]),
  )
})

test('a reach is the origins of these addresses, by what is sent there', () => {
  const host = 'https://git.example/gitlab'
  const reach = reachOf(gitlab, method, variablesAt(gitlab, host))
  expect(reach).toEqual(['api https://git.example', 'client https://git.example'])

  const also = { ...gitlab, api: { ...gitlab.api, also: ['https://uploads.example'] } }
  const wide = reachOf(also, twoSided, { host, shop: 'acme' })
  expect(wide).toEqual([
    'api https://git.example',
    'api https://uploads.example',
    'client https://acme.login.example',
  ])
  expect(isWithin(wide, 'client', new URL('https://acme.login.example/other'))).toBe(true)
  for (const url of ['https://git.example/x', 'https://acme.login.example:8443/x']) {
    expect(isWithin(wide, 'client', new URL(url)), url).toBe(false)
  }
})

test('an app that serves every host has the variable of hosts left open, until it is used', () => {
  const open = reachOf(gitlab, twoSided, {})
  expect(open).toContain('client https://{shop}.login.example')
  const used = reachAt(open, { host: 'https://git.example', shop: 'acme' })
  expect(used).toEqual(['api https://git.example', 'client https://acme.login.example'])
})
