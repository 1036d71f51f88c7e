/** The installation's own key replaced, with all that hangs on it: API keys, the audit log, its records. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile, createKeywell, type Database, keyFile, localKeys } from '@keywell/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { forgetAudit } from './support/forget-audit.ts'
import { mortal } from './support/mortal-database.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const keyWaits = { settleMs: 0, destroyMs: 0, replicasMs: 10_000 }
/** Three key pairs, the client secret of the shared integration, two secrets of one webhook. */
const records = 6

describeEachDatabase("the installation's key", (makeDatabase) => {
  let stage: Stage
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-install-')), 'root-key')

  beforeAll(async () => {
    createKeyFile(keyPath)
    stage = await createStage(await makeDatabase(), { keyPath })
    await stage.connect()
    await endSessions()
    const webhook = { url: 'https://hooks.example/keywell' }
    const { id } = must(await stage.call<{ id: string }>('POST', '/v1/webhooks', webhook), 201)
    must(await stage.call('POST', `/v1/webhooks/${id}/rotate-secret`), 200)
  })
  afterAll(() => stage.stop())

  /** A process of its own, as far as keys and memory go; its stop leaves the database open. */
  const process = (database: Database = mortal(stage.database, Number.POSITIVE_INFINITY)) =>
    createKeywell({
      database,
      keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
      publicUrl: stage.url,
      role: 'serve',
      keyWaits,
    })
  const operator = () => process().keys

  const versions = () =>
    stage.database.query<{ version: number; state: string }>(
      `select version, state from tenant_keys where tenant_id = '@install' order by version`,
    )
  const active = async () => (await versions()).at(-1)?.version ?? 0
  const newKey = async (name: string) => {
    const { id, key } = await stage.keywell.apiKeys.create(name)
    return { id, key: key.expose() }
  }

  /** A connect session holds the version of the key that its MAC is under, for minutes. */
  const endSessions = () =>
    stage.database.query("update connect_sessions set expires_at = now() - interval '1 hour'")

  /** What an API key gets of a process. */
  const readAt = ({ fetch }: Pick<ReturnType<typeof process>, 'fetch'>, key: string) =>
    fetch(
      new Request(`${stage.url}/v1/credentials`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ provider: 'gitlab', tenantId: 'ten_northwind', userId: 'usr_mira' }),
      }),
    )

  /** The key is used, and has left its old pepper. */
  async function use({ id, key }: { id: string; key: string }): Promise<void> {
    const keywell = process()
    await keywell.start()
    expect((await readAt(keywell, key)).status).toBe(200)
    const present = await active()
    await until('under the present pepper', async () => {
      const rows = await stage.database.query(
        `select from api_keys where tenant_id = '@install' and id = $1 and pepper_version = $2`,
        [id, present],
      )
      return rows.length === 1
    })
    await keywell.stop()
  }

  /** Versions that anything in the audit log names, once everything is linked. */
  async function namedInAudit(): Promise<number[]> {
    await until('all is linked', async () => {
      const tail = await stage.database.query('select from audit_tail limit 1')
      return tail.length === 0
    })
    const rows = await stage.database.query<{ version: number }>(
      `select mac_version as version from audit_chain union select link_version from audit_chain
       order by 1`,
    )
    return rows.map(({ version }) => version)
  }

  const stageKey = { id: '', key: '' }
  beforeAll(async () => {
    const [first] = await stage.keywell.apiKeys.list()
    Object.assign(stageKey, { id: first?.id, key: stage.apiKey })
  })

  verifies('install:audit', async () => {
    expect((await stage.read()).status).toBe(200)
    expect(await namedInAudit()).toEqual([1])
    await operator().rotateTenant('@install')
    await until('the service seals with the new one', async () => {
      expect((await stage.read()).status).toBe(200)
      const rows = await stage.database.query('select from audit_tail where mac_version = 2')
      return rows.length > 0
    })
    expect(await namedInAudit()).toEqual([1, 2])
    const ends = await stage.database.query(
      `select distinct on (tenant_id) mac_version, link_version from audit_chain
       order by tenant_id, position desc`,
    )
    expect(ends).toContainEqual({ mac_version: 2, link_version: 2 })
    for (const { audit } of [stage.keywell, process()]) {
      const report = await audit.verify({ tenantId: 'ten_northwind' })
      expect(report).toMatchObject({ findings: [] })
      expect(report.entries).toBeGreaterThan(2)
    }

    // With the old version taken away the old part cannot be proved, and that is said.
    const set = (state: string) =>
      stage.database.query(
        `update tenant_keys set state = $1 where tenant_id = '@install' and version = 1`,
        [state],
      )
    await set('disabled')
    expect(await process().audit.verify({ tenantId: 'ten_northwind' })).toMatchObject({
      findings: [{ kind: 'unverifiable', position: 1 }],
    })
    // And the next run of the command brings it back.
    const [first] = (await operator().rotateTenant('@install')).versions
    expect(first).toMatchObject({ state: 'decrypt_only', auditUntil: expect.any(Date) })
    expect(await process().audit.verify()).toMatchObject({ findings: [] })
  })

  verifies('install:status', async () => {
    const idle = await newKey('idle')
    const gone = await newKey('gone')
    const begun = await operator().rotateTenant('@install', { again: true })
    const old = (await active()) - 1
    await stage.keywell.apiKeys.revoke(gone.id)
    const install = async () =>
      (await operator().status()).install.find(({ version }) => version === old)
    const idleOne = { id: idle.id, name: 'idle', lastUsedAt: null }
    expect(begun.versions.at(-2)?.apiKeys).toContainEqual(idleOne)
    const held = await install()
    expect(held?.apiKeys).toContainEqual(idleOne)
    expect(held?.apiKeys.map(({ id }) => id)).not.toContain(gone.id)
    const daysLeft = ((held?.auditUntil?.getTime() ?? 0) - Date.now()) / 86_400_000
    expect(daysLeft).toBeGreaterThan(89.9)
    expect(daysLeft).toBeLessThan(90.1)
    await use(idle)
    expect((await install())?.apiKeys.map(({ id }) => id)).not.toContain(idle.id)
    await stage.keywell.apiKeys.revoke(idle.id)
    // With no API key left it is the log alone that holds it.
    await use(stageKey)
    const goneOn = await operator().rotateTenant('@install')
    expect(goneOn.versions.find(({ version }) => version === old)).toMatchObject({
      state: 'decrypt_only',
      records: 0,
      apiKeys: [],
      auditUntil: held?.auditUntil,
      next: null,
    })
  })

  verifies('install:rotate', async () => {
    const idle = await newKey('idle')
    const before = await active()
    const done = await operator().rotateTenant('@install', { again: true })
    expect(done).toMatchObject({ begun: true, moved: records, overtaken: 0, unreadable: [] })
    expect(done.versions.at(-1)).toMatchObject({ version: before + 1, state: 'active', records })
    expect(done.versions.at(-2)).toMatchObject({
      version: before,
      state: 'decrypt_only',
      records: 0,
      apiKeys: expect.arrayContaining([expect.objectContaining({ id: idle.id })]),
      next: null,
    })
    // Nothing is retired that is needed: by the log, or by a key that was not used yet.
    await forgetAudit(stage.database)
    const held = await operator().rotateTenant('@install', { destroy: true })
    expect(held.begun).toBe(false)
    expect(held.versions.find(({ version }) => version === before)).toMatchObject({
      state: 'decrypt_only',
      auditUntil: null,
      next: null,
    })
    await use(idle)
    await use(stageKey)
    await operator().rotateTenant('@install')
    const last = await operator().rotateTenant('@install', { destroy: true })
    expect(last.versions.map(({ state }) => state)).toEqual([
      ...Array.from({ length: before }, () => 'destroyed'),
      'active',
    ])

    // A process that starts now has never had the old ones, and everything opens.
    const late = process()
    await late.start()
    for (const key of [idle.key, stage.apiKey, (await newKey('new')).key]) {
      expect((await readAt(late, key)).status).toBe(200)
      expect((await readAt(stage.keywell, key)).status).toBe(200)
    }
    expect(await late.keys.verify()).toMatchObject({ refused: {} })
    expect(await late.keys.verify({ tenantId: '@install' })).toMatchObject({ opened: records })
    expect(await late.audit.verify()).toMatchObject({ findings: [] })
    await late.stop()
    expect((await stage.connect()).connection).toMatchObject({ status: 'active' })
  })

  test('a rotation goes on, and another begins on demand', async () => {
    const before = await active()
    expect(await operator().rotateTenant('@install')).toMatchObject({ begun: true })
    expect(await operator().rotateTenant('@install')).toMatchObject({ begun: false, moved: 0 })
    expect(await active()).toBe(before + 1)
    const again = await operator().rotateTenant('@install', { again: true })
    expect(again).toMatchObject({ begun: true, moved: records })
    expect(await active()).toBe(before + 2)
  })

  verifies(
    'install:killed',
    async () => {
      for (const { id } of await stage.keywell.apiKeys.list()) {
        if (id !== stageKey.id) await stage.keywell.apiKeys.revoke(id).catch(() => {})
      }
      await finish()
      // The two databases share the steps: one is killed at the odd ones.
      let steps = stage.database.kind === 'postgres' ? 1 : 2
      for (let died = true; died; steps += 2) {
        const database = mortal(stage.database, steps)
        await process(database).keys.rotateTenant('@install').catch(onlyKilled)
        died = database.died
        expect((await stage.read()).status, `killed at ${steps}`).toBe(200)
        const done = await finish()
        expect(done, `killed at ${steps}`).toMatchObject({ overtaken: 0, unreadable: [] })
        const present = done.versions.pop()
        expect(present, `killed at ${steps}`).toMatchObject({ state: 'active', records })
        const states = done.versions.map(({ state }) => state)
        expect(new Set(states), `killed at ${steps}`).toEqual(new Set(['destroyed']))
      }
      expect(steps).toBeGreaterThan(records)
      expect(await operator().verify()).toMatchObject({ refused: {} })
      expect(await process().audit.verify()).toMatchObject({ findings: [] })
    },
    { timeout: 60_000 },
  )

  /** Everything that an old version needs is there, and it is retired as it should be. */
  async function finish() {
    await forgetAudit(stage.database)
    await endSessions()
    await use(stageKey)
    await operator().rotateTenant('@install', { destroy: true })
    return await operator().rotateTenant('@install', { destroy: true })
  }
})

/** A process that was killed ended by nothing else. */
function onlyKilled(error: unknown): void {
  if (!(error instanceof Error) || !inCauses(error, 'killed')) throw error
}

function inCauses(error: Error, message: string): boolean {
  if (error.message === message) return true
  return error.cause instanceof Error && inCauses(error.cause, message)
}
