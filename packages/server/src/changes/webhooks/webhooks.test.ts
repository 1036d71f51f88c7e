import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { webhookPayloadSchema } from '@keywell/protocol'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { describeEachDatabase } from '../../../../../test/support/databases.ts'
import { type TestDatabase, withStatements } from '../../../../../test/support/inspected.ts'
import { ManualTimers } from '../../../../../test/support/manual-timers.ts'
import { verifies } from '../../../../../test/support/verifies.ts'
import { createAudit } from '../../audit/audit.ts'
import { FixedAuditKeys } from '../../audit/keys.test.support.ts'
import { createIds } from '../../ids.ts'
import { silentLogger } from '../../logger.ts'
import { silentMetrics } from '../../metrics/metrics.ts'
import { type Listeners, listeners } from '../../outbound/listeners.test.support.ts'
import { createOutbound, type Outbound, type OutboundOptions } from '../../outbound/outbound.ts'
import type { Database } from '../../store/database.ts'
import { withInstallation } from '../../store/scope.ts'
import { findTenantKey, insertFirstTenantKey, listKekIds } from '../../store/tenant-keys.ts'
import { claimDeliveries } from '../../store/webhook-deliveries.ts'
import { localKeys } from '../../vault/local-keys.ts'
import { createVault } from '../../vault/vault.ts'
import { writeChange } from '../changes.ts'
import { connection } from '../feed.test.support.ts'
import type { EndpointKey } from './endpoint.ts'
import { createWebhooks, type Webhooks } from './endpoints.ts'
import { createSigningSecrets } from './signing-secrets.ts'
import { createWebhookWorker, type WebhookWorker } from './worker.ts'

const caller = { actor: 'key:key_test', requestId: 'req_test' }
const tenantId = connection.tenantId
const all = ['connection.connected', 'connection.refreshed'] as const

interface Received {
  headers: IncomingHttpHeaders
  body: string
}

describeEachDatabase('webhooks', (makeDatabase) => {
  let database: TestDatabase
  let sockets: Listeners
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    database = await makeDatabase()
  })
  beforeEach(async () => {
    sockets = listeners()
    for (const table of ['webhook_endpoints', 'webhook_deliveries', 'changes']) {
      await database.query(`delete from ${table}`)
    }
  })
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
    await sockets.close()
  })

  /** A receiver on loopback. Default: `answer` decides what it says, 204. */
  async function receiver(
    answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => {
      response.writeHead(204).end()
    },
  ) {
    const received: Received[] = []
    const listener = await sockets.http((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        received.push({ headers: request.headers, body })
        answer(request, response)
      })
    })
    return { url: `${listener.origin}/hook`, origin: listener.origin, received, listener }
  }

  /** The engine's part, with timers that the test turns. */
  function engine(
    origins: readonly string[],
    options: Partial<OutboundOptions> = {},
    of: Database = database,
  ) {
    const makeId = createIds({ randomBytes, now: Date.now })
    const vault = createVault({
      keys: localKeys({
        canReload: false,
        howToAdd: 'no',
        read: () => [new Uint8Array(32).fill(7)],
      }),
      store: {
        find: (tenant, version) => findTenantKey(database, tenant, version),
        insertFirst: (row) => insertFirstTenantKey(database, row),
        kekIds: () => listKekIds(database),
        hasSealedRecords: async () => false,
      },
    })
    const outbound: Outbound = createOutbound({
      allow: origins.map((origin) => ({ origin })),
      ...options,
    })
    const audit = createAudit({
      database: of,
      keys: new FixedAuditKeys(),
      makeId: () => makeId('auditEntry'),
    })
    const secrets = createSigningSecrets({ vault, randomBytes })
    const timers = new ManualTimers()
    const parts = { database: of, secrets, outbound, audit }
    const worker: WebhookWorker = createWebhookWorker({
      ...parts,
      logger: silentLogger,
      after: timers.after,
      jitter: () => 0.5,
      metrics: silentMetrics,
    })
    const webhooks: Webhooks = createWebhooks({ ...parts, makeId, wake: worker.wake })
    worker.start()
    closers.push(async () => {
      await worker.stop()
      await outbound.close()
    })
    return { worker, webhooks, timers }
  }

  async function register(webhooks: Webhooks, url: string, tenant: string | null = tenantId) {
    const made = await webhooks.create({ tenantId: tenant, url, events: [...all] }, caller)
    const key: EndpointKey = { tenantId: tenant, id: made.webhook.id }
    return { key, secret: made.secret.expose(), webhook: made.webhook }
  }

  async function change(kind: 'connected' | 'refreshed' = 'connected', generation = 1) {
    await database.transaction(withInstallation(tenantId), (sql) =>
      writeChange(sql, { kind, connection: { ...connection, generation } }),
    )
  }

  /** Whatever waits is due at once, and forgets why it waits. */
  async function hurry({ worker }: { worker: WebhookWorker }) {
    await database.query(
      "update webhook_deliveries set due_at = now(), last_error = null where state = 'due'",
    )
    worker.wake()
  }

  const deliveriesOf = async (webhooks: Webhooks, key: EndpointKey) =>
    (await webhooks.deliveries(key, { limit: 100 })).deliveries

  test('a change is sent to the endpoint, signed, once', async () => {
    const { url, origin, received } = await receiver()
    const { worker, webhooks } = engine([origin])
    const { key, secret } = await register(webhooks, url)
    await change()
    worker.wake()
    await eventually(async () => {
      expect(await deliveriesOf(webhooks, key)).toMatchObject([
        { state: 'delivered', attempts: 1, lastStatus: 204, lastError: null, dueAt: null },
      ])
    })
    expect(received).toHaveLength(1)
    const [message] = received
    const payload = webhookPayloadSchema.parse(JSON.parse(message?.body ?? ''))
    const { account, tenantId: tenant, userId, provider, host, name } = connection
    expect(payload).toEqual({
      type: 'connection.connected',
      timestamp: expect.any(String),
      data: {
        ...{ connectionId: connection.id, tenantId: tenant, userId, provider, host, name },
        ...{ generation: 1, status: 'active', reason: null, account },
        health: { status: 'ok', reason: null },
      },
    })
    expect(message?.headers['webhook-id']).toMatch(/^msg_[0-9A-F]{26}$/)
    expect(signaturesOf(message)).toEqual([sign(secret, message)])
  })

  verifies('T35:left-webhooks', async () => {
    const [theirs, thief] = [await receiver(), await receiver()]
    const { worker, webhooks } = engine([theirs.origin, thief.origin])
    const { key, secret } = await register(webhooks, theirs.url)
    await database.query('update webhook_endpoints set url = $1 where id = $2', [thief.url, key.id])
    await change()
    worker.wake()
    await eventually(async () => expect(thief.received).toHaveLength(1))
    const [message] = thief.received
    expect(message?.body, 'what the database says anyway, and no secret').not.toContain(secret)
    expect(message?.body).toContain(connection.id)
    await database.query('update webhook_endpoints set url = $1 where id = $2', [
      'http://127.0.0.1:1/inner',
      key.id,
    ])
    await change()
    worker.wake()
    await eventually(async () => {
      const states = (await deliveriesOf(webhooks, key)).map(({ lastError }) => lastError)
      expect(states, 'the guard is asked again at each message').toContain('refused_url')
    })
    expect(theirs.received).toEqual([])
  })

  verifies('T35:left-deliveries', async () => {
    const { url, origin, received } = await receiver()
    const { worker, webhooks } = engine([origin])
    const { key, secret } = await register(webhooks, url)
    await database.query(
      `insert into webhook_deliveries (tenant_id, id, endpoint_owner, endpoint_id, type, data)
       values ($1, 'msg_01JZZZZZZZZZZZZZZZZZZZZZZZ', $1, $2, 'webhook.test', '{"planted": true}')`,
      [tenantId, key.id],
    )
    worker.wake()
    await eventually(async () => expect(received).toHaveLength(1))
    expect(signaturesOf(received[0]), 'signed, for its own endpoint').toEqual([
      sign(secret, received[0]),
    ])
  })

  test('without the transaction there is no message either', async () => {
    const { url, origin, received } = await receiver()
    const { worker, webhooks } = engine([origin])
    const { key } = await register(webhooks, url)
    const failing = database.transaction(tenantId, async (sql) => {
      await writeChange(sql, { kind: 'connected', connection })
      throw new Error('taken back')
    })
    await expect(failing).rejects.toThrow('taken back')
    worker.wake()
    await worker.stop()
    expect(await deliveriesOf(webhooks, key)).toEqual([])
    expect(received).toEqual([])
  })

  test("an endpoint receives what it asked for: its tenant's messages, or those of every tenant", async () => {
    const { url, origin } = await receiver()
    const { webhooks } = engine([origin])
    const own = await register(webhooks, url)
    const installationWide = await register(webhooks, url, null)
    const other = await register(webhooks, url, 'org_other')
    const few = await webhooks.create({ tenantId, url, events: ['connection.connected'] }, caller)
    await change('connected')
    await change('refreshed', 2)
    const sentTo = async (key: EndpointKey) =>
      (await deliveriesOf(webhooks, key)).map(({ type, tenantId: of }) => [type, of]).sort()
    const both = [
      ['connection.connected', tenantId],
      ['connection.refreshed', tenantId],
    ]
    expect(await sentTo(own.key)).toEqual(both)
    expect(await sentTo(installationWide.key)).toEqual(both)
    expect(await sentTo(other.key)).toEqual([])
    expect(await sentTo({ tenantId, id: few.webhook.id })).toEqual(both.slice(0, 1))
    const ids = async (key: EndpointKey) => (await deliveriesOf(webhooks, key)).map(({ id }) => id)
    expect(await ids(own.key), 'one id for a message, wherever it goes').toEqual(
      await ids(installationWide.key),
    )
    expect(new Set(await ids(own.key)).size).toBe(2)
  })

  test('down and up again: the same id on each attempt, and a pause between them', async () => {
    let status = 503
    const { url, origin, received } = await receiver((_, response) => {
      response.writeHead(status).end('try later')
    })
    const parts = engine([origin])
    const { key } = await register(parts.webhooks, url)
    await change()
    parts.worker.wake()
    await eventually(async () => {
      expect(await deliveriesOf(parts.webhooks, key)).toMatchObject([
        { state: 'due', attempts: 1, lastStatus: 503, lastError: 'status' },
      ])
    })
    expect(await dueInMs()).toBeGreaterThan(4_000)
    expect(await dueInMs()).toBeLessThanOrEqual(5_000)
    status = 200
    await hurry(parts)
    await eventually(async () => {
      expect(await deliveriesOf(parts.webhooks, key)).toMatchObject([
        { state: 'delivered', attempts: 2, lastStatus: 200, lastError: null },
      ])
    })
    expect(received).toHaveLength(2)
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(received.map(({ body }) => body)).size).toBe(1)
  })

  async function dueInMs(): Promise<number> {
    const [row] = await database.query<{ ms: number }>(
      `select (extract(epoch from due_at - now()) * 1000)::int as ms from webhook_deliveries`,
    )
    return row?.ms ?? Number.NaN
  }

  test('a delivery to an unreachable endpoint is dead after a day and a half, and can be replayed', async () => {
    const { url, origin, received, listener } = await receiver()
    const gone = `http://127.0.0.1:${await closedPort()}`
    const parts = engine([origin, gone])
    const { key } = await register(parts.webhooks, `${gone}/hook`)
    await change()
    const pauses: number[] = []
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      await hurry(parts)
      await eventually(async () => {
        const [delivery] = await deliveriesOf(parts.webhooks, key)
        expect(delivery).toMatchObject({ attempts: attempt, lastStatus: null })
        expect(delivery?.lastError).toMatch(/^(unreachable|throttled)$/)
      })
      pauses.push(Math.ceil((await dueInMs()) / 1000))
    }
    const minute = 60
    const hour = 60 * minute
    const steps = [5, 30, 2 * minute, 10 * minute, hour, 3 * hour, 8 * hour, 24 * hour]
    expect(pauses.slice(0, 8)).toEqual(steps)
    const [dead] = await deliveriesOf(parts.webhooks, key)
    expect(dead).toMatchObject({ state: 'dead', attempts: 9, dueAt: null, deliveredAt: null })

    await parts.webhooks.update(key, { url }, caller)
    expect(await parts.webhooks.replayDead(key, caller)).toBe(1)
    await eventually(async () => {
      expect(await deliveriesOf(parts.webhooks, key)).toMatchObject([
        { id: dead?.id, state: 'delivered', attempts: 1 },
      ])
    })
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([dead?.id])
    expect(listener.connections).toBe(1)
  })

  /** A port without a listener. */
  async function closedPort(): Promise<number> {
    const other = listeners()
    const { port } = await other.tcp()
    await other.close()
    return port
  }

  test('410 disables the endpoint, and ends what was due', async () => {
    let status = 500
    const { url, origin, received } = await receiver((_, response) => {
      response.writeHead(status).end()
    })
    const parts = engine([origin])
    const { key } = await register(parts.webhooks, url)
    await change()
    parts.worker.wake()
    await eventually(async () => {
      const deliveries = await deliveriesOf(parts.webhooks, key)
      expect(deliveries).toMatchObject([{ state: 'due', lastError: 'status' }])
    })
    status = 410
    await change('refreshed', 2)
    parts.worker.wake()
    await eventually(async () => {
      const webhook = await parts.webhooks.get(key)
      expect(webhook).toMatchObject({ enabled: false, disabledReason: 'gone' })
    })
    await change('refreshed', 3)
    await parts.worker.stop()
    expect(await deliveriesOf(parts.webhooks, key)).toMatchObject([
      { state: 'dead', lastStatus: 410, lastError: 'gone' },
      { state: 'dead', lastStatus: 500, lastError: 'endpoint_disabled' },
    ])
    expect(received).toHaveLength(2)
    const rows = await database.query(
      `select actor from audit where action = 'webhook.disable' and reason = $1`,
      [key.id],
    )
    expect(rows).toEqual([{ actor: 'service' }])
    const replay = parts.webhooks.replayDead(key, caller)
    await expect(replay).rejects.toMatchObject({ code: 'conflict' })
    await parts.webhooks.update(key, { enabled: true }, caller)
    expect(await parts.webhooks.replayDead(key, caller)).toBe(2)
  })

  test('a redirect is not followed', async () => {
    const inner = await receiver()
    const { url, origin } = await receiver((_, response) => {
      response.writeHead(307, { location: inner.url }).end()
    })
    const parts = engine([origin, inner.origin])
    const { key } = await register(parts.webhooks, url)
    await change()
    parts.worker.wake()
    await eventually(async () => {
      expect(await deliveriesOf(parts.webhooks, key)).toMatchObject([
        { state: 'due', lastStatus: 307, lastError: 'redirect' },
      ])
    })
    expect(inner.listener.connections).toBe(0)
  })

  test('of a huge answer no more than a little is read', async () => {
    let written = 0
    const chunk = Buffer.alloc(64 * 1024)
    const { url, origin } = await receiver((_, response) => {
      response.writeHead(200)
      const more = (): void => {
        while (written < 1_000 * chunk.length && !response.destroyed) {
          written += chunk.length
          if (!response.write(chunk)) {
            response.once('drain', more)
            return
          }
        }
      }
      more()
    })
    const parts = engine([origin])
    const { key } = await register(parts.webhooks, url)
    await change()
    parts.worker.wake()
    await eventually(async () => {
      expect(await deliveriesOf(parts.webhooks, key)).toMatchObject([
        { state: 'due', lastStatus: null, lastError: 'too_large' },
      ])
    })
    // What the system's buffers take, and no more.
    expect(written).toBeLessThan(500 * chunk.length)
  })

  test('an endpoint that never answers delays no other endpoint', async () => {
    const silent = await receiver(() => {})
    const quick = await receiver()
    const parts = engine([silent.origin, quick.origin])
    const slow = await register(parts.webhooks, silent.url)
    for (let generation = 1; generation <= 20; generation += 1)
      await change('refreshed', generation)
    parts.worker.wake()
    await eventually(() => expect(silent.received).toHaveLength(8))
    const fast = await register(parts.webhooks, quick.url)
    for (let generation = 21; generation <= 30; generation += 1) {
      await change('refreshed', generation)
    }
    parts.worker.wake()
    await eventually(async () => {
      const states = (await deliveriesOf(parts.webhooks, fast.key)).map(({ state }) => state)
      expect(states).toEqual(Array(10).fill('delivered'))
    })
    expect(silent.received, 'and is called no more than a few times at once').toHaveLength(8)
    expect(await deliveriesOf(parts.webhooks, slow.key)).toHaveLength(30)
    await sockets.close()
  })

  describe('targets', () => {
    const inner = [
      'http://hooks.example/a',
      'https://127.0.0.1/a',
      'https://[::1]/a',
      'https://localhost/a',
      'https://10.0.0.8/a',
      'https://169.254.169.254/latest/meta-data',
      'https://0x7f.1/a',
      'https://[::ffff:10.0.0.1]/a',
      'https://hooks.example:8443/a',
      'https://user:password@hooks.example/a',
    ]
    test.each(inner)('%s is refused at registration, and when it is changed', async (url) => {
      const { webhooks } = engine([])
      const refused = { code: 'host_not_allowed' }
      await expect(register(webhooks, url)).rejects.toMatchObject(refused)
      const { key } = await register(webhooks, 'https://hooks.example/a')
      await expect(webhooks.update(key, { url }, caller)).rejects.toMatchObject(refused)
      expect(await webhooks.get(key)).toMatchObject({ url: 'https://hooks.example/a' })
    })

    test('a name that leads inwards is never connected to', async () => {
      const peers: string[] = []
      const parts = engine([], {
        lookup: async () => ['93.184.215.14', '10.0.0.8'],
        dial: ({ address }) => {
          peers.push(address)
          throw new Error('dialled')
        },
      })
      const { key } = await register(parts.webhooks, 'https://hooks.example/a')
      await change()
      parts.worker.wake()
      await eventually(async () => {
        expect(await deliveriesOf(parts.webhooks, key)).toMatchObject([
          { state: 'due', lastError: 'refused_address' },
        ])
      })
      expect(peers).toEqual([])
    })
  })

  test('what a process had claimed when it died comes again, under the same id', async () => {
    const { url, origin, received } = await receiver()
    const parts = engine([origin])
    const { key } = await register(parts.webhooks, url)
    await parts.worker.stop()
    await change()
    const [claimed] = await claimDeliveries(database, { busy: [], limit: 8, leaseMs: 60_000 })
    expect(await claimDeliveries(database, { busy: [], limit: 8, leaseMs: 60_000 })).toEqual([])
    parts.worker.start()
    await parts.worker.stop()
    expect(received, 'not while the lease lasts').toEqual([])
    expect(await dueInMs()).toBeGreaterThan(50_000)
    parts.worker.start()
    await hurry(parts)
    await eventually(async () => {
      expect(await deliveriesOf(parts.webhooks, key)).toMatchObject([
        { id: claimed?.id, state: 'delivered', attempts: 2 },
      ])
    })
    expect(received).toHaveLength(1)
  })

  test('when a lease ends too early, a late success counts and a late failure does not', async () => {
    const answers: ((status: number) => void)[] = []
    const { url, origin, received } = await receiver((_, response) => {
      answers.push((status) => response.writeHead(status).end())
    })
    const one = engine([origin])
    const two = engine([origin])
    const { key } = await register(one.webhooks, url)
    await change()
    const arrives = async (count: number, by: { worker: WebhookWorker }) => {
      await hurry(by)
      await eventually(() => expect(received).toHaveLength(count))
    }
    await arrives(1, one)
    await arrives(2, two)
    answers[0]?.(500)
    await one.worker.stop()
    expect(await deliveriesOf(one.webhooks, key)).toMatchObject([
      { state: 'due', attempts: 2, lastStatus: null, lastError: null },
    ])
    expect(await dueInMs(), 'the second still has its lease').toBeGreaterThan(30_000)
    one.worker.start()
    await arrives(3, one)
    answers[1]?.(200)
    await two.worker.stop()
    expect(await deliveriesOf(one.webhooks, key)).toMatchObject([
      { state: 'delivered', lastStatus: 200 },
    ])
    answers[2]?.(500)
    await one.worker.stop()
    expect(await deliveriesOf(one.webhooks, key)).toMatchObject([{ state: 'delivered' }])
  })

  test('several replicas send each message once', async () => {
    const { url, origin, received } = await receiver()
    const replicas = [engine([origin]), engine([origin]), engine([origin])]
    const { webhooks } = engine([origin])
    const { key } = await register(webhooks, url)
    for (let generation = 1; generation <= 40; generation += 1)
      await change('refreshed', generation)
    for (const { worker } of replicas) worker.wake()
    await eventually(async () => {
      const states = (await deliveriesOf(webhooks, key)).map(({ state }) => state)
      expect(states).toEqual(Array(40).fill('delivered'))
    })
    const ids = received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toHaveLength(40)
    expect(new Set(ids).size).toBe(40)
  })

  test('a poll finds a change without a notification', async () => {
    const { url, origin, received } = await receiver()
    const { webhooks, timers } = engine([origin])
    await register(webhooks, url)
    await change()
    await eventually(() => {
      timers.advance(2_000)
      expect(received).toHaveLength(1)
    })
  })

  test('after a rotation both secrets sign, until the old one ends', async () => {
    const { url, origin, received } = await receiver()
    const parts = engine([origin])
    const { key, secret: first } = await register(parts.webhooks, url)
    const rotated = await parts.webhooks.rotateSecret(key, caller)
    const second = rotated.secret.expose()
    const until = Date.parse(rotated.webhook.previousSecretUntil ?? '') - Date.now()
    expect(until / 3_600_000).toBeCloseTo(24, 1)
    await parts.webhooks.test(key, caller)
    await eventually(() => expect(received).toHaveLength(1))
    expect(signaturesOf(received[0])).toEqual([sign(second, received[0]), sign(first, received[0])])

    await database.query('update webhook_endpoints set previous_until = now()')
    await parts.webhooks.test(key, caller)
    await eventually(() => expect(received).toHaveLength(2))
    expect(signaturesOf(received[1])).toEqual([sign(second, received[1])])
    expect(await parts.webhooks.get(key)).toMatchObject({ previousSecretUntil: null })
  })

  test('of two rotations at once one is refused', async () => {
    const { key } = await register(engine([]).webhooks, 'https://hooks.example/a')
    // Neither writes before both have read.
    let waiting = 2
    let release = () => {}
    const bothHaveRead = new Promise<void>((resolve) => {
      release = resolve
    })
    const inStep: Database = {
      ...database,
      async transaction(scope, work) {
        waiting -= 1
        if (waiting === 0) release()
        await bothHaveRead
        return database.transaction(scope, work)
      },
    }
    const { webhooks } = engine([], {}, inStep)
    const both = [webhooks.rotateSecret(key, caller), webhooks.rotateSecret(key, caller)]
    const outcomes = await Promise.allSettled(both)
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused).toMatchObject([{ reason: { code: 'conflict' } }])
  })

  test('an owner may have twenty', async () => {
    const { webhooks } = engine([])
    for (let n = 0; n < 20; n += 1) await register(webhooks, `https://hooks.example/${n}`)
    const more = register(webhooks, 'https://hooks.example/more')
    await expect(more).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await webhooks.list(tenantId)).toHaveLength(20)
    await register(webhooks, 'https://hooks.example/other', 'org_other')
  })

  test('deliveries come in pages, newest first', async () => {
    const { webhooks, worker } = engine([])
    const { key } = await register(webhooks, 'https://hooks.example/a')
    await worker.stop()
    for (let generation = 1; generation <= 5; generation += 1) await change('refreshed', generation)
    const whole = (await deliveriesOf(webhooks, key)).map(({ id }) => id)
    expect(whole).toEqual([...whole].sort().reverse())
    const seen: string[] = []
    let cursor: (typeof whole)[number] | undefined
    do {
      const page = await webhooks.deliveries(key, { limit: 2, cursor })
      seen.push(...page.deliveries.map(({ id }) => id))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(seen).toEqual(whole)
    expect(await webhooks.deliveries(key, { limit: 2, state: 'dead' })).toEqual({
      deliveries: [],
      nextCursor: null,
    })
  })

  test('a disabled endpoint is sent nothing, and a removed one leaves nothing', async () => {
    const { url, origin, received } = await receiver()
    const parts = engine([origin])
    const { key } = await register(parts.webhooks, url)
    await parts.worker.stop()
    await change()
    await parts.webhooks.update(key, { enabled: false }, caller)
    await change('refreshed', 2)
    expect(await deliveriesOf(parts.webhooks, key)).toMatchObject([
      { state: 'dead', lastError: 'endpoint_disabled' },
    ])
    const test = parts.webhooks.test(key, caller)
    await expect(test).rejects.toMatchObject({ code: 'conflict' })
    await parts.webhooks.remove(key, caller)
    expect(await database.query('select id from webhook_deliveries')).toEqual([])
    await expect(parts.webhooks.get(key)).rejects.toMatchObject({ code: 'not_found' })
    expect(received).toEqual([])
  })

  test('a stop waits for the call under way, and what came of it is kept', async () => {
    let answer = () => {}
    const { url, origin, received } = await receiver((_, response) => {
      answer = () => response.writeHead(204).end()
    })
    const parts = engine([origin])
    const { key } = await register(parts.webhooks, url)
    await change()
    parts.worker.wake()
    await eventually(() => expect(received).toHaveLength(1))
    let stopped = false
    const stopping = parts.worker.stop().then(() => {
      stopped = true
    })
    await database.query('select 1')
    expect(stopped).toBe(false)
    answer()
    await stopping
    expect(await deliveriesOf(parts.webhooks, key)).toMatchObject([{ state: 'delivered' }])
  })

  test('a stop waits for a claim under way, and for what it brings', async () => {
    const { url, origin, received } = await receiver()
    const { webhooks } = engine([origin])
    const { key } = await register(webhooks, url)
    let open = () => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const slow = withStatements(database, async (run, text) => {
      const rows = await run()
      if (text.startsWith('with oldest')) await gate
      return rows
    })
    for (const close of closers.splice(0)) await close()
    await change()
    const { worker } = engine([origin], {}, slow)
    let stopped = false
    const stopping = worker.stop().then(() => {
      stopped = true
    })
    for (let n = 0; n < 5; n += 1) await database.query('select 1')
    expect(stopped).toBe(false)
    open()
    await stopping
    expect(received).toHaveLength(1)
    expect(await deliveriesOf(webhooks, key)).toMatchObject([{ state: 'delivered' }])
  })

  test('delivered messages go after 7 days, dead ones after 30, due ones never', async () => {
    const { webhooks, worker } = engine([])
    const { key } = await register(webhooks, 'https://hooks.example/a')
    await worker.stop()
    for (let generation = 1; generation <= 5; generation += 1) await change('refreshed', generation)
    const ages = [
      ['delivered', 8],
      ['delivered', 6],
      ['dead', 31],
      ['dead', 29],
    ] as const
    const ids = (await deliveriesOf(webhooks, key)).map(({ id }) => id)
    for (const [index, [state, days]] of ages.entries()) {
      await database.query(
        `update webhook_deliveries set state = $2, ended_at = now() - $3 * interval '1 day'
         where id = $1`,
        [ids[index] ?? '', state, days],
      )
    }
    await database.query(
      `update webhook_deliveries set due_at = now() - interval '90 days' where state = 'due'`,
    )
    await worker.trim()
    const left = (await deliveriesOf(webhooks, key)).map(({ id }) => id)
    expect(left).toEqual([ids[1], ids[3], ids[4]])
  })
})

/** Sooner on an idle machine. */
async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 20_000 })
}

/** Standard Webhooks, written out: what any receiver computes. */
function sign(secret: string, message: Received | undefined): string {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp } = message?.headers ?? {}
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = `${String(id)}.${String(timestamp)}.${message?.body}`
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}

function signaturesOf(message: Received | undefined): string[] {
  return String(message?.headers['webhook-signature']).split(' ')
}
