/** Minting by processes of their own, on a real Postgres: many readers at once, and deaths at each point. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Service } from '@keywell/sandbox'
import { createKeyFile, type FaultPointName } from '@keywell/server'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { shortTiming } from './faults/load.ts'
import { type Replica, type ReplicaSettings, startReplica } from './faults/replica.ts'
import { type CreatedDatabase, createDatabase } from './support/databases.ts'
import { openCreated } from './support/inspected.ts'
import { installInBrowser, integrateApp, startGitHub } from './support/installed-app.ts'
import {
  fieldsOf,
  type MintingProvider,
  provider,
  startMintingProvider,
} from './support/minting-provider.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

interface Owner {
  tenantId: string
  userId: string
}

const points: readonly (FaultPointName | 'unanswered')[] = [
  'after_claim',
  'before_send',
  // A token was minted, and its answer is on the way.
  'unanswered',
  'after_answer',
  'before_commit',
  'after_commit',
  'before_push',
]

/** One for each test, and each point in it. */
const ownerOf = (name: string): Owner => ({ tenantId: `ten_${name}`, userId: 'usr_mint' })

let minting: MintingProvider
let github: Awaited<ReturnType<typeof startGitHub>>
let created: CreatedDatabase
let stage: Stage
let settings: ReplicaSettings
const replicas: Replica[] = []

beforeAll(async () => {
  minting = await startMintingProvider()
  github = await startGitHub()
  // Made before anything listens: making keys takes all of the processor for a while.
  const services = ['herd', ...points].map((name) => ({
    name,
    service: minting.generic.createService('ada'),
  }))
  created = await createDatabase()
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-minting-')), 'root-key')
  createKeyFile(keyPath)
  stage = await createStage(await openCreated(created), {
    keyPath,
    role: 'serve',
    providers: [minting.definition, github.definition],
    privateHosts: [...minting.origins, ...github.origins].map((origin) => ({ origin })),
  })
  await integrateApp(stage, github.at)
  for (const name of ['herd', ...points]) {
    await installInBrowser(stage, { who: ownerOf(`app_${name}`), account: 'northwind' })
  }
  for (const { name, service } of services) await connect(ownerOf(name), service)
  settings = {
    databaseUrl: created.appUrl,
    keyPath,
    providerOrigin: minting.generic.urls.api,
    otherOrigins: [minting.generic.urls.issuer, ...github.origins],
    poolSize: 5,
    role: 'all',
    timing: shortTiming,
    providers: [minting.definition, github.definition],
  }
})
afterEach(async () => {
  await Promise.all(replicas.splice(0).map((replica) => replica.kill()))
})
afterAll(async () => {
  await stage.stop()
  await created.drop()
  await minting.generic.stop()
  await github.at.stop()
})

async function start(changes: Partial<ReplicaSettings> = {}): Promise<Replica> {
  const replica = await startReplica({ ...settings, ...changes })
  replicas.push(replica)
  return replica
}

async function connect(who: Owner, service: Service): Promise<void> {
  const fields = fieldsOf('client', service)
  const credential = { type: 'api_key', fields }
  const body = { ...who, provider, method: 'client', credential }
  must(await stage.call('POST', '/v1/connections', body), 201)
}

async function readAt({ url }: Replica, who: object) {
  const response = await fetch(`${url}/v1/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stage.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider, ...who }),
  })
  return { status: response.status, body: Object(await response.json()) }
}

const past = "now() - interval '1 second'"

async function makeDue({ tenantId }: Owner): Promise<void> {
  await stage.database.query(
    `update refresh_schedule set refresh_at = ${past} where tenant_id = $1`,
    [tenantId],
  )
}

/** 200 reads at the end of an access token, over two processes. */
async function herd(query: { tenantId: string }) {
  const [one, other] = await Promise.all([start({ role: 'serve' }), start({ role: 'serve' })])
  const { tenantId } = query
  await stage.database.query(`update credentials set expires_at = ${past} where tenant_id = $1`, [
    tenantId,
  ])
  await stage.database.query(
    `update refresh_schedule set refresh_at = ${past} where tenant_id = $1`,
    [tenantId],
  )
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) => readAt(index % 2 === 0 ? one : other, query)),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(new Set(answers.map(({ body }) => body.generation))).toEqual(new Set([2]))
  expect(new Set(answers.map(({ body }) => body.credential)).size).toBe(1)
}

/** Slow enough that all 200 are waiting when the answer comes. */
const slow = { kind: 'delay', ms: 500 } as const

verifies.suite('mint:herd', () => {
  test('what was typed', { timeout: 90_000 }, async () => {
    const { times, given } = minting.asked()
    minting.generic.addFault({ path: '/token', effect: slow })
    await herd(ownerOf('herd'))
    expect(minting.asked()).toEqual({ times: times + 1, given: given + 1, refused: 0 })
  })

  test('an app that is installed', { timeout: 90_000 }, async () => {
    const before = mints().length
    github.at.addFault({ path: mintPath(), effect: slow })
    await herd({ ...ownerOf('app_herd'), ...ofTenant })
    expect(
      mints()
        .slice(before)
        .map(({ status }) => status),
    ).toEqual([201])
  })
})

/** In place of a user. */
const ofTenant = { userId: undefined, owner: 'tenant', provider: 'github' }

/** What the app was asked for at GitHub's stand-in: all tenants have the one installation of the account. */
const mints = () => github.at.requests().filter(({ path }) => path.endsWith('/access_tokens'))
const mintPath = () => mints()[0]?.path ?? ''

/** Given, and held back for so long that its reader dies before. */
const unanswered = { kind: 'delay', ms: 20_000, after: true } as const

/** One of the two ways to a token. */
interface Way {
  ownerOf: (point: string) => Owner
  query: object
  /** How often a token was asked for. */
  times: () => number
  /** Holds the next answer back. */
  hold: () => void
  /** Whether the provider takes a token. */
  takes: (token: string) => Promise<boolean>
}

const typed: Way = {
  ownerOf,
  query: {},
  times: () => minting.asked().times,
  hold: () => minting.generic.addFault({ path: '/token', effect: unanswered }),
  takes: (token) => takesAt(`${minting.generic.urls.api}/account`, token),
}

const installed: Way = {
  ownerOf: (point) => ownerOf(`app_${point}`),
  query: ofTenant,
  times: () => mints().length,
  hold: () => github.at.addFault({ path: mintPath(), effect: unanswered }),
  takes: (token) => takesAt(`${github.at.urls.api}/installation/repositories`, token),
}

async function takesAt(url: string, token: string): Promise<boolean> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  return response.ok
}

/** The process dies with the connection's attempt at that point. */
async function dieAt(point: (typeof points)[number], way: Way): Promise<void> {
  const replica = await start()
  const who = way.ownerOf(point)
  if (point === 'unanswered') {
    const times = way.times()
    way.hold()
    await makeDue(who)
    await until('a token is asked for', () => way.times() > times)
  } else {
    const gone = replica.arm({ point, skip: 0, hold: 1, action: 'kill' })
    await makeDue(who)
    await gone
  }
  await replica.kill()
}

verifies.suite('mint:crash', () => {
  test.each([
    ['what was typed', typed],
    ['an app that is installed', installed],
  ])('%s', { timeout: 120_000 }, async (_, way) => {
    for (const point of points) await dieAt(point, way)
    const survivor = await start()
    const tenants = points.map((point) => way.ownerOf(point).tenantId)
    const states = () =>
      stage.database.query<{ generation: number; status: string; state: string }>(
        `select k.generation, c.status, u.state
         from connections c
         join credentials k on k.tenant_id = c.tenant_id and k.connection_id = c.id
         join refresh_schedule u on u.tenant_id = c.tenant_id and u.connection_id = c.id
         where c.tenant_id = any ($1)`,
        [tenants],
      )
    await until('all are renewed', async () =>
      (await states()).every(({ generation, state }) => generation > 1 && state === 'idle'),
    )
    expect((await states()).map(({ status }) => status)).toEqual(points.map(() => 'active'))
    for (const point of points) {
      const { status, body } = await readAt(survivor, { ...way.ownerOf(point), ...way.query })
      expect(status, point).toBe(200)
      expect(await way.takes(body.credential), point).toBe(true)
    }
    expect(minting.asked().refused).toBe(0)
    expect(mints().filter(({ status }) => Number(status) >= 400)).toEqual([])
  })
})
