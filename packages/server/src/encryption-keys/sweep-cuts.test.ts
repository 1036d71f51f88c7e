import { beforeAll, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { type ChainStage, createChainStage } from '../audit/chain.test.support.ts'
import { createAuditRetention } from '../audit/retention.ts'
import type { AuditKey } from '../audit/seal.ts'
import { isNamedInAudit } from '../store/install-key-holders.ts'
import { everyTenant } from '../store/scope.ts'
import { VaultError } from '../vault/vault.ts'
import type { Sweep } from './sweep.ts'
import { sweepCuts } from './sweep-cuts.ts'

describeEachDatabase('cuts under a new key', (makeDatabase) => {
  let database: TestDatabase
  let ids = 0
  let stages = 0

  beforeAll(async () => {
    database = await makeDatabase()
  })

  const makeId = () => {
    ids += 1
    return `aud_${String(ids).padStart(6, '0')}`
  }

  /** A tenant of whose chain retention has taken three entries, and with `all` there are no more. */
  async function cutOff(all = false): Promise<ChainStage> {
    stages += 1
    const stage = await createChainStage({ database, tenantId: `ten_${stages}`, makeId })
    for (let written = 0; written < 3; written += 1) await stage.audit.commit(stage.entry())
    await stage.tamper(`update audit_tail set at = at - interval '110 days' where tenant_id = $1`, [
      stage.tenantId,
    ])
    await stage.chainer.link()
    if (!all) await stage.write(2)
    expect(
      await createAuditRetention({ database, keys: stage.keys, days: 90 }).trim(),
    ).toMatchObject({ entries: 3 })
    return stage
  }

  async function sweep(stage: ChainStage, find = (version: number) => stage.keys.find(version)) {
    stage.keys.rotate()
    const { version } = stage.keys.current()
    const done: Sweep = { moved: 0, overtaken: 0, unreadable: [] }
    await sweepCuts(
      { database, auditKeys: { load: stage.keys.load, find } },
      { version, sweep: done },
    )
    return done
  }

  const cutsOf = ({ tenantId }: ChainStage) =>
    database.query<{ mac_version: number }>(
      'select position::int, link, at, mac_version from audit_cuts where tenant_id = $1',
      [tenantId],
    )
  const forget = ({ tenantId, tamper }: ChainStage) =>
    tamper('delete from audit_cuts where tenant_id = $1', [tenantId])

  verifies('install:cuts', async () => {
    const stage = await cutOff()
    const empty = await cutOff(true)
    const [before] = await cutsOf(stage)
    expect(before).toMatchObject({ position: 3, mac_version: 1 })
    expect(await isNamedInAudit(database.of(everyTenant), 1)).toBe(true)
    expect(await sweep(stage)).toEqual({ moved: 2, overtaken: 0, unreadable: [] })
    expect(await cutsOf(stage)).toEqual([{ ...before, mac_version: 2 }])
    expect(await stage.verify()).toMatchObject({ entries: 2, findings: [] })
    // Of a tenant that is silent nothing but its cut names a key, and that is the new one now.
    expect(await empty.verify()).toMatchObject({ entries: 0, findings: [] })
    expect(await cutsOf(empty)).toMatchObject([{ mac_version: 2 }])

    // A forged one is not made honest; it is named, and goes on as what it is.
    await stage.tamper('update audit_cuts set position = 4 where tenant_id = $1', [stage.tenantId])
    const { moved, unreadable } = await sweep(stage)
    expect(moved).toBe(1)
    expect(unreadable).toEqual([
      {
        source: 'audit cuts',
        tenantId: stage.tenantId,
        recordId: 'chain',
        field: 'cut',
        generation: 4,
        reason: 'tampered',
      },
    ])
    expect(await cutsOf(stage)).toMatchObject([{ position: 4, mac_version: 2 }])
    expect(await stage.verify()).toMatchObject({ findings: [{ kind: 'forged' }] })
    await forget(stage)
    await forget(empty)
  })

  test('a cut whose key is gone is named; a key store that is away is no verdict', async () => {
    const stage = await cutOff()
    const failing = (keyState: 'destroyed' | 'provider_failed') => (version: number) =>
      version === 1
        ? Promise.reject<AuditKey>(new VaultError('key_unavailable', keyState, { keyState }))
        : stage.keys.find(version)
    expect(await sweep(stage, failing('destroyed'))).toMatchObject({
      moved: 0,
      unreadable: [{ tenantId: stage.tenantId, reason: 'destroyed' }],
    })
    await expect(sweep(stage, failing('provider_failed'))).rejects.toBeInstanceOf(VaultError)
    expect(await cutsOf(stage)).toMatchObject([{ mac_version: 1 }])
    await forget(stage)
  })

  test('more than a page of them', async () => {
    const stage = await cutOff()
    await stage.tamper(
      `insert into audit_cuts (tenant_id, position, link, mac_version, mac)
       select 'many_' || n, 1, link, 1, mac from audit_cuts, generate_series(1, 1100) n
       where tenant_id = $1`,
      [stage.tenantId],
    )
    const { moved, unreadable } = await sweep(stage)
    expect([moved, new Set(unreadable.map(({ tenantId }) => tenantId)).size]).toEqual([1, 1_100])
    await stage.tamper(`delete from audit_cuts where tenant_id like 'many_%'`)
    await forget(stage)
  })
})
