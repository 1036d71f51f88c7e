/** Access tokens that are minted from what a person typed, at a stand-in that verifies what it is sent. */
import type { Service } from '@keywell/sandbox'
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import {
  fieldsOf,
  type Kind,
  kinds,
  type MintingProvider,
  provider,
  secretsOf,
  startMintingProvider,
} from './support/minting-provider.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { dump, expectNowhere } from './support/sweep.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

interface Owner {
  tenantId: string
  userId: string
}

let minting: MintingProvider
let stage: Stage
let users = 0
/** Not used yet. */
const services: Service[] = []
/** All that was typed. */
const typed: Record<string, string> = {}
/** All that a browser or the app was given. */
const seen: string[] = []

beforeAll(async () => {
  minting = await startMintingProvider()
  // Made before anything listens: making keys takes all of the processor for a while.
  services.push(...Array.from({ length: 13 }, () => minting.generic.createService('ada')))
  stage = await createStage(await openEmbedded(), {
    providers: [minting.definition],
    privateHosts: minting.origins.map((origin) => ({ origin })),
    timing: { confirmAfterMs: 50, pollMs: 50 },
  })
})
afterAll(async () => {
  await stage.stop()
  await minting.generic.stop()
})

function newOwner(): Owner {
  users += 1
  return { tenantId: `ten_mint_${users}`, userId: 'usr_mint' }
}

function newService() {
  const service = services.pop()
  if (service === undefined) throw new Error('too few were made')
  for (const [name, secret] of Object.entries(secretsOf(service))) {
    typed[`${name} ${Object.keys(typed).length}`] = secret
  }
  return service
}

const create = (who: Owner, method: Kind, fields: Record<string, string>) =>
  stage.call<{ id: string; method: string; account: unknown; scopes: string[] }>(
    'POST',
    '/v1/connections',
    { ...who, provider, method, credential: { type: 'api_key', fields } },
  )

async function read(who: Owner) {
  const answer = await stage.read({ ...who, provider })
  seen.push(JSON.stringify(answer.body))
  return answer
}

async function accountOf(token: unknown): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(`${minting.generic.urls.api}/account`, { headers })).status
}

/** The access token has ended, and its renewal is due. */
async function end({ tenantId }: Owner): Promise<void> {
  for (const due of ['credentials set expires_at', 'refresh_schedule set refresh_at']) {
    await stage.database.query(`update ${due} = now() - interval '1 second' where tenant_id = $1`, [
      tenantId,
    ])
  }
}

async function connectionOf({ tenantId, userId }: Owner) {
  const path = `/v1/connections?tenantId=${tenantId}&userId=${userId}`
  const answer = must(
    await stage.call<{ connections: Record<string, unknown>[] }>('GET', path),
    200,
  )
  seen.push(JSON.stringify(answer))
  return answer.connections[0]
}

verifies.each('mint:kinds', kinds, async (kind) => {
  const who = newOwner()
  const service = newService()
  const made = must(await create(who, kind, fieldsOf(kind, service)), 201)
  expect(made).toMatchObject({
    method: kind,
    account: { id: 'u-101', name: 'Ada Okafor' },
    scopes: ['read'],
    renewable: true,
  })
  const first = must(await read(who), 200)
  expect(first).toMatchObject({ type: 'oauth_token', generation: 1, scopes: ['read'] })
  expect(first).not.toHaveProperty('fields')
  expect(first).toMatchObject({
    header: { name: 'Authorization', value: `Bearer ${first.credential}` },
  })
  expect(await accountOf(first.credential)).toBe(200)

  await end(who)
  const second = must(await read(who), 200)
  expect(second).toMatchObject({ type: 'oauth_token', generation: 2 })
  expect(second.credential).not.toBe(first.credential)
  expect(await accountOf(second.credential)).toBe(200)
  // Again: what it is minted from was stored with it.
  await end(who)
  expect(must(await read(who), 200)).toMatchObject({ generation: 3 })
  expect(minting.generic.unexpected()).toEqual([])
})

verifies.each('mint:refused-seed', kinds, async (kind) => {
  const who = newOwner()
  const service = newService()
  minting.generic.endService(service)
  const answer = await create(who, kind, fieldsOf(kind, service))
  expect(answer).toMatchObject({ status: 422, body: { code: 'key_refused' } })
  expect(await connectionOf(who)).toBeUndefined()
})

verifies('mint:unusable-field', async () => {
  const who = newOwner()
  const { privateKey } = newService()
  const before = minting.generic.requests().length
  for (const file of [privateKey, '{"client_id":"a","key_id":"b","private_key":"no key"}']) {
    const answer = await create(who, 'assertion', { file })
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', detail: 'Key file cannot be used.' },
    })
  }
  expect(minting.generic.requests().length, 'nothing was sent').toBe(before)
})

verifies('mint:suspended', async () => {
  const who = newOwner()
  const service = newService()
  must(await create(who, 'exchange', fieldsOf('exchange', service)), 201)
  minting.generic.suspendService(service, true)
  await end(who)
  expect(await read(who)).toMatchObject({ status: 503, body: { code: 'unavailable' } })
  expect(await connectionOf(who)).toMatchObject({
    status: 'active',
    health: { status: 'degraded', reason: 'suspended' },
  })
  const [schedule] = await stage.database.query<{ minutes: number }>(
    `select extract(epoch from refresh_at - now())::float8 / 60 as minutes
     from refresh_schedule where tenant_id = $1`,
    [who.tenantId],
  )
  expect(schedule?.minutes).toBeGreaterThan(59)
  expect(schedule?.minutes).toBeLessThan(61)

  minting.generic.suspendService(service, false)
  await end(who)
  expect(must(await read(who), 200)).toMatchObject({ generation: 2 })
  expect(await connectionOf(who)).toMatchObject({ health: { status: 'ok' } })
})

verifies('mint:withdrawn', async () => {
  const who = newOwner()
  const service = newService()
  must(await create(who, 'client', fieldsOf('client', service)), 201)
  minting.generic.endService(service)
  // While its token lives, it is served.
  await stage.database.query(
    `update refresh_schedule set refresh_at = now() where tenant_id = $1`,
    [who.tenantId],
  )
  await until('a refusal was noticed', async () => {
    const connection = await connectionOf(who)
    return Object(connection?.health).reason === 'rejected'
  })
  expect((await read(who)).status).toBe(200)

  await end(who)
  await until('a second refusal has ended it', async () => {
    await end(who)
    return (await connectionOf(who))?.status === 'revoked'
  })
  const answer = await read(who)
  expect(answer).toMatchObject({ status: 409, body: { code: 'needs_reauth' } })
  // Its owner types another secret.
  must(await create(who, 'client', fieldsOf('client', newService())), 201)
  expect((await read(who)).status).toBe(200)
})

verifies('mint:form', async () => {
  const who = newOwner()
  const service = newService()
  const session = await stage.session({ ...who, methods: ['assertion'] })
  const flow = await stage.flow(session, {
    provider,
    host: minting.generic.urls.api,
    method: 'assertion',
  })
  const person = new Person()
  const page = await stage.start(person, flow)
  expect(page.text).toContain('Key file')
  expect(page.text).toMatch(/<textarea[^>]*\sid="field-file"/)
  const state = /name="state" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const submit = async (file: string) => {
    const next = await person.visit(`${stage.url}/connect/key`, {
      init: {
        method: 'POST',
        body: new URLSearchParams({ state, file }),
        headers: { origin: stage.url },
      },
      stopAt: (to) => to.origin === appOrigin,
    })
    seen.push(next.text, next.url.href)
    return next
  }
  const wrong = await submit('-----BEGIN PRIVATE KEY-----')
  expect(wrong.text).toContain('Key file cannot be used.')
  const { file = '' } = fieldsOf('assertion', service)
  // A browser sends each end of a line in two characters.
  const { url: finish } = await submit(file.replaceAll('\n', '\r\n'))
  expect(must(await stage.confirm(finish, who), 200)).toMatchObject({ status: 'connected' })
  expect(must(await read(who), 200)).toMatchObject({ type: 'oauth_token', generation: 1 })
})

verifies('mint:sealed', async () => {
  const audit = must(await stage.call('GET', '/v1/audit?tenantId=ten_mint_1'), 200)
  const given = await stage.database.query('select sealed from credentials')
  expect(given.length).toBeGreaterThan(5)
  expectNowhere(typed, {
    answers: seen.join('\n'),
    audit: JSON.stringify(audit),
    logs: stage.logs.join('\n'),
    database: await dump(stage.database),
  })
})
