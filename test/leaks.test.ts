import { mkdtempSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faults } from '@keywell/sandbox'
import { createKeyFile, createKeywell, keyFile, localKeys } from '@keywell/server'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { recordingLogger } from './support/log-lines.ts'
import { Person } from './support/person.ts'
import { recordSpans } from './support/spans.ts'
import { createStage, listen, mira, must, type Stage } from './support/stage.ts'
import { dump, encodings, expectNowhere } from './support/sweep.ts'
import { verifies } from './support/verifies.ts'
import { followWriteAheadLog, type WriteAheadLog } from './support/write-ahead-log.ts'

/** Stands in a table in clear, so that each search shows that it finds what is there. */
const canary = 'keywell-canary-in-clear'

describeEachDatabase('leaks', (makeDatabase) => {
  let stage: Stage
  let receiver: Receiver
  let log: WriteAheadLog
  let recorded: ReturnType<typeof recordSpans>
  let answers: string[]
  let errors: string[]
  let secrets: Record<string, string>

  beforeAll(async () => {
    recorded = recordSpans()
    receiver = await startReceiver()
    const database = await makeDatabase()
    log = await followWriteAheadLog(database)
    const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-leaks-')), 'root-key')
    createKeyFile(keyPath)
    const privateWebhookHosts = [{ origin: receiver.url }]
    // Without a worker, so that each refresh is the one that a read below asks for.
    stage = await createStage(database, { role: 'serve', keyPath, privateWebhookHosts })
    await database.query(
      `insert into install_keys (tenant_id, name, version, key_version, sealed, public_jwk)
       values ('@install', 'canary', 1, 1, $1, '{}'::jsonb)`,
      [new TextEncoder().encode(canary)],
    )
    const webhook = must(
      await stage.call<{ id: string; secret: string }>('POST', '/v1/webhooks', {
        url: receiver.url,
      }),
      201,
    )
    const used = await useEverySecret(stage)
    answers = used.answers
    secrets = { ...used.secrets, 'webhook secret': webhook.secret.replace('whsec_', '') }
    errors = await misplace(stage, secrets)
    await tellWebhooks(stage, receiver, { keyPath, privateWebhookHosts })
  })
  afterAll(async () => {
    await log.close()
    await stage.stop()
    receiver.stop()
    recorded.stop()
  })

  verifies('T13:dump', async () => {
    const places = {
      database: await dump(stage.database),
      logs: stage.logs.join('\n'),
      answers: answers.join('\n'),
    }
    expect(places.logs).toContain('refresh failed')
    expectNowhere(secrets, places)
    // The search finds what is there: a name that is kept in clear, and bytes.
    expect(places.database).toContain('Ada Okafor')
    expect(places.database).toContain(encodings(canary).hex)
  })

  verifies('T13:write-ahead-log', async () => {
    const text = await log.read()
    expectNowhere(secrets, { 'write-ahead log': text })
    expect(text).toContain('Ada Okafor')
    expect(text).toContain(canary)
  })

  verifies('T20:every-stage', async () => {
    const other = await createStage(await makeDatabase())
    await other.connect()
    const { credential = '' } = must<{ credential?: string }>(await other.read(), 200)
    other.logs.push(`planted ${credential}`)
    await expect(other.stop()).rejects.toThrow('access token 0 in logs, as text')
    other.logs.pop()
    const planted = `insert into changes (tenant_id, kind, connection_id, user_id, provider, host, name, generation)
      values ('ten_planted', 'refreshed', 'con_1', $1, 'gitlab', 'https://gitlab.com', 'default', 1)`
    await other.database.query(planted, [Buffer.from(other.apiKey).toString('base64url')])
    await expect(other.stop()).rejects.toThrow('API key in database, as base64')
    await other.database.query("delete from changes where tenant_id = 'ten_planted'")
    await other.stop()
  })

  verifies('T20:sweep', async () => {
    const places = {
      metrics: (await stage.keywell.metrics()).text,
      spans: JSON.stringify(recorded.spans),
      errors: errors.join('\n'),
      webhooks: receiver.messages.join('\n'),
    }
    expectNowhere(secrets, places)
    expect(places.metrics).toContain('keywell_')
    expect(places.spans).toContain('keywell.credential.read')
    expect(errors.length).toBeGreaterThan(3 * Object.keys(secrets).length)
    expect(places.errors).toContain('"requestId"')
    expect(places.webhooks).toContain('connection.disconnected')
  })
})

/** Does everything that handles a secret: connect, reconnect, refresh, failures of each, disconnect. */
async function useEverySecret(stage: Stage) {
  const answers: unknown[] = []
  for (const userId of ['a', 'b', 'c', 'a']) {
    answers.push(await stage.connect({ who: { tenantId: 'ten_dump', userId } }))
  }
  const who = { tenantId: 'ten_dump', userId: 'a' }
  await expire(stage)
  await stage.read(who)
  await stage.sandbox.control.addFault({ ...faults.htmlAnswer(), times: 1 })
  await expire(stage)
  answers.push((await stage.read(who)).body)
  await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' }, times: 1 })
  const connections = await stage.call<{ connections: { id: string }[] }>(
    'GET',
    '/v1/connections?tenantId=ten_dump&userId=b',
  )
  const id = connections.body.connections[0]?.id
  answers.push((await stage.call('DELETE', `/v1/connections/${id}?tenantId=ten_dump`)).body)
  const keys = await useKeys(stage, answers)
  // A flow that stands still with its code parked, and one at the provider.
  const person = new Person()
  const session = await stage.session(mira)
  const flow = await stage.flow(session)
  const back = await stage.consent(await stage.start(person, flow))
  const { url: finish } = await stage.callback(person, back)

  const pairs = await stage.sandbox.control.tokens()
  const [application] = await stage.sandbox.control.applications()
  expect(pairs.length).toBeGreaterThan(4)
  const secrets = {
    ...Object.fromEntries(
      pairs.flatMap((pair, index) => [
        [`access token ${index}`, pair.accessToken],
        [`refresh token ${index}`, pair.refreshToken ?? pair.accessToken],
      ]),
    ),
    ...keys,
    'client secret': application?.clientSecret ?? '',
    'API key': stage.apiKey,
    'connect token': session.connectToken,
    'start code': flow.startCode,
    code: back.searchParams.get('code') ?? '',
    state: back.searchParams.get('state') ?? '',
    ticket: finish.searchParams.get('keywell_ticket') ?? '',
  }
  return { answers: answers.map((answer) => JSON.stringify(answer)), secrets }
}

/** Hers alone: the refresh of another connection would take the fault that is meant for her. */
async function expire({ database }: Stage): Promise<void> {
  const hers = `tenant_id = 'ten_dump' and connection_id in
    (select id from connections where tenant_id = 'ten_dump' and user_id = 'a')`
  for (const statement of [
    `update credentials set expires_at = now() - interval '1 s' where ${hers}`,
    `update refresh_schedule set refresh_at = now() - interval '1 s' where ${hers}`,
  ]) {
    await database.query(statement)
  }
}

/** Keys that users made by hand: stored, looked at, refused, disconnected. */
async function useKeys(stage: Stage, answers: unknown[]): Promise<Record<string, string>> {
  const { control } = stage.sandbox
  const [key, other, refused] = [
    await control.issuePersonalAccessToken({ username: 'ada' }),
    await control.issuePersonalAccessToken({ username: 'grace' }),
    await control.issuePersonalAccessToken({ username: 'ada' }),
  ]
  await control.revokePersonalAccessToken(refused.id)
  for (const { value } of [key, other, refused, { ...refused, value: `${refused.value}\n` }]) {
    const { body } = await stage.call<{ id?: string }>('POST', '/v1/connections', {
      tenantId: 'ten_dump',
      userId: 'd',
      name: value === other.value ? 'other' : 'default',
      provider: 'gitlab',
      host: stage.sandbox.url,
      credential: { type: 'api_key', value },
    })
    answers.push(body)
    if (value !== other.value) continue
    answers.push((await stage.call('DELETE', `/v1/connections/${body.id}?tenantId=ten_dump`)).body)
  }
  return {
    'key that is kept': key.value,
    'key that was disconnected': other.value,
    'key that was refused': refused.value,
  }
}

/** Sends each secret where it does not belong, and answers what is said to that. */
async function misplace(stage: Stage, secrets: Record<string, string>): Promise<string[]> {
  const said: string[] = []
  const ask = async (path: string, init: RequestInit) => {
    const response = await fetch(`${stage.url}${path}`, init)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.status).not.toBe(429)
    said.push(await response.text())
  }
  const json = { 'content-type': 'application/json', authorization: `Bearer ${stage.apiKey}` }
  for (const secret of Object.values(secrets)) {
    const wrong = JSON.stringify({ tenantId: 'ten_dump', provider: secret, [secret]: secret })
    for (const body of [secret, wrong]) {
      for (const path of ['credentials', 'connections', 'integrations', 'webhooks']) {
        await ask(`/v1/${path}`, { method: 'POST', headers: json, body })
      }
    }
    const path = `/v1/connections/${encodeURIComponent(secret)}?tenantId=ten_dump`
    await ask(path, { headers: json })
    await ask('/v1/providers', { headers: { authorization: `Bearer ${secret}x` } })
    await ask(`/oauth/callback/${stage.integration.id}?code=${secret}&state=x`, {})
  }
  return said
}

/** Lets a worker send what has happened, and ends it. */
async function tellWebhooks(
  stage: Stage,
  receiver: Receiver,
  options: { keyPath: string; privateWebhookHosts: { origin: string }[] },
): Promise<void> {
  const { database } = stage
  const worker = createKeywell({
    // It ends its database with itself, and this one is still needed.
    database: { ...database, close: async () => {} },
    role: 'worker',
    keys: localKeys(keyFile({ path: options.keyPath, warn: () => {} })),
    publicUrl: stage.url,
    logger: recordingLogger((line) => stage.logs.push(line)),
    privateHosts: [{ origin: new URL(stage.sandbox.url).origin }],
    privateWebhookHosts: options.privateWebhookHosts,
  })
  await worker.start()
  const delivered = () => expect(receiver.messages.join('\n')).toContain('connection.disconnected')
  await vi.waitFor(delivered, { timeout: 20_000 })
  await worker.stop()
}

/** An endpoint of the app, which keeps what it was sent, headers included. */
interface Receiver {
  url: string
  messages: string[]
  stop(): void
}

async function startReceiver(): Promise<Receiver> {
  const messages: string[] = []
  const { server, url }: { server: Server; url: string } = await listen(() => ({
    async fetch(request) {
      messages.push(JSON.stringify([[...request.headers], await request.text()]))
      return new Response(null, { status: 204 })
    },
  }))
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url, messages, stop }
}
