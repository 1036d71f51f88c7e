import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createWebhookVerifier,
  Keywell,
  type WebhookEvent,
  type WebhookWithSecret,
} from '@keywell/sdk'
import { createKeyFile } from '@keywell/server'
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest'
import { createDatabase, openEmbedded } from './support/databases.ts'
import { openCreated } from './support/inspected.ts'
import { schemaOwner } from './support/scopes.ts'
import { type ServiceProcess, startService } from './support/service-process.ts'
import { createStage, jonas, mira, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

// From the change in the service to the event in the app: real HTTP, and the SDK that checks it.

interface Message {
  headers: IncomingHttpHeaders
  body: string
}

/** An endpoint of the app; it answers with `status`, and not at all while that is null. */
class Receiver {
  readonly messages: Message[] = []
  status: number | null = 204
  readonly #server: Server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    this.messages.push({ headers: request.headers, body })
    if (this.status !== null) response.writeHead(this.status, this.headers).end()
  })
  headers: Record<string, string> = {}

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get origin(): string {
    // A listener on a TCP port has no path, so this is not a string.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get url(): string {
    return `${this.origin}/hook`
  }

  /** The message that comes next. */
  async next(): Promise<Message> {
    return eventually(async () => {
      const message = this.messages.shift()
      if (message === undefined) throw new Error('no message came')
      return message
    })
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

/** Sooner on an idle machine. */
function eventually<Result>(check: () => Promise<Result>): Promise<Result> {
  return vi.waitFor(check, { timeout: 20_000 })
}

let receiver: Receiver
let stage: Stage
let keywell: Keywell
const made: { webhookId: string; tenantId?: string }[] = []

beforeAll(async () => {
  receiver = await new Receiver().start()
  stage = await createStage(await openEmbedded(), {
    privateWebhookHosts: [{ origin: receiver.origin }],
    timing: { sweepMs: 500 },
  })
  keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
})
afterEach(async () => {
  for (const reference of made.splice(0)) await keywell.webhooks.delete(reference)
  receiver.messages.length = 0
  receiver.status = 204
  receiver.headers = {}
})
afterAll(async () => {
  keywell.close()
  await stage.stop()
  receiver.stop()
})

async function register(
  options: Partial<Parameters<Keywell['webhooks']['create']>[0]> = {},
): Promise<WebhookWithSecret & { reference: { webhookId: string; tenantId?: string } }> {
  const webhook = await keywell.webhooks.create({ url: receiver.url, ...options })
  const owner = webhook.tenantId === null ? {} : { tenantId: webhook.tenantId }
  const reference = { webhookId: webhook.id, ...owner }
  made.push(reference)
  return { ...webhook, reference }
}

/** A test message that came, and what it takes to check it. */
async function message() {
  const { secret, reference } = await register()
  await keywell.webhooks.test(reference)
  return { secret, reference, message: await receiver.next() }
}

function requestOf({ headers, body }: Message): Request {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
  return new Request('https://app.example/hook', {
    method: 'POST',
    headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
    body,
  })
}

const states = async (reference: { webhookId: string }) =>
  (await keywell.webhooks.listDeliveries(reference)).deliveries.map(({ state }) => state)

verifies('webhooks:outbox', async () => {
  const { secret, reference } = await register()
  const quiet = await register({ events: ['connection.needs_reauth'] })
  const { verify } = createWebhookVerifier({ secret })
  const { connection } = await stage.connect()
  if (connection === null) throw new Error('not connected')
  const connected = await verify(await receiver.next())
  expect(connected).toEqual({
    id: expect.stringMatching(/^msg_/),
    type: 'connection.connected',
    timestamp: expect.any(String),
    data: {
      connectionId: connection.id,
      ...mira,
      ...{ provider: 'gitlab', host: stage.sandbox.url, name: 'default', generation: 1 },
      ...{ status: 'active', reason: null, health: { status: 'ok', reason: null } },
      account: connection.account,
    },
  })
  // A change that is rolled back is sent to no endpoint: without its audit row, a disconnect is rolled back as a whole.
  const disconnect = () => keywell.connections.delete({ ...mira, connectionId: connection.id })
  await stage.database.query('alter table audit_tail rename to audit_away')
  await expect(disconnect()).rejects.toMatchObject({ code: 'unavailable' })
  await stage.database.query('alter table audit_away rename to audit_tail')
  expect(await states(reference)).toHaveLength(1)
  await disconnect()
  expect(await verify(await receiver.next())).toMatchObject({
    type: 'connection.disconnected',
    data: { connectionId: connection.id, status: 'disconnected' },
  })
  await eventually(async () => expect(await states(reference)).toEqual(['delivered', 'delivered']))
  expect(await keywell.webhooks.listDeliveries(quiet.reference)).toMatchObject({ deliveries: [] })
})

verifies('webhooks:tenants', async () => {
  const own = await register({ tenantId: mira.tenantId })
  const installationWide = await register()
  await stage.connect({ who: jonas })
  await eventually(async () =>
    expect(await states(installationWide.reference)).toEqual(['delivered']),
  )
  expect(await states(own.reference)).toEqual([])
  const foreign = { webhookId: own.id, tenantId: jonas.tenantId }
  const outOfReach = { code: 'not_found' }
  for (const reference of [foreign, { webhookId: own.id }]) {
    await expect(keywell.webhooks.get(reference)).rejects.toMatchObject(outOfReach)
    await expect(keywell.webhooks.listDeliveries(reference)).rejects.toMatchObject(outOfReach)
    await expect(keywell.webhooks.rotateSecret(reference)).rejects.toMatchObject(outOfReach)
    await expect(keywell.webhooks.test(reference)).rejects.toMatchObject(outOfReach)
    await expect(keywell.webhooks.replayDead(reference)).rejects.toMatchObject(outOfReach)
    await expect(keywell.webhooks.delete(reference)).rejects.toMatchObject(outOfReach)
    const change = keywell.webhooks.update({ ...reference, enabled: false })
    await expect(change).rejects.toMatchObject(outOfReach)
  }
  expect(await keywell.webhooks.list({ tenantId: jonas.tenantId })).toEqual({ webhooks: [] })
  expect(await keywell.webhooks.list({ tenantId: mira.tenantId })).toMatchObject({
    webhooks: [{ id: own.id }],
  })
  expect(await keywell.webhooks.get(own.reference)).toMatchObject({ enabled: true })
})

verifies('webhooks:erased-tenant', async () => {
  const who = { tenantId: 'ten_erased', userId: 'usr_erased' }
  receiver.status = 500
  const { secret, reference } = await register({ events: ['connection.disconnected'] })
  const { connection } = await stage.connect({ who })
  await keywell.tenants.delete(who.tenantId, { now: true })
  await eventually(async () => {
    const { deliveries } = await keywell.webhooks.listDeliveries(reference)
    expect(deliveries).toMatchObject([{ state: 'due', lastStatus: 500 }])
  })
  receiver.status = 204
  receiver.messages.length = 0
  await stage.database.query('update webhook_deliveries set due_at = now()')
  const event = await createWebhookVerifier({ secret }).verify(await receiver.next())
  expect(event).toMatchObject({ type: 'connection.disconnected' })
  expect(event.data).toEqual({
    connectionId: connection?.id,
    tenantId: who.tenantId,
    ...{ userId: null, name: null, account: null },
    ...{ provider: 'gitlab', host: stage.sandbox.url, generation: 1 },
    ...{ status: 'disconnected', reason: null, health: { status: 'unknown', reason: null } },
  })
  await eventually(async () => {
    expect(await states(reference)).toEqual([])
  })
})

verifies('webhooks:apart', async () => {
  const who = { tenantId: 'ten_apart', userId: 'u' }
  await stage.connect({ who })
  const other = await register()
  const failing = await register({ url: `${stage.sandbox.url}/oauth/revoke` })
  await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' } })
  // More failures than open the breaker of a host.
  for (let n = 0; n < 30; n += 1) await keywell.webhooks.test(failing.reference)
  await eventually(async () => {
    const { deliveries } = await keywell.webhooks.listDeliveries(failing.reference)
    const words = deliveries.map(({ lastError }) => lastError)
    expect(words).toHaveLength(30)
    expect(words).not.toContain(null)
    expect(words).toContain('throttled')
  })
  await keywell.webhooks.test(other.reference)
  await receiver.next()
  for (const column of ['credentials set expires_at', 'refresh_schedule set refresh_at']) {
    await stage.database.query(`update ${column} = now() - interval '1 second'`)
  }
  expect(await stage.read(who)).toMatchObject({ status: 200, body: { generation: 2 } })
  await stage.calm()
})

verifies(
  'webhooks:dead-letter',
  async () => {
    receiver.status = 500
    const { reference, secret } = await register()
    const { id } = await keywell.webhooks.test(reference)
    const failed = async (attempts: number) => {
      const { deliveries } = await keywell.webhooks.listDeliveries(reference)
      expect(deliveries).toMatchObject([{ attempts, lastStatus: 500, lastError: 'status' }])
    }
    expect((await receiver.next()).headers['webhook-id']).toBe(id)
    await eventually(() => failed(1))
    expect(await states(reference)).toEqual(['due'])
    // A day and a half later; the pauses are tested beside the source.
    await stage.database.query('update webhook_deliveries set due_at = now(), attempts = 8')
    expect((await receiver.next()).headers['webhook-id']).toBe(id)
    await eventually(() => failed(9))
    expect(await states(reference)).toEqual(['dead'])
    const dead = await keywell.webhooks.listDeliveries({ ...reference, state: 'dead' })
    expect(dead).toMatchObject({ deliveries: [{ id, dueAt: null }], nextCursor: null })

    receiver.status = 200
    expect(await keywell.webhooks.replayDead(reference)).toBe(1)
    const event = await createWebhookVerifier({ secret }).verify(await receiver.next())
    expect(event).toMatchObject({
      id,
      type: 'webhook.test',
      data: { webhookId: reference.webhookId },
    })
    await eventually(async () => expect(await states(reference)).toEqual(['delivered']))
    expect(await keywell.webhooks.replayDead(reference)).toBe(0)
    // One that was delivered can be had again too, by its id.
    await keywell.webhooks.replay({ ...reference, messageId: id })
    expect((await receiver.next()).headers['webhook-id']).toBe(id)
  },
  { timeout: 40_000 },
)

verifies('webhooks:input', async () => {
  const { reference } = await register({ events: ['connection.revoked'] })
  const { url } = receiver
  const bad: [body: unknown, field: string][] = [
    [{}, 'url'],
    [{ url: 'hooks' }, 'url'],
    [{ url: 'ftp://hooks.example/a' }, 'url'],
    [{ url: 'javascript:alert(1)' }, 'url'],
    [{ url: `${url}/${'a'.repeat(2_000)}` }, 'url'],
    [{ url, events: [] }, 'events'],
    [{ url, events: ['connection.moved'] }, 'events'],
    [{ url, events: 'connection.revoked' }, 'events'],
    [{ url, tenantId: '@install' }, 'tenantId'],
    [{ url, tenantId: '' }, 'tenantId'],
  ]
  for (const [body, field] of bad) {
    expect(await stage.call('POST', '/v1/webhooks', body), field).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', detail: expect.stringContaining(field) },
    })
  }
  const at = `/v1/webhooks/${reference.webhookId}`
  const wrong: [method: string, path: string, body?: unknown][] = [
    ['PATCH', at, { enabled: 'no' }],
    ['PATCH', at, { url: '' }],
    ['PATCH', at, { events: [] }],
    ['GET', `${at}/deliveries?state=lost`],
    ['GET', `${at}/deliveries?limit=0`],
    ['GET', `${at}/deliveries?cursor=1`],
    ['GET', '/v1/webhooks/whk_1'],
    ['POST', `${at}/deliveries/msg_1/replay`],
  ]
  for (const [method, path, body] of wrong) {
    const answer = await stage.call(method, path, body)
    expect(answer, path).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  }
  const missing = await stage.call('POST', `${at}/deliveries/msg_${'0'.repeat(26)}/replay`)
  expect(missing).toMatchObject({ status: 404, body: { code: 'not_found' } })
  expect((await fetch(`${stage.url}/v1/webhooks`)).status).toBe(401)
  const kept = { id: reference.webhookId, enabled: true, events: ['connection.revoked'], url }
  expect(await keywell.webhooks.list()).toMatchObject({ webhooks: [kept] })

  const changed = await keywell.webhooks.update({
    ...reference,
    url: `${url}/2`,
    events: ['connection.connected', 'connection.connected'],
  })
  expect(changed).toMatchObject({ url: `${url}/2`, events: ['connection.connected'] })
  const { paths } = (await (await fetch(`${stage.url}/openapi.json`)).json()) as {
    paths: Record<string, object>
  }
  const routes = Object.keys(paths).filter((path) => path.startsWith('/v1/webhooks'))
  expect(routes).toHaveLength(7)
})

verifies('webhooks:rotation', async () => {
  const { reference, secret: first } = await register()
  const { secret: second, previousSecretUntil } = await keywell.webhooks.rotateSecret(reference)
  expect(second).not.toBe(first)
  expect(Date.parse(previousSecretUntil ?? '')).toBeGreaterThan(Date.now() + 23 * 3_600_000)
  await keywell.webhooks.test(reference)
  const both = await receiver.next()
  for (const secret of [first, second, [second, first]]) {
    expect(await createWebhookVerifier({ secret }).verify(both)).toMatchObject({
      type: 'webhook.test',
    })
  }
  await stage.database.query('update webhook_endpoints set previous_until = now()')
  await keywell.webhooks.test(reference)
  const one = await receiver.next()
  await createWebhookVerifier({ secret: second }).verify(one)
  await expect(createWebhookVerifier({ secret: first }).verify(one)).rejects.toMatchObject({
    code: 'webhook_invalid',
  })
})

verifies('webhooks:no-secret', async () => {
  const { secret, reference } = await register()
  const rotated = await keywell.webhooks.rotateSecret(reference)
  await stage.connect({ who: { tenantId: 'ten_secret', userId: 'u' } })
  const message = await receiver.next()
  const pairs = await stage.sandbox.control.tokens()
  const [application] = await stage.sandbox.control.applications()
  const tokens = pairs.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken ?? ''])
  const sent = JSON.stringify(message)
  for (const token of [...tokens, application?.clientSecret ?? '', stage.apiKey, secret]) {
    if (token !== '') expect(sent.includes(token)).toBe(false)
  }
  expect(tokens.length).toBeGreaterThan(1)
  const rows: object[] = []
  for (const table of ['webhook_endpoints', 'webhook_deliveries', 'audit']) {
    rows.push(...(await stage.database.query(`select t::text as row from ${table} t`)))
  }
  const answers = [await keywell.webhooks.get(reference), await keywell.webhooks.list()]
  const kept = JSON.stringify([rows, answers, stage.logs])
  for (const each of [secret, rotated.secret]) {
    const key = Buffer.from(each.replace('whsec_', ''), 'base64')
    for (const form of [each.slice(6), key.toString('hex'), key.toString('base64url')]) {
      expect(kept.includes(form)).toBe(false)
    }
  }
  expect(kept, 'the search finds what is there').toContain(reference.webhookId)
})

verifies('T31:changed', async () => {
  const { secret, message: good } = await message()
  const { receive, verify } = createWebhookVerifier({ secret })
  const handle = vi.fn()
  const other = createWebhookVerifier({ secret: `whsec_${randomBytes(32).toString('base64')}` })
  const sentAt = Number(good.headers['webhook-timestamp'])
  const changes: Message[] = [
    { ...good, body: good.body.replace('webhook.test', 'connection.connected') },
    { ...good, body: `${good.body}\n` },
    { ...good, headers: { ...good.headers, 'webhook-id': `msg_${'0'.repeat(26)}` } },
    { ...good, headers: { ...good.headers, 'webhook-timestamp': String(sentAt + 1) } },
    { ...good, headers: { ...good.headers, 'webhook-signature': 'v1,AAAA' } },
  ]
  for (const changed of changes) {
    await expect(verify(changed)).rejects.toMatchObject({ code: 'webhook_invalid' })
    expect((await receive(requestOf(changed), handle)).status).toBe(400)
  }
  await expect(other.verify(good)).rejects.toMatchObject({ code: 'webhook_invalid' })
  expect(handle).not.toHaveBeenCalled()
  expect((await receive(requestOf(good), handle)).status).toBe(204)
  expect(handle).toHaveBeenCalledTimes(1)
})

verifies('T31:stale', async () => {
  const { secret, message: good } = await message()
  const { verify } = createWebhookVerifier({ secret })
  const sentAt = Number(good.headers['webhook-timestamp']) * 1000
  try {
    for (const minutes of [-6, 6, 60]) {
      vi.useFakeTimers({ now: sentAt + minutes * 60_000, toFake: ['Date'] })
      await expect(verify(good)).rejects.toMatchObject({ code: 'webhook_stale' })
    }
    vi.setSystemTime(sentAt + 4 * 60_000)
    expect(await verify(good)).toMatchObject({ type: 'webhook.test' })
  } finally {
    vi.useRealTimers()
  }
})

verifies('T31:repeated', async () => {
  const { secret, reference, message: good } = await message()
  const { verify, receive } = createWebhookVerifier({ secret })
  expect(await verify(good)).toMatchObject({ type: 'webhook.test' })
  await expect(verify(good)).rejects.toMatchObject({ code: 'webhook_repeated' })

  const events: WebhookEvent[] = []
  const failing = receive(requestOf(good), () => {
    throw new Error('the app is not ready')
  })
  await expect(failing).rejects.toThrow('the app is not ready')
  for (const _ of [1, 2, 3]) {
    expect((await receive(requestOf(good), (event) => events.push(event))).status).toBe(204)
  }
  expect(events).toHaveLength(1)
  // Sent again by the service, signed anew, under the same id: it was handled already.
  const messageId = String(good.headers['webhook-id'])
  await keywell.webhooks.replay({ ...reference, messageId })
  const again = await receiver.next()
  expect(again.headers['webhook-id']).toBe(messageId)
  expect((await receive(requestOf(again), (event) => events.push(event))).status).toBe(204)
  expect(events).toHaveLength(1)
})

verifies('T31:inner-target', async () => {
  const inner = await new Receiver().start()
  try {
    // By its URL.
    for (const url of [inner.url, 'https://169.254.169.254/', 'https://localhost/hook']) {
      const refused = { code: 'host_not_allowed', nextStep: expect.stringContaining('https') }
      await expect(keywell.webhooks.create({ url })).rejects.toMatchObject(refused)
    }
    // By a URL that was put into the table past the check, and by a name that leads inwards.
    const { reference } = await register()
    for (const [url, error] of [
      [inner.url, 'refused_url'],
      ['https://127.0.0.1/hook', 'refused_address'],
      ['https://localhost.localdomain/hook', /refused_address|unreachable/],
    ] as const) {
      await stage.database.query('update webhook_endpoints set url = $1', [url])
      const { id } = await keywell.webhooks.test(reference)
      await eventually(async () => {
        const { deliveries } = await keywell.webhooks.listDeliveries(reference)
        const delivery = deliveries.find((each) => each.id === id)
        expect(delivery).toMatchObject({ attempts: 1, lastStatus: null })
        expect(delivery?.lastError).toMatch(error)
      })
    }
    // By a redirect.
    receiver.status = 307
    receiver.headers = { location: inner.url }
    await keywell.webhooks.update({ ...reference, url: receiver.url })
    const { id } = await keywell.webhooks.test(reference)
    await receiver.next()
    await eventually(async () => {
      const { deliveries } = await keywell.webhooks.listDeliveries(reference)
      expect(deliveries.find((each) => each.id === id)).toMatchObject({ lastError: 'redirect' })
    })
    expect(inner.messages).toEqual([])
  } finally {
    inner.stop()
  }
})

verifies('audit:head-webhook', async () => {
  const tenantId = 'ten_heads'
  const asked = await register({ events: ['audit.head'] })
  const others = await register()
  const own = await register({ tenantId, events: ['audit.head'] })
  await stage.session({ tenantId })
  const receivedBy = async (reference: { webhookId: string }) => {
    const { deliveries } = await keywell.webhooks.listDeliveries(reference)
    return deliveries.map(({ type, tenantId }) => `${type} ${tenantId}`)
  }
  await eventually(async () => {
    // A minute passes.
    await stage.database.query("update audit_heads_due set since = now() - interval '2 minutes'")
    expect(await receivedBy(asked.reference)).toEqual(
      expect.arrayContaining(['audit.head null', `audit.head ${tenantId}`]),
    )
  })
  expect(new Set(await receivedBy(own.reference))).toEqual(new Set([`audit.head ${tenantId}`]))
  expect(await receivedBy(others.reference)).toEqual([])

  const { verify } = createWebhookVerifier({ secret: own.secret })
  const event = await eventually(async () => {
    const messages = receiver.messages.map((message) => verify(message).catch(() => undefined))
    const found = (await Promise.all(messages)).find((each) => each !== undefined)
    if (found?.type !== 'audit.head') throw new Error('no head came')
    return found
  })
  const { tenantId: whose, position, token } = event.data
  expect(whose).toBe(tenantId)
  const heads = [token]
  expect(await stage.keywell.audit.verify({ tenantId, heads })).toMatchObject({ findings: [] })

  // It is enough to find out that the end was cut off, heads included.
  await stage.database.owner.transaction(schemaOwner, async (sql) => {
    await sql.query('set local session_replication_role = replica')
    for (const table of ['audit_chain', 'audit_heads']) {
      await sql.query(`delete from ${table} where tenant_id = $1`, [tenantId])
    }
  })
  expect(position).toBeGreaterThan(0)
  expect(await stage.keywell.audit.verify({ tenantId, heads })).toMatchObject({
    findings: [{ tenantId, kind: 'cut_off', position: 1 }],
  })
})

verifies(
  'webhooks:killed',
  async () => {
    const target = await new Receiver().start()
    target.status = null
    const created = await createDatabase()
    const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-webhooks-')), 'root-key')
    createKeyFile(keyPath)
    // Makes an API key, and is gone: what is sent is sent by the processes.
    const maker = await createStage(await openCreated(created), { keyPath })
    await maker.stop()
    const database = await openCreated(created)
    const environment = {
      DATABASE_URL: created.appUrl,
      KEYWELL_KEY_FILE: keyPath,
      KEYWELL_ALLOW_WEBHOOK_HOSTS: target.origin,
    }
    const running: ServiceProcess[] = []
    try {
      const first = await startService(environment)
      running.push(first)
      const client = new Keywell({ url: first.url, apiKey: maker.apiKey })
      const { id: webhookId, secret } = await client.webhooks.create({ url: target.url })
      const { id } = await client.webhooks.test({ webhookId })
      client.close()
      const sent = await target.next()
      first.child.kill('SIGKILL')
      await once(first.child, 'close')

      const state = () => database.query('select state, attempts from webhook_deliveries')
      expect(await state()).toEqual([{ state: 'due', attempts: 1 }])
      // The lease of the one that was killed is over.
      await database.query('update webhook_deliveries set due_at = now()')
      target.status = 204
      running.push(await startService(environment))
      const again = await target.next()
      expect([sent, again].map(({ headers }) => headers['webhook-id'])).toEqual([id, id])
      expect(again.body).toBe(sent.body)
      const { verify } = createWebhookVerifier({ secret })
      expect(await verify(again)).toMatchObject({ id, type: 'webhook.test' })
      await eventually(async () => {
        expect(await state()).toEqual([{ state: 'delivered', attempts: 2 }])
      })
    } finally {
      for (const service of running) service.child.kill('SIGKILL')
      await database.close()
      target.stop()
      await created.drop()
    }
  },
  { timeout: 60_000 },
)
