import { type Method, Secret } from '@keywell/protocol'
import { gitlab, keyOf, oauthOf } from '@keywell/providers'
import { describe, expect, test } from 'vitest'
import { headersOf, valuesOf } from './send.ts'

type Send = Method['send']
const secrets = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, new Secret(value)]))
const sent = (send: Send, values: Record<string, string>) => headersOf({ send }, secrets(values))

describe('a credential is sent', () => {
  test('in its headers, as it is', () => {
    const send: Send = [
      { in: 'header', name: 'DD-API-KEY', value: '{apiKey}' },
      { in: 'header', name: 'X-Key', value: 'Key {token}!' },
    ]
    expect(sent(send, { apiKey: 'k-1', token: "a$&b$'{apiKey}" })).toEqual([
      { name: 'DD-API-KEY', value: 'k-1' },
      { name: 'X-Key', value: "Key a$&b$'{apiKey}!" },
    ])
  })

  test.each([
    ['{email}/token', '{token}', 'ada@acme.example/token:a-b~c%d+e:f'],
    ['', '{token}', ':a-b~c%d+e:f'],
    ['{token}', '', 'a-b~c%d+e:f:'],
  ])(
    'by Basic with user name %j and password %j, without another encoding',
    (username, password, pair) => {
      const values = { email: 'ada@acme.example', token: 'a-b~c%d+e:f' }
      expect(sent([{ in: 'basic', username, password }], values)).toEqual([
        { name: 'Authorization', value: `Basic ${btoa(pair)}` },
      ])
    },
  )

  test('without the header of a field that was left empty', () => {
    const send: Send = [
      { in: 'header', name: 'X-Key', value: '{key}' },
      { in: 'header', name: 'X-Team', value: '{team}' },
    ]
    expect(sent(send, { key: 'k-1' })).toEqual([{ name: 'X-Key', value: 'k-1' }])
    expect(sent([{ in: 'basic', username: '{key}', password: '{team}' }], { key: 'k-1' })).toEqual([
      { name: 'Authorization', value: `Basic ${btoa('k-1:')}` },
    ])
  })
})

test('the values of a token and of a key have the names that their methods use', () => {
  const accessToken = new Secret('at-1')
  expect(valuesOf(oauthOf(gitlab, 'oauth'), { accessToken })).toEqual({ token: accessToken })
  const key = keyOf(gitlab, 'personal_access_token')
  expect(headersOf(key, valuesOf(key, { accessToken }))).toEqual([
    { name: 'Authorization', value: 'Bearer at-1' },
  ])
})
