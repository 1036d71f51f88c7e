/** Several connections of one account at a provider, whose withdrawal would end them all. */
import { afterAll, beforeAll, expect } from 'vitest'
import { createDatabase, openEmbedded } from './support/databases.ts'
import { openCreated, type TestDatabase, withAllStatements } from './support/inspected.ts'
import { connectInBrowser, integrate } from './support/journey.ts'
import { type KeyProvider, startKeyProvider } from './support/key-provider.ts'
import {
  clientId,
  clientSecret,
  type OtherProvider,
  startOtherProvider,
} from './support/other-provider.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const provider = 'acme-notes'
interface Who {
  tenantId: string
  userId: string
}
const north: Who = { tenantId: 'ten_north', userId: 'usr_north' }
const south: Who = { tenantId: 'ten_south', userId: 'usr_south' }

let other: OtherProvider
let watch: KeyProvider
let stage: Stage

beforeAll(async () => {
  other = await startOtherProvider({ kills: 'user_and_app' })
  watch = await startKeyProvider()
  stage = await startStage(other)
})
afterAll(async () => {
  await stage.stop()
  await other.stop()
  await watch.stop()
})

async function startStage(
  { definition, signIn, api }: OtherProvider,
  database?: TestDatabase,
): Promise<Stage> {
  const started = await createStage(database ?? (await openEmbedded()), {
    providers: [definition, watch.definition],
    privateHosts: [signIn, api, watch.url].map((origin) => ({ origin })),
    timing: { pollMs: 40, sweepMs: 100 },
  })
  const scopes = ['notes:read', 'notes:write']
  await integrate(started, { provider, scopes }, () => ({ clientId, clientSecret }))
  return started
}

async function connect(at: Stage, who: Who, more: { connectionId?: string } = {}): Promise<string> {
  const session = { allowAccountChange: true, ...Object(more) }
  const { connection } = await connectInBrowser(at, { provider, who, session })
  if (connection === null) throw new Error('not connected')
  return connection.id
}

const disconnect = async (at: Stage, who: Who, id: string) =>
  must(
    await at.call<{ upstream: string }>(
      'DELETE',
      `/v1/connections/${id}?${new URLSearchParams({ ...who })}`,
    ),
    200,
  ).upstream

const isAlive =
  (at: Stage, { grants }: Pick<OtherProvider, 'grants'> = other) =>
  async (who: Who) => {
    const { status, body } = await at.read({ ...who, provider })
    return status === 200 && grants.some((one) => one.accessToken === body.credential && !one.ended)
  }

const waiting = (at: Stage) => at.database.query('select connection_id from revocations')

async function swept(at: Stage): Promise<void> {
  await at.database.query('update revocations set due_at = now()')
  await until('nothing waits', async () => (await waiting(at)).length === 0)
}

const changesOf = async (at: Stage, { tenantId }: Who) =>
  (
    await at.database.query<{ kind: string }>(
      'select kind from changes where tenant_id = $1 order by seq',
      [tenantId],
    )
  ).map(({ kind }) => kind)

verifies('siblings:kept', async () => {
  other.signedInAs = 'member_kept'
  const [first, second] = [await connect(stage, north), await connect(stage, south)]
  expect(await disconnect(stage, north, first)).toBe('kept')
  expect(other.forgotten).toEqual([])
  expect(await isAlive(stage)(south)).toBe(true)
  expect(await changesOf(stage, south), 'it is told nothing').toEqual(['connected'])
  // What is stored says neither to whom the account belongs nor which one it is.
  const rows = await stage.database.query<Record<string, unknown>>('select * from account_uses')
  expect(rows).toMatchObject([{ owner_id: south.tenantId, connection_id: second }])
  expect(JSON.stringify(rows.map(({ account_mac: mac }) => mac))).not.toContain('member_kept')
  const audit = await stage.database.query<{ text: string }>(
    `select to_jsonb(a)::text as text from audit a where tenant_id = $1`,
    [north.tenantId],
  )
  const log = audit.map(({ text }) => text).join()
  expect(log).toContain('"reason": "kept"')
  expect(log).not.toContain(south.tenantId)
  expect(await waiting(stage)).toEqual([])

  // Another account of the same app is none of it.
  other.signedInAs = 'member_else'
  const alone = await connect(stage, north)
  expect(await disconnect(stage, north, alone)).toBe('revoked')
  expect(other.forgotten).toEqual(['member_else'])
  expect(await isAlive(stage)(south)).toBe(true)

  expect(await disconnect(stage, south, second)).toBe('revoked')
  expect(other.forgotten).toEqual(['member_else', 'member_kept'])
  expect(other.grants.every(({ ended }) => ended)).toBe(true)
  expect(await stage.database.query('select * from account_uses')).toEqual([])
})

verifies('siblings:reconnected', async () => {
  other.signedInAs = 'member_again'
  const before = other.forgotten.length
  const id = await connect(stage, north)
  await connect(stage, north, { connectionId: id })
  await swept(stage)
  expect(other.forgotten.slice(before)).toEqual([])
  expect(await isAlive(stage)(north)).toBe(true)
  // Removed while the provider is away, and connected again before the next try.
  other.isAway = true
  expect(await disconnect(stage, north, id)).toBe('pending')
  other.isAway = false
  const next = await connect(stage, north)
  await swept(stage)
  expect(other.forgotten.slice(before)).toEqual([])
  expect(await isAlive(stage)(north)).toBe(true)
  // Connected as somebody else: the first account is not needed any more.
  other.signedInAs = 'member_new'
  await connect(stage, north, { connectionId: next })
  await swept(stage)
  expect(other.forgotten.slice(before)).toEqual(['member_again'])
  expect(await isAlive(stage)(north)).toBe(true)
  // With its tenant it goes, too.
  must(await stage.call('DELETE', `/v1/tenants/${north.tenantId}`), 200)
  expect(other.forgotten.slice(before)).toEqual(['member_again', 'member_new'])
  expect(await stage.database.query('select * from account_uses')).toEqual([])
})

verifies('T35:left-account-uses', async () => {
  other.signedInAs = 'member_written'
  const [mine, theirs] = [
    { ...north, tenantId: 'ten_mine' },
    { ...south, tenantId: 'ten_theirs' },
  ]
  const ids = [await connect(stage, mine), await connect(stage, theirs)]
  // A planted use leaves the grant alive, also after the last connection.
  await stage.database.query(
    `insert into account_uses (tenant_id, owner_id, connection_id, integration_owner, integration_id, account_mac)
     select tenant_id, 'ten_nobody', 'con_1', integration_owner, integration_id, account_mac
     from account_uses where owner_id = $1`,
    [mine.tenantId],
  )
  expect(await disconnect(stage, theirs, ids[1] ?? '')).toBe('kept')
  expect(await isAlive(stage)(mine)).toBe(true)
  expect((await stage.read({ ...theirs, provider })).status).toBe(404)
  expect((await stage.read({ ...mine, tenantId: 'ten_nobody', provider })).status).toBe(404)
  // Without its use a connection loses its grant to another that goes, and is served nothing else in its place.
  const next = await connect(stage, theirs)
  await stage.database.query(`delete from account_uses where owner_id = any($1::text[])`, [
    [mine.tenantId, 'ten_nobody'],
  ])
  expect(await disconnect(stage, theirs, next)).toBe('revoked')
  expect(await isAlive(stage)(mine)).toBe(false)
  const read = await stage.read({ ...mine, provider, minGeneration: 2 })
  expect(read).toMatchObject({ status: 409, body: { code: 'needs_reauth' } })
})

verifies('siblings:same-key', async () => {
  const make = async (who: Who, fields: object) =>
    must(
      await stage.call<{ id: string }>('POST', '/v1/connections', {
        ...who,
        provider: 'acme-watch',
        credential: { type: 'api_key', fields },
      }),
      201,
    ).id
  const [key, another] = [watch.makeKey(), watch.makeKey()]
  const users = ['a', 'b', 'c'].map((userId) => ({ tenantId: 'ten_keys', userId }))
  const [a, b, c] = users
  if (a === undefined || b === undefined || c === undefined) throw new Error('three users')
  const ids = [await make(a, key), await make(b, key), await make(c, another)]
  expect(await disconnect(stage, a, ids[0] ?? '')).toBe('kept')
  expect(watch.takes(key)).toBe(true)
  expect(await disconnect(stage, c, ids[2] ?? '')).toBe('revoked')
  expect([watch.takes(another), watch.takes(key)]).toEqual([false, true])
  expect(await disconnect(stage, b, ids[1] ?? '')).toBe('revoked')
  expect(watch.takes(key)).toBe(false)
})

verifies('siblings:replaced', async () => {
  const replacing = await startOtherProvider({ kills: 'user_and_app', replaces: true })
  const at = await startStage(replacing)
  try {
    replacing.signedInAs = 'member_else'
    const another = { ...north, userId: 'usr_another' }
    await connect(at, another)
    replacing.signedInAs = 'member_replaced'
    await connect(at, north)
    await connect(at, south)
    await until('the first is known to have ended', async () => {
      const { status, body } = await at.read({ ...north, provider })
      return status === 409 && body.code === 'needs_reauth'
    })
    expect(await isAlive(at, replacing)(south)).toBe(true)
    expect(await isAlive(at, replacing)(another), 'another account').toBe(true)
    expect(await changesOf(at, south), 'it is told nothing').toEqual(['connected'])
    const audit = await at.database.query<{ text: string }>(
      `select to_jsonb(a)::text as text from audit a where tenant_id = $1`,
      [north.tenantId],
    )
    expect(audit.map(({ text }) => text).join()).not.toContain(south.tenantId)
    // Connected once more, in its turn: now the second has ended.
    await connect(at, north)
    await until('the second is known to have ended', async () => {
      const { status } = await at.read({ ...south, provider })
      return status === 409
    })
    expect(await isAlive(at, replacing)(north)).toBe(true)
    expect(replacing.forgotten, 'what lives is not withdrawn').toEqual([])
  } finally {
    await at.stop()
    await replacing.stop()
  }
})

verifies('siblings:replaced-at-once', async () => {
  const replacing = await startOtherProvider({ kills: 'user_and_app', replaces: true })
  // On a server: the embedded database has one session, in which nothing happens at the same moment.
  const created = await createDatabase()
  const database = await openCreated(created)
  let beside: Promise<string> | undefined
  const watched = withAllStatements(database, async (text) => {
    if (beside !== undefined || !text.includes('insert into account_uses')) return
    let isDone = false
    beside = connect(at, south).finally(() => {
      isDone = true
    })
    await until('the other is stored, or waits', async () => isDone || (await isBlocked(database)))
  })
  const at = await startStage(replacing, watched)
  try {
    await connect(at, north)
    await beside
    await until('the first is known to have ended', async () => {
      const { status } = await at.read({ ...north, provider })
      return status === 409
    })
    expect(await isAlive(at, replacing)(south)).toBe(true)
  } finally {
    await at.stop()
    await replacing.stop()
    await created.drop()
  }
})

/** Whether some statement waits for the lock of another. */
async function isBlocked(database: TestDatabase): Promise<boolean> {
  const rows = await database.query(
    `select pid from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows.length > 0
}

verifies('siblings:installation', async () => {
  const installed = await startOtherProvider({ kills: 'installation' })
  const at = await startStage(installed)
  try {
    const id = await connect(at, south)
    expect(await disconnect(at, south, id)).toBe('kept')
    expect(installed.forgotten).toEqual([])
    expect(await waiting(at)).toEqual([])
  } finally {
    await at.stop()
    await installed.stop()
  }
})
