import { providers } from '@keywell/providers'
import { beforeAll, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { createCatalogue } from '../catalogue.ts'
import { silentLogger } from '../logger.ts'
import { createTenants } from './erase.ts'

const caller = { actor: 'operator' }

describeEachDatabase('erasing', (makeDatabase) => {
  let database: TestDatabase
  let next = 0
  /** Whose connections were to be removed, in order. */
  let asked: string[] = []

  beforeAll(async () => {
    database = await makeDatabase()
  })

  /** A tenant with connections that were removed already, and one that was not. */
  async function tenantWith(gone: number): Promise<string> {
    next += 1
    const tenantId = `ten_${next}`
    await database.query(
      `insert into connections (tenant_id, id, user_id, provider, method, host, name, integration_owner,
         integration_id, status, account, asked_scopes, granted_scopes, generation)
       select $1, 'con_' || n, 'usr', 'gitlab', 'oauth', 'https://gitlab.com', 'default', '@install', 'int',
         case when n = 0 then 'active' else 'disconnected' end, '{}', '{}', '{}', 1
       from generate_series(0, $2::int) as n`,
      [tenantId, gone],
    )
    await database.query(
      `insert into tenant_keys (tenant_id, version, kek_id, wrapped, state)
       values ($1, 1, 'kek', decode('00', 'hex'), 'active')`,
      [tenantId],
    )
    return tenantId
  }

  /** Whose time is always over. `removes`: whether the connection is gone before it is. */
  function hurried({ removes }: { removes: boolean }) {
    let now = 0
    return createTenants({
      catalogue: createCatalogue(providers),
      database,
      vault: { evict: () => {} },
      audit: { write: async () => {} },
      disconnector: {
        async disconnectSome(tenantId) {
          asked.push(tenantId)
          if (!removes) return true
          await database.query(
            `update connections set status = 'disconnected' where tenant_id = $1`,
            [tenantId],
          )
          return false
        },
        withdrawOf: async () => {},
      },
      logger: silentLogger,
      monotonic: () => {
        now += 60_000
        return now
      },
    })
  }

  const stateOfKey = async (tenantId: string) =>
    database.query('select state from tenant_keys where tenant_id = $1', [tenantId])

  test('no key is destroyed while a connection is left, not even by an erasure that is to happen now', async () => {
    const tenantId = await tenantWith(3)
    for (const now of [false, true]) {
      const tenant = await hurried({ removes: false }).erase(tenantId, { now, caller })
      expect(tenant).toMatchObject({ state: 'erasing', holds: { connections: 1 } })
      expect(await stateOfKey(tenantId)).toEqual([{ state: 'active' }])
    }
    const last = await hurried({ removes: true }).erase(tenantId, { now: false, caller })
    expect(last).toMatchObject({ state: 'erased', holds: { connections: 0 } })
    expect(await stateOfKey(tenantId)).toEqual([{ state: 'destroyed' }])
  })

  test('many rows go a batch at a time, before the end', async () => {
    const tenantId = await tenantWith(2_500)
    const left = async () => {
      const [row] = await database.query<{ count: number }>(
        'select count(*)::int as count from connections where tenant_id = $1',
        [tenantId],
      )
      return row?.count
    }
    await hurried({ removes: false }).erase(tenantId, { now: false, caller })
    expect(await left()).toBe(1_501)
    await hurried({ removes: false }).erase(tenantId, { now: false, caller })
    expect(await left()).toBe(501)
  })

  test('sweeps go on with all that were begun, one sweep at a time', async () => {
    const tenants = [await tenantWith(0), await tenantWith(0)]
    const slow = hurried({ removes: false })
    for (const tenantId of tenants) await slow.erase(tenantId, { now: false, caller })
    const quick = hurried({ removes: true })
    asked = []
    await Promise.all([quick.sweep(), quick.sweep()])
    for (const tenantId of tenants) {
      expect((await quick.read(tenantId)).state).toBe('erased')
      expect(asked.filter((each) => each === tenantId)).toHaveLength(1)
    }
  })
})
