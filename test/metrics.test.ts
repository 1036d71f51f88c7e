/** What an operator sees of the service, and that it is no more than that. */

import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faults } from '@keywell/sandbox'
import { createKeyFile } from '@keywell/server'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { createDatabase, describeEachDatabase } from './support/databases.ts'
import { freePort } from './support/free-port.ts'
import { openCreated } from './support/inspected.ts'
import { parseScrape, type Scraped } from './support/scrape.ts'
import { startService } from './support/service-process.ts'
import { recordSpans } from './support/spans.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const timing = { pollMs: 40, confirmAfterMs: 100, recheckAfterMs: 1 }
/** A backend's trace. */
const traceId = '0af7651916cd43dd8448eb211c80319c'

describeEachDatabase('metrics and traces', (makeDatabase) => {
  let stage: Stage
  let recorded: ReturnType<typeof recordSpans>
  let receiver: ReturnType<typeof createServer>
  let next = 0

  beforeAll(async () => {
    recorded = recordSpans()
    receiver = createServer((request, response) => {
      request.resume()
      response.writeHead(204).end()
    }).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    stage = await createStage(await makeDatabase(), {
      timing,
      privateWebhookHosts: [{ origin: receiverUrl() }],
    })
  })
  afterAll(async () => {
    await stage.stop()
    receiver.closeAllConnections()
    receiver.close()
    recorded.stop()
  })
  beforeEach(() => stage.calm())

  // A listener on a TCP port has no path, so this is no string.
  const receiverUrl = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  const scrape = async () => parseScrape((await stage.keywell.metrics()).text)

  async function connected() {
    next += 1
    const who = { tenantId: `ten_watched_${next}`, userId: `usr_watched_${next}` }
    const { connection } = await stage.connect({ who })
    if (connection === null) throw new Error('not connected')
    return { who, id: connection.id }
  }

  async function due({ who, id }: Awaited<ReturnType<typeof connected>>, what = 'refresh_at') {
    await stage.database.query(
      `update refresh_schedule set ${what} = now() where tenant_id = $1 and connection_id = $2`,
      [who.tenantId, id],
    )
  }

  /** Waits until a value has grown by so much, and holds that it did not grow by more. */
  async function grown(
    before: Scraped,
    name: string,
    labels: Record<string, string>,
    by = 1,
  ): Promise<void> {
    const wanted = (before.value(name, labels) ?? 0) + by
    const now = async () => (await scrape()).value(name, labels) ?? 0
    await until(`${name} ${JSON.stringify(labels)} grows`, async () => (await now()) >= wanted)
    expect(await now()).toBe(wanted)
  }

  verifies('metrics:values', async () => {
    const one = await connected()
    const start = await scrape()
    expect(start.families.get('keywell_refreshes_total')?.type).toBe('counter')
    expect(start.value('process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect(Math.abs(start.value('keywell_clock_skew_seconds') ?? 99)).toBeLessThan(5)

    await due(one)
    await grown(start, 'keywell_refreshes_total', { provider: 'gitlab', outcome: 'committed' })
    await grown(start, 'keywell_refresh_duration_seconds_count', { provider: 'gitlab' })
    await grown(start, 'keywell_work_late_seconds_count', {})

    await stage.sandbox.control.addFault({ ...faults.badGateway({ rotated: false }), times: 1 })
    await due(one)
    await grown(start, 'keywell_refreshes_total', { provider: 'gitlab', outcome: 'ambiguous' })

    const two = await connected()
    const alive = { provider: 'gitlab', result: 'active' }
    const probes = async () => (await scrape()).value('keywell_probes_total', alive) ?? 0
    const probesBefore = await probes()
    await due(two, 'probe_at')
    await until('the probe', async () => (await probes()) > probesBefore)

    const reads = 'keywell_credential_read_duration_seconds_count'
    const beforeReads = await scrape()
    await stage.read(two.who)
    await stage.read({ ...two.who, ifNewerThan: 1 })
    await stage.read({ ...two.who, userId: 'usr_nobody' })
    const afterReads = await scrape()
    for (const result of ['ok', 'unchanged', 'not_connected']) {
      const labels = { result }
      expect(afterReads.value(reads, labels), result).toBe(
        (beforeReads.value(reads, labels) ?? 0) + 1,
      )
    }
    const opened = { operation: 'open', result: 'ok' }
    expect(
      afterReads.value('keywell_vault_operation_duration_seconds_count', opened),
    ).toBeGreaterThan(0)

    // Its refresh is tried again, and what comes of that would be a change, too.
    await until('the first connection rests', async () => {
      const rows = await stage.database.query(
        `update refresh_schedule set refresh_at = now() + interval '1 hour',
           probe_at = now() + interval '1 hour'
         where tenant_id = $1 and connection_id = $2 and lease_until is null returning epoch`,
        [one.who.tenantId, one.id],
      )
      return rows.length === 1
    })
    // A stream, a webhook and a revocation: one disconnect leads to all three.
    must(await stage.call('POST', '/v1/webhooks', { url: `${receiverUrl()}/hook` }), 201)
    const stream = await fetch(`${stage.url}/v1/changes`, {
      headers: { authorization: `Bearer ${stage.apiKey}` },
    })
    const reader = stream.body?.getReader()
    await reader?.read()
    expect((await scrape()).value('keywell_stream_clients')).toBe(1)
    const before = await scrape()
    must(await stage.call('DELETE', `/v1/connections/${two.id}?tenantId=${two.who.tenantId}`), 200)
    await reader?.read()
    await grown(before, 'keywell_changes_delivered_total', {})
    await grown(before, 'keywell_webhook_deliveries_total', { outcome: 'delivered' })
    await grown(before, 'keywell_revocations_total', { outcome: 'revoked' })
    await reader?.cancel()
    await until('the stream is gone', async () => {
      return (await scrape()).value('keywell_stream_clients') === 0
    })

    // A lost rotation ends a connection, by its name.
    const three = await connected()
    const beforeLoss = await scrape()
    await stage.sandbox.control.addFault({ ...faults.dropAfterRotation(), times: 1 })
    await due(three)
    await grown(beforeLoss, 'keywell_connections_ended_total', {
      provider: 'gitlab',
      reason: 'lost_rotation',
    })
  })

  verifies('tracing:spans', async () => {
    const one = await connected()
    // Of this connection alone: while a refresh is under way, a reader waits for it and probes nothing.
    recorded.spans.length = 0
    await due(one)
    await until('a refresh', () => recorded.spans.some(({ name }) => name === 'keywell.refresh'))
    recorded.spans.length = 0
    const answer = await fetch(`${stage.url}/v1/credentials`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stage.apiKey}`,
        'content-type': 'application/json',
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      },
      // Asks the provider whether the token lives: a probe, and a call that leaves.
      body: JSON.stringify({ provider: 'gitlab', ...one.who, minGeneration: 99 }),
    })
    expect(answer.status).toBe(200)
    const ours = recorded.spans.filter((span) => span.traceId === traceId)
    const [outbound, probe, read] = ours
    expect(ours.map(({ name }) => name)).toEqual([
      'keywell.outbound',
      'keywell.probe',
      'keywell.credential.read',
    ])
    expect(read?.parentSpanId).toBe('00f067aa0ba902b7')
    expect(probe?.parentSpanId).toBe(read?.spanId)
    expect(outbound?.parentSpanId).toBe(probe?.spanId)
    const { hostname, port } = new URL(stage.sandbox.url)
    expect(outbound?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'server.address': hostname,
      'server.port': Number(port),
    })
    expect(probe?.attributes).toEqual({
      'keywell.provider': 'gitlab',
      'keywell.outcome': 'active',
    })

    // What fails says the code, and nothing of the message.
    await stage.read({ ...one.who, userId: 'usr_nobody' })
    const failed = recorded.spans.findLast(({ name }) => name === 'keywell.credential.read')
    expect(failed?.attributes['error.type']).toBe('not_connected')
    // A stranger cannot put anything into a trace. What the service does meanwhile is in traces of its own.
    recorded.spans.length = 0
    await fetch(`${stage.url}/v1/credentials`, {
      method: 'POST',
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    })
    expect(recorded.spans.filter((span) => span.traceId === traceId)).toEqual([])
  })

  verifies('T20:telemetry', async () => {
    recorded.spans.length = 0
    const one = await connected()
    const { who, id } = one
    await stage.read(who)
    await stage.read({ ...who, minGeneration: 99 })
    await stage.read({ ...who, provider: stage.apiKey })
    await stage.sandbox.control.addFault({ ...faults.falseInvalidGrant(), times: 1 })
    await due(one)
    await until('a refusal', () =>
      recorded.spans.some(({ attributes }) => attributes['keywell.outcome'] === 'rejected'),
    )
    must(await stage.call('DELETE', `/v1/connections/${id}?tenantId=${who.tenantId}`), 200)
    const pairs = await stage.sandbox.control.tokens()
    const [application] = await stage.sandbox.control.applications()
    const hidden = {
      ...Object.fromEntries(
        pairs.flatMap(({ accessToken, refreshToken }, index) => [
          [`access token ${index}`, accessToken],
          [`refresh token ${index}`, refreshToken ?? accessToken],
        ]),
      ),
      'client secret': application?.clientSecret ?? '',
      'client id': application?.clientId ?? '',
      'API key': stage.apiKey,
      tenant: 'ten_watched',
      user: 'usr_watched',
      connection: id,
      integration: stage.integration.id,
      account: 'Ada',
      path: '/oauth/',
    }
    const places = {
      '/metrics': (await stage.keywell.metrics()).text,
      spans: JSON.stringify(recorded.spans),
    }
    const names = [...new Set(recorded.spans.map(({ name }) => name))]
    expect(names.sort()).toEqual([
      'keywell.connect.confirm',
      'keywell.credential.read',
      'keywell.outbound',
      'keywell.probe',
      'keywell.refresh',
    ])
    expect(pairs.length).toBeGreaterThan(0)
    for (const [place, text] of Object.entries(places)) {
      expect(text.length).toBeGreaterThan(1_000)
      for (const [name, value] of Object.entries(hidden)) {
        expect(value.length, name).toBeGreaterThan(2)
        expect(text.includes(value), `${name} in ${place}`).toBe(false)
      }
    }
    expect(recorded.spans.flatMap(({ extras }) => extras)).toEqual([])
  })

  verifies('metrics:access', async () => {
    const at = (headers: Record<string, string>) => fetch(`${stage.url}/metrics`, { headers })
    const key = { authorization: `Bearer ${stage.apiKey}` }
    const answer = await at(key)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(parseScrape(await answer.text()).samples.length).toBeGreaterThan(50)
    expect((await at({})).status).toBe(401)
    expect((await at({ authorization: 'Bearer kwl_wrong' })).status).toBe(401)
    expect((await at({ ...key, origin: 'https://app.example' })).status).toBe(403)
  })

  // The last of them: after it nothing more can be asked of the host.
  verifies('metrics:breaker', async () => {
    const host = new URL(stage.sandbox.url).host
    const one = await connected()
    const state = async () => (await scrape()).value('keywell_hosts', { host, state: 'open' })
    expect(await state()).toBe(0)
    await stage.sandbox.control.addFault({
      endpoint: 'token_info',
      effect: { kind: 'respond', status: 503, headers: {}, body: '' },
    })
    await until('the breaker opens', async () => {
      await Promise.all(
        Array.from({ length: 10 }, () => stage.read({ ...one.who, minGeneration: 9 })),
      )
      return (await state()) === 1
    })
    expect((await scrape()).value('keywell_hosts', { host, state: 'closed' })).toBe(0)
    expect(stage.logs.join('\n')).toContain('"host throttled"')
  })
})

// The service as an operator runs it: two processes on one database, each with its role.
verifies(
  'service:roles',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keywell-roles-'))
    const keyPath = join(folder, 'root-key')
    createKeyFile(keyPath)
    const created = await createDatabase()
    const stage = await createStage(await openCreated(created), {
      keyPath,
      role: 'serve',
    })
    const metricsPort = await freePort()
    const worker = await startService({
      DATABASE_URL: created.appUrl,
      KEYWELL_KEY_FILE: keyPath,
      KEYWELL_ALLOW_HOSTS: new URL(stage.sandbox.url).origin,
      KEYWELL_ROLE: 'worker',
      KEYWELL_METRICS_PORT: String(metricsPort),
    })
    const ask = (url: string, headers: Record<string, string> = {}) => fetch(url, { headers })
    const key = { authorization: `Bearer ${stage.apiKey}` }
    try {
      expect((await ask(`${worker.url}/livez`)).status).toBe(200)
      expect((await ask(`${worker.url}/readyz`)).status).toBe(200)
      expect((await ask(`${worker.url}/metrics`)).status).toBe(401)
      expect((await ask(`${worker.url}/metrics`, key)).status).toBe(200)
      const paths = ['/v1/connections?tenantId=a', '/v1/changes', '/connect/flows', '/openapi.json']
      for (const path of [...paths, '/v1/providers', '/connect/style.css']) {
        const answer = await ask(`${worker.url}${path}`, key)
        expect(answer.status, path).toBe(404)
        expect(await answer.json()).toMatchObject({ code: 'not_found' })
      }

      // Who serves keeps nothing alive, so what is renewed here was renewed by the worker.
      const { connection } = await stage.connect()
      await stage.database.query(
        'update refresh_schedule set refresh_at = now() where connection_id = $1',
        [connection?.id ?? ''],
      )
      const loopback = `http://127.0.0.1:${metricsPort}/metrics`
      const committed = { provider: 'gitlab', outcome: 'committed' }
      await until('the worker has renewed it', async () => {
        const scraped = parseScrape(await (await ask(loopback)).text())
        return scraped.value('keywell_refreshes_total', committed) === 1
      })
      const own = parseScrape((await stage.keywell.metrics()).text)
      expect(own.value('keywell_refreshes_total', committed)).toBe(0)
      expect((await ask(`http://127.0.0.1:${metricsPort}/v1/providers`)).status).toBe(404)
      expect(await statusWithHost(metricsPort, 'rebound.example')).toBe(403)
    } finally {
      expect(await worker.stop()).toBe(0)
      await stage.stop()
      await created.drop()
    }
  },
  { timeout: 60_000 },
)

/** As a browser would ask that was made to take 127.0.0.1 for a site's own name. */
async function statusWithHost(port: number, host: string): Promise<number | undefined> {
  const request = get({ host: '127.0.0.1', port, path: '/metrics', headers: { host } })
  const [response] = await once(request, 'response')
  response.resume()
  return response.statusCode
}
