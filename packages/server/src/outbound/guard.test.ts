import { connect } from 'node:net'
import { afterAll, expect, it, vi } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { failure } from './failure.test.support.ts'
import { listeners } from './listeners.test.support.ts'
import { createOutbound, OutboundError, type OutboundOptions } from './outbound.ts'

const running = listeners()
const closers: (() => Promise<void>)[] = [running.close]
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

/** An outbound whose every step towards the network is counted, and by default leads nowhere. */
function setUp(options: Partial<OutboundOptions> = {}) {
  const steps = { lookups: [] as string[], dials: [] as string[] }
  const { lookup, dial } = options
  const outbound = createOutbound({
    allow: [],
    timeoutMs: 5_000,
    ...options,
    lookup: async (name) => {
      steps.lookups.push(name)
      if (!lookup) throw new Error('no name is known')
      return lookup(name)
    },
    dial: (peer) => {
      steps.dials.push(`${peer.address} ${peer.port}`)
      if (!dial) throw new Error('no way out')
      return dial(peer)
    },
  })
  closers.push(outbound.close)
  return { outbound, steps }
}

const toLoopback = ({ address, port }: { address: string; port: number }) =>
  connect({ host: address, port })

verifies.suite('T23:literals', () => {
  const literals = [
    // loopback, in every spelling that the URL parser takes
    ...['127.0.0.1', '127.1', '127.0.1', '127.255.255.254', '127.0.0.1.', '2130706433'],
    ...['0x7f000001', '0x7f.1', '0X7F.0.0.1', '0177.0.0.1', '017700000001', '127.0x0.0.01'],
    ...['１２７.０.０.１', '①②⑦.⓪.⓪.①', '127。0。0。1', '%31%32%37.0.0.1'],
    // the zero network, private and shared address space
    ...['0', '0.0.0.0', '0x0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '012.0.0.1'],
    ...['172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255', '3232235521'],
    ...['100.64.0.1', '100.127.255.255', '100.100.100.200'],
    // link-local and metadata
    ...['169.254.169.254', '169.254.170.2', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376'],
    ...['168.63.129.16', '192.0.0.192'],
    // documentation, benchmarks, relays, multicast, reserved
    ...['192.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '192.88.99.1'],
    ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
    // IPv6
    ...['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[fc00::1]', '[fd00::]', '[fd00:ec2::254]'],
    ...['[fd20:ce::254]', '[fe80::1]', '[fec0::1]', '[ff02::1]', '[100::1]', '[5f00::1]'],
    ...['[2001:db8::1]', '[3fff::1]', '[4000::1]', '[2001:10::1]', '[2620:4f:8000::1]'],
    // IPv6 that carries IPv4
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:a9fe:a9fe]'],
    ...['[::ffff:10.0.0.1]', '[::ffff:0:7f00:1]', '[::127.0.0.1]', '[::7f00:1]', '[::8.8.8.8]'],
    ...['[64:ff9b::7f00:1]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b::808:808]', '[64:ff9b:1::1]'],
    ...['[2002:7f00:1::]', '[2002:a9fe:a9fe::1]', '[2001:0:7f00:1::]'],
  ]

  it.each(literals)('is refused: https://%s', async (literal) => {
    const { outbound, steps } = setUp()
    const error = await failure(outbound.fetch(`https://${literal}/`))
    expect(error).toMatchObject({ reason: 'refused_address', notSent: true })
    expect(steps).toEqual({ lookups: [], dials: [] })
    expect(() => outbound.checkUrl(`https://${literal}/`)).toThrow(OutboundError)
  })

  it.each(['8.8.8.8', '1.1.1.1', '9.255.255.255', '172.32.0.1', '100.128.0.1', '169.253.255.255'])(
    'is another than https://%s, which is public',
    async (literal) => {
      const { outbound, steps } = setUp()
      outbound.checkUrl(`https://${literal}/`)
      const error = await failure(outbound.fetch(`https://${literal}/`))
      expect(error.reason).toBe('unreachable')
      expect(steps.dials).toEqual([`${literal} 443`])
    },
  )

  it.each(['[2606:4700:4700::1111]', '[::ffff:8.8.8.8]'])(
    'is another than https://%s, which is public',
    (literal) => {
      setUp().outbound.checkUrl(`https://${literal}/`)
    },
  )
})

verifies.suite('T23:urls', () => {
  it.each([
    'http://gitlab.com/',
    'ftp://gitlab.com/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'blob:https://gitlab.com/x',
    'ws://gitlab.com/',
    'https://gitlab.com:80/',
    'https://gitlab.com:8443/',
    'https://gitlab.com:22/',
    'https://user@gitlab.com/',
    'https://:password@gitlab.com/',
    'https://localhost/',
    'https://LOCALHOST/',
    'https://localhost./',
    'https://a.localhost/',
    'https://a.localhost./',
    'https://localhost../',
    'https://./',
    'https://gitlab.com../',
    'https://256.256.256.256/',
    'https://1.2.3.4.5/',
    'https://[::1/',
    'gitlab.com',
    '/oauth/token',
    '',
  ])('is refused: %s', async (url) => {
    const { outbound, steps } = setUp()
    const error = await failure(outbound.fetch(url))
    expect(error).toMatchObject({ reason: 'refused_url', notSent: true })
    expect(steps).toEqual({ lookups: [], dials: [] })
  })

  it('says the host, and neither path nor user', async () => {
    const { outbound } = setUp()
    const error = await failure(outbound.fetch('https://me:hunter2@gitlab.com/secret?code=1'))
    expect(error.host).toBe('gitlab.com')
    expect(error.message).toBe('gitlab.com: this URL may not be called (user name)')
  })
})

verifies.suite('T23:names', () => {
  const addresses = [
    ['loopback', ['127.0.0.1']],
    ['private', ['10.1.2.3']],
    ['metadata', ['169.254.169.254']],
    ['Azure metadata, in a public range', ['168.63.129.16']],
    ['shared address space', ['100.64.0.1']],
    ['the zero address', ['0.0.0.0']],
    ['IPv6 loopback', ['::1']],
    ['IPv6 unique local', ['fd12::1']],
    ['IPv6 link-local with a zone', ['fe80::1%eth0']],
    ['IPv4-mapped loopback', ['::ffff:127.0.0.1']],
    ['NAT64 loopback', ['64:ff9b::7f00:1']],
    ['one private address after public ones', ['8.8.8.8', '1.1.1.1', '10.0.0.1']],
    ['one private address before public ones', ['10.0.0.1', '8.8.8.8']],
    ['public IPv4 and IPv6 loopback', ['8.8.8.8', '::1']],
    ['something that is no address', ['8.8.8.8', 'elsewhere']],
    ['IPv4-compatible, in the spelling of a resolver', ['::8.8.8.8']],
    ['a spelling that a resolver would read once more', ['010.8.8.8']],
  ] as const

  it.each(addresses)('that resolves to %s is refused', async (_, answers) => {
    const { outbound, steps } = setUp({ lookup: async () => answers })
    const error = await failure(outbound.fetch('https://gitlab.example/'))
    expect(error).toMatchObject({ reason: 'refused_address', notSent: true })
    expect(steps).toEqual({ lookups: ['gitlab.example'], dials: [] })
  })

  it('that resolves to public addresses is called at the first of them', async () => {
    const { outbound, steps } = setUp({ lookup: async () => ['1.1.1.1', '2606:4700::1111'] })
    expect((await failure(outbound.fetch('https://gitlab.example./'))).reason).toBe('unreachable')
    expect(steps).toEqual({ lookups: ['gitlab.example'], dials: ['1.1.1.1 443'] })
  })
})

verifies('T23:rebinding', async () => {
  const tries = 1_000
  const canary = await running.tcp()
  const asked = new Map<string, number>()
  const { outbound, steps } = setUp({
    // The listed one is the proof that the canary can be reached on this way at all.
    allow: [{ origin: 'https://listed.example', networks: ['127.0.0.0/8'] }],
    lookup: async (name) => {
      const times = (asked.get(name) ?? 0) + 1
      asked.set(name, times)
      return times === 1 && name !== 'listed.example' ? ['8.8.8.8'] : ['127.0.0.1']
    },
    dial: ({ address }) => {
      if (address === '8.8.8.8') throw new Error('the test has no internet')
      return toLoopback({ address, port: canary.port })
    },
  })
  const reasons = new Map<string, number>()
  for (let nth = 0; nth < tries; nth += 1) {
    // A zone that answers for any name, so that no host is left alone for its failures.
    const url = `https://n${nth}.rebind.example/`
    for (const step of ['checked', 'turned', 'turned']) {
      outbound.checkUrl(url)
      const { reason } = await failure(outbound.fetch(url))
      const outcome = `${step}: ${reason}`
      reasons.set(outcome, (reasons.get(outcome) ?? 0) + 1)
    }
  }
  expect(canary.connections).toBe(0)
  expect(Object.fromEntries(reasons)).toEqual({
    'checked: unreachable': tries,
    'turned: refused_address': 2 * tries,
  })
  // One look-up for each connection: between the check and the use there is no other answer.
  expect(steps.lookups).toHaveLength(3 * tries)

  const listed = outbound.fetch('https://listed.example/', { timeoutMs: 200 }).catch(() => {})
  await vi.waitFor(() => expect(canary.connections).toBe(1))
  await listed
})

verifies('T23:peer', async () => {
  const canary = await running.tcp()
  const { outbound } = setUp({
    lookup: async () => ['8.8.8.8'],
    // A network that sends packets elsewhere, as a destination NAT does.
    dial: () => toLoopback({ address: '127.0.0.1', port: canary.port }),
  })
  const error = await failure(
    outbound.fetch('https://gitlab.example/', { method: 'POST', body: 'secret' }),
  )
  expect(error).toMatchObject({ reason: 'refused_address', notSent: true })
  expect(canary.connections).toBe(1)
  expect(canary.received).toBe('')
})

const answerOk = () => running.http((_, response) => response.end('ok'))

verifies.suite('T23:operator-list', () => {
  it('opens one origin, and no other port, scheme or name of the same host', async () => {
    const server = await answerOk()
    const other = await answerOk()
    const { outbound } = setUp({
      allow: [{ origin: server.origin }],
      dial: toLoopback,
      lookup: async () => ['127.0.0.1'],
    })
    expect(await (await outbound.fetch(`${server.origin}/x`)).text()).toBe('ok')
    for (const url of [
      other.origin,
      `https://127.0.0.1:${server.port}`,
      `http://localhost:${server.port}`,
      `http://[::1]:${server.port}`,
      `http://127.0.0.2:${server.port}`,
      `http://gitlab.corp:${server.port}`,
      'http://127.0.0.1',
    ]) {
      const error = await failure(outbound.fetch(url))
      expect(error.reason, url).toMatch(/^refused_/)
    }
    expect(other.connections).toBe(0)
    expect(server.connections).toBe(1)
  })

  it('opens networks for one name only', async () => {
    const server = await answerOk()
    const { outbound } = setUp({
      allow: [
        { origin: `http://gitlab.corp:${server.port}`, networks: ['127.0.0.0/8'] },
        { origin: `http://other.corp:${server.port}`, networks: ['10.0.0.0/8'] },
      ],
      dial: toLoopback,
      lookup: async () => ['127.0.0.1'],
    })
    const response = await outbound.fetch(`http://gitlab.corp:${server.port}/`)
    expect(response.status).toBe(200)
    const error = await failure(outbound.fetch(`http://other.corp:${server.port}/`))
    expect(error.reason).toBe('refused_address')
  })

  it('takes one spelling for another', async () => {
    const server = await answerOk()
    const { outbound } = setUp({
      allow: [{ origin: `HTTP://LocalHost.:${server.port}/` }],
      dial: toLoopback,
      lookup: async () => ['127.0.0.1'],
    })
    for (const host of ['localhost', 'LOCALHOST', 'localhost.']) {
      const response = await outbound.fetch(`http://${host}:${server.port}/`)
      expect(response.status, host).toBe(200)
    }
  })

  it.each([
    'gitlab.corp',
    'https://gitlab.corp/git',
    'https://gitlab.corp?x',
    'https://user@gitlab.corp',
    'ftp://gitlab.corp',
    'https://',
    '*',
    'http://169.254.169.254',
    'http://[fe80::1]',
  ])('refuses the origin %j when it is read', (origin) => {
    expect(() => createOutbound({ allow: [{ origin }] })).toThrow(TypeError)
  })
})

/** Where clouds keep the credentials of their machines, and what is link-local beside them. */
const metadata = [
  ...['169.254.169.254', '169.254.170.2', '169.254.42.42', '100.100.100.200', '168.63.129.16'],
  ...['192.0.0.192', '0.0.0.0', 'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:42::42'],
  ...['fe80::a9fe:a9fe', 'fe80::1%eth0'],
  // The same inside of an IPv6 address: mapped, translated, compatible, NAT64, 6to4, Teredo.
  ...[
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::ffff:0:a9fe:a9fe',
    '::169.254.169.254',
    '::a9fe:a9fe',
  ],
  ...['64:ff9b::a9fe:a9fe', '64:ff9b::6464:64c8', '64:ff9b:1::a9fe:a9fe', '2002:a9fe:a9fe::1'],
  ...['2001:0:a9fe:a9fe::1', '2001:0:808:808:0:0:5601:5601'],
]

verifies.suite('T23:metadata', () => {
  const everything = ['0.0.0.0/0', '::/0']

  it.each(metadata)('%s is refused although all networks are listed', async (address) => {
    const { outbound, steps } = setUp({
      allow: [{ origin: 'https://gitlab.corp', networks: everything }],
      lookup: async () => [address],
    })
    const error = await failure(outbound.fetch('https://gitlab.corp/'))
    expect(error.reason).toBe('refused_address')
    expect(steps.dials).toEqual([])
  })

  it.each(['10.0.0.1', '127.0.0.1', '::1', 'fd12::1', '64:ff9b::a00:1', '64:ff9b::808:808'])(
    'the lists do open %s, which is private',
    async (address) => {
      const { outbound, steps } = setUp({
        allow: [{ origin: 'https://gitlab.corp', networks: everything }],
        lookup: async () => [address],
      })
      expect((await failure(outbound.fetch('https://gitlab.corp/'))).reason).toBe('unreachable')
      expect(steps.dials).toEqual([`${address} 443`])
    },
  )

  it('an address that is listed as an origin opens nothing either', async () => {
    const { outbound, steps } = setUp({
      allow: [{ origin: 'http://169.254.169.254', networks: everything }],
    })
    expect((await failure(outbound.fetch('http://169.254.169.254/'))).reason).toBe(
      'refused_address',
    )
    expect(steps.dials).toEqual([])
  })

  it.each([
    '169.254.0.0/16',
    '169.254.169.254/32',
    'fe80::/10',
    'fd00:ec2::254/128',
    '0.0.0.0/8',
    '::ffff:169.254.169.254/128',
    '64:ff9b::a9fe:a9fe/128',
    '64:ff9b:1::/48',
    '::/96',
    '2002:a9fe::/32',
    '10.0.0.1',
    '10.0.0.0/33',
    'corp',
    '',
  ])('refuses the network %j when it is read', (network) => {
    const allow = [{ origin: 'https://gitlab.corp', networks: [network] }]
    expect(() => createOutbound({ allow })).toThrow(TypeError)
  })
})

verifies('T23:proxies', async () => {
  const server = await answerOk()
  const proxy = await running.tcp()
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'NODE_USE_ENV_PROXY']
  const before = names.map((name) => [name, process.env[name]] as const)
  for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.origin
  try {
    const { outbound } = setUp({ allow: [{ origin: server.origin }], dial: toLoopback })
    expect((await outbound.fetch(server.origin)).status).toBe(200)
    expect(proxy.connections).toBe(0)
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
})
