import { expect, test } from 'vitest'
import { azureDevOps } from './azure-devops.ts'
import { gitlab } from './gitlab.ts'
import { scopesGranted, scopesSent } from './wire-scopes.ts'

const long = '499b84ac-1321-427f-aa17-267ca6975798/vso.code'

test('scopes are sent as the provider writes them, with those that are always sent', () => {
  expect(scopesSent(azureDevOps, ['vso.code'])).toBe(`${long} offline_access`)
  expect(scopesSent(gitlab, ['read_api', 'read_user'])).toBe('read_api read_user')
})

test('scopes of an answer have their names here, and those that are always sent are left out', () => {
  expect(scopesGranted(azureDevOps, [long, 'offline_access', 'vso.work', 'email'])).toEqual([
    'vso.code',
    'vso.work',
    'email',
  ])
  expect(scopesGranted(gitlab, ['read_api'])).toEqual(['read_api'])
})
