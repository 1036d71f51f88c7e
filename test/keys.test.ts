/** Keys that are replaced, and records that are moved where they do not belong, in real databases. */

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile, createKeywell, type Database, keyFile, localKeys } from '@keywell/server'
import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createOvertaking, sealEverything, sealedColumns } from './support/everything-sealed.ts'
import { withStatements } from './support/inspected.ts'
import { mortal } from './support/mortal-database.ts'
import { parseScrape } from './support/scrape.ts'
import { createStage, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const keyWaits = { settleMs: 0, destroyMs: 0, replicasMs: 10_000 }

describeEachDatabase('keys', (makeDatabase) => {
  let stage: Stage
  let next = 0
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-keys-')), 'root-keys')
  const overtaking = createOvertaking(() => stage.database)

  beforeAll(async () => {
    createKeyFile(keyPath)
    stage = await createStage(await makeDatabase(), {
      role: 'serve',
      keyPath,
      keyWaits,
      faultPoint: overtaking.faultPoint,
    })
  })
  afterAll(() => stage.stop())

  const newTenant = () => {
    next += 1
    return `ten_keys_${next}`
  }
  const everything = () =>
    sealEverything(stage, { tenantId: newTenant(), overtaken: overtaking.tenants })

  async function connected() {
    const who = { tenantId: newTenant(), userId: 'usr_main' }
    const { connection } = await stage.connect({ who })
    if (connection === null) throw new Error('not connected')
    return { who, id: connection.id }
  }

  /** A new first line: a process that reads the file now wraps with another root key. */
  function putNewRootKeyFirst(): void {
    const other = join(mkdtempSync(join(tmpdir(), 'keywell-keys-')), 'other')
    createKeyFile(other)
    const lines = readFileSync(other, 'utf8') + readFileSync(keyPath, 'utf8')
    writeFileSync(keyPath, lines, { mode: 0o600 })
  }

  /** The operator's command: another process would have its own keys, vault and memory. */
  const operator = (database: Database = stage.database) =>
    createKeywell({
      database,
      keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
      publicUrl: stage.url,
      keyWaits,
    }).keys

  const generations = (tenantId: string) =>
    stage.database.query(
      `select connection_id, generation, expires_at, issued_at from credentials
       where tenant_id = $1 order by connection_id`,
      [tenantId],
    )
  const states = async (tenantId: string) =>
    (
      await stage.database.query<{ state: string }>(
        'select state from tenant_keys where tenant_id = $1 order by version',
        [tenantId],
      )
    ).map(({ state }) => state)
  const alarms = async () => {
    const { samples } = parseScrape((await stage.keywell.metrics()).text)
    const refusals = samples.filter(({ name }) => name === 'keywell_vault_refusals_total')
    return refusals.reduce((sum, { value }) => sum + value, 0)
  }

  verifies('keys:every-column', async () => {
    const columns = await stage.database.query<{ name: string }>(
      `select table_name || '.' || column_name as name from information_schema.columns
       where table_schema = current_schema() and data_type = 'bytea' order by 1`,
    )
    const unsealed = /\.(mac|\w+_mac|hash|binding_hash|link|wrapped)$/
    expect(columns.map(({ name }) => name).filter((name) => !unsealed.test(name))).toEqual(
      sealedColumns,
    )
    const { who } = await everything()
    const found = await operator().verify({ tenantId: who.tenantId })
    // Two connections, an approval, a tool's change, one kept aside, one to withdraw, verifier and code, an integration, two secrets.
    expect(found).toEqual({ tenants: 1, opened: 11, refused: {}, rows: [] })
    expect(await operator().verify()).toMatchObject({ refused: {} })
    const { behind } = await operator().status()
    expect(behind).toEqual([])
  })

  verifies('keys:verify', async () => {
    const { who, id } = await connected()
    await stage.database.query(
      `update credentials set sealed = set_byte(sealed, 100, get_byte(sealed, 100) # 1)
       where tenant_id = $1`,
      [who.tenantId],
    )
    const found = await operator().verify()
    expect(found.refused).toEqual({ tampered: 1 })
    expect(found.rows).toEqual([
      {
        source: 'credentials.sealed',
        tenantId: who.tenantId,
        recordId: id,
        field: 'token_set',
        generation: 1,
        reason: 'tampered',
      },
    ])
    await stage.database.query('delete from credentials where tenant_id = $1', [who.tenantId])
  })

  verifies('keys:rotate-tenant', async () => {
    const { who } = await everything()
    const before = await generations(who.tenantId)
    const { body } = await stage.read(who)

    const done = await operator().rotateTenant(who.tenantId)
    expect(done).toMatchObject({ begun: true, moved: 11, overtaken: 0, unreadable: [] })
    expect(done.versions).toMatchObject([
      { version: 1, state: 'disabled', records: 0, next: { state: 'destroyed' } },
      { version: 2, state: 'active', records: 11, next: null },
    ])
    expect(await generations(who.tenantId)).toEqual(before)
    expect((await stage.read(who)).body).toMatchObject({ credential: body.credential })
    expect(await operator().verify({ tenantId: who.tenantId })).toMatchObject({ opened: 11 })

    const last = await operator().rotateTenant(who.tenantId, { destroy: true })
    expect(last).toMatchObject({ begun: false, moved: 0 })
    expect(await states(who.tenantId)).toEqual(['destroyed', 'active'])
    expect((await stage.read(who)).status).toBe(200)
  })

  verifies('keys:overtaken', async () => {
    const { who, id } = await connected()
    const past = "now() - interval '1 second'"
    /** A refresh comes between the look at the credential and its move. */
    async function refresh(): Promise<void> {
      for (const change of [
        `update credentials set expires_at = ${past} where tenant_id = $1 and connection_id = $2`,
        `update refresh_schedule set refresh_at = ${past} where tenant_id = $1 and connection_id = $2`,
      ]) {
        await stage.database.query(change, [who.tenantId, id])
      }
      expect((await stage.read(who)).body).toMatchObject({ generation: 2 })
    }
    const racing = withStatements(
      { ...stage.database, close: async () => {} },
      async (run, text) => {
        if (text.startsWith('update credentials set sealed')) await refresh()
        return await run()
      },
    )
    const done = await operator(racing).rotateTenant(who.tenantId)
    expect(done).toMatchObject({ moved: 0, overtaken: 1, unreadable: [] })
    expect(done.versions.at(-1)).toMatchObject({ version: 2, records: 1 })
    expect((await stage.read(who)).body).toMatchObject({ generation: 2 })
    expect(await operator().verify({ tenantId: who.tenantId })).toMatchObject({ opened: 1 })
  })

  verifies('keys:waits', async () => {
    const { who } = await connected()
    const slow = createKeywell({
      database: stage.database,
      keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
      publicUrl: stage.url,
    }).keys
    const age = (interval: string) =>
      stage.database.query(
        `update tenant_keys set state_since = now() - $2::interval where tenant_id = $1`,
        [who.tenantId, interval],
      )
    await slow.rotateTenant(who.tenantId, { destroy: true })
    expect(await states(who.tenantId), 'destroying begins nothing').toEqual(['active'])
    await slow.rotateTenant(who.tenantId)
    expect(await states(who.tenantId)).toEqual(['decrypt_only', 'active'])
    await age('9 minutes')
    await slow.rotateTenant(who.tenantId)
    expect(await states(who.tenantId)).toEqual(['decrypt_only', 'active'])
    await age('11 minutes')
    await slow.rotateTenant(who.tenantId)
    expect(await states(who.tenantId)).toEqual(['disabled', 'active'])
    await age('6 days')
    await slow.rotateTenant(who.tenantId, { destroy: true })
    expect(await states(who.tenantId)).toEqual(['disabled', 'active'])
    await age('8 days')
    await slow.rotateTenant(who.tenantId, { destroy: true })
    expect(await states(who.tenantId)).toEqual(['destroyed', 'active'])
  })

  verifies('keys:disabled', async () => {
    const { who } = await connected()
    const [old] = await stage.database.query<{ sealed: Uint8Array }>(
      'select sealed from credentials where tenant_id = $1',
      [who.tenantId],
    )
    await operator().rotateTenant(who.tenantId)
    expect((await stage.read(who)).status).toBe(200)
    // Sealed before the rotation, and committed after it: no read may open it, and the rotation must not overlook it.
    await stage.database.query(
      'update credentials set sealed = $2, key_version = 1 where tenant_id = $1',
      [who.tenantId, old?.sealed ?? null],
    )
    const before = await alarms()
    expect(await stage.read(who)).toMatchObject({ body: { code: 'credential_unreadable' } })
    expect(await alarms()).toBe(before + 1)
    expect(stage.logs.filter((line) => line.includes('"alarm":"disabled_key"'))).toHaveLength(1)

    const held = await operator().rotateTenant(who.tenantId, { destroy: true })
    expect(held).toMatchObject({ begun: false, moved: 1 })
    expect((await stage.read(who)).status).toBe(200)
    expect(await operator().verify({ tenantId: who.tenantId })).toMatchObject({ refused: {} })
  })

  verifies('keys:held-by-a-record', async () => {
    const { who, id } = await connected()
    await stage.database.query(
      `update credentials set sealed = set_byte(sealed, 100, get_byte(sealed, 100) # 1)
       where tenant_id = $1`,
      [who.tenantId],
    )
    for (const destroy of [false, true]) {
      const held = await operator().rotateTenant(who.tenantId, { destroy })
      expect(held).toMatchObject({
        moved: 0,
        unreadable: [{ tenantId: who.tenantId, recordId: id, reason: 'tampered' }],
      })
      expect(held.versions[0]).toMatchObject({ state: 'decrypt_only', records: 1, next: null })
    }
    const { behind } = await operator().status()
    expect(behind).toEqual([{ tenantId: who.tenantId, keyVersion: 1, records: 1 }])
    // It is mended, as from a backup, and all goes on; a version that is disabled is held the same way.
    await stage.database.query(
      `update credentials set sealed = set_byte(sealed, 100, get_byte(sealed, 100) # 1)
       where tenant_id = $1`,
      [who.tenantId],
    )
    const mended = await operator().rotateTenant(who.tenantId, { destroy: true })
    expect(mended).toMatchObject({ begun: false, moved: 1, unreadable: [] })
    expect((await stage.read(who)).status).toBe(200)
  })

  verifies('keys:dropped-at-once', async () => {
    const { who } = await connected()
    await stage.read(who)
    await stage.database.query(`update tenant_keys set state = 'disabled' where tenant_id = $1`, [
      who.tenantId,
    ])
    expect((await stage.read(who)).status, 'the key is in memory').toBe(200)
    await stage.database.query(`select pg_notify('keywell_keys', $1)`, [who.tenantId])
    await until('forgotten', async () => (await stage.read(who)).status === 500)
    await stage.database.query(`update tenant_keys set state = 'active' where tenant_id = $1`, [
      who.tenantId,
    ])
    expect((await stage.read(who)).status).toBe(200)
  })

  verifies('keys:rotate-root', async () => {
    const { who } = await everything()
    const before = await generations(who.tenantId)
    const [old] = (await operator().status()).rootKeys
    putNewRootKeyFirst()
    const { length: all } = await stage.database.query(
      `select from tenant_keys where state <> 'destroyed'`,
    )
    const done = await operator().rotateRoot()
    expect(done).toMatchObject({ rewrapped: all, failed: [], left: [], stale: [] })
    expect(done.primary).not.toBe(old?.id)
    expect(done.removable).toContain(old?.id)
    expect(await generations(who.tenantId)).toEqual(before)
    expect((await operator().status()).rootKeys[0]).toMatchObject({
      id: done.primary,
      role: 'primary',
      wrappedWithBy: 1,
    })
    // The old line is taken away: whatever was sealed opens, and what is new is wrapped with the new key.
    writeFileSync(keyPath, `${readFileSync(keyPath, 'utf8').split('\n')[0]}\n`)
    expect(await operator().verify()).toMatchObject({ refused: {} })
    expect((await stage.read(who)).status).toBe(200)
    const fresh = await connected()
    expect(
      await stage.database.query('select kek_id as "kekId" from tenant_keys where tenant_id = $1', [
        fresh.who.tenantId,
      ]),
    ).toEqual([{ kekId: done.primary }])
    expect(await operator().rotateRoot()).toMatchObject({ rewrapped: 0, removable: [] })
  })

  verifies('keys:rotate-root-held', async () => {
    const { who } = await connected()
    const damage = () =>
      stage.database.query(
        `update tenant_keys set wrapped = set_byte(wrapped, 131, get_byte(wrapped, 131) # 1)
         where tenant_id = $1`,
        [who.tenantId],
      )
    const [old] = (await operator().status()).rootKeys
    putNewRootKeyFirst()
    await damage()
    const held = await operator().rotateRoot()
    expect(held.rewrapped).toBeGreaterThan(0)
    expect(held).toMatchObject({
      failed: [{ tenantId: who.tenantId, version: 1, kekId: old?.id, reason: 'tampered' }],
      left: [{ kekId: old?.id, count: 1 }],
      removable: [],
    })
    await damage() // the same bit again: as it was
    expect(await operator().rotateRoot()).toMatchObject({
      rewrapped: 1,
      failed: [],
      left: [],
      removable: [old?.id],
    })
    expect((await stage.read(who)).status).toBe(200)
  })

  verifies('keys:rotate-root-refused', async () => {
    const { who } = await connected()
    const before = readFileSync(keyPath, 'utf8')
    putNewRootKeyFirst()
    const keys = localKeys(keyFile({ path: keyPath, warn: () => {} }))
    writeFileSync(keyPath, before)
    // The running service cannot find the new key where it reads its own.
    const ahead = createKeywell({
      database: stage.database,
      keys,
      publicUrl: stage.url,
      keyWaits: { replicasMs: 300 },
    }).keys
    for (const rotate of [ahead.rotateRoot, () => ahead.rotateTenant(who.tenantId)]) {
      await expect(rotate()).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(
          `1 of 1 running processes do not know the root key ${keys.primary}`,
        ),
      })
    }
    expect(await states(who.tenantId)).toEqual(['active'])
    expect((await stage.read(who)).status).toBe(200)
    const { rootKeys } = await operator().status()
    expect(rootKeys.map(({ id }) => id)).not.toContain(keys.primary)

    // A file that cannot be read takes no key away from who has read it before.
    writeFileSync(keyPath, 'no key')
    await stage.database.query(`select pg_notify('keywell_keys', '*')`)
    await until('it is logged', () =>
      stage.logs.some((line) => line.includes('"root key reload failed"')),
    )
    expect((await stage.read(who)).status).toBe(200)
    expect((await connected()).id).toMatch(/^con_/)
    writeFileSync(keyPath, before)
  })

  verifies(
    'keys:killed',
    async () => {
      const { who } = await connected()
      const { tenantId } = who
      await stage.connect({ who: { tenantId, userId: 'usr_second' } })
      const before = await generations(tenantId)
      const unharmed = operator()
      for (let steps = 1, died = true; died; steps += 1) {
        const database = mortal(stage.database, steps)
        await operator(database).rotateTenant(tenantId).catch(onlyKilled)
        died = database.died
        expect((await stage.read(who)).status, `killed at ${steps}`).toBe(200)
        const done = await unharmed.rotateTenant(tenantId)
        expect(done).toMatchObject({ overtaken: 0, unreadable: [] })
        const versions = await states(tenantId)
        expect(versions.pop()).toBe('active')
        expect(new Set(versions)).toEqual(new Set(['disabled']))
        expect(done.versions.at(-1)).toMatchObject({ state: 'active', records: 2 })
        expect(await generations(tenantId)).toEqual(before)
      }
      putNewRootKeyFirst()
      for (let steps = 1, died = true; died; steps += 1) {
        const database = mortal(stage.database, steps)
        await operator(database).rotateRoot().catch(onlyKilled)
        died = database.died
        expect((await stage.read(who)).status, `killed at ${steps}`).toBe(200)
        expect(await operator().rotateRoot()).toMatchObject({ failed: [], left: [], stale: [] })
        if (steps % 4 === 0) putNewRootKeyFirst()
      }
      expect(await operator().verify()).toMatchObject({ refused: {} })
    },
    { timeout: 60_000 },
  )
})

/** A process that was killed ended by nothing else. */
function onlyKilled(error: unknown): void {
  if (!(error instanceof Error) || error.message !== 'killed') throw error
}
