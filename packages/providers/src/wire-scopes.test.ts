import { expect, test } from 'vitest'
import { azureDevOps } from './azure-devops.ts'
import { gitlab } from './gitlab.ts'
import { oauthOf } from './methods.ts'
import { scopesGranted, scopesSent } from './wire-scopes.ts'

const entra = oauthOf(azureDevOps, 'entra')
const oauth = oauthOf(gitlab, 'oauth')
const long = '499b84ac-1321-427f-aa17-267ca6975798/vso.code'

test('scopes are sent as the provider writes them, with those that are always sent', () => {
  expect(scopesSent(azureDevOps, entra, ['vso.code'])).toBe(`${long} offline_access`)
  expect(scopesSent(gitlab, oauth, ['read_api', 'read_user'])).toBe('read_api read_user')
})

test('scopes of an answer have their names here, and those that are always sent are left out', () => {
  expect(scopesGranted(azureDevOps, entra, [long, 'offline_access', 'vso.work', 'email'])).toEqual([
    'vso.code',
    'vso.work',
    'email',
  ])
  expect(scopesGranted(gitlab, oauth, ['read_api'])).toEqual(['read_api'])
})
