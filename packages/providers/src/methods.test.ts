import { expect, test } from 'vitest'
import { gitlab } from './gitlab.ts'
import { findMethod, isMeantBy, keyOf, methodOf, oauthOf } from './methods.ts'

const [oauth, key] = gitlab.auth

test('a method is found by its id', () => {
  expect(methodOf(gitlab, 'oauth')).toBe(oauth)
  expect(oauthOf(gitlab, 'oauth')).toBe(oauth)
  expect(keyOf(gitlab, 'personal_access_token')).toBe(key)
  expect(findMethod(gitlab, 'api_key')).toBeUndefined()
})

test('one that the definition lacks, or has as another kind, is named beside those there are', () => {
  const gone = {
    code: 'method_not_offered',
    nextStep: expect.stringContaining('oauth or personal'),
  }
  expect(() => methodOf(gitlab, 'app')).toThrow(expect.objectContaining(gone))
  expect(() => keyOf(gitlab, 'oauth')).toThrow(expect.objectContaining(gone))
  expect(() => oauthOf(gitlab, 'personal_access_token')).toThrow(expect.objectContaining(gone))
})

test('a name means the method with that id, or all of a kind', () => {
  const named = (name: string) => gitlab.auth.filter((method) => isMeantBy(method, name))
  expect(named('personal_access_token')).toEqual([key])
  expect(named('key')).toEqual([key])
  expect(named('oauth')).toEqual([oauth])
  expect(named('oauth2')).toEqual([])
})
