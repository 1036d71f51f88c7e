import { impliedScopes, missingScopes } from '@keywell/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gitlab } from './gitlab.ts'

const names = gitlab.scopes.map(({ name }) => name)
const scopeLists = fc.array(
  fc.oneof(fc.constantFrom(...names), fc.constantFrom('mcp', '__proto__')),
)

/** Any graph of implications over six scopes, circles included. */
const catalogues = fc
  .array(fc.subarray(['a', 'b', 'c', 'd', 'e', 'f']), { minLength: 6, maxLength: 6 })
  .map((graph) => ({
    scopes: graph.map((implies, index) => ({
      name: 'abcdef'.charAt(index),
      implies,
    })),
  }))
const lettersOf = fc.subarray(['a', 'b', 'c', 'd', 'e', 'f'])

describe('impliedScopes', () => {
  test('api covers reading; read_api covers the profile', () => {
    expect(impliedScopes(gitlab, ['api'])).toContain('read_user')
    expect(impliedScopes(gitlab, ['api'])).not.toContain('openid')
    expect(impliedScopes(gitlab, ['read_api'])).toEqual([
      'read_api',
      'read_user',
      'read_repository',
      'read_registry',
    ])
  })

  test('keeps scopes that nobody has heard of', () => {
    expect(impliedScopes(gitlab, ['mcp', 'constructor'])).toEqual(['mcp', 'constructor'])
  })

  test('contains what it was given and says everything once', () => {
    fc.assert(
      fc.property(scopeLists, (scopes) => {
        const closure = impliedScopes(gitlab, scopes)
        expect(closure).toEqual(expect.arrayContaining(scopes))
        expect(new Set(closure).size).toBe(closure.length)
      }),
    )
  })

  test('is closed: doing it again adds nothing, in circles too', () => {
    fc.assert(
      fc.property(catalogues, lettersOf, (provider, scopes) => {
        const once = impliedScopes(provider, scopes)
        expect(impliedScopes(provider, once)).toEqual(once)
        for (const { name, implies } of provider.scopes) {
          if (once.includes(name)) expect(once).toEqual(expect.arrayContaining(implies))
        }
      }),
    )
  })

  test('is monotone: more scopes never allow less', () => {
    fc.assert(
      fc.property(catalogues, lettersOf, lettersOf, (provider, some, more) => {
        const wide = impliedScopes(provider, [...some, ...more])
        expect(wide).toEqual(expect.arrayContaining([...impliedScopes(provider, some)]))
      }),
    )
  })
})

describe('missingScopes', () => {
  test('honours implications', () => {
    expect(missingScopes(gitlab, ['read_user', 'email'], ['api'])).toEqual(['email'])
    expect(missingScopes(gitlab, ['api'], ['read_api'])).toEqual(['api'])
    expect(missingScopes(gitlab, ['read_repository'], ['write_repository'])).toEqual([
      'read_repository',
    ])
  })

  test('names each missing scope once, in the order of asking', () => {
    expect(missingScopes(gitlab, ['sudo', 'api', 'sudo'], [])).toEqual(['sudo', 'api'])
  })

  test('a scope that nobody has heard of is missing unless it was granted', () => {
    expect(missingScopes(gitlab, ['__proto__', 'mcp'], ['api', 'mcp'])).toEqual(['__proto__'])
  })

  test('nothing is missing of what was granted', () => {
    fc.assert(
      fc.property(scopeLists, (scopes) => {
        expect(missingScopes(gitlab, scopes, scopes)).toEqual([])
      }),
    )
  })

  test('granting what is missing leaves nothing missing', () => {
    fc.assert(
      fc.property(catalogues, lettersOf, lettersOf, (provider, asked, granted) => {
        const missing = missingScopes(provider, asked, granted)
        expect(missingScopes(provider, asked, [...granted, ...missing])).toEqual([])
      }),
    )
  })
})
