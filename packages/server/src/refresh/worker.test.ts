import { randomUUID } from 'node:crypto'
import { beforeAll, expect, vi } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { silentLogger } from '../logger.ts'
import { DatabaseUnavailable } from '../store/database.ts'
import { defaultTiming } from './timing.ts'
import { createWorker } from './worker.ts'

describeEachDatabase('worker', (makeDatabase) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase()
  })

  verifies('refresh:worker-goes-on', async () => {
    await database.query(
      `insert into integrations (tenant_id, id, provider, method, host, scopes)
       values ('@install', 'int_one', 'gitlab', 'oauth', 'https://gitlab.example', '{}')`,
    )
    await database.query(
      `insert into refresh_schedule (tenant_id, connection_id, integration_id, host, state, refresh_at)
       select 'ten_a', 'con_' || n, 'int_one', 'https://gitlab.example', 'idle', now()
       from generate_series(1, 2) n`,
    )
    const timers = new ManualTimers()
    const errors: object[] = []
    const carriedOut: string[] = []
    const worker = createWorker({
      database,
      refresher: {
        refresh: async () => 'not_claimed',
        run: async ({ connectionId }) => {
          carriedOut.push(connectionId)
          throw new DatabaseUnavailable('connection refused')
        },
        running: 0,
        drain: async () => {},
      },
      check: async () => {},
      hosts: { throttled: () => [], freeSlots: () => 1 },
      logger: { ...silentLogger, error: (fields) => void errors.push(fields) },
      metrics: { workBegun() {} },
      after: timers.after,
      timing: defaultTiming,
      jitter: () => 0.5,
      processId: randomUUID(),
    })
    worker.start()
    timers.advance(0)
    await vi.waitFor(() => expect(timers.pending).toBe(1))
    timers.advance(0)
    await vi.waitFor(() => expect(carriedOut.sort()).toEqual(['con_1', 'con_2']))
    await worker.stop()
    expect(errors).toHaveLength(2)
    expect(errors[0]).toMatchObject({ tenantId: 'ten_a', reason: expect.stringMatching(/refused/) })
  })
})
