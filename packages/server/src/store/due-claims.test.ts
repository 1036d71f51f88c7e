import { randomUUID } from 'node:crypto'
import { afterEach, beforeAll, expect, inject, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { runStatement } from '../../../../test/support/migrated.ts'
import { withDatabase } from '../../../../test/support/postgres.ts'
import type { Sql } from './database.ts'
import { claimDue } from './due-claims.ts'

const claim = { owner: randomUUID(), leaseMs: 60_000, limit: 16, heldOrigins: [] }

describeEachDatabase('schedule', (makeDatabase) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase()
  })
  afterEach(async () => {
    await database.query("delete from refresh_schedule where tenant_id = 'ten_a'")
    await database.query("delete from integrations where tenant_id = '@install'")
  })

  async function addIntegration(name: string, state?: 'suspended'): Promise<void> {
    await database.query(
      `insert into integrations (tenant_id, id, provider, method, host, scopes, suspended_at)
       values ('@install', $1, 'gitlab', 'oauth', $2, '{}', $3)`,
      [name, `https://${name}.example/gitlab`, state === undefined ? null : new Date()],
    )
  }

  /** Connections `<name>_1`, `<name>_2` …, due so many seconds ago and each a second after the other. */
  async function addDue(name: string, rows: { count: number; secondsAgo: number }): Promise<void> {
    await database.query(
      `insert into refresh_schedule (tenant_id, connection_id, integration_id, host, state, refresh_at)
       select 'ten_a', $1 || '_' || n, $1, $2, 'idle', now() + (n - $4) * interval '1 second'
       from generate_series(1, $3::int) n`,
      [name, `https://${name}.example/gitlab`, rows.count, rows.secondsAgo],
    )
  }

  async function claimed(options: Partial<Parameters<typeof claimDue>[1]> = {}): Promise<string[]> {
    const claims = await claimDue(database, { ...claim, ...options })
    return claims.map(({ connectionId }) => connectionId).sort()
  }

  test('what has been due the longest is claimed first, and nothing twice', async () => {
    await addIntegration('late')
    await addIntegration('early')
    await addDue('late', { count: 2, secondsAgo: 10 })
    await addDue('early', { count: 3, secondsAgo: 60 })
    expect(await claimed({ limit: 2 })).toEqual(['early_1', 'early_2'])
    expect(await claimed({ limit: 2 })).toEqual(['early_3', 'late_1'])
    expect(await claimed({ limit: 2 })).toEqual(['late_2'])
    expect(await claimed()).toEqual([])
  })

  test('claims that run together share the rows between them', async () => {
    await addIntegration('one')
    await addIntegration('other')
    await addDue('one', { count: 20, secondsAgo: 60 })
    await addDue('other', { count: 20, secondsAgo: 60 })
    const shares = await Promise.all(Array.from({ length: 5 }, () => claimed({ limit: 8 })))
    const all = shares.flat()
    expect(new Set(all).size).toBe(all.length)
    expect(all.length + (await claimed({ limit: 40 })).length).toBe(40)
  })

  test('a held origin and a suspended integration are left, whatever is due there', async () => {
    await addIntegration('held')
    await addIntegration('suspended', 'suspended')
    await addIntegration('well')
    for (const name of ['held', 'suspended']) await addDue(name, { count: 20, secondsAgo: 900 })
    await addDue('well', { count: 2, secondsAgo: 10 })
    const heldOrigins = ['https://held.example']
    expect(await claimed({ heldOrigins })).toEqual(['well_1', 'well_2'])
  })

  test('API keys belong to no integration: each is claimed, unless its own origin is held', async () => {
    await addIntegration('well')
    await addDue('well', { count: 1, secondsAgo: 10 })
    await addDue('held', { count: 20, secondsAgo: 900 })
    await addDue('free', { count: 2, secondsAgo: 60 })
    await database.query(
      `update refresh_schedule set integration_id = '' where tenant_id = 'ten_a' and integration_id <> 'well'`,
    )
    const heldOrigins = ['https://held.example']
    expect(await claimed({ heldOrigins, limit: 1 })).toEqual(['free_1'])
    expect(await claimed({ heldOrigins })).toEqual(['free_2', 'well_1'])
    expect(await claimed()).toHaveLength(16)
  })

  test('finding work reads no row of what is held, suspended or not due yet', async () => {
    await addIntegration('held')
    await addIntegration('suspended', 'suspended')
    await addIntegration('well')
    for (const name of ['held', 'suspended'])
      await addDue(name, { count: 3_000, secondsAgo: 9_000 })
    await addDue('well', { count: 3_000, secondsAgo: 20 })
    await analyze()
    const plan = await planOf((sql) =>
      claimDue(sql, { ...claim, heldOrigins: ['https://held.example'] }),
    )
    const scans = plan.filter(
      (node) => node['Relation Name'] === 'refresh_schedule' && 'Index Name' in node,
    )
    expect(scans.map((node) => node['Index Name']).sort()).toEqual([
      'refresh_schedule_of_integration',
      'refresh_schedule_of_integration',
      'refresh_schedule_pkey',
    ])
    const wholly = plan.filter((node) => node['Node Type'] === 'Seq Scan')
    const read = new Set(wholly.map((node) => node['Relation Name']))
    expect([...read].sort()).toEqual(['integrations', 'provider_incidents'])
    for (const node of scans) {
      const rows =
        (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
      expect(rows, node['Index Name']).toBeLessThanOrEqual(16)
    }
  })

  /** What autovacuum does on a server that lives longer; only the owner of the tables may. */
  async function analyze(): Promise<void> {
    const [row] = await database.query<{ name: string }>('select current_database() as name')
    if (database.kind === 'pglite') await database.query('analyze')
    else await runStatement(withDatabase(inject('postgresUrl'), row?.name ?? ''), 'analyze')
  }

  /** Every node of the plan by which the statement was carried out. */
  async function planOf(run: (sql: Sql) => Promise<unknown>): Promise<PlanNode[]> {
    const nodes: PlanNode[] = []
    const walk = (node: PlanNode): void => {
      nodes.push(node)
      for (const below of node.Plans ?? []) walk(below)
    }
    await run({
      async query(text, parameters) {
        const [row] = await database.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
          `explain (analyze, format json) ${text}`,
          parameters,
        )
        for (const { Plan } of row?.['QUERY PLAN'] ?? []) walk(Plan)
        return []
      },
    })
    return nodes
  }
})

/** What is looked at of a node, by the names that Postgres gives. */
interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: PlanNode[]
}
