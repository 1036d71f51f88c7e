import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { until } from '../../../../test/support/until.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { silentLogger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import { insertActiveTenantKey, moveTenantKey, notifyKeysChanged } from '../store/key-rotation.ts'
import { insertFirstTenantKey } from '../store/tenant-keys.ts'
import { keyService } from '../vault/parts.test.support.ts'
import { KeyWatch, pollEveryMs } from './key-watch.ts'

const tenantId = '@install'
const key = { tenantId, kekId: 'kek_1', wrapped: new Uint8Array(1) }

describeEachDatabase('the watch over keys', (makeDatabase) => {
  let database: TestDatabase
  let version = 1
  let timers: ManualTimers
  let watch: KeyWatch | undefined
  /** What was forgotten, and how often the installation's key was taken up. */
  let forgotten: string[]
  let takenUp: number
  let failure: Error | undefined

  beforeAll(async () => {
    database = await makeDatabase()
    await insertFirstTenantKey(database, { ...key, version })
  })
  beforeEach(() => {
    timers = new ManualTimers()
    forgotten = []
    takenUp = 0
    failure = undefined
  })
  afterEach(() => watch?.stop())

  async function start(over: Database = database): Promise<void> {
    watch = new KeyWatch({
      database: over,
      keys: keyService(),
      vault: { evict: (tenant) => void forgotten.push(tenant) },
      reloaded: async () => {},
      async installKeyChanged() {
        takenUp += 1
        if (failure !== undefined) throw failure
      },
      logger: silentLogger,
      after: timers.after,
    })
    await watch.start()
  }

  async function rotate(): Promise<void> {
    await moveTenantKey(database, { tenantId, version, from: 'active', to: 'decrypt_only' })
    version += 1
    await insertActiveTenantKey(database, { ...key, version })
  }

  /** Ten seconds pass, and what begins then comes to its end: the next look waits for its time again. */
  async function look(): Promise<void> {
    timers.advance(pollEveryMs)
    await until('it was looked', () => timers.pending > 0)
  }

  verifies('install:unheard', async () => {
    // No notification arrives.
    await start({ ...database, listen: async () => async () => {} })
    expect(pollEveryMs).toBeLessThanOrEqual(10_000)
    await look()
    const before = takenUp
    await look()
    expect(takenUp, 'it is the same').toBe(before)
    await rotate()
    failure = new Error('the key service is away')
    await look()
    expect(takenUp).toBe(before + 1)
    failure = undefined
    await look()
    expect(takenUp, 'what failed is tried again').toBe(before + 2)
    await look()
    expect(takenUp).toBe(before + 2)
  })

  test('a notification takes effect at once, and a tenant is no installation', async () => {
    await start()
    await notifyKeysChanged(database, 'ten_a')
    await until('noticed', () => forgotten.length === 1)
    expect([forgotten, takenUp]).toEqual([['ten_a'], 0])
    await rotate()
    await notifyKeysChanged(database, tenantId)
    await until('noticed', () => takenUp === 1)
    expect(forgotten).toEqual(['ten_a', tenantId])
  })

  test('a database that is away takes nothing from anybody', async () => {
    const query = () => Promise.reject(new Error('away'))
    await start({ ...database, of: () => ({ query }) })
    await look()
    expect(takenUp).toBe(0)
  })
})
