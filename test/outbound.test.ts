/** Which route calls take, and for which tenants: every kind of call, from the API to the host. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@keywell/server'
import { afterEach, expect, test } from 'vitest'
import { startConnectProxy } from './support/connect-proxy.ts'
import { openEmbedded } from './support/databases.ts'
import { startService } from './support/service-process.ts'
import { createStage, jonas, mira, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** An endpoint of the app that takes every webhook. */
async function startReceiver() {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  // A listener on a TCP port has no path, so this is not a string.
  const { port } = server.address() as AddressInfo
  return { port, paths }
}

async function play(...parameters: Parameters<typeof createStage>): Promise<Stage> {
  const stage = await createStage(...parameters)
  closers.push(stage.stop)
  return stage
}

/** A consent, a refresh, a look-up of a pasted key, and both ends: each with a call to the host. */
async function goThroughLife(stage: Stage) {
  const { connection } = await stage.connect()
  await stage.database.query(`update refresh_schedule set refresh_at = now() - interval '1 second'`)
  // Where the background refresh has claimed it first, the reader is still answered with what it has.
  await until('refreshed', async () => {
    const read = must(await stage.read({ ifNewerThan: 1 }), 200)
    return read.generation === 2
  })
  must(await store(stage, mira, await keyOf(stage)), 201)
  const path = `/v1/connections/${connection?.id}?${new URLSearchParams(mira)}`
  const gone = await stage.call('DELETE', path)
  expect(gone).toMatchObject({ status: 200, body: { upstream: 'revoked' } })
}

const keyOf = async ({ sandbox }: Stage) =>
  (await sandbox.control.issuePersonalAccessToken({ username: 'grace' })).value

const store = (stage: Stage, who: typeof mira, value: string, host = stage.sandbox.url) =>
  stage.call('POST', '/v1/connections', {
    ...who,
    provider: 'gitlab',
    host,
    name: 'pasted',
    credential: { type: 'api_key', value },
  })

const integrate = (stage: Stage, tenantId: string | undefined, host: string) =>
  stage.call('POST', '/v1/integrations', { tenantId, provider: 'gitlab', host, scopes: ['api'] })

const hook = (stage: Stage, tenantId: string | undefined, url: string) =>
  stage.call<{ id: string }>('POST', '/v1/webhooks', { tenantId, url })

async function sendTest(stage: Stage, id: string, tenantId: string | undefined) {
  const query = tenantId === undefined ? '' : `?${new URLSearchParams({ tenantId })}`
  must(await stage.call('POST', `/v1/webhooks/${id}/test${query}`), 202)
}

verifies('T23:private-host-owners', async () => {
  const receiver = await startReceiver()
  const tenants = [mira.tenantId]
  const receiverOrigin = `http://127.0.0.1:${receiver.port}`
  const stage = await play(await openEmbedded(), {
    sandboxEntry: { tenants },
    privateWebhookHosts: [{ origin: receiverOrigin, tenants }],
  })
  await goThroughLife(stage)
  const own = must(await hook(stage, mira.tenantId, `${receiverOrigin}/own`), 201)
  await sendTest(stage, own.id, mira.tenantId)
  await until('delivered', () => receiver.paths.includes('/own'))

  // A tenant that may not use it gets the same answer as for a port where nothing is listed.
  const { port } = await startReceiver()
  const closed = `http://127.0.0.1:${port}`
  const sandbox = new URL(stage.sandbox.url).origin
  const value = await keyOf(stage)
  const calls = (await stage.sandbox.control.counters()).calls
  for (const tenantId of [jonas.tenantId, undefined]) {
    for (const [listed, ask] of [
      [sandbox, (host: string) => integrate(stage, tenantId, host)],
      [receiverOrigin, (host: string) => hook(stage, tenantId, `${host}/x`)],
      [sandbox, (host: string) => store(stage, { ...jonas }, value, host)],
    ] as const) {
      const refused = await ask(listed)
      expect(refused).toMatchObject({ status: 400, body: { code: 'host_not_allowed' } })
      expect(wordsOf(refused, listed)).toEqual(wordsOf(await ask(closed), closed))
    }
  }

  expect(receiver.paths).toEqual(['/own'])

  // What came into a table past that check is looked at once more when it is to be sent.
  const theirs = must(await hook(stage, jonas.tenantId, 'https://hooks.example/x'), 201)
  const ours = must(await hook(stage, undefined, 'https://hooks.example/y'), 201)
  must(await integrate(stage, jonas.tenantId, 'https://gitlab.example'), 201)
  await stage.database.query(
    `update webhook_endpoints set url = $1 where url like 'https://hooks.example/%'`,
    [`${receiverOrigin}/past`],
  )
  await stage.database.query(`update integrations set host = $1 where tenant_id = $2`, [
    stage.sandbox.url,
    jonas.tenantId,
  ])
  const refusals = [
    '@install @install',
    `@install ${mira.tenantId}`,
    `${jonas.tenantId} ${jonas.tenantId}`,
  ]
  await sendTest(stage, theirs.id, jonas.tenantId)
  await sendTest(stage, ours.id, undefined)
  expect(await store(stage, jonas, value)).toMatchObject({ body: { code: 'provider_error' } })
  expect((await stage.sandbox.control.counters()).calls).toEqual(calls)
  // A message about a tenant that may use the host is refused too, if its endpoint is of an owner that may not.
  await stage.connect()
  await until('tried', async () => {
    const tried = await stage.database.query<{ owner: string; of: string }>(
      `select distinct endpoint_owner as owner, tenant_id as of from webhook_deliveries
       where last_error = 'refused_url' order by 1, 2`,
    )
    return tried.map(({ owner, of }) => `${owner} ${of}`).join() === refusals.join()
  })
  expect(new Set(receiver.paths)).toEqual(new Set(['/own']))
})

function wordsOf(answer: { body: unknown }, origin: string): string {
  const { host } = new URL(origin)
  return JSON.stringify(answer.body)
    .replaceAll(host, 'somewhere')
    .replaceAll(/req_\w+/g, 'a request')
}

verifies('T23:private-hosts-apart', async () => {
  const receiver = await startReceiver()
  const receiverOrigin = `http://127.0.0.1:${receiver.port}`
  const provider = await startReceiver()
  const providerOrigin = `http://127.0.0.1:${provider.port}`
  const stage = await play(await openEmbedded(), {
    privateHosts: [{ origin: providerOrigin }],
    privateWebhookHosts: [{ origin: receiverOrigin }],
  })
  await goThroughLife(stage)
  const { id } = must(await hook(stage, undefined, `${receiverOrigin}/delivered`), 201)
  await sendTest(stage, id, undefined)
  await until('delivered', () => receiver.paths.includes('/delivered'))

  const refused = { status: 400, body: { code: 'host_not_allowed' } }
  must(await integrate(stage, undefined, providerOrigin), 201)
  expect(await hook(stage, undefined, `${providerOrigin}/api/v4/user`)).toMatchObject(refused)
  expect(await integrate(stage, undefined, receiverOrigin)).toMatchObject(refused)
  expect(await store(stage, jonas, 'glpat-x', receiverOrigin)).toMatchObject(refused)
  expect([receiver.paths, provider.paths]).toEqual([['/delivered'], []])
})

verifies.suite('T23:egress-proxy-everywhere', () => {
  test('from the consent to the end, and for webhooks', async () => {
    const receiver = await startReceiver()
    const proxy = await startConnectProxy((target) => ({ port: Number(target.split(':')[1]) }))
    closers.push(proxy.close)
    // Listed without a network, these are public hosts: this process does not resolve their names.
    const stage = await play(await openEmbedded(), {
      sandboxHost: 'localhost',
      sandboxEntry: { networks: [] },
      privateWebhookHosts: [{ origin: `http://localhost:${receiver.port}`, networks: [] }],
      egressProxy: { origin: proxy.origin, credentials: new Secret('keywell:hunter2') },
    })
    await goThroughLife(stage)
    const { id } = must(
      await hook(stage, undefined, `http://localhost:${receiver.port}/delivered`),
      201,
    )
    await sendTest(stage, id, undefined)
    await until('delivered', () => receiver.paths.includes('/delivered'))

    // Inside of these tunnels there is no TLS, so the proxy has seen what took this way.
    for (const line of [
      'grant_type=authorization_code',
      'grant_type=refresh_token',
      'GET /api/v4/user ',
      'GET /api/v4/personal_access_tokens/self ',
      'POST /oauth/revoke ',
      'POST /delivered ',
    ]) {
      expect(proxy.received, line).toContain(line)
    }
    const said = stage.logs.filter((line) => line.includes('egress proxy'))
    expect(said).toEqual([expect.stringContaining(`"origin":"${proxy.origin}"`)])
    expect(stage.logs.join()).not.toMatch(/hunter2|a2V5d2VsbDpodW50ZXIy/)
  })

  test('as an operator configures it: its password is in no line of it', {
    timeout: 60_000,
  }, async () => {
    const proxy = await startConnectProxy(() => ({ status: 403 }))
    closers.push(proxy.close)
    const dataDir = mkdtempSync(join(tmpdir(), 'keywell-proxy-'))
    const environment = { KEYWELL_MODE: 'development', KEYWELL_DATA_DIR: dataDir }
    const url = `http://keywell:hunter2@127.0.0.1:${proxy.port}`
    const service = await startService({ ...environment, KEYWELL_EGRESS_PROXY: url })
    try {
      const apiKey = readFileSync(join(dataDir, 'api-key'), 'utf8').trim()
      const asked = await fetch(`${service.url}/v1/connections`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          ...mira,
          provider: 'gitlab',
          credential: { type: 'api_key', value: 'glpat-pasted' },
        }),
      })
      expect(await asked.json()).toMatchObject({ code: 'provider_error' })
      expect(proxy.targets).toEqual(['gitlab.com:443'])
      expect(proxy.authorizations).toEqual([`Basic ${btoa('keywell:hunter2')}`])
    } finally {
      await service.stop()
    }
    expect(service.output()).toContain(`"origin":"${proxy.origin}"`)
    expect(service.output()).not.toMatch(/hunter2|a2V5d2VsbDpodW50ZXIy/)
  })
})
