import { impliedScopes, type TenantPolicy } from '@keywell/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { gitlab } from './gitlab.ts'
import { findViolation, oauthMethods, providers, scopesAllowed } from './index.ts'

const names = gitlab.scopes.map(({ name }) => name)
const host = 'https://gitlab.com'
const limits = (policy: Partial<TenantPolicy>): TenantPolicy => ({ readOnly: false, ...policy })
const someOf = (...values: string[]) => fc.subarray(values)
const scopeLists = someOf(...names, 'mcp', '__proto__')

/** Any policy, whose limits may be there or not, and about other providers too. */
const policies: fc.Arbitrary<TenantPolicy> = fc.record(
  {
    providers: someOf('gitlab', 'forge'),
    hosts: someOf(host, 'https://gitlab.example'),
    scopes: fc.record({ gitlab: scopeLists, forge: scopeLists }, { requiredKeys: [] }),
    readOnly: fc.boolean(),
  },
  { requiredKeys: ['readOnly'] },
)
const wanted = fc.record(
  {
    provider: fc.constant(gitlab),
    host: fc.constantFrom(host, 'https://gitlab.example', 'https://other.example'),
    scopes: scopeLists,
  },
  { requiredKeys: [] },
)

describe('providers and hosts', () => {
  test('those that are named; without a list all, of an empty one none', () => {
    for (const [policy, violation] of [
      [{}, undefined],
      [{ providers: ['gitlab'], hosts: [host] }, undefined],
      [{ providers: ['forge'] }, { to: 'provider', refused: ['gitlab'], allowed: ['forge'] }],
      [{ providers: [] }, { to: 'provider', refused: ['gitlab'], allowed: [] }],
      [{ hosts: ['https://gitlab.example'] }, { to: 'host', refused: [host] }],
      [{ hosts: [] }, { to: 'host', refused: [host], allowed: [] }],
    ] as const) {
      const found = findViolation(limits(policy as Partial<TenantPolicy>), {
        provider: gitlab,
        host,
      })
      if (violation === undefined) expect(found, JSON.stringify(policy)).toBeUndefined()
      else expect(found, JSON.stringify(policy)).toMatchObject(violation)
    }
  })

  test('a host is itself, and no beginning of another', () => {
    const policy = limits({ hosts: [host] })
    for (const other of [`${host}.evil.example`, `${host}/root`, 'http://gitlab.com', '']) {
      expect(findViolation(policy, { host: other }), other).toMatchObject({ to: 'host' })
    }
  })
})

describe('scopes', () => {
  const above = (policy: Partial<TenantPolicy>, ...scopes: string[]) =>
    findViolation(limits(policy), { provider: gitlab, scopes })?.refused

  test('a ceiling covers what it implies, and nothing beside it', () => {
    const policy = { scopes: { gitlab: ['read_api'] } }
    expect(above(policy, 'read_user', 'read_repository')).toBeUndefined()
    expect(above(policy, 'read_api', 'api', 'openid')).toEqual(['api', 'openid'])
    expect(above({ scopes: { gitlab: [] } }, 'read_user')).toEqual(['read_user'])
    expect(above({ scopes: { forge: [] } }, 'api'), 'that of another provider').toBeUndefined()
  })

  test('read-only keeps out whatever may change something', () => {
    const policy = { readOnly: true }
    expect(scopesAllowed(limits(policy), gitlab)).toEqual([
      'read_api',
      'read_user',
      'read_repository',
      'read_registry',
      'read_virtual_registry',
      'read_observability',
      'openid',
      'profile',
      'email',
      'read_service_ping',
    ])
    expect(above(policy, 'api', 'read_api')).toEqual(['api'])
    // What an allowed scope implies that only reads is allowed as well.
    const both = { readOnly: true, scopes: { gitlab: ['api', 'email'] } }
    expect(scopesAllowed(limits(both), gitlab)).toEqual([
      'read_api',
      'read_user',
      'read_repository',
      'read_registry',
      'email',
    ])
  })

  test('what nobody knows is above every ceiling: a foreign scope, and none at all', () => {
    for (const policy of [{ readOnly: true }, { scopes: { gitlab: names } }]) {
      expect(above(policy, 'read_user', 'mcp')).toEqual(['mcp'])
      expect(above(policy)).toEqual([])
      expect(findViolation(limits(policy), { provider: gitlab })).toBeUndefined()
    }
    expect(above({}, 'mcp')).toBeUndefined()
    expect(above({})).toBeUndefined()
  })

  test('no scope that only reads implies one that writes', () => {
    for (const provider of providers.filter(({ scopes }) => scopes.length > 0)) {
      const all = scopesAllowed(limits({}), provider) ?? provider.scopes.map(({ name }) => name)
      const readers = scopesAllowed(limits({ readOnly: true }), provider) ?? []
      expect(all.length).toBeGreaterThan(readers.length)
      expect(impliedScopes(provider, readers)).toEqual(readers)
      for (const scope of oauthMethods(provider).flatMap(({ defaultScopes }) => defaultScopes))
        expect(readers).toContain(scope)
    }
  })
})

verifies('policy:own-provider', () => {
  const own = { ...gitlab, name: 'x-gitlab' }
  expect(scopesAllowed(limits({ readOnly: true }), gitlab)).toContain('read_api')
  expect(scopesAllowed(limits({ readOnly: true }), own)).toEqual([])
  for (const scopes of [[], ['read_api']]) {
    expect(findViolation(limits({ readOnly: true }), { provider: own, scopes })?.to).toBe('scopes')
  }
  expect(findViolation(limits({ providers: ['gitlab'] }), { provider: own })?.to).toBe('provider')
  expect(findViolation(limits({}), { provider: own, scopes: ['api'] })).toBeUndefined()
})

test('no policy allows more for another limit in it', () => {
  fc.assert(
    fc.property(policies, policies, wanted, (one, other, asked) => {
      const both = { ...one, ...other, readOnly: one.readOnly || other.readOnly }
      // Where both speak of the same, the other's word replaced the one's: only the others are compared.
      if (Object.keys(one).some((name) => name !== 'readOnly' && Object.hasOwn(other, name))) return
      if (findViolation(both, asked) === undefined) {
        expect(findViolation(one, asked)).toBeUndefined()
        expect(findViolation(other, asked)).toBeUndefined()
      }
    }),
  )
})

test('whatever is allowed together is allowed each by itself, and adds up', () => {
  fc.assert(
    fc.property(policies, fc.subarray(names, { minLength: 1 }), (policy, scopes) => {
      const isAllowed = (some: readonly string[]) =>
        findViolation(policy, { provider: gitlab, host, scopes: some }) === undefined
      expect(isAllowed(scopes)).toBe(scopes.every((scope) => isAllowed([scope])))
      // All that they open as well: a token is not let in by a short list of wide scopes.
      if (isAllowed(scopes) && policy.readOnly) {
        const opened = impliedScopes(gitlab, scopes)
        for (const { name, readOnly } of gitlab.scopes.filter((each) => opened.includes(each.name)))
          expect({ name, readOnly }).toEqual({ name, readOnly: true })
      }
    }),
  )
})
