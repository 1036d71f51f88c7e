import { beforeAll, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { countConnections, countWaitingWork, listInstallHosts, readClock } from './census.ts'
import { countUnavailable } from './counted.ts'
import { DatabaseUnavailable } from './database.ts'
import { SwitchableDatabase } from './switchable.test.support.ts'

describeEachDatabase('the census', (makeDatabase) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase()
  })

  test('nothing is counted as nothing', async () => {
    expect(await countConnections(database)).toEqual([])
    expect(await countWaitingWork(database)).toEqual({
      due: 0,
      oldestDueSeconds: 0,
      suspendedIntegrations: 0,
      openIncidents: 0,
      revocationsDue: 0,
      irrevocable: 0,
      webhooksDue: 0,
      auditUnlinkedSeconds: 0,
    })
    expect(await listInstallHosts(database, 10)).toEqual([])
  })

  test('counts of all tenants together', async () => {
    const connections: [id: string, status: string, health: string][] = [
      ['con_1', 'active', 'ok'],
      ['con_2', 'active', 'ok'],
      ['con_3', 'active', 'degraded'],
      ['con_4', 'disconnected', 'ok'],
    ]
    for (const [id, status, health] of connections) {
      await database.query(
        `insert into connections (tenant_id, id, user_id, provider, method, host, name, integration_owner,
           integration_id, status, health, account, asked_scopes, granted_scopes, generation)
         values ('ten_' || $1, $1, 'u', 'gitlab', 'oauth', 'https://gitlab.com', 'default', '@install', 'int_1',
           $2, $3, '{}'::jsonb, '{}', '{}', 1)`,
        [id, status, health],
      )
    }
    const schedule: [id: string, state: string, dueIn: string][] = [
      ['con_1', 'idle', '-90 seconds'],
      ['con_2', 'backoff', '-10 seconds'],
      ['con_3', 'idle', '1 hour'],
      ['con_4', 'dead', '-1 hour'],
    ]
    for (const [id, state, dueIn] of schedule) {
      await database.query(
        `insert into refresh_schedule (tenant_id, connection_id, integration_id, host, state, refresh_at)
         values ('ten_' || $1, $1, 'int_1', 'https://gitlab.com', $2, now() + $3::text::interval)`,
        [id, state, dueIn],
      )
    }
    for (const [id, state] of [
      ['con_5', 'due'],
      ['con_6', 'irrevocable'],
      ['con_7', 'irrevocable'],
    ] as const) {
      await database.query(
        `insert into revocations (tenant_id, connection_id, generation, user_id, provider, method, host,
           integration_owner, integration_id, type, key_version, sealed, state)
         values ('ten_1', $1, 1, 'u', 'gitlab', 'oauth', 'https://gitlab.com', '@install', 'int_1', 'oauth_token', 1, $2, $3)`,
        [id, new Uint8Array(1), state],
      )
    }
    for (const [tenant, id, host, suspended] of [
      ['@install', 'int_1', 'https://gitlab.com', true],
      ['@install', 'int_2', 'https://git.corp/root', false],
      ['ten_1', 'int_3', 'https://git.customer.example', true],
    ] as const) {
      await database.query(
        `insert into integrations (tenant_id, id, provider, method, host, scopes, suspended_at)
         values ($1, $2, 'gitlab', 'oauth', $3, '{}', case when $4::boolean then now() end)`,
        [tenant, id, host, suspended],
      )
    }
    await database.query(
      `insert into webhook_deliveries (tenant_id, id, endpoint_owner, endpoint_id, type, data, state, ended_at)
       values ('ten_1', 'msg_1', '@install', 'whk_1', 'test', '{}'::jsonb, 'due', null),
              ('ten_1', 'msg_2', '@install', 'whk_1', 'test', '{}'::jsonb, 'dead', now())`,
    )

    const counts = await countConnections(database)
    expect(counts.toSorted((one, other) => other.count - one.count)).toEqual([
      { provider: 'gitlab', status: 'active', health: 'ok', count: 2 },
      { provider: 'gitlab', status: 'active', health: 'degraded', count: 1 },
    ])
    await database.query(
      `insert into audit_tail (tenant_id, id, at, actor, action, result, mac_version, mac)
       values ('ten_a', 'aud_1', now() - interval '100 s', 'a', 'a', 'ok', 1, '\\x00')`,
    )
    const { oldestDueSeconds, auditUnlinkedSeconds, ...waiting } = await countWaitingWork(database)
    expect(waiting).toEqual({
      due: 2,
      suspendedIntegrations: 2,
      openIncidents: 0,
      revocationsDue: 1,
      irrevocable: 2,
      webhooksDue: 1,
    })
    expect(auditUnlinkedSeconds).toBeGreaterThanOrEqual(100)
    expect(oldestDueSeconds).toBeGreaterThanOrEqual(90)
    expect(oldestDueSeconds).toBeLessThan(150)
    // A tenant's own instance is not shown to others.
    expect((await listInstallHosts(database, 10)).toSorted()).toEqual([
      'https://git.corp/root',
      'https://gitlab.com',
    ])
    expect(await listInstallHosts(database, 1)).toHaveLength(1)
  })

  test('the time is that of the database', async () => {
    expect(Math.abs((await readClock(database)) - Date.now())).toBeLessThan(5_000)
  })

  test('each statement and transaction that finds no database is counted once', async () => {
    const switchable = new SwitchableDatabase(database)
    let counted = 0
    const watched = countUnavailable(switchable, () => {
      counted += 1
    })
    expect(await watched.of('ten_a').query('select 1 as one')).toEqual([{ one: 1 }])
    await expect(watched.of('ten_a').query('select nonsense')).rejects.toThrow()
    expect(counted).toBe(0)
    switchable.away = true
    await expect(watched.of('ten_a').query('select 1')).rejects.toBeInstanceOf(DatabaseUnavailable)
    const work = () => Promise.resolve()
    await expect(watched.transaction('t', work)).rejects.toBeInstanceOf(DatabaseUnavailable)
    expect(counted).toBe(2)
  })
})
