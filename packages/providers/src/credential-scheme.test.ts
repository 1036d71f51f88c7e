import { expect, test } from 'vitest'
import { credentialSchemeOf } from './credential-scheme.ts'
import { gitlab } from './gitlab.ts'

test('each kind of credential has its header, its probe and its place to be taken back', () => {
  expect(credentialSchemeOf(gitlab, 'oauth_token')).toMatchObject({
    header: { name: 'Authorization', prefix: 'Bearer ' },
    health: { path: '/oauth/token/info' },
    manualPath: gitlab.revocation.manualPath,
  })
  expect(credentialSchemeOf(gitlab, 'api_key')).toMatchObject({
    health: { path: '/api/v4/personal_access_tokens/self' },
    manualPath: '/-/user_settings/personal_access_tokens',
  })
  const header = { name: 'PRIVATE-TOKEN', prefix: '' }
  const other = { ...gitlab, apiKeys: { ...gitlab.apiKeys, header } }
  expect(credentialSchemeOf(other, 'api_key').header).toEqual(header)
})

test('a connection that has no credential is handled as OAuth', () => {
  expect(credentialSchemeOf(gitlab, null)).toEqual(credentialSchemeOf(gitlab, 'oauth_token'))
})

test('a kind that the provider does not have is refused', () => {
  const { apiKeys: _, ...without } = gitlab
  expect(() => credentialSchemeOf(without, 'api_key')).toThrow(
    'gitlab has no credentials of type api_key',
  )
  expect(() => credentialSchemeOf(gitlab, 'basic')).toThrow(TypeError)
})
