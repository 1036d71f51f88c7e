import { randomBytes } from 'node:crypto'
import { KeywellError } from '@keywell/protocol'
import { beforeAll, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import { type TestDatabase, withStatements } from '../../../../test/support/inspected.ts'
import { until } from '../../../../test/support/until.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { createAudit } from '../audit/audit.ts'
import { FixedAuditKeys } from '../audit/keys.test.support.ts'
import { createIds } from '../ids.ts'
import { type ApiKeyGrants, renewApiKey } from '../store/api-keys.ts'
import type { Database } from '../store/database.ts'
import { VaultError } from '../vault/vault.ts'
import { type ApiKeys, createApiKeys } from './api-keys.ts'
import { writeKey } from './key-text.ts'

/** By version. */
const peppers = [1, 2, 3].map(() => randomBytes(32))
const away = { keyState: 'provider_failed' } as const
const makeId = createIds({ randomBytes, now: Date.now })
const operator = { actor: 'operator', access: undefined }
const unlimited: ApiKeyGrants = {
  roles: ['backend'],
  tenants: null,
  providers: null,
  origins: null,
  expiresAt: null,
}

describeEachDatabase('API keys', (makeDatabase) => {
  let database: TestDatabase
  let alarms: object[] = []
  /** Of the installation's key. */
  let active = 1
  const disabled = new Set<number>()
  beforeAll(async () => {
    database = await makeDatabase()
  })

  /** A replica: it remembers what it has seen for two seconds, so each look gets one of its own. */
  async function replica(over: Database = database, outage?: VaultError): Promise<ApiKeys> {
    const audit = createAudit({
      database,
      keys: new FixedAuditKeys(),
      makeId: () => makeId('auditEntry'),
    })
    const record = (fields: object) => void alarms.push(fields)
    const logger = { debug() {}, info() {}, warn() {}, error: record }
    const vault = {
      async subkeyOf(_: string, version = active) {
        if (outage !== undefined && version !== active) throw outage
        const key = peppers[version - 1]
        const keyState = key === undefined ? 'missing' : 'disabled'
        if (key !== undefined && !disabled.has(version)) return { version, key }
        throw new VaultError('key_unavailable', keyState, { keyState })
      },
    }
    const parts = { database: over, vault, audit, logger, makeId, randomBytes }
    const keys = createApiKeys(parts)
    await keys.start()
    return keys
  }

  async function refusal(key: string): Promise<string> {
    const error = await (await replica()).verify(key).then(
      () => 'it was let in',
      (reason: unknown) => reason,
    )
    return error instanceof KeywellError ? JSON.stringify(error.toProblem()) : String(error)
  }

  async function make(grants: Partial<ApiKeyGrants> = {}) {
    const { row, key } = await (await replica()).create(
      { name: 'a key', ...unlimited, ...grants },
      operator,
    )
    return { id: row.id, key: key.expose() }
  }

  const change = (id: string, set: string) =>
    database.query(`update api_keys set ${set} where tenant_id = '@install' and id = '${id}'`)

  verifies('T16:planted-key', async () => {
    const weak = await make({ roles: ['read_only'], tenants: ['ten_a'] })
    const strong = await make({ roles: ['admin', 'backend'] })
    expect((await (await replica()).verify(weak.key)).roles).toEqual(['read_only'])
    const other = await make()
    const plain = await refusal('kw_nonsense')
    const copy = (column: string) =>
      `${column} = (select ${column} from api_keys where tenant_id = '@install' and id = '${strong.id}')`
    const tampering: [what: string, set: string][] = [
      ['widened roles', "roles = '{admin,backend}'"],
      ['widened tenants', "tenants = '{ten_a,ten_b}'"],
      ['no limit', 'tenants = null'],
      ['a limit that was emptied', "tenants = '{}'"],
      ['other providers', "providers = '{gitlab}'"],
      ['a longer life', "expires_at = now() + interval '1 year'"],
      ['a MAC of grants from another row', copy('grants_mac')],
      [
        'everything from another row but its key',
        ['roles', 'tenants', 'grants_mac'].map(copy).join(),
      ],
      ['an earlier birth', "created_at = created_at - interval '1 year'"],
      ['an empty MAC', "grants_mac = ''"],
    ]
    for (const [what, set] of tampering) {
      const victim = await make({ roles: ['read_only'], tenants: ['ten_a'] })
      alarms = []
      await change(victim.id, set)
      expect(await refusal(victim.key), what).toBe(plain)
      expect(alarms, what).toEqual([
        { alarm: 'api_key_forged', keyId: victim.id, verdict: 'altered' },
      ])
    }

    // One that was revoked is not brought back.
    const revoked = await make()
    await (await replica()).revoke(revoked.id, operator)
    await change(revoked.id, 'revoked_at = null')
    alarms = []
    expect(await refusal(revoked.key)).toBe(plain)
    expect(alarms).toHaveLength(1)

    // A row writer makes a key of their own: they know its form, and not the pepper.
    const planted = makeId('apiKey')
    const forged = writeKey(planted, randomBytes)
    for (const grantsMac of ["sha256('guess')", copy('grants_mac').slice(13)]) {
      alarms = []
      await database.query(
        `delete from api_keys where tenant_id = '@install' and id = '${planted}'`,
      )
      await database.query(
        `insert into api_keys (tenant_id, id, name, mac, roles, grants_mac, pepper_version)
         values ('@install', $1, 'planted', sha256($2), '{admin,backend}', ${grantsMac}, 1)`,
        [planted, new TextEncoder().encode(forged)],
      )
      expect(await refusal(forged), grantsMac).toBe(plain)
      expect(alarms, grantsMac).toHaveLength(1)
    }

    // A weak key's MAC in a strong key's row: the key names its own row, and the row its own MAC.
    const [row] = await database.query<{ mac: Uint8Array }>(
      `select mac from api_keys where tenant_id = '@install' and id = '${weak.id}'`,
    )
    await change(weak.id, "mac = 'elsewhere'")
    await database.query(
      `update api_keys set mac = $1 where tenant_id = '@install' and id = '${other.id}'`,
      [row?.mac ?? null],
    )
    alarms = []
    expect(await refusal(weak.key)).toBe(plain)
    expect(await refusal(other.key)).toBe(plain)
    const verdicts = [weak, other].map(({ id }) => ({ keyId: id, verdict: 'altered' }))
    expect(alarms).toMatchObject(verdicts)
    expect((await (await replica()).verify(strong.key)).roles).toEqual(['admin', 'backend'])
  })

  test('a row that was widened cannot be made honest by a rotation', async () => {
    const { id } = await make({ roles: ['read_only'] })
    await change(id, "roles = '{admin,backend}'")
    const rotated = (await replica()).rotate(id, 0, operator)
    await expect(rotated).rejects.toMatchObject({ code: 'conflict' })
  })

  verifies('T29:one-answer', async () => {
    const right = await make()
    const revoked = await make()
    await (await replica()).revoke(revoked.id, operator)
    const expired = await make({ expiresAt: new Date(Date.now() + 3_600_000) })
    await change(expired.id, "expires_at = now() - interval '1 second'")
    const altered = await make()
    await change(altered.id, "roles = '{admin}'")
    const keys = {
      malformed: 'nonsense',
      'a typing error': `${right.key.slice(0, -1)}${right.key.endsWith('0') ? '1' : '0'}`,
      unknown: writeKey(makeId('apiKey'), randomBytes),
      'another secret': writeKey(right.id as ReturnType<typeof makeId<'apiKey'>>, randomBytes),
      revoked: revoked.key,
      expired: expired.key,
      altered: altered.key,
    }
    const answers = await Promise.all(Object.values(keys).map(refusal))
    expect(new Set(answers).size, JSON.stringify(answers)).toBe(1)
    expect(answers[0]).toContain('"code":"unauthorized"')
    await (await replica()).verify(right.key)
  })

  verifies('T29:rotation', async () => {
    const first = await make({ roles: ['connect'], tenants: ['ten_a'], providers: ['gitlab'] })
    const next = await (await replica()).rotate(first.id, 60_000, operator)
    const successor = next.key.expose()
    const grants = { roles: ['connect'], tenants: ['ten_a'], providers: ['gitlab'] }
    expect(await (await replica()).verify(first.key)).toMatchObject(grants)
    expect(await (await replica()).verify(successor)).toMatchObject({ ...grants, expiresAt: null })
    const rows = await (await replica()).list()
    const old = rows.find((row) => row.id === first.id)
    expect(old).toMatchObject({ replacedBy: next.row.id, live: true })
    const leftMs = (old?.expiresAt?.getTime() ?? 0) - Date.now()
    expect(leftMs).toBeGreaterThan(30_000)
    expect(leftMs).toBeLessThan(61_000)
    // Two live keys and no more.
    const again = (await replica()).rotate(first.id, 60_000, operator)
    await expect(again).rejects.toMatchObject({ code: 'conflict' })

    const last = await (await replica()).rotate(next.row.id, 0, operator)
    expect(await refusal(successor)).toContain('unauthorized')
    expect(await (await replica()).verify(last.key.expose())).toMatchObject(grants)
    await expect((await replica()).rotate(next.row.id, 0, operator)).rejects.toThrow(/no live/)

    // A key with an end has a successor that lives as long, and no overlap outlives the end.
    const hour = await make({ expiresAt: new Date(Date.now() + 3_600_000) })
    const hourAgain = await (await replica()).rotate(hour.id, 86_400_000, operator)
    const ends = await (await replica()).list()
    const endOf = (id: string) => ends.find((row) => row.id === id)?.expiresAt?.getTime() ?? 0
    expect(endOf(hour.id)).toBeLessThan(Date.now() + 3_601_000)
    expect(endOf(hourAgain.row.id)).toBeGreaterThanOrEqual(endOf(hour.id))
    await (await replica()).verify(hour.key)
    await (await replica()).verify(hourAgain.key.expose())
  })

  async function rowOf(id: string) {
    const row = (await (await replica()).list()).find((each) => each.id === id)
    if (row === undefined) throw new Error('no such key')
    return row
  }

  /** Turns to a version, does it, and turns back: the other tests know one. */
  async function under(version: number, run: () => Promise<void>): Promise<void> {
    active = version
    try {
      await run()
    } finally {
      active = 1
      disabled.clear()
    }
  }

  verifies('install:api-keys', async () => {
    const grants = { roles: ['connect'], tenants: ['ten_a'], providers: ['gitlab'] } as const
    const old = await make(grants)
    const unused = await make()
    const late = await replica()
    await under(2, async () => {
      const statements: string[] = []
      const keys = await replica(watch(database, statements))
      const renewals = () => statements.filter((text) => text.includes('pepper_version = $7'))
      for (let times = 0; times < 3; times += 1) {
        expect(await keys.verify(old.key)).toMatchObject(grants)
      }
      await until('under the new pepper', async () => (await rowOf(old.id)).pepperVersion === 2)
      expect(renewals()).toHaveLength(1)
      expect(await rowOf(unused.id)).toMatchObject({ pepperVersion: 1 })

      // The same keys may do the same, at any replica, whether it was notified or not.
      disabled.add(1)
      const made = await (await replica()).create({ name: 'new', ...unlimited }, operator)
      expect(made.row.pepperVersion).toBe(2)
      for (const some of [await replica(), late]) {
        expect(await some.verify(old.key)).toMatchObject(grants)
        expect(await some.verify(made.key.expose())).toMatchObject({ roles: ['backend'] })
      }
      // One that was not notified writes the version that it knows, and takes no key back to it.
      const byLate = await late.create({ name: 'late', ...unlimited }, operator)
      expect(byLate.row.pepperVersion).toBe(1)
      expect(await rowOf(old.id)).toMatchObject({ pepperVersion: 2 })
      await late.start()
      expect((await late.create({ name: 'new', ...unlimited }, operator)).row).toMatchObject({
        pepperVersion: 2,
      })
      // What was altered is altered under any pepper.
      await change(old.id, 'tenants = null')
      expect(await refusal(old.key)).toContain('unauthorized')
      await change(old.id, "tenants = '{ten_a}'")
      await change(old.id, 'pepper_version = 3')
      expect(await refusal(old.key)).toContain('unauthorized')
    })
  })

  test('a key that is altered stays under the pepper that says so', async () => {
    const { id, key } = await make()
    await change(id, "roles = '{admin}'")
    const before = await rowOf(id)
    await under(2, async () => {
      expect(await refusal(key)).toContain('unauthorized')
      const rotated = (await replica()).rotate(id, 0, operator)
      await expect(rotated).rejects.toMatchObject({ code: 'conflict' })
      expect(await rowOf(id)).toEqual(before)
    })
  })

  test('a key of an old pepper is rotated, and ends under the one that it has', async () => {
    const { id, key } = await make()
    await under(2, async () => {
      const next = await (await replica()).rotate(id, 60_000, operator)
      expect(next.row.pepperVersion).toBe(2)
      expect(await rowOf(id)).toMatchObject({ pepperVersion: 1, replacedBy: next.row.id })
      await (await replica()).verify(key)
      await until('under the new pepper', async () => (await rowOf(id)).pepperVersion === 2)
      expect((await (await replica()).verify(key)).expiresAt).not.toBeNull()
    })
  })

  test('a key that takes the new pepper while it is rotated is rotated at the next try', async () => {
    const { id, key } = await make()
    await under(2, async () => {
      const keys = await replica({
        ...watch(database, []),
        async transaction(tenantId, work) {
          await (await replica()).verify(key)
          await until('under the new pepper', async () => (await rowOf(id)).pepperVersion === 2)
          return database.transaction(tenantId, work)
        },
      })
      await expect(keys.rotate(id, 60_000, operator)).rejects.toMatchObject({
        code: 'conflict',
        nextStep: 'Try again.',
      })
      expect(await rowOf(id)).toMatchObject({ replacedBy: null, expiresAt: null })
      const next = await keys.rotate(id, 60_000, operator)
      expect(await rowOf(id)).toMatchObject({ replacedBy: next.row.id })
      await (await replica()).verify(key)
    })
  })

  test('of two changes at once the later one sees the first', async () => {
    const { id, key } = await make()
    const row = await rowOf(id)
    await under(2, async () => {
      await (await replica()).revoke(id, operator)
      const macs = { mac: row.mac, grantsMac: row.grantsMac, pepperVersion: 2 }
      await renewApiKey(database, row, macs)
      expect(await rowOf(id)).toMatchObject({ pepperVersion: 1, live: false })
      expect(await refusal(key)).toContain('unauthorized')
    })
  })

  verifies('install:api-key-gone', async () => {
    const { id, key } = await make()
    const nonsense = await refusal('kw_nonsense')
    await under(2, async () => {
      disabled.add(1)
      alarms = []
      expect(await refusal(key)).toBe(nonsense)
      expect(alarms).toEqual([{ alarm: 'api_key_unverifiable', keyId: id, version: 1 }])
      const rotated = (await replica()).rotate(id, 0, operator)
      await expect(rotated).rejects.toMatchObject({
        code: 'conflict',
        nextStep: 'Revoke this key and make a new one.',
      })
      expect(alarms).toHaveLength(2)
      // It is there again: the key was right all the time.
      disabled.clear()
      await (await replica()).verify(key)
    })
  })

  test('a key store that is away refuses no caller for good: they may try again', async () => {
    const { key } = await make()
    const keys = await replica()
    await keys.verify(key)
    await under(2, async () => {
      const other = await replica(database, new VaultError('key_unavailable', 'away', away))
      await expect(other.verify(key)).rejects.toBeInstanceOf(VaultError)
    })
  })

  verifies('T29:look-ups-bounded', async () => {
    let atOnce = 0
    let most = 0
    let statements = 0
    const counted = withStatements(database, async (run, text) => {
      if (!text.includes('from api_keys')) return run()
      statements += 1
      atOnce += 1
      most = Math.max(most, atOnce)
      return run().finally(() => {
        atOnce -= 1
      })
    })
    const keys = await replica(counted)
    const { key } = await make()
    const planted = () => writeKey(makeId('apiKey'), randomBytes)
    const refused = (text: string) =>
      expect(keys.verify(text)).rejects.toMatchObject({ code: 'unauthorized' })
    // Each is well-formed, and none is there; a right key among them is found.
    const flood = Array.from({ length: 1_000 }, () => refused(planted()))
    await Promise.all([...flood, keys.verify(key)])
    expect(most).toBe(1)
    expect(statements).toBeLessThanOrEqual(8)

    // One that comes again is remembered, and what has a wrong checksum is looked up nowhere.
    statements = 0
    const wrong = planted()
    for (let times = 0; times < 10; times += 1) await refused(wrong)
    expect(statements).toBe(1)
    for (let times = 0; times < 10; times += 1) await refused(`${planted().slice(0, -1)}U`)
    expect(statements).toBe(1)
  })

  verifies('T29:last-use', async () => {
    const { id, key } = await make()
    const lastUse = async () =>
      (await (await replica()).list()).find((row) => row.id === id)?.lastUsedAt
    expect(await lastUse()).toBeNull()
    await (await replica()).verify(key)
    await until('the use is written', async () => (await lastUse()) !== null)
    const first = await lastUse()
    const statements: string[] = []
    const watched = watch(database, statements)
    const keys = await replica(watched)
    for (let times = 0; times < 5; times += 1) await keys.verify(key)
    const touches = () => statements.filter((text) => text.includes('set last_used_at'))
    await until('it was tried', () => touches().length > 0)
    expect(touches()).toHaveLength(1)
    expect(await lastUse()).toEqual(first)
    await change(id, "last_used_at = now() - interval '2 minutes'")
    await (await replica()).verify(key)
    await until('the later use is written', async () => {
      const use = await lastUse()
      return use !== null && use !== undefined && use >= (first ?? new Date())
    })
    // A use that cannot be written, or not yet, delays no caller.
    const stuck = watch(database, [], (text) => text.includes('last_used_at'))
    await (await replica(stuck)).verify(key)
  })
})

/** The same database, whose statements can be looked at; those that hang never end. */
function watch(
  database: TestDatabase,
  statements: string[],
  hangs: (text: string) => boolean = () => false,
): Database {
  return withStatements(database, (run, text) => {
    statements.push(text)
    const isTouch = text.trimStart().startsWith('update')
    return isTouch && hangs(text) ? new Promise(() => {}) : run()
  })
}
