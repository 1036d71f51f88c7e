import { expect, test } from 'vitest'
import { gitlab } from './gitlab.ts'
import { findKey, methodOf, oauthOf } from './methods.ts'

test('each kind of credential has a method of its own', () => {
  expect(methodOf(gitlab, 'oauth_token')).toBe(oauthOf(gitlab))
  expect(methodOf(gitlab, 'api_key')).toBe(findKey(gitlab))
})

test('a connection that has no credential is handled as OAuth', () => {
  expect(methodOf(gitlab, null)).toBe(oauthOf(gitlab))
})

test('a kind that the provider does not have is refused', () => {
  const without = { ...gitlab, auth: [oauthOf(gitlab)] }
  expect(() => methodOf(without, 'api_key')).toThrow('gitlab has no credentials of type api_key')
  expect(() => methodOf(gitlab, 'basic')).toThrow(TypeError)
  expect(() => oauthOf({ ...gitlab, auth: [] })).toThrow('gitlab has no way by consent')
})
