import type { ProviderDefinition } from '@keywell/protocol'
import { gitlab, oauthOf, providers } from '@keywell/providers'
import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { createCatalogue } from './catalogue.ts'
import { installation } from './store/scope.ts'

const catalogue = createCatalogue(providers)
const tenantId = 'ten_acme'

test('finds a provider by its exact name', () => {
  expect(catalogue.find(tenantId, 'gitlab')).toBe(gitlab)
  expect(catalogue.get(tenantId, 'gitlab')).toBe(gitlab)
})

test('finds nothing else', () => {
  const names = ['', 'GitLab', 'gitlab ', 'gitlub', '__proto__', 'constructor', 'toString', 'size']
  for (const name of names) {
    expect(catalogue.find(tenantId, name), name).toBeUndefined()
    expect(() => catalogue.get(tenantId, name), name).toThrow('There is no provider')
  }
})

verifies('providers:refused-definition', () => {
  const acme = { ...gitlab, name: 'acme' }
  const method = oauthOf(gitlab, 'oauth')
  const silent = { ...method, health: { ...method.health, active: [] } }
  expect(createCatalogue([gitlab, acme]).all).toEqual([gitlab, acme])
  const refused: readonly (readonly [readonly ProviderDefinition[], string])[] = [
    [[acme, acme], 'There are two providers "acme".'],
    [[{ ...gitlab, name: 'x-acme' }], 'The provider "x-acme" is not defined right. /name: '],
    [[{ ...gitlab, name: 'Acme' }], 'The provider "Acme" is not defined right. /name: '],
    [
      [{ ...acme, auth: [silent] }],
      'The provider "acme" is not defined right. /auth/0/health/active: ',
    ],
  ]
  for (const [definitions, problem] of refused) {
    expect(() => createCatalogue(definitions), problem).toThrow(problem)
  }
})

verifies('custom:shadow', () => {
  const shared = createCatalogue([gitlab])
  const own = { ...gitlab, name: 'x-notes', title: 'Of Acme' }
  const other = { ...gitlab, name: 'x-notes', title: 'Of another' }
  // What a tenant adds under a name of the installation is not there at all.
  shared.replaceOwn(tenantId, [own, { ...gitlab, title: 'Not GitLab' }])
  shared.replaceOwn('ten_other', [other])
  expect(shared.get(tenantId, 'x-notes')).toBe(own)
  expect(shared.get('ten_other', 'x-notes')).toBe(other)
  expect(shared.get(tenantId, 'gitlab')).toBe(gitlab)
  expect(shared.list(tenantId)).toEqual([gitlab, own])
  for (const elsewhere of ['ten_third', installation, '@nobody']) {
    expect(shared.find(elsewhere, 'x-notes'), elsewhere).toBeUndefined()
    expect(shared.list(elsewhere), elsewhere).toEqual([gitlab])
  }
  expect(shared.all).toEqual([gitlab])
  shared.replaceOwn(tenantId, [])
  expect(shared.find(tenantId, 'x-notes')).toBeUndefined()
})

verifies('custom:precedence', () => {
  const open = createCatalogue([gitlab])
  const titled = (title: string) => ({ ...gitlab, title })
  const titleNow = () => open.get(tenantId, 'gitlab').title
  open.replace('api', [titled('by API'), { ...gitlab, name: 'acme' }])
  expect(titleNow()).toBe('by API')
  open.replace('file', [titled('by file')])
  expect(titleNow()).toBe('by file')
  expect(open.all.map(({ name }) => name)).toEqual(['gitlab', 'acme'])
  expect(open.isDefinedWithout('file', 'acme')).toBe(true)
  expect(open.isDefinedWithout('api', 'acme')).toBe(false)
  open.replace('api', [])
  expect(titleNow()).toBe('by file')
  open.replace('file', [])
  expect(open.get(tenantId, 'gitlab')).toBe(gitlab)
})
