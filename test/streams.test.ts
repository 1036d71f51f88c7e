/** What is open for long ends with what it was opened by: an API key, a connect session, a flow. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  createKeyFile,
  createKeywell,
  type KeywellService,
  keyFile,
  localKeys,
} from '@keywell/server'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { createDatabase, openEmbedded } from './support/databases.ts'
import { openCreated, type TestDatabase } from './support/inspected.ts'
import { createStage, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

/** For so long a replica accepts a key that it has verified, in milliseconds. */
const cachedMs = 2_000

/** A service, and where it is asked; on a server of Postgres two replicas, and else one twice. */
interface Deployment {
  stage: Stage
  other: KeywellService
  database: TestDatabase
  stop(): Promise<void>
}

/** What every replica does before a refresh is sent to the provider. */
let beforeSend: () => Promise<void> | void = () => {}
const faultPoint = (name: string) => (name === 'before_send' ? beforeSend() : undefined)

async function onPostgres(): Promise<Deployment> {
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-streams-')), 'root-key')
  createKeyFile(keyPath)
  const created = await createDatabase()
  const database = await openCreated(created, { poolSize: 5 })
  const stage = await createStage(database, { keyPath, faultPoint })
  const other = createKeywell({
    database: await openCreated(created, { poolSize: 5 }),
    keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
    publicUrl: stage.url,
    faultPoint,
  })
  await other.start()
  const stop = async () => {
    await other.stop()
    await stage.stop()
    await created.drop()
  }
  return { stage, other, database, stop }
}

async function onPglite(): Promise<Deployment> {
  const database = await openEmbedded()
  const stage = await createStage(database, { faultPoint })
  return { stage, other: stage.keywell, database, stop: stage.stop }
}

/** Text of a body that is read as it comes. */
class Reader {
  readonly status: number
  text = ''
  /** `open`; `over` when it ended by itself; `broken` when it broke off. */
  state: 'open' | 'over' | 'broken' = 'open'
  readonly cancel: () => Promise<void>

  constructor({ status, body }: Response) {
    this.status = status
    const reader = body?.getReader()
    this.cancel = async () => reader?.cancel()
    void this.#read(reader)
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<void> {
    const decoder = new TextDecoder()
    try {
      for (;;) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined }
        if (done) break
        this.text += decoder.decode(value, { stream: true })
      }
      this.state = 'over'
    } catch {
      this.state = 'broken'
    }
  }
}

describeDeployments((deployment) => {
  const ask = async (keywell: KeywellService, path: string, bearer: string, headers = {}) => {
    const url = `${deployment().stage.url}${path}`
    const authorization = `Bearer ${bearer}`
    const request = new Request(url, { headers: { authorization, ...headers } })
    const reader = new Reader(await keywell.fetch(request))
    onTestFinished(reader.cancel)
    return reader
  }
  const listen = (keywell: KeywellService, key: string) => ask(keywell, '/v1/changes', key)

  async function newKey() {
    const { apiKeys } = deployment().stage.keywell
    const { id, key } = await apiKeys.create('a key', { roles: ['backend'] })
    return { id, key: key.expose() }
  }

  /** As a writer of the database does it, without a notification. */
  const change = (id: string, set: string) =>
    deployment().database.query(
      `update api_keys set ${set} where tenant_id = '@install' and id = $1`,
      [id],
    )

  const endings: Record<string, (id: string) => Promise<unknown>> = {
    revoked: (id) => deployment().stage.keywell.apiKeys.revoke(id),
    'rotated, and its overlap is over': (id) =>
      deployment().stage.keywell.apiKeys.rotate(id, { overlapSeconds: 0 }),
    expired: (id) => change(id, "expires_at = now() - interval '1 second'"),
    'narrowed to a tenant': (id) => change(id, "tenants = '{ten_a}'"),
    'narrowed to a provider': (id) => change(id, "providers = '{gitlab}'"),
    'narrowed in its roles': (id) => change(id, "roles = '{connect}'"),
    erased: (id) =>
      deployment().database.query(`delete from api_keys where tenant_id = '@install' and id = $1`, [
        id,
      ]),
  }

  verifies.each('T29:streams-end', Object.keys(endings), async (what) => {
    const { stage, other } = deployment()
    const [ending, staying] = [await newKey(), await newKey()]
    const open = await Promise.all(
      [stage.keywell, other].flatMap((each) => [
        listen(each, ending.key),
        listen(each, ending.key),
      ]),
    )
    const others = await Promise.all(
      [stage.keywell, other].map((each) => listen(each, staying.key)),
    )
    await until('all streams have begun', () =>
      [...open, ...others].every(({ text }) => text.includes('event: hello')),
    )
    await endings[what]?.(ending.id)
    await until('every stream of the key has ended', () =>
      open.every(({ state }) => state === 'over'),
    )
    expect(others.map(({ state }) => state)).toEqual(['open', 'open'])
    for (const each of [stage.keywell, other]) {
      const refused = await listen(each, ending.key)
      expect([401, 403]).toContain(refused.status)
    }
  })

  /** Event streams of a flow, as its page opens them. */
  async function watched(count: number, who = { tenantId: 'ten_w', userId: 'usr_w' }) {
    const { stage } = deployment()
    const session = await stage.session(who)
    const flow = await stage.flow(session)
    const watch = () =>
      ask(stage.keywell, `/connect/flows/${flow.flowId}`, session.connectToken, {
        accept: 'text/event-stream',
      })
    return { session, flow, watch, open: await Promise.all(Array.from({ length: count }, watch)) }
  }

  verifies('requests:flow-streams', async () => {
    const { stage } = deployment()
    const { session, flow, watch, open } = await watched(60)
    const taken = open.filter(({ status }) => status === 200)
    expect(taken).toHaveLength(4)
    expect(open.filter(({ status }) => status === 429)).toHaveLength(56)
    const url = `${stage.url}/connect/flows/${flow.flowId}`
    const headers = { authorization: `Bearer ${session.connectToken}`, accept: 'text/event-stream' }
    const refused = await stage.keywell.fetch(new Request(url, { headers }))
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ code: 'rate_limited', retryAfterMs: 5_000 })
    // Other flows of the session have places, until the session has none; looks by themselves go on.
    const flows = [await stage.flow(session), await stage.flow(session)]
    const more = await Promise.all(
      flows.flatMap(({ flowId }) =>
        Array.from({ length: 4 }, () =>
          fetchStream(`${stage.url}/connect/flows/${flowId}`, headers),
        ),
      ),
    )
    expect(more.filter(({ status }) => status === 200)).toHaveLength(4)
    expect(
      (await stage.page(session.connectToken, 'GET', `/connect/flows/${flow.flowId}`)).status,
    ).toBe(200)
    // A place is free again when its page has gone.
    await taken[0]?.cancel()
    const next = await watch()
    expect(next.status).toBe(200)
  })

  const fetchStream = async (url: string, headers: Record<string, string>) => {
    const reader = new Reader(await deployment().stage.keywell.fetch(new Request(url, { headers })))
    onTestFinished(reader.cancel)
    return reader
  }

  verifies('requests:flow-streams-end', async () => {
    const { stage, database } = deployment()
    const endings: ((
      of: Awaited<ReturnType<typeof watched>>,
      tenantId: string,
    ) => Promise<unknown>)[] = [
      ({ session, flow }) =>
        stage.page(session.connectToken, 'DELETE', `/connect/flows/${flow.flowId}`),
      ({ session }) =>
        database.query(
          `update connect_sessions set expires_at = now() - interval '1 second' where id = $1`,
          [session.sessionId],
        ),
      (_, tenantId) => stage.keywell.tenants.erase(tenantId),
    ]
    for (const [index, end] of endings.entries()) {
      const tenantId = `ten_end_${index}`
      const of = await watched(2, { tenantId, userId: 'usr_end' })
      await until('both have begun', () => of.open.every(({ text }) => text.includes('"created"')))
      await end(of, tenantId)
      await until(`both have ended, ${index}`, () => of.open.every(({ state }) => state === 'over'))
    }
  })

  verifies('T29:slow-answers', async () => {
    const { stage, database } = deployment()
    const who = { tenantId: 'ten_slow', userId: 'usr_slow' }
    await stage.connect({ who })
    const { id, key } = await newKey()
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const reached = new Promise<void>((resolve) => {
      beforeSend = () => {
        resolve()
        return released
      }
    })
    onTestFinished(() => {
      beforeSend = () => {}
      release()
    })
    for (const change of ['credentials set expires_at', 'refresh_schedule set refresh_at']) {
      const past = "now() - interval '1 second'"
      await database.query(`update ${change} = ${past} where tenant_id = $1`, [who.tenantId])
    }
    const reading = stage.keywell.fetch(
      new Request(`${stage.url}/v1/credentials`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ provider: 'gitlab', ...who }),
      }),
    )
    await reached
    await stage.keywell.apiKeys.revoke(id)
    // From then on the call has taken longer than what was found out of its key is believed.
    await pause(cachedMs)
    release()
    const answer = await reading
    expect(await answer.json()).toMatchObject({ code: 'unauthorized' })
    expect((await stage.read(who)).status).toBe(200)
  })
})

function describeDeployments(tests: (deployment: () => Deployment) => void): void {
  for (const [name, open] of Object.entries({ Postgres: onPostgres, PGlite: onPglite })) {
    describe(name, () => {
      let deployment: Deployment
      beforeAll(async () => {
        deployment = await open()
      })
      afterAll(() => deployment.stop())
      tests(() => deployment)
    })
  }
}
