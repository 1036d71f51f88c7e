import type { ProviderDefinition } from '@keywell/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import {
  addressOf,
  defaultHostOf,
  hostOf,
  isHostOf,
  placeVariableOf,
  toldHost,
  variablesAt,
} from './address.ts'
import { gitlab } from './gitlab.ts'
import { takeVariable, type Variable } from './variables.ts'

type Places = Pick<ProviderDefinition, 'api' | 'variables'>

const shop: Places = {
  variables: {
    shop: { kind: 'label', title: 'Shop', pattern: '[a-z0-9-]+', letters: 'lower' },
  },
  api: { base: 'https://{shop}.shops.example' },
}
const index: Places = {
  variables: { app: { kind: 'label', title: 'App', pattern: '[A-Z0-9]{4}', letters: 'upper' } },
  api: { base: 'https://{app}-dsn.index.example/1' },
}
const boards: Places = {
  variables: {
    organization: { kind: 'segment', title: 'Organization', pattern: '[A-Za-z0-9-]+' },
    tenant: { kind: 'segment', title: 'Tenant', pattern: '.+', default: 'common' },
  },
  api: { base: 'https://boards.example/{organization}' },
}
const region: Places = {
  variables: {
    api: {
      kind: 'choice',
      title: 'Region',
      options: [
        { value: 'https://api.example', title: 'US' },
        { value: 'https://api.eu.example', title: 'EU' },
      ],
    },
  },
  api: { base: '{api}' },
}
const forge: Places = {
  variables: {
    web: { kind: 'host', title: 'Address', default: 'https://forge.example' },
    api: {
      kind: 'derived',
      from: 'web',
      lines: [
        { equals: 'https://forge.example', value: 'https://api.forge.example' },
        { endsWith: '.forge-cloud.example', value: 'https://api.{web.hostname}' },
        { value: '{web}/api/v3' },
      ],
    },
  },
  api: { base: '{api}' },
}

describe('an address', () => {
  test.each([
    [
      '{host}/oauth/token',
      { host: 'https://git.example/gitlab' },
      'https://git.example/gitlab/oauth/token',
    ],
    ['{host}/a?b=c%2Fd', { host: 'http://127.0.0.1:8080' }, 'http://127.0.0.1:8080/a?b=c%2Fd'],
    ['{host}', { host: 'https://git.example' }, 'https://git.example/'],
    ['https://api.example/v2/user', {}, 'https://api.example/v2/user'],
    ['https://{app}.index.example/1/keys', { app: 'AB12' }, 'https://ab12.index.example/1/keys'],
    [
      'https://api.{web.hostname}/x',
      { web: 'https://a.example:8443/y' },
      'https://api.a.example/x',
    ],
  ])('%s with %j is %s', (template, variables, address) => {
    expect(addressOf(template, variables).href).toBe(address)
  })

  test('is none where a variable is missing', () => {
    for (const name of ['host', 'toString', '__proto__']) {
      expect(() => addressOf(`{${name}}/a`, {}), name).toThrow(`there is no ${name}`)
    }
  })

  test.each([
    'https://git.example/a/../b',
    'https://git.example/%2e%2e',
    'https://user@git.example',
    'https://git.example/a#b',
    'https://git.example\\a',
    'https://GIT.example',
    'https://git.example:443',
    ' https://git.example',
    'https://git.exa\tmple',
  ])('is none where a variable moves it: %s', (host) => {
    expect(() => addressOf('{host}/oauth/token', { host })).toThrow(TypeError)
  })
})

verifies.suite('templates:escape', () => {
  const pieces = ['/', '//', '.', '..', '\\', '@', ':', '?', '#', '%2e', '%2F', '%5c', '{', '}']
  const text = fc.oneof(
    fc
      .array(fc.constantFrom(...pieces, 'a', 'B', '9', '-', '.evil.example', '\t', ' ', 'é'), {
        maxLength: 8,
      })
      .map((parts) => parts.join('')),
    fc.string({ maxLength: 80 }),
  )
  const anything: Variable[] = [
    { kind: 'label', title: 'Label', pattern: '(?s).*', letters: 'lower' },
    { kind: 'segment', title: 'Segment', pattern: '(?s).*' },
  ]

  test('whatever is typed, a label is one label and a segment one segment', () => {
    const [label, segment] = anything
    fc.assert(
      fc.property(text, text, (first, second) => {
        const name = label && takeVariable(label, first)
        const place = segment && takeVariable(segment, second)
        if (name === undefined || place === undefined) return
        const url = addressOf('https://{name}.own.example/a/{place}/b?c={place}', { name, place })
        expect(url.hostname.split('.')).toHaveLength(3)
        expect(url.hostname.endsWith('.own.example')).toBe(true)
        expect(url.pathname.split('/')).toHaveLength(4)
        expect([...url.searchParams.keys()]).toEqual(['c'])
        expect(url.origin).toBe(`https://${url.hostname}`)
      }),
      { numRuns: 3_000 },
    )
  })

  test.each([
    ...['', '.', 'a.b', 'a/b', '-a', 'a-', 'a_b', 'a@b', 'a:1', 'a#', 'ä', 'a\nb', 'a'.repeat(64)],
  ])('%j is no label', (value) => {
    expect(anything[0] && takeVariable(anything[0], value)).toBeUndefined()
  })

  test.each(['', '.', '..', 'a/b', 'a\\b', 'a b', '%2e', 'a?b', 'a#b', 'ä', 'a'.repeat(201)])(
    '%j is no segment',
    (value) => {
      expect(anything[1] && takeVariable(anything[1], value)).toBeUndefined()
    },
  )
})

describe('a host', () => {
  test.each([
    [
      'of an instance',
      gitlab,
      { host: 'https://git.example/gitlab' },
      'https://git.example/gitlab',
    ],
    ['with a label', shop, { shop: 'acme' }, 'https://acme.shops.example'],
    ['with a label in capitals', index, { app: 'AB12' }, 'https://ab12-dsn.index.example/1'],
    ['with a segment', boards, { organization: 'Acme' }, 'https://boards.example/Acme'],
    ['of a region', region, { api: 'https://api.eu.example' }, 'https://api.eu.example'],
    [
      'that follows from an address',
      forge,
      { web: 'https://a.example' },
      'https://a.example/api/v3',
    ],
    [
      'that follows from the one there is',
      forge,
      { web: 'https://forge.example' },
      'https://api.forge.example',
    ],
    [
      'that follows from the name of a host',
      forge,
      { web: 'https://a.forge-cloud.example' },
      'https://api.a.forge-cloud.example',
    ],
    [
      'that is always the same',
      { ...forge, api: { base: 'https://a.example' } },
      {},
      'https://a.example',
    ],
  ])('%s says which variables it was made of', (_, provider: Places, variables, host) => {
    expect(hostOf(provider, variables)).toBe(host)
    expect(variablesAt(provider, host)).toMatchObject(variables)
    expect(hostOf(provider, variablesAt(provider, host))).toBe(host)
  })

  test.each([
    [shop, 'https://acme.shops.example.evil.example'],
    [shop, 'https://a.b.shops.example'],
    [shop, 'https://shops.example'],
    [shop, 'https://ACME.shops.example'],
    [shop, 'https://acme.shops.example/admin'],
    [shop, 'http://acme.shops.example'],
    [index, 'https://abc-dsn.index.example/1'],
    [boards, 'https://boards.example/acme/project'],
    [boards, 'https://boards.example/..'],
    [boards, 'https://boards.example'],
    [region, 'https://api.ap.example'],
  ])('is none of the provider: %#, %s', (provider: Places, host) => {
    expect(isHostOf(provider, host)).toBe(false)
    expect(() => variablesAt(provider, host)).toThrow(TypeError)
  })

  test('is not compared where there is but one: its path may be another since a definition was edited', () => {
    const fixed = { variables: {}, api: { base: 'https://a.example/v2' } }
    expect(isHostOf(fixed, 'https://a.example/v1')).toBe(false)
    expect(variablesAt(fixed, 'https://a.example/v1')).toEqual({})
  })

  test('is meant without being named where the provider has one of its own', () => {
    expect(defaultHostOf(gitlab)).toBe('https://gitlab.com')
    expect(defaultHostOf(forge)).toBe('https://api.forge.example')
    expect(defaultHostOf(region)).toBe('https://api.example')
    expect(defaultHostOf(shop)).toBeUndefined()
    expect(placeVariableOf(forge)).toBe('web')
    expect(placeVariableOf({ ...shop, api: { base: 'https://a.example' } })).toBeUndefined()
  })
})

describe('where an account is told to live', () => {
  const variables = {
    instance: {
      kind: 'origin',
      title: 'Instance',
      allow: ['https://*.my.acme.example', 'https://login.acme.example:8443'],
    },
  } as const
  const provider = { variables, api: { base: '{instance}/api' } }

  test.each([
    ['https://north.my.acme.example', 'https://north.my.acme.example/api'],
    ['https://north.my.acme.example/', 'https://north.my.acme.example/api'],
    ['https://a.b.my.acme.example', 'https://a.b.my.acme.example/api'],
    ['https://login.acme.example:8443', 'https://login.acme.example:8443/api'],
  ])('%s is allowed', (origin, host) => {
    expect(toldHost(provider, origin)).toBe(host)
    expect(hostOf(provider, variablesAt(provider, host))).toBe(host)
  })

  test.each([
    'https://my.acme.example',
    'https://.my.acme.example',
    'https://north.my.acme.example.evil.example',
    'https://evil.example/north.my.acme.example',
    'https://evil.example?.my.acme.example',
    'https://evil.example#.my.acme.example',
    'https://evil.example\\.my.acme.example',
    'https://evil.example:443@north.my.acme.example',
    'https://north.my.acme.example@evil.example',
    'https://northmy.acme.example',
    'https://north.my.acme.example:444',
    'http://north.my.acme.example',
    'HTTPS://north.my.acme.example',
    'https://NORTH.my.acme.example',
    'https://north.my.acme.example//',
    'https://ｎorth.my.acme.example',
    'https://xn--80ak6aa92e.com',
    'https://login.acme.example',
    ' ',
    '//north.my.acme.example',
  ])('%s is not', (origin) => {
    expect(toldHost(provider, origin)).toBeUndefined()
  })

  test('whatever is told, what is taken ends in a name that is allowed', () => {
    const part = fc.constantFrom(
      'evil.example',
      'my.acme.example',
      'n',
      '.',
      '/',
      '@',
      ':',
      '#',
      '?',
      '\\',
      '%2e',
      '*',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const host = toldHost(provider, `https://${parts.join('')}`)
        if (host !== undefined)
          expect(new URL(host).hostname).toMatch(/^([a-z0-9-]+\.)+my\.acme\.example$/)
      }),
      { numRuns: 5_000 },
    )
  })
})
