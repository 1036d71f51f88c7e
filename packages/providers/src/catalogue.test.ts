import {
  impliedScopes,
  knownScopes,
  missingScopes,
  providerDefinitionSchema,
  providerNameSchema,
} from '@keywell/protocol'
import { expect, test } from 'vitest'
import { defaultHostOf, oauthMethods, providers } from './index.ts'

test('every provider has a name that the wire takes, and each its own', () => {
  const names = providers.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(providerNameSchema.safeParse(name).success, name).toBe(true)
})

test('the names that the types offer are those of the catalogue', () => {
  const names = providers.map(({ name, scopes }) => [
    name,
    scopes.map((scope) => scope.name).sort(),
  ])
  expect(knownScopes).toEqual(Object.fromEntries(names))
})

test('every provider speaks only of scopes that it has', () => {
  for (const provider of providers) {
    const known = provider.scopes.map(({ name }) => name)
    const named = impliedScopes(provider, [
      ...oauthMethods(provider).flatMap(({ defaultScopes }) => defaultScopes),
      ...provider.auth.flatMap(({ identity }) => identity?.scopes ?? []),
    ])
    expect(named.filter((scope) => !known.includes(scope))).toEqual([])
  }
})

test('every preset has scopes of the provider, none of which another one implies', () => {
  for (const provider of providers) {
    const names = provider.scopePresets.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, title, sentence, scopes } of provider.scopePresets) {
      expect(
        missingScopes(
          provider,
          scopes,
          provider.scopes.map((scope) => scope.name),
        ),
      ).toEqual([])
      for (const scope of scopes) {
        const others = scopes.filter((other) => other !== scope)
        expect(missingScopes(provider, [scope], others), `${name}: ${scope}`).toEqual([scope])
      }
      expect(title).toMatch(/\S/)
      expect(sentence).toMatch(/^[A-Z].{15,}\.$/)
    }
  }
})

test('every default host is a base URL over TLS, without a slash at the end', () => {
  for (const provider of providers) {
    const defaultHost = defaultHostOf(provider)
    if (defaultHost === undefined) continue
    expect(`${defaultHost}/`).toBe(new URL(`${defaultHost}/`).href)
    expect(defaultHost).toMatch(/^https:/)
  }
})

test('every definition is data, in the schema that those of others are held to', () => {
  for (const provider of providers) {
    const data: unknown = JSON.parse(JSON.stringify(provider))
    expect(data, provider.name).toEqual(provider)
    expect(providerDefinitionSchema.parse(data), provider.name).toEqual(provider)
  }
})
