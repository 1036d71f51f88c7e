import { expect, test } from 'vitest'
import { gitlab } from './gitlab.ts'
import { handlingOf } from './handling.ts'

test('each kind of credential has its header, its probe and its place to be taken back', () => {
  expect(handlingOf(gitlab, 'oauth_token')).toMatchObject({
    header: { name: 'Authorization', prefix: 'Bearer ' },
    health: { path: '/oauth/token/info' },
    manualPath: gitlab.revocation.manualPath,
  })
  expect(handlingOf(gitlab, 'api_key')).toMatchObject({
    health: { path: '/api/v4/personal_access_tokens/self' },
    manualPath: '/-/user_settings/personal_access_tokens',
  })
  const header = { name: 'PRIVATE-TOKEN', prefix: '' }
  const other = { ...gitlab, apiKeys: { ...gitlab.apiKeys, header } }
  expect(handlingOf(other, 'api_key').header).toEqual(header)
})

test('a connection that has no credential is handled as OAuth', () => {
  expect(handlingOf(gitlab, null)).toEqual(handlingOf(gitlab, 'oauth_token'))
})

test('a kind that the provider does not have is refused', () => {
  const { apiKeys: _, ...without } = gitlab
  expect(() => handlingOf(without, 'api_key')).toThrow('gitlab has no credentials of type api_key')
  expect(() => handlingOf(gitlab, 'basic')).toThrow(TypeError)
})
