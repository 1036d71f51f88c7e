import type { ProviderDefinition } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { algolia, pastedVariable } from './index.ts'

const shops: ProviderDefinition = {
  ...algolia,
  variables: { shop: { kind: 'label', title: 'Shop', pattern: '[a-z0-9-]+', letters: 'lower' } },
  api: { base: 'https://{shop}.acme.example/api/v2', also: ['https://{shop}-cdn.acme.example'] },
  auth: algolia.auth.map((method) => ({
    ...method,
    manualUrl: 'https://admin.acme.example/shops/{shop}/keys',
  })),
}
const organizations: ProviderDefinition = {
  ...algolia,
  variables: { org: { kind: 'segment', title: 'Organization', pattern: '[A-Za-z]+' } },
  api: { base: 'https://api.acme.example/v1/{org}', also: ['https://acme.example/{org}'] },
}

test.each([
  [shops, 'https://north-wind.acme.example', 'north-wind'],
  [shops, 'https://North-Wind.acme.example/orders?x=1#y', 'north-wind'],
  [shops, 'https://north-wind-cdn.acme.example/a.png', 'north-wind'],
  [shops, 'https://admin.acme.example/shops/north-wind/keys', 'admin'],
  [shops, 'https://acme.example', undefined],
  [shops, 'https://a.b.acme.example', undefined],
  [shops, 'https://north-wind.acme.example.evil.example', undefined],
  [shops, 'https://north-wind.acme.example:8443', undefined],
  [shops, 'https://evil.example/north-wind.acme.example', undefined],
  [organizations, 'https://api.acme.example/v1/North/users', 'North'],
  [organizations, 'https://acme.example/North/shop/-/settings', 'North'],
  [organizations, 'https://api.acme.example/v2/North', undefined],
  [organizations, 'https://api.acme.example/v1', undefined],
  [organizations, 'https://api.acme.example/v1/..%2fx', undefined],
  [organizations, 'https://other.example/North', undefined],
  [algolia, 'https://abcdefghij-dsn.algolia.net/1/indexes', 'ABCDEFGHIJ'],
  [algolia, 'https://abcdefghij.algolia.net', 'ABCDEFGHIJ'],
])('of %# the address %s is cut down', (provider, address, value) => {
  expect(pastedVariable(provider, new URL(address))).toBe(value)
})
