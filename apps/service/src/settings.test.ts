import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { isUnconfigured, readSettings } from './settings.ts'

const least = { KEYWELL_KEY_FILE: '/run/secrets/root-key' }

test('the root key is the only required setting', () => {
  expect(readSettings(least)).toMatchObject({
    mode: 'production',
    role: 'all',
    port: 7400,
    publicUrl: 'http://127.0.0.1:7400',
    drainMs: 30_000,
    hostLimits: {},
    dormantAfterDays: 7,
    auditDays: 90,
    auditRefreshes: false,
    privateHosts: [],
    privateWebhookHosts: [],
  })
})

test('without a key nothing is served, and the message says how to make one', () => {
  expect(() => readSettings({})).toThrow(/openssl rand 32/)
  expect(() => readSettings({})).toThrow(/KEYWELL_MODE=development/)
})

describe('limits of hosts', () => {
  test('are read by origin', () => {
    const KEYWELL_HOST_LIMITS = 'https://gitlab.corp=50/100/32, https://gitlab.com=0.5/1/1'
    expect(readSettings({ ...least, KEYWELL_HOST_LIMITS }).hostLimits).toEqual({
      'https://gitlab.corp': { requestsPerSecond: 50, burst: 100, concurrency: 32 },
      'https://gitlab.com': { requestsPerSecond: 0.5, burst: 1, concurrency: 1 },
    })
  })

  test.each([
    'gitlab.corp=1/1/1',
    'https://gitlab.corp',
    'https://gitlab.corp=-1/1/1',
    'https://a/b=1/1/1',
  ])('%s is refused, with the form that is meant', (KEYWELL_HOST_LIMITS) => {
    expect(() => readSettings({ ...least, KEYWELL_HOST_LIMITS })).toThrow(
      /KEYWELL_HOST_LIMITS: .* is not like https:\/\/gitlab\.corp=50\/100\/32/,
    )
  })
})

test('name, logo and colour of the app', () => {
  expect(readSettings(least).app).toEqual({})
  const app = {
    KEYWELL_APP_NAME: ' Acme ',
    KEYWELL_APP_LOGO: '/logo.svg',
    KEYWELL_APP_COLOR: '#0B7285',
  }
  expect(readSettings({ ...least, ...app }).app).toEqual({
    name: 'Acme',
    logoFile: '/logo.svg',
    color: '#0B7285',
  })
  for (const wrong of [
    { KEYWELL_APP_NAME: ' ' },
    { KEYWELL_APP_NAME: 'A\u202ecme' },
    { KEYWELL_APP_NAME: 'a'.repeat(61) },
    { KEYWELL_APP_COLOR: 'teal' },
    { KEYWELL_APP_COLOR: '#0b7' },
  ]) {
    const [name = ''] = Object.keys(wrong)
    expect(() => readSettings({ ...least, ...wrong })).toThrow(name)
  }
})

test('how often the service may be called', () => {
  expect(readSettings(least).rateLimits).toEqual({})
  const rates = { ...least, KEYWELL_KEY_RATE: '100/200', KEYWELL_ADDRESS_RATE: '0.5/10' }
  expect(readSettings(rates).rateLimits).toEqual({
    key: { requestsPerSecond: 100, burst: 200 },
    address: { requestsPerSecond: 0.5, burst: 10 },
  })
  for (const wrong of ['100', '0/5', '5/0', '-1/1', 'x/y', '']) {
    expect(() => readSettings({ ...least, KEYWELL_KEY_RATE: wrong })).toThrow(
      /KEYWELL_KEY_RATE: .* is not like 5000\/20000/,
    )
  }
})

test('how many streams and connections there may be', () => {
  expect(readSettings(least)).toMatchObject({
    streamLimits: { address: 100 },
    maxConnections: 10_000,
  })
  const more = { ...least, KEYWELL_ADDRESS_STREAMS: '500', KEYWELL_MAX_CONNECTIONS: '50000' }
  expect(readSettings(more)).toMatchObject({
    streamLimits: { address: 500 },
    maxConnections: 50_000,
  })
  expect(() => readSettings({ ...least, KEYWELL_MAX_CONNECTIONS: '0' })).toThrow(
    /KEYWELL_MAX_CONNECTIONS/,
  )
})

test('with https, one proxy is the default', () => {
  expect(readSettings(least).proxies).toBe(0)
  const https = { ...least, KEYWELL_PUBLIC_URL: 'https://keys.example' }
  expect(readSettings(https).proxies).toBe(1)
  expect(readSettings({ ...https, KEYWELL_PROXIES: '2' }).proxies).toBe(2)
  expect(readSettings({ ...https, KEYWELL_PROXIES: '0' }).proxies).toBe(0)
})

test.each([
  ['KEYWELL_PROXIES', 'many'],
  ['PORT', '70000'],
  ['KEYWELL_ROLE', 'boss'],
  ['KEYWELL_DRAIN_SECONDS', '0'],
  ['KEYWELL_PUBLIC_URL', 'nowhere'],
])('a wrong %s is named', (name, value) => {
  expect(() => readSettings({ ...least, [name]: value })).toThrow(name)
})

test('several processes need a database that several may open', () => {
  const DATABASE_URL = 'postgres://localhost/keywell'
  expect(() => readSettings({ ...least, KEYWELL_ROLE: 'worker' })).toThrow(
    /KEYWELL_ROLE=worker needs DATABASE_URL/,
  )
  for (const KEYWELL_ROLE of ['all', 'serve', 'worker']) {
    const settings = readSettings({ ...least, KEYWELL_ROLE, DATABASE_URL })
    expect(settings.role).toBe(KEYWELL_ROLE)
  }
})

test('metrics have a port of their own when one is named, and never that of the service', () => {
  expect(readSettings(least).metricsPort).toBeUndefined()
  const named = { ...least, PORT: '7400', KEYWELL_METRICS_PORT: '9464' }
  expect(readSettings(named).metricsPort).toBe(9464)
  expect(() => readSettings({ ...named, KEYWELL_METRICS_PORT: '7400' })).toThrow(/must differ/)
})

describe('private hosts', () => {
  test('are read with their networks and with the tenants that they are for', () => {
    const KEYWELL_ALLOW_HOSTS = `http://localhost:7401, https://gitlab.corp=10.0.0.0/8+fd12::/48,
      https://git.corp=10.1.0.0/16 for ten_a+ten_b, https://code.example for Acme%2C%20Inc. + 100%25=1%2B1,`
    expect(readSettings({ ...least, KEYWELL_ALLOW_HOSTS }).privateHosts).toEqual([
      { origin: 'http://localhost:7401', networks: undefined, tenants: undefined },
      {
        origin: 'https://gitlab.corp',
        networks: ['10.0.0.0/8', 'fd12::/48'],
        tenants: undefined,
      },
      { origin: 'https://git.corp', networks: ['10.1.0.0/16'], tenants: ['ten_a', 'ten_b'] },
      {
        origin: 'https://code.example',
        networks: undefined,
        tenants: ['Acme, Inc.', '100%=1+1'],
      },
    ])
  })

  test.each([
    'https://gitlab.corp for',
    'https://gitlab.corp for ten_a+',
    'https://gitlab.corp for 100%',
    'https://gitlab.corp forten_a',
    'https://gitlab.corp=10.0.0.0/8 or ten_a',
    'https://gitlab.corp=',
    '=10.0.0.0/8',
  ])('%s is refused, with the form that is meant', (KEYWELL_ALLOW_HOSTS) => {
    expect(() => readSettings({ ...least, KEYWELL_ALLOW_HOSTS })).toThrow(
      `KEYWELL_ALLOW_HOSTS: "${KEYWELL_ALLOW_HOSTS}" is not like https://gitlab.corp=10.0.0.0/8 for ten_a+ten_b`,
    )
  })
})

describe('an egress proxy', () => {
  test('is read, and its credentials are a secret at once', () => {
    expect(readSettings(least).egressProxy).toBeUndefined()
    const read = (KEYWELL_EGRESS_PROXY: string) =>
      readSettings({ ...least, KEYWELL_EGRESS_PROXY }).egressProxy
    expect(read('http://proxy.corp:3128')).toEqual({ origin: 'http://proxy.corp:3128' })
    const proxy = read('http://key%40well:hunter%3A2@proxy.corp:3128/')
    expect(proxy?.origin).toBe('http://proxy.corp:3128')
    expect(proxy?.credentials?.expose()).toBe('key@well:hunter:2')
    expect(inspect(proxy)).not.toContain('hunter')
  })

  test.each([
    'https://u:hunter2@proxy.corp',
    'socks5://u:hunter2@proxy.corp',
    'http://u:hunter2@proxy.corp/path',
    'http://u:hunter2@proxy.corp?x',
    'http://u:hunter2%@proxy.corp',
    'hunter2',
    '',
  ])('%j is refused without being repeated', (KEYWELL_EGRESS_PROXY) => {
    const read = () => readSettings({ ...least, KEYWELL_EGRESS_PROXY })
    expect(read).toThrow(/KEYWELL_EGRESS_PROXY: not like http:\/\/proxy\.corp:3128/)
    expect(read).not.toThrow(/hunter2/)
  })
})

verifies('service:trial', () => {
  expect(isUnconfigured({})).toBe(true)
  expect(readSettings({ KEYWELL_MODE: 'development' })).toMatchObject({ host: '127.0.0.1' })
  expect(isUnconfigured({ PORT: '7500', LOG_LEVEL: 'debug', PATH: '/bin' })).toBe(true)
  for (const [name, value] of [
    ['NODE_ENV', 'production'],
    ['KEYWELL_MODE', 'production'],
    ['DATABASE_URL', 'postgres://a'],
    ['HOST', '0.0.0.0'],
    ['KEYWELL_PUBLIC_URL', 'https://keywell.example'],
    ['KEYWELL_APP_ORIGIN', ''],
    ['KEYWELL_DATA_DIR', '/data'],
  ] as const) {
    expect(isUnconfigured({ [name]: value }), name).toBe(false)
  }
})
