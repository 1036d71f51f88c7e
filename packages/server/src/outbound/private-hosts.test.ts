import { createServer as createHttpsServer } from 'node:https'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { certificate } from './certificate.test.support.ts'
import { failure } from './failure.test.support.ts'
import { listeners } from './listeners.test.support.ts'
import { createOutbound, type OutboundOptions } from './outbound.ts'
import type { PrivateHost } from './private-hosts.ts'

const running = listeners()
const closers: (() => Promise<void>)[] = [running.close]
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

function outboundWith(allow: PrivateHost[], options: Partial<OutboundOptions> = {}) {
  const outbound = createOutbound({ allow, timeoutMs: 5_000, ...options })
  closers.push(outbound.close)
  return outbound
}

/** `https://gitlab.test`, which lives on loopback as far as anybody can tell. */
async function gitlabTest() {
  const server = createHttpsServer(certificate, (request, response) => {
    response.end(String(request.headers['x-tenant']))
  })
  const listener = await running.adopt(server)
  const network = {
    lookup: async () => ['127.0.0.1'],
    dial: () => connect({ host: '127.0.0.1', port: listener.port }),
  }
  const entry = {
    origin: 'https://gitlab.test',
    networks: ['127.0.0.0/8'],
    ca: certificate.cert,
  }
  return { listener, network, entry }
}

const sentBy = (tenantId: string | undefined, init: RequestInit = {}) => ({
  ...init,
  headers: { 'x-tenant': String(tenantId) },
  tenantId,
})

/** Tenants, and others, that an entry for `ten_a` is not for. */
const strangers = ['ten_b', 'TEN_A', 'ten_a ', 'ten', '', '@install', '__proto__', undefined]

verifies.suite('T23:private-host-tenants', () => {
  it('opens an origin to the tenants that it names', async () => {
    const server = await running.http((_, response) => response.end('ok'))
    const outbound = outboundWith([{ origin: server.origin, tenants: ['ten_a', 'ten_c'] }])
    for (const tenantId of ['ten_a', 'ten_c']) {
      outbound.checkUrl(server.origin, { tenantId })
      expect(outbound.isListed(server.origin, { tenantId })).toBe(true)
      expect((await outbound.fetch(server.origin, { tenantId })).status).toBe(200)
    }
  })

  it.each(strangers)('refuses %j as if it were not listed, word by word', async (tenantId) => {
    const server = await running.http((_, response) => response.end('ok'))
    const { port } = server
    const lookup = async () => ['127.0.0.1']
    const origins = [
      server.origin,
      `http://localhost:${port}`,
      'https://127.0.0.1',
      `https://gitlab.corp:${port}`,
      'https://gitlab.corp',
    ]
    const allow = origins.map((origin) => ({
      origin,
      networks: ['127.0.0.0/8'],
      tenants: ['ten_a'],
    }))
    const limited = outboundWith(allow, { lookup })
    const empty = outboundWith([], { lookup })
    for (const origin of origins) {
      const url = `${origin}/secret`
      const refused = await failure(limited.fetch(url, { tenantId }))
      expect(refused.reason, origin).toMatch(/^refused_/)
      expect({ ...refused, message: refused.message, cause: refused.cause }).toEqual({
        ...(await failure(empty.fetch(url, { tenantId }))),
        message: (await failure(empty.fetch(url))).message,
        cause: undefined,
      })
      expect(
        said(() => limited.checkUrl(url, { tenantId })),
        origin,
      ).toBe(said(() => empty.checkUrl(url, { tenantId })))
      expect(limited.isListed(url, { tenantId })).toBe(false)
    }
    expect(server.connections).toBe(0)
  })

  it('gives no other tenant a connection that a named tenant has left open', async () => {
    const { listener, network, entry } = await gitlabTest()
    const outbound = outboundWith([{ ...entry, tenants: ['ten_a'] }], network)
    const ask = (tenantId: string | undefined, init?: RequestInit) =>
      outbound.fetch('https://gitlab.test/', sentBy(tenantId, init))

    expect(await (await ask('ten_a')).text()).toBe('ten_a')
    // undici gives a socket back one turn of the loop after an answer.
    await setImmediate()
    for (const stranger of strangers) {
      for (const method of ['GET', 'POST']) {
        const error = await failure(ask(stranger, { method }))
        expect(error).toMatchObject({ reason: 'refused_address', notSent: true })
      }
    }
    expect(await (await ask('ten_a')).text()).toBe('ten_a')
    // Kept for its own tenant, so it was there to be taken.
    expect(listener.connections).toBe(1)
  })

  it('does not show other tenants that it fails or is busy, and they take none of its capacity', async () => {
    const { network, entry } = await gitlabTest()
    const dial = () => {
      throw new Error('it is down')
    }
    const outbound = outboundWith([{ ...entry, tenants: ['ten_a'] }], {
      ...network,
      dial,
      now: () => 0,
    })
    const ask = (tenantId: string) => failure(outbound.fetch(entry.origin, { tenantId }))
    for (let nth = 0; nth < 20; nth += 1) expect((await ask('ten_a')).reason).toBe('unreachable')
    const hosts = outbound.hosts.snapshot()
    expect(hosts).toMatchObject([{ origin: entry.origin, state: 'open' }])
    expect((await ask('ten_b')).reason).toBe('refused_address')
    expect(outbound.hosts.snapshot()).toMatchObject([{ tokens: hosts[0]?.tokens, state: 'open' }])
  })

  it('lends no networks and no authorities to the hosts of other tenants', async () => {
    const { listener, network, entry } = await gitlabTest()
    const outbound = outboundWith(
      [
        { ...entry, origin: 'https://other.test', tenants: ['ten_a'] },
        { ...entry, networks: ['10.0.0.0/8'], tenants: ['ten_b'] },
      ],
      network,
    )
    // At a host of theirs, at one of the others, and at one that is not listed.
    const reasons = await Promise.all(
      ['https://other.test', 'https://gitlab.test', 'https://third.test'].map(async (url) => {
        return (await failure(outbound.fetch(url, sentBy('ten_a')))).reason
      }),
    )
    expect(reasons).toEqual(['tls', 'refused_address', 'refused_address'])
    expect(listener.connections).toBe(1)
  })

  it.each([
    [{ tenants: [] }, /is listed for no tenant/],
    [{ tenants: ['ten_a', ''] }, /which is no id of a tenant/],
    [{ tenants: ['@install'] }, /which is no id of a tenant/],
    [{ tenants: ['ten_a\n'] }, /which is no id of a tenant/],
  ])('an entry with %j is refused when it is read', (more, words) => {
    expect(() => outboundWith([{ origin: 'https://gitlab.corp', ...more }])).toThrow(words)
  })

  it('an origin stands in the list once, for one set of tenants', () => {
    const allow = [
      { origin: 'https://gitlab.corp', tenants: ['ten_a'] },
      { origin: 'https://GITLAB.corp.:443/', tenants: ['ten_b'] },
    ]
    expect(() => outboundWith(allow)).toThrow('"https://gitlab.corp" is listed twice')
  })
})

function said(act: () => void): string {
  try {
    act()
    return 'nothing'
  } catch (error) {
    return String(error)
  }
}

verifies('T23:own-definition', async () => {
  const everybody = await gitlabTest()
  const listed = outboundWith([everybody.entry], { ...everybody.network, now: () => 0 })
  const ask = (tenantId: string, isOwn: boolean) =>
    listed.fetch('https://gitlab.test/', { ...sentBy(tenantId), isOwn })
  expect((await ask('ten_a', false)).status).toBe(200)
  const tokens = listed.hosts.snapshot()[0]?.tokens
  // Listed for everybody: not for what a tenant has written, also over a socket that was left open.
  await setImmediate()
  for (const tenantId of ['ten_a', 'ten_b']) {
    expect((await failure(ask(tenantId, true))).reason).toBe('refused_address')
    expect(listed.isListed('https://gitlab.test', { tenantId, isOwn: true })).toBe(false)
  }
  for (const url of ['http://gitlab.test', 'https://127.0.0.1', 'https://localhost']) {
    const { reason } = await failure(listed.fetch(url, { tenantId: 'ten_a', isOwn: true }))
    expect(reason, url).toMatch(/^refused_/)
  }
  expect(everybody.listener.connections).toBe(1)
  expect(listed.hosts.snapshot(), 'nor does it count at the host').toMatchObject([{ tokens }])

  const named = await gitlabTest()
  const forOne = outboundWith([{ ...named.entry, tenants: ['ten_a'] }], named.network)
  const askOne = (tenantId: string) =>
    forOne.fetch('https://gitlab.test/', { ...sentBy(tenantId), isOwn: true })
  expect((await askOne('ten_a')).status).toBe(200)
  expect((await failure(askOne('ten_b'))).reason).toBe('refused_address')
})
