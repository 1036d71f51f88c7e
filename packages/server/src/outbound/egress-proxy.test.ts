import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { inspect } from 'node:util'
import { Secret } from '@keywell/protocol'
import { afterAll, expect, it, vi } from 'vitest'
import { type ConnectProxy, startConnectProxy } from '../../../../test/support/connect-proxy.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { certificate } from './certificate.test.support.ts'
import { dialTcp } from './connect.ts'
import { failure } from './failure.test.support.ts'
import { listeners } from './listeners.test.support.ts'
import { createOutbound, type OutboundOptions } from './outbound.ts'

const running = listeners()
const closers: (() => Promise<void>)[] = [running.close]
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

/** Listed without networks: a public host, whose certificate no system knows. */
const gitlabTest = { origin: 'https://gitlab.test', ca: certificate.cert }
const credentials = new Secret('keywell:hunter2')
const post = { method: 'POST', body: new URLSearchParams({ refresh_token: 'rt-secret' }) }

async function startGitlab() {
  const server = createHttpsServer(certificate, (_, response) => response.end('ok'))
  return running.adopt(server)
}

async function startProxy(lead: Parameters<typeof startConnectProxy>[0]): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(lead)
  closers.push(proxy.close)
  return proxy
}

/** An outbound behind a proxy, whose look-ups and dials are counted. */
function behind(proxy: { port: number }, options: Partial<OutboundOptions> = {}) {
  const steps = { lookups: [] as string[], dials: [] as string[] }
  const outbound = createOutbound({
    allow: [gitlabTest],
    egressProxy: { origin: `http://proxy.corp:${proxy.port}` },
    timeoutMs: 5_000,
    ...options,
    lookup: async (name) => {
      steps.lookups.push(name)
      return ['127.0.0.1']
    },
    dial: (peer) => {
      steps.dials.push(`${peer.address} ${peer.port}`)
      return dialTcp(peer)
    },
  })
  closers.push(outbound.close)
  return { outbound, steps }
}

verifies.suite('T23:egress-proxy', () => {
  it('takes a call by CONNECT, with TLS to the target itself, and looks no name up', async () => {
    const gitlab = await startGitlab()
    const proxy = await startProxy(() => gitlab)
    const { outbound, steps } = behind(proxy)
    expect(await (await outbound.fetch('https://gitlab.test/x')).text()).toBe('ok')
    expect(await (await outbound.fetch('https://gitlab.test/oauth/token', post)).text()).toBe('ok')

    expect(proxy.targets).toEqual(['gitlab.test:443', 'gitlab.test:443'])
    expect(proxy.received).toMatch(/^CONNECT gitlab\.test:443 HTTP\/1\.1\r\n/)
    expect(proxy.received).toMatch(/\r\nhost: gitlab\.test:443\r\n/)
    expect(proxy.received).not.toMatch(/refresh_token|oauth|user-agent/)
    expect(steps.lookups).toEqual(['proxy.corp', 'proxy.corp'])
    expect(steps.dials).toEqual(Array(2).fill(`127.0.0.1 ${proxy.port}`))
  })

  it('gets its credentials, when there are some', async () => {
    const proxy = await startProxy(() => ({ status: 403 }))
    const egressProxy = { origin: proxy.origin, credentials }
    await failure(behind(proxy, { egressProxy }).outbound.fetch('https://gitlab.test/'))
    await failure(behind(proxy).outbound.fetch('https://gitlab.test/'))
    const basic = `Basic ${Buffer.from('keywell:hunter2').toString('base64')}`
    expect(proxy.authorizations).toEqual([basic, undefined])
  })

  it.each([
    ['https://8.8.8.8/', '8.8.8.8:443'],
    ['https://[2606:4700::1111]/', '[2606:4700::1111]:443'],
    ['https://gitlab.example./', 'gitlab.example:443'],
    ['https://public.test:8443/', 'public.test:8443'],
    ['http://public.test/', 'public.test:80'],
  ])('is asked for %s as %s', async (url, target) => {
    const proxy = await startProxy(() => ({ status: 403 }))
    const allow = [{ origin: 'https://public.test:8443' }, { origin: 'http://public.test' }]
    const { outbound } = behind(proxy, { allow })
    await failure(outbound.fetch(url))
    expect(proxy.targets).toEqual([target])
  })

  it.each([
    'http://gitlab.test/',
    'https://gitlab.test:8443/',
    'https://user@gitlab.test/',
    'https://localhost/',
    'https://127.0.0.1/',
    'https://10.0.0.1/',
    'https://169.254.169.254/',
    'https://[fd00:ec2::254]/',
    'https://[::ffff:169.254.169.254]/',
    'https://168.63.129.16/',
  ])('is not asked for %s, which is refused as it is without one', async (url) => {
    const proxy = await startProxy(() => ({ status: 403 }))
    const { outbound } = behind(proxy)
    expect((await failure(outbound.fetch(url))).reason).toMatch(/^refused_(url|address)$/)
    expect(() => outbound.checkUrl(url)).toThrow()
    expect(proxy.connections).toBe(0)
  })

  it('is passed by on the way to a private host, for which all rules hold', async () => {
    const gitlab = await startGitlab()
    const proxy = await startProxy(() => gitlab)
    const origin = `https://gitlab.test:${gitlab.port}`
    const allow = [
      { ...gitlabTest, origin, networks: ['127.0.0.0/8'] },
      { origin: 'https://other.corp', networks: ['10.0.0.0/8'] },
    ]
    const { outbound, steps } = behind(proxy, { allow })
    expect(await (await outbound.fetch(origin)).text()).toBe('ok')
    const elsewhere = await failure(outbound.fetch('https://other.corp/'))
    expect(elsewhere.reason).toBe('refused_address')
    expect(steps.lookups).toEqual(['gitlab.test', 'other.corp'])
    expect(proxy.connections).toBe(0)
  })

  it('is not asked for a private host that is listed for calls of another kind', async () => {
    const proxy = await startProxy(() => ({ status: 403 }))
    const elsewhere = [{ origin: 'https://gitlab.corp', networks: ['127.0.0.0/8'] }]
    const { outbound } = behind(proxy, { elsewhere })
    const refused = await failure(outbound.fetch('https://gitlab.corp/', post))
    expect(refused).toMatchObject({ reason: 'refused_by_proxy', notSent: true })
    expect(proxy.targets).toEqual([])
  })

  it('gets no request for a private host from tenants that may not use it, and they cannot learn that it is listed', async () => {
    const proxy = await startProxy(() => ({ status: 403 }))
    const allow = [
      { origin: 'https://gitlab.corp', networks: ['127.0.0.0/8'], tenants: ['ten_a'] },
      { origin: 'https://admin.corp:8443', networks: ['127.0.0.0/8'] },
    ]
    const { outbound } = behind(proxy, { allow })
    const unlisted = await failure(outbound.fetch('https://gitlab.example/', post))
    expect(unlisted).toMatchObject({ reason: 'refused_by_proxy', notSent: true })
    expect(proxy.targets).toEqual(['gitlab.example:443'])
    for (const [host, tenantId] of [
      ['gitlab.corp', 'ten_b'],
      ['gitlab.corp', undefined],
      ['admin.corp', 'ten_a'],
    ] as const) {
      const refused = await failure(outbound.fetch(`https://${host}/`, { ...post, tenantId }))
      expect(refused).toMatchObject({ reason: 'refused_by_proxy', notSent: true })
      expect(refused.message).toBe(unlisted.message.replace('gitlab.example', host))
    }
    expect(proxy.targets).toEqual(['gitlab.example:443'])
    // A tenant that may use it gets there, or would if a server listened.
    const named = await failure(outbound.fetch('https://gitlab.corp/', { tenantId: 'ten_a' }))
    expect(named.reason).toBe('unreachable')
  })

  it.each([
    'https://proxy.corp:3128',
    'http://keywell:hunter2@proxy.corp:3128',
    'http://proxy.corp:3128/hunter2',
    'http://proxy.corp:3128?hunter2',
    'proxy.corp:3128',
    '',
  ])('is refused as %j when it is read, and not repeated', (origin) => {
    const act = () => createOutbound({ allow: [], egressProxy: { origin } })
    expect(act).toThrow(new TypeError('The egress proxy is not named like http://proxy.corp:3128'))
  })
})

verifies.suite('T23:egress-proxy-trouble', () => {
  /** Nothing of the request came to the proxy, and nothing of its password into the error. */
  async function failThrough(proxy: { port: number; received?: string }, timeoutMs = 5_000) {
    const egressProxy = { origin: `http://127.0.0.1:${proxy.port}`, credentials }
    const { outbound } = behind(proxy, { egressProxy, timeoutMs })
    const error = await failure(outbound.fetch('https://gitlab.test/oauth/token', post))
    expect(error.notSent).toBe(true)
    expect(proxy.received ?? '').not.toMatch(/rt-secret|oauth/)
    const shown = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)}`
    expect(shown).not.toMatch(/hunter2|a2V5d2VsbDpodW50ZXIy/)
    return error
  }

  it.each([
    [407, 'refused_by_proxy', 'closed'],
    [403, 'refused_by_proxy', 'closed'],
    [302, 'refused_by_proxy', 'closed'],
    [502, 'unreachable', 'open'],
    [504, 'unreachable', 'open'],
  ])(
    'an answer of %i is %s, and leaves the breaker of the host %s',
    async (status, reason, state) => {
      const proxy = await startProxy(() => ({ status }))
      const error = await failThrough(proxy)
      expect(error.reason).toBe(reason)
      expect(error.cause).toEqual(new Error(`the egress proxy answered ${status}`))
      const { outbound } = behind(proxy)
      for (let nth = 0; nth < 20; nth += 1) await failure(outbound.fetch('https://gitlab.test/'))
      expect(outbound.hosts.snapshot().map((host) => host.state)).toEqual([state])
    },
  )

  const head = 'HTTP/1.1 200 OK\r\n'
  it.each([
    ['ends', (socket: Socket) => socket.end()],
    ['speaks something else', (socket: Socket) => socket.end('220 hunter2 mail ready\r\n')],
    [
      'has headers without an end',
      (socket: Socket) => socket.write(head + 'x: hunter2\r\n'.repeat(5_000)),
    ],
    ['breaks off', (socket: Socket) => socket.end(`${head}x: hunter2`)],
    [
      'speaks for the target',
      (socket: Socket) => socket.write(`${head}\r\nHTTP/1.1 200 OK\r\n\r\n`),
    ],
  ])('one that %s is no way', async (_, behave) => {
    const proxy = await running.tcp((socket) => {
      socket.once('data', () => behave(socket))
    })
    const error = await failThrough(proxy)
    expect(error.reason).toBe('unreachable')
    // In our words, and with nothing of what came.
    expect(error.cause).toMatchObject({ message: expect.stringMatching(/^the egress proxy /) })
  })

  it('one without a listener is no route', async () => {
    const gone = await startConnectProxy(() => ({ status: 403 }))
    await gone.close()
    expect((await failThrough(gone)).reason).toBe('unreachable')
  })

  it.each([
    ['says nothing', () => {}],
    ['sends its answer byte by byte', (socket: Socket) => drip(socket, `${head}x: `)],
    ['says nothing more once the way is open', (socket: Socket) => socket.write(`${head}\r\n`)],
  ])('one that %s is given up when the time is over', async (_, behave) => {
    let closed = false
    const proxy = await running.tcp((socket) => {
      socket.once('close', () => {
        closed = true
      })
      socket.once('data', () => behave(socket))
    })
    expect((await failThrough(proxy, 200)).reason).toBe('timeout')
    await vi.waitFor(() => expect(closed).toBe(true))
  })

  it('one that leads to another host gets no byte: its certificate is for another name', async () => {
    const gitlab = await startGitlab()
    const proxy = await startProxy(() => gitlab)
    const { outbound } = behind(proxy, {
      allow: [{ origin: 'https://other.test', ca: certificate.cert }],
    })
    const wrongName = await failure(outbound.fetch('https://other.test/', post))
    expect(wrongName).toMatchObject({ reason: 'tls', notSent: true })
    expect(wrongName.cause).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    // And with one that it has made itself, for the right name.
    const unknown = await failure(outbound.fetch('https://gitlab.test/', post))
    expect(unknown).toMatchObject({ reason: 'tls', notSent: true })
    expect(proxy.targets).toEqual(['other.test:443', 'gitlab.test:443'])
  })
})

function drip(socket: Socket, text: string): void {
  const rest = [...text]
  const timer = setInterval(() => socket.write(rest.shift() ?? 'x'), 5)
  socket.once('close', () => clearInterval(timer))
}
