import { auditLineSchema, exportAuditSchema } from '@keywell/protocol'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { tryLockChains } from '../store/audit-chain.ts'
import { schemaOwner } from '../store/scope.ts'
import { createAudit } from './audit.ts'
import { type ChainStage, createChainStage, makeHeadKey } from './chain.test.support.ts'
import { createChainer } from './chainer.ts'
import { createAuditRetention } from './retention.ts'
import { createAuditReader } from './search.ts'

/** The columns of an entry as they were written, by the service and the database. */
const written = `tenant_id, id, at, actor, action, user_id, connection_id, generation, result, reason,
  request_id, call, mac_version, mac`

describeEachDatabase('the chain of the audit log', (makeDatabase) => {
  let database: TestDatabase
  let stage: ChainStage
  let stages = 0
  let ids = 0

  beforeAll(async () => {
    database = await makeDatabase()
  })
  beforeEach(async () => {
    stage = await makeStage()
  })

  const makeId = () => {
    ids += 1
    return `aud_${String(ids).padStart(6, '0')}`
  }

  /** A tenant of its own, since what is written stays. */
  function makeStage(): Promise<ChainStage> {
    stages += 1
    return createChainStage({ database, tenantId: `org_${stages}`, makeId })
  }

  const positions = () =>
    database
      .query<{ position: number }>(
        `select position::float8 as position from audit_chain where tenant_id = $1
         order by position`,
        [stage.tenantId],
      )
      .then((rows) => rows.map(({ position }) => position))

  describe('untouched', () => {
    test('is in order, and says how much it has', async () => {
      await stage.write(3)
      await stage.sign()
      await stage.write(2)
      expect(await stage.verify()).toEqual({ tenants: 1, entries: 5, heads: 1, findings: [] })
      expect(await positions()).toEqual([1, 2, 3, 4, 5])
    })

    test('is in order where nothing was written', async () => {
      expect(await stage.verify()).toEqual({ tenants: 1, entries: 0, heads: 0, findings: [] })
    })

    test('any text can be proved', async () => {
      const odd = `'; drop table audit; --"\\n\n{}[]🔑\u2028`
      await stage.audit.commit(stage.entry({ userId: odd, reason: '', actor: odd }))
      await stage.write(1)
      expect(await stage.verify()).toMatchObject({ entries: 2, findings: [] })
    })

    test('goes on under a new key, and the old rows are proved with the old one', async () => {
      await stage.write(2)
      stage.keys.rotate()
      await stage.write(2)
      expect(await stage.verify()).toMatchObject({ entries: 4, findings: [] })
    })

    test('an entry that waits for its link is not missed', async () => {
      await stage.write(1)
      await stage.audit.commit(stage.entry())
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
    })

    test('entries of a change that was rolled back leave no gap', async () => {
      await stage.write(1)
      const refused = database.transaction(stage.tenantId, async (sql) => {
        await stage.audit.write(sql, stage.entry())
        throw new Error('no')
      })
      await expect(refused).rejects.toThrow('no')
      await stage.write(1)
      expect(await positions()).toEqual([1, 2])
      expect(await stage.verify()).toMatchObject({ entries: 2, findings: [] })
    })

    test('all tenants are walked, and more than a batch of entries', async () => {
      const other = await makeStage()
      await other.write(1)
      const many = Array.from({ length: 2_100 }, () => stage.audit.commit(stage.entry()))
      await Promise.all(many)
      await stage.write(1)
      let reported = 0
      const report = await stage.verify({
        tenantId: undefined,
        progress: () => {
          reported += 1
        },
      })
      expect(report.tenants).toBeGreaterThanOrEqual(2)
      expect(report.entries).toBeGreaterThanOrEqual(2_102)
      expect(reported).toBeGreaterThan(report.tenants)
      expect(report.findings.filter(({ tenantId }) => tenantId === stage.tenantId)).toEqual([])
    }, 30_000)
  })

  verifies('audit:small-entries', async () => {
    // As a read of the service has them.
    const id = (kind: string) => `${kind}_01K5X0J9ZQ8V4T2N6R7W3Y1B0C`
    const read = { actor: `key:${id('key')}`, connectionId: id('con'), requestId: id('req') }
    const audit = createAudit({ database, keys: stage.keys, makeId: () => id('aud') })
    await audit.commit(stage.entry({ ...read, userId: 'usr_8f14e45f' }))
    await stage.chainer.link()
    const sizes = await database.query<{ bytes: number }>(
      'select pg_column_size(a.*) as bytes from audit_chain a where tenant_id = $1',
      [stage.tenantId],
    )
    expect(sizes).toHaveLength(1)
    expect(sizes[0]?.bytes).toBeLessThan(290)
  })

  verifies.suite('T30:append-only', () => {
    const tables = ['audit_chain', 'audit_heads', 'audit_cuts']

    test.each(tables)('%s', async (table) => {
      await stage.write(1)
      await stage.sign()
      await plantCut()
      // The owner of the tables; for the roles of the service see T30:append-only-roles.
      await expect(
        database.query(`update ${table} set at = now() where tenant_id = $1`, [stage.tenantId]),
      ).rejects.toThrow('may only be appended to')
      await expect(
        database.query(`delete from ${table} where tenant_id = $1`, [stage.tenantId]),
      ).rejects.toThrow('may only be appended to')
      await expect(database.query(`truncate ${table}`)).rejects.toThrow('may only be appended to')
    })

    test('what is younger than a day stays, also if the deletion claims to be for retention', async () => {
      await stage.write(1)
      const removal = database.owner.transaction(schemaOwner, async (sql) => {
        await sql.query("select set_config('app.audit_retention', 'on', true)")
        await sql.query('delete from audit_chain where tenant_id = $1', [stage.tenantId])
      })
      await expect(removal).rejects.toThrow('may only be appended to')
    })
  })

  verifies.suite('T30:altered-row', () => {
    const changes = [
      `actor = 'key:key_2'`,
      `action = 'connection.disconnect'`,
      `user_id = 'user_2'`,
      'user_id = null',
      `connection_id = 'con_2'`,
      'generation = 2',
      `result = 'denied'`,
      `reason = ''`,
      'request_id = null',
      `call = '{}'`,
    ]
    test.each(changes)('%s', async (change) => {
      const [, second] = await stage.write(3)
      await stage.tamper(`update audit_chain set ${change} where tenant_id = $1 and id = $2`, [
        stage.tenantId,
        second ?? '',
      ])
      expect(await stage.verify()).toMatchObject({
        findings: [
          {
            kind: 'altered',
            tenantId: stage.tenantId,
            position: 2,
            entryId: second,
            at: expect.any(Date),
          },
        ],
      })
    })

    test('what it says of a call', async () => {
      // Texts of others, which jsonb could not hold.
      const call = { tool: 'gitlab_issue_get', target: { project_id: 'acme\u0000\ud800' } }
      await stage.audit.commit(stage.entry({ call }))
      await stage.chainer.link()
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
      await stage.tamper(
        `update audit_chain set call = replace(call::text, 'get', 'delete')::json where tenant_id = $1`,
        [stage.tenantId],
      )
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'altered', position: 1 }] })
    })

    test('its time', async () => {
      const [, second] = await stage.write(3)
      await stage.tamper(
        `update audit_chain set at = at + interval '1 microsecond' where tenant_id = $1 and id = $2`,
        [stage.tenantId, second ?? ''],
      )
      expect(await stage.verify()).toMatchObject({
        findings: [{ kind: 'reordered', position: 2, entryId: second }],
      })
    })

    test('before it was linked', async () => {
      await stage.audit.commit(stage.entry())
      await stage.tamper(`update audit_tail set user_id = 'user_2' where tenant_id = $1`, [
        stage.tenantId,
      ])
      await stage.chainer.link()
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'altered', position: 1 }] })
    })

    test('together with its MAC, by an attacker with another key', async () => {
      const [first] = await stage.write(2)
      await stage.tamper(`update audit_chain set mac = '\\x00' where tenant_id = $1 and id = $2`, [
        stage.tenantId,
        first ?? '',
      ])
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'altered', position: 1 }] })
    })
  })

  verifies.suite('T30:missing-row', () => {
    test('between others', async () => {
      const [, second] = await stage.write(3)
      await remove(second)
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'missing', position: 2 }] })
    })

    test('the first, as if retention had removed it', async () => {
      const [first] = await stage.write(3)
      await remove(first)
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'missing', position: 1 }] })
    })
  })

  verifies.suite('T30:reordered-rows', () => {
    test('two that changed places', async () => {
      await stage.write(4)
      await stage.tamper(
        `with swapped as (
           delete from audit_chain where tenant_id = $1 and position in (2, 3) returning *
         )
         insert into audit_chain (position, ${written}, link_version, link)
         select 5 - position + 100, ${written}, link_version, link from swapped`,
        [stage.tenantId],
      )
      await stage.tamper(
        `update audit_chain set position = position - 100
         where tenant_id = $1 and position > 100`,
        [stage.tenantId],
      )
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'reordered', position: 2 }] })
    })

    test('a chain written anew by an attacker with the key of today is found by its head', async () => {
      await stage.write(2)
      await stage.sign()
      await stage.tamper(
        `insert into audit_tail (${written}) select ${written} from audit_chain
         where tenant_id = $1 order by position desc`,
        [stage.tenantId],
      )
      await stage.tamper('delete from audit_chain where tenant_id = $1', [stage.tenantId])
      await stage.chainer.link()
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'reordered', position: 2 }] })
    })
  })

  verifies.suite('T30:cut-off-end', () => {
    test('the last entries with their links', async () => {
      const [, , third] = await stage.write(3)
      await stage.sign()
      await remove(third)
      expect(await stage.verify()).toMatchObject({
        findings: [{ kind: 'cut_off', position: 3, at: expect.any(Date) }],
      })
    })

    test('with the heads in the database, when one was kept elsewhere', async () => {
      const [, , third] = await stage.write(3)
      await stage.sign()
      expect(stage.loggedHeads).toHaveLength(1)
      await remove(third)
      await stage.tamper('delete from audit_heads where tenant_id = $1', [stage.tenantId])
      expect(await stage.verify()).toMatchObject({ findings: [] })
      expect(await stage.verify({ heads: stage.loggedHeads })).toMatchObject({
        findings: [{ kind: 'cut_off', position: 3 }],
      })
      // And when it has grown again meanwhile.
      await stage.write(1)
      expect(await stage.verify({ heads: stage.loggedHeads })).toMatchObject({
        findings: [{ kind: 'reordered', position: 3 }],
      })
    })

    test('the whole tenant', async () => {
      await stage.write(2)
      await stage.sign()
      for (const table of ['audit_chain', 'audit_heads']) {
        await stage.tamper(`delete from ${table} where tenant_id = $1`, [stage.tenantId])
      }
      const report = await stage.verify({ tenantId: undefined, heads: stage.loggedHeads })
      expect(report.findings).toContainEqual(
        expect.objectContaining({ kind: 'cut_off', tenantId: stage.tenantId, position: 1 }),
      )
    })
  })

  verifies.suite('T30:planted-row', () => {
    test('an entry that waits for its chain', async () => {
      await stage.write(1)
      await plantWaiting()
      expect(await stage.verify()).toMatchObject({
        findings: [{ kind: 'planted', position: null, entryId: 'aud_planted' }],
      })
      // And once it was linked, since linking does not check entries.
      await stage.chainer.link()
      expect(await stage.verify()).toMatchObject({
        findings: [{ kind: 'altered', position: 2, entryId: 'aud_planted' }],
      })
    })

    test('a copy of an entry, at another time', async () => {
      const [first] = await stage.write(2)
      await stage.tamper(
        `insert into audit_chain (position, ${written}, link_version, link)
         select position, ${written.replace('at,', "at + interval '1 hour',")}, link_version, link
         from audit_chain where tenant_id = $1 and id = $2`,
        [stage.tenantId, first ?? ''],
      )
      const { findings } = await stage.verify()
      expect(findings).toMatchObject([{ position: 1, entryId: first }])
      expect(['planted', 'reordered']).toContain(findings[0]?.kind)
    })

    test('a genuine entry, once more at the end of its chain', async () => {
      const [first] = await stage.write(2)
      await stage.tamper(
        `insert into audit_chain (position, ${written}, link_version, link)
         select 3, ${written}, link_version, link from audit_chain where tenant_id = $1 and id = $2`,
        [stage.tenantId, first ?? ''],
      )
      expect(await stage.verify()).toMatchObject({
        findings: [{ kind: 'reordered', position: 3, entryId: first }],
      })
    })

    test('an entry that has the position of another, where a batch ends', async () => {
      await Promise.all(Array.from({ length: 1_000 }, () => stage.audit.commit(stage.entry())))
      await stage.chainer.link()
      await plant(1_000)
      expect((await stage.verify()).findings).toHaveLength(1)
    })

    test('an entry at the end of its chain, without the key', async () => {
      await stage.write(1)
      await plant(2)
      expect(await stage.verify()).toMatchObject({ findings: [{ position: 2 }] })
    })

    test('an entry beyond the end of its chain', async () => {
      await stage.write(1)
      await plant(7)
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'missing', position: 2 }] })
    })

    test('a cut', async () => {
      const [first] = await stage.write(2)
      await remove(first)
      await plantCut()
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'forged', position: 1 }] })
    })

    test('a head, in the database or handed in', async () => {
      await stage.write(1)
      const foreign = await (await makeHeadKey()).sign({}, 'keywell-audit-head+jwt')
      expect(await stage.verify({ heads: [foreign] })).toMatchObject({
        findings: [{ kind: 'forged' }],
      })
      await stage.tamper(
        `insert into audit_heads (tenant_id, position, link, token)
         select tenant_id, position, link, $2 from audit_chain where tenant_id = $1`,
        [stage.tenantId, foreign],
      )
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'forged', position: 1 }] })
    })
  })

  test('an export of more than one batch is whole, and goes on from anywhere', async () => {
    await Promise.all(Array.from({ length: 1_200 }, () => stage.audit.commit(stage.entry())))
    await stage.chainer.link()
    const read = async (after: number): Promise<number[]> => {
      const query = exportAuditSchema.parse({ tenantId: stage.tenantId, after })
      let text = ''
      for await (const part of createAuditReader(database).export(query)) text += part
      const lines = text.trimEnd().split('\n')
      return lines.map((line) => auditLineSchema.parse(JSON.parse(line)).position)
    }
    const whole = Array.from({ length: 1_200 }, (_, index) => index + 1)
    expect(await read(0)).toEqual(whole)
    expect(await read(777)).toEqual(whole.slice(777))
  })

  verifies('T30:one-chain', async () => {
    const replicas = await Promise.all([1, 2].map(() => makeReplica()))
    const work = replicas.map(async ({ audit, chainer }) => {
      for (let round = 0; round < 10; round += 1) {
        const written = Array.from({ length: 20 }, () => audit.commit(stage.entry()))
        await database.transaction(stage.tenantId, (sql) => audit.write(sql, stage.entry()))
        await Promise.all([...written, chainer.link()])
      }
    })
    await Promise.all(work)
    await stage.chainer.link()
    expect(await positions()).toEqual(Array.from({ length: 420 }, (_, index) => index + 1))
    expect(await stage.verify()).toMatchObject({ entries: 420, findings: [] })
  })

  test('one process at a time links, signs and trims', async ({ skip }) => {
    skip(database.kind === 'pglite', 'it has one session, which cannot be shared')
    await writeAged('110 days', 1)
    await stage.audit.commit(stage.entry())
    const retention = createAuditRetention({ database, keys: stage.keys, days: 90 })
    await database.owner.transaction(schemaOwner, async (sql) => {
      expect(await tryLockChains(sql)).toBe(true)
      expect(await stage.chainer.link()).toBe(0)
      expect(await retention.trim()).toMatchObject({ entries: 0 })
      await database.query("update audit_heads_due set since = now() - interval '2 minutes'")
      expect(await stage.heads.sign()).toBe(0)
    })
    expect(await stage.chainer.link()).toBe(1)
    expect(await retention.trim()).toMatchObject({ entries: 1 })
    expect(await stage.heads.sign()).toBeGreaterThanOrEqual(1)
    expect(await stage.verify()).toMatchObject({ entries: 1, heads: 1, findings: [] })
  })

  verifies.suite('T30:retention', () => {
    // There are no weeks of that time, so these go row by row, two weeks after their 90 days.
    const trim = async () =>
      (await createAuditRetention({ database, keys: stage.keys, days: 90 }).trim()).entries

    test('what is old goes, and the rest is proved', async () => {
      await writeAged('110 days', 3)
      await writeAged('100 days', 2)
      await stage.sign()
      expect(await trim()).toBe(3)
      expect(await trim()).toBe(0)
      expect(await positions()).toEqual([4, 5])
      expect(await stage.verify()).toEqual({ tenants: 1, entries: 2, heads: 1, findings: [] })
      await stage.write(1)
      expect(await stage.verify()).toMatchObject({ entries: 3, findings: [] })
    })

    test('the first that stayed cannot go after all', async () => {
      await writeAged('110 days', 2)
      const [, , first] = [...(await stage.write(3))].reverse()
      await trim()
      await remove(first)
      expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'missing', position: 3 }] })
    })

    test('a chain that is all old begins again where it ended', async () => {
      await writeAged('110 days', 2)
      expect(await trim()).toBe(2)
      expect(await stage.verify()).toMatchObject({ entries: 0, findings: [] })
      await stage.write(1)
      expect(await positions()).toEqual([3])
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
    })

    test('an older entry behind a younger one waits for it', async () => {
      await writeAged('10 days', 1)
      await writeAged('110 days', 1)
      expect(await trim()).toBe(0)
      expect(await positions()).toEqual([1, 2])
    })

    test('cuts again where it cut before', async () => {
      await writeAged('120 days', 2)
      await trim()
      await writeAged('110 days', 2)
      await writeAged('1 day', 1)
      expect(await trim()).toBe(2)
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
    })

    test('less than two days is refused', () => {
      expect(() => createAuditRetention({ database, keys: stage.keys, days: 1 })).toThrow(TypeError)
      expect(() => createAuditRetention({ database, keys: stage.keys, days: Number.NaN })).toThrow(
        TypeError,
      )
    })
  })

  async function makeReplica() {
    return {
      audit: createAudit({ database, keys: stage.keys, makeId }),
      chainer: createChainer({ database, keys: stage.keys }),
    }
  }

  async function remove(entryId: string | undefined): Promise<void> {
    await stage.tamper('delete from audit_chain where tenant_id = $1 and id = $2', [
      stage.tenantId,
      entryId ?? '',
    ])
  }

  /** An entry that the service never wrote, with the MAC and the link of another. */
  async function plant(position: number): Promise<void> {
    await stage.tamper(
      `insert into audit_chain (position, tenant_id, id, at, actor, action, result, mac_version, mac,
         link_version, link)
       select $2, tenant_id, 'aud_planted', now(), 'key:key_9', 'credential.read', 'ok', 1, mac, 1, link
       from audit_chain where tenant_id = $1 limit 1`,
      [stage.tenantId, position],
    )
  }

  async function plantWaiting(): Promise<void> {
    await stage.tamper(
      `insert into audit_tail (tenant_id, id, actor, action, result, mac_version, mac)
       select tenant_id, 'aud_planted', 'key:key_9', 'credential.read', 'ok', 1, mac
       from audit_chain where tenant_id = $1 limit 1`,
      [stage.tenantId],
    )
  }

  async function plantCut(): Promise<void> {
    await stage.tamper(
      `insert into audit_cuts (tenant_id, position, link, mac_version, mac)
       values ($1, 1, '\\x00', 1, '\\x00')`,
      [stage.tenantId],
    )
  }

  /** Entries that were written so long ago: their time is the database's, so it is set back there. */
  async function writeAged(age: string, count: number): Promise<void> {
    for (let written = 0; written < count; written += 1) await stage.audit.commit(stage.entry())
    await stage.tamper('update audit_tail set at = at - $2::interval where tenant_id = $1', [
      stage.tenantId,
      age,
    ])
    await stage.chainer.link()
  }
})
