import type { ProviderDefinition } from '@keywell/protocol'
import { gitlab, oauthOf, providers } from '@keywell/providers'
import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { createCatalogue } from './catalogue.ts'

const catalogue = createCatalogue(providers)

test('finds a provider by its exact name', () => {
  expect(catalogue.find('gitlab')).toBe(gitlab)
  expect(catalogue.get('gitlab')).toBe(gitlab)
})

test('finds nothing else', () => {
  const names = ['', 'GitLab', 'gitlab ', 'gitlub', '__proto__', 'constructor', 'toString', 'size']
  for (const name of names) {
    expect(catalogue.find(name), name).toBeUndefined()
    expect(() => catalogue.get(name), name).toThrow('There is no provider')
  }
})

verifies('providers:refused-definition', () => {
  const acme = { ...gitlab, name: 'acme' }
  const method = oauthOf(gitlab, 'oauth')
  const silent = { ...method, health: { ...method.health, active: [] } }
  expect(createCatalogue([gitlab, acme]).all).toEqual([gitlab, acme])
  const refused: readonly (readonly [readonly ProviderDefinition[], string])[] = [
    [[acme, acme], 'There are two providers "acme".'],
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
