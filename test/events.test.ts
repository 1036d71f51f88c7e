/** What an operator looks up: events of webhooks, and providers. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CategoryList, EventPage, Provider, ProviderList } from '@keywell/protocol'
import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

describeEachDatabase('events and providers', (makeDatabase) => {
  let stage: Stage
  let receiver: Server
  let url: string
  beforeAll(async () => {
    receiver = createServer((_, response) => response.writeHead(204).end()).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    // A listener on a TCP port has no path, so this is no string.
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
    stage = await createStage(await makeDatabase(), { privateWebhookHosts: [{ origin: url }] })
  })
  afterAll(async () => {
    await stage.stop()
    receiver.closeAllConnections()
    receiver.close()
  })

  verifies('events:search', async () => {
    const who = { tenantId: 'ten_events', userId: 'usr_events' }
    const { tenantId } = who
    const hook = async (body: object) =>
      must(await stage.call<{ id: string }>('POST', '/v1/webhooks', { url, ...body }), 201).id
    const own = await hook({ tenantId })
    const shared = await hook({})
    const { connection } = await stage.connect({ who })
    must(await stage.call('DELETE', `/v1/connections/${connection?.id}?tenantId=${tenantId}`), 200)
    const search = (more: object = {}) =>
      stage.call<EventPage & { detail: string }>('POST', '/v1/events/search', { tenantId, ...more })
    const types = async (more: object) =>
      must(await search(more), 200).events.map(({ type }) => type)
    await until('both were delivered', async () => {
      const { events } = must(await search(), 200)
      return events
        .flatMap(({ deliveries }) => deliveries)
        .every(({ state }) => state === 'delivered')
    })

    const [gone, made] = must(await search(), 200).events
    expect(gone).toMatchObject({ type: 'connection.disconnected', connectionId: connection?.id })
    expect(made?.type).toBe('connection.connected')
    expect(made?.deliveries.map(({ webhookId }) => webhookId)).toEqual([own, shared].toSorted())
    for (const delivery of made?.deliveries ?? []) {
      expect(delivery).toMatchObject({ state: 'delivered', attempts: 1, lastStatus: 204 })
      expect(Math.abs(Date.now() - Date.parse(delivery.deliveredAt ?? ''))).toBeLessThan(60_000)
    }
    expect(await types({ types: ['connection.connected'] })).toEqual(['connection.connected'])
    expect(await types({ connectionId: connection?.id })).toHaveLength(2)
    expect(await types({ connectionId: `con_${'0'.repeat(26)}` })).toEqual([])
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString()
    expect(await types({ from: inAnHour })).toEqual([])
    expect(await types({ to: inAnHour })).toHaveLength(2)
    const first = must(await search({ limit: 1 }), 200)
    const rest = must(await search({ limit: 1, cursor: first.nextCursor }), 200)
    expect([...first.events, ...rest.events].map(({ id }) => id)).toEqual([gone?.id, made?.id])
    expect(rest.nextCursor).toBeNull()

    const ask = async (tenants: string[]) => {
      const key = (await stage.keywell.apiKeys.create('limited', { tenants })).key.expose()
      const response = await fetch(`${stage.url}/v1/events/search`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ tenantId }),
      })
      return (await response.json()) as EventPage
    }
    const theirs = (await ask([tenantId])).events.flatMap(({ deliveries }) => deliveries)
    expect(new Set(theirs.map(({ webhookId }) => webhookId))).toEqual(new Set([own]))
    expect(await ask(['ten_other'])).toEqual({ events: [], nextCursor: null })
    for (const bad of [{ types: ['made.up'] }, { from: 'now' }, { cursor: 'x' }, { limit: 0 }]) {
      expect((await search(bad)).status, JSON.stringify(bad)).toBe(400)
    }
  })

  verifies('providers:found', async () => {
    const read = (query: string) => stage.call<ProviderList>('GET', `/v1/providers${query}`)
    const names = async (query: string) =>
      must(await read(query), 200).providers.map(({ name }) => name)
    const all = must(await read(''), 200).providers
    const named = (is: (provider: Provider) => boolean) => all.filter(is).map(({ name }) => name)
    expect(all.length).toBeGreaterThan(4)
    expect(await names('?query=GitL')).toEqual(['gitlab'])
    expect(await names('?query=itlab')).toEqual([])
    expect(await names('?state=preview')).toEqual(named(({ state }) => state === 'preview'))
    expect(await names('?category=code')).toEqual(named(({ category }) => category === 'code'))
    expect(await names('?method=key&state=stable')).toEqual(
      named(
        ({ methods, state }) => state === 'stable' && methods.some(({ kind }) => kind === 'key'),
      ),
    )
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: ProviderList = must(
        await read(`?limit=2${cursor ? `&cursor=${cursor}` : ''}`),
        200,
      )
      expect(page.providers.length).toBeLessThanOrEqual(2)
      seen.push(...page.providers.map(({ name }) => name))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(seen).toEqual(all.map(({ name }) => name))

    expect((await stage.call('GET', '/v1/providers/gitlab')).body).toEqual(
      all.find(({ name }) => name === 'gitlab'),
    )
    expect(await stage.call('GET', '/v1/providers/nosuch')).toMatchObject({
      status: 400,
      body: { code: 'unknown_provider' },
    })
    const { categories } = must(
      await stage.call<CategoryList>('GET', '/v1/providers/categories'),
      200,
    )
    const sum = categories.reduce((total, { providers }) => total + providers, 0)
    expect(sum).toBe(all.length)
    expect(categories).toContainEqual({
      name: 'code',
      providers: named(({ category }) => category === 'code').length,
    })
    for (const bad of [
      '?category=made_up',
      '?state=old',
      '?limit=0',
      '?cursor=nosuch',
      '?query=',
    ]) {
      expect((await read(bad)).status, bad).toBe(400)
    }
  })
})
