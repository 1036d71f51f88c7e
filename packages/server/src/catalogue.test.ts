import { gitlab, providers } from '@keywell/providers'
import { expect, test } from 'vitest'
import { createCatalogue } from './catalogue.ts'

const catalogue = createCatalogue(providers)

test('finds a provider by its exact name', () => {
  expect(catalogue.find('gitlab')).toBe(gitlab)
  expect(catalogue.get('gitlab')).toBe(gitlab)
})

test('finds nothing else', () => {
  const names = ['', 'GitLab', 'gitlab ', 'github', '__proto__', 'constructor', 'toString', 'size']
  for (const name of names) {
    expect(catalogue.find(name), name).toBeUndefined()
    expect(() => catalogue.get(name), name).toThrow('There is no provider')
  }
})
