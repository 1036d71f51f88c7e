import { describe, expect, test } from 'vitest'
import { addressOf, calledAddresses, defaultHostOf, variablesAt } from './address.ts'
import { gitlab } from './gitlab.ts'

describe('an address', () => {
  test.each([
    [
      '{host}/oauth/token',
      { host: 'https://git.example/gitlab' },
      'https://git.example/gitlab/oauth/token',
    ],
    ['{host}/a?b=c%2Fd', { host: 'http://127.0.0.1:8080' }, 'http://127.0.0.1:8080/a?b=c%2Fd'],
    ['{host}', { host: 'https://git.example' }, 'https://git.example/'],
    ['https://api.example/v2/user', {}, 'https://api.example/v2/user'],
  ])('%s with %j is %s', (template, variables, address) => {
    expect(addressOf(template, variables).href).toBe(address)
  })

  test('is none where a variable is missing', () => {
    for (const name of ['host', 'toString', '__proto__']) {
      expect(() => addressOf(`{${name}}/a`, {}), name).toThrow(`there is no ${name}`)
    }
  })

  test.each([
    'https://git.example/a/../b',
    'https://git.example/%2e%2e',
    'https://user@git.example',
    'https://git.example/a#b',
    'https://git.example\\a',
    'https://GIT.example',
    'https://git.example:443',
    ' https://git.example',
    'https://git.exa\tmple',
  ])('is none where a variable moves it: %s', (host) => {
    expect(() => addressOf('{host}/oauth/token', { host })).toThrow(TypeError)
  })
})

test('the host of a connection is the variable that its API begins with', () => {
  expect(variablesAt(gitlab, 'https://git.example')).toEqual({ host: 'https://git.example' })
  expect(variablesAt({ ...gitlab, api: { base: 'https://api.example' } }, 'https://a')).toEqual({})
  expect(defaultHostOf(gitlab)).toBe('https://gitlab.com')
})

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
