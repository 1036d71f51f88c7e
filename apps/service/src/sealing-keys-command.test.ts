import type { KeyOperations } from '@keywell/server'
import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { runWith } from './command.test.support.ts'

const tenantKeys = { active: 2, decrypt_only: 1, disabled: 0 }
const notNeeded = { apiKeys: [], attempts: 0, auditUntil: null }
const needed = {
  apiKeys: [
    { id: 'key_1', name: 'shop', lastUsedAt: null },
    { id: 'key_2', name: 'desk', lastUsedAt: new Date('2026-12-31T00:00:00Z') },
  ],
  attempts: 2,
  auditUntil: new Date('2027-03-04T05:06:07Z'),
}
const row = {
  source: 'credentials',
  tenantId: 'ten_a',
  recordId: 'con_1',
  field: 'token_set',
  generation: 3,
  reason: 'tampered',
}

/** Says the same whatever is asked, and keeps what it was asked. */
function operations(answers: Partial<KeyOperations> = {}) {
  const asked: unknown[] = []
  const keys: KeyOperations = {
    status: async () => ({
      rootKeys: [{ id: 'kek_new', role: 'primary', keys: tenantKeys, wrappedWithBy: 1 }],
      silentReplicas: 0,
      behind: [],
      install: [],
    }),
    rotateRoot: async ({ onProgress } = {}) => {
      onProgress?.(500)
      return {
        primary: 'kek_new',
        rewrapped: 3,
        failed: [],
        left: [],
        removable: ['kek_old'],
        stale: [],
      }
    },
    rotateTenant: async (tenantId, { onProgress: _, ...options } = {}) => {
      asked.push({ tenantId, ...options })
      const next = { state: 'disabled', from: new Date('2027-01-02T03:04:05Z') } as const
      return {
        tenantId,
        begun: true,
        moved: 5,
        overtaken: 1,
        unreadable: [],
        versions: [
          { version: 1, state: 'decrypt_only', records: 0, ...notNeeded, next },
          { version: 2, state: 'active', records: 6, ...notNeeded, next: null },
        ],
      }
    },
    verify: async ({ onProgress: _, ...options } = {}) => {
      asked.push(options)
      return { tenants: 1, opened: 5, refused: {}, rows: [] }
    },
    ...answers,
  }
  return { keys, asked }
}

async function run(words: string, { keys }: { keys: KeyOperations } = operations()) {
  const { code, output: text, progress, started } = await runWith({ keys }, words.split(' '))
  return { code, text, progress, started }
}

verifies.suite('service:sealing-keys-command', () => {
  test('status shows what wraps what; a root key that is missing is a failure', async () => {
    expect(await run('keys status')).toMatchObject({
      code: 0,
      text: 'kek_new  primary  wraps 2 active, 1 decrypt-only, 0 disabled; first at 1 running process\n',
    })
    const missing = operations({
      status: async () => ({
        rootKeys: [{ id: 'kek_gone', role: 'missing', keys: tenantKeys, wrappedWithBy: 0 }],
        silentReplicas: 2,
        behind: [{ tenantId: 'ten_a', keyVersion: 1, records: 7 }],
        install: [{ version: 1, ...needed }],
      }),
    })
    const { code, text } = await run('keys status', missing)
    expect(code).toBe(1)
    expect(text).toContain('kek_gone  missing')
    expect(text).toContain('2 running processes of an older version: unknown\n')
    expect(text).toContain('ten_a: 7 records still sealed by version 1\n')
    expect(text).toMatch(/@install: version 1 of its key is not retired yet\n {2}needed by key_1 /)
  })

  test('rotate-root says which old key may go, and fails while one may not', async () => {
    const done = await run('keys rotate-root')
    expect(done.code).toBe(0)
    expect(done.text).toMatch(/^Wrapped anew: 3 keys; kek_new wraps now\.\nkek_old wraps nothing/)
    expect(done.progress).toBe('\r500 keys wrapped anew\n')
    const held = operations({
      rotateRoot: async () => ({
        primary: 'kek_new',
        rewrapped: 2,
        failed: [{ tenantId: 'ten_b', version: 1, kekId: 'kek_old', reason: 'tampered' }],
        left: [{ kekId: 'kek_old', count: 1 }],
        removable: [],
        stale: ['kek_old'],
      }),
    })
    const { code, text } = await run('keys rotate-root', held)
    expect(code).toBe(1)
    expect(text).toContain('ten_b, version 1, wrapped by kek_old: tampered; left as it is\n')
    expect(text).toContain('kek_old must stay, it still wraps 1 key.')
    expect(text).toContain('Still wrapping with kek_old: 1 running process. Restart')
    expect(text).not.toContain('may be taken away')
  })

  test('rotate-tenant says how far each version is, and when it goes on', async () => {
    const world = operations()
    expect((await run('keys rotate-tenant ten_a', world)).text).toBe(
      'Moved: 5 records; 1 had moved by themselves.\n' +
        'version 1: decrypt_only, 0 records; disabled from 2027-01-02T03:04:05.000Z on\n' +
        'version 2: active, 6 records\n',
    )
    await run('keys rotate-tenant ten_a --destroy', world)
    await run('keys rotate-tenant @install --again', world)
    expect(world.asked).toEqual([
      { tenantId: 'ten_a', destroy: false, again: false },
      { tenantId: 'ten_a', destroy: true, again: false },
      { tenantId: '@install', destroy: false, again: true },
    ])
  })

  test('rotate-tenant names what holds up the key of the installation', async () => {
    const apiKeys = Array.from({ length: 30 }, (_, index) => ({
      id: `key_${index}`,
      name: 'one of many',
      lastUsedAt: null,
    }))
    const rotation = {
      tenantId: '@install',
      begun: false,
      moved: 0,
      overtaken: 0,
      unreadable: [],
      versions: [
        { version: 1, state: 'decrypt_only', records: 0, ...needed, next: null },
        { version: 2, state: 'decrypt_only', records: 0, ...notNeeded, apiKeys, next: null },
        { version: 3, state: 'active', records: 6, ...notNeeded, next: null },
      ],
    } satisfies Awaited<ReturnType<KeyOperations['rotateTenant']>>
    const world = operations({ rotateTenant: async () => rotation })
    const { code, text } = await run('keys rotate-tenant @install', world)
    expect(code).toBe(0)
    expect(text).toContain(
      'version 1: decrypt_only, 0 records\n' +
        '  needed by key_1 (shop), last used never: use, rotate or revoke it\n' +
        '  needed by key_2 (desk), last used 2026-12-31T00:00:00.000Z: use, rotate or revoke it\n' +
        '  needed by attempts to connect, 2 rows: wait twenty minutes\n' +
        '  needed by the audit log, whose last entry of it goes about 2027-03-04\n' +
        'version 2: decrypt_only, 0 records\n',
    )
    expect(text.match(/one of many/g)).toHaveLength(20)
    expect(text).toContain('  … and 10 more API keys\nversion 3: active, 6 records\n')
  })

  test('verify names what does not open, and fails then', async () => {
    const world = operations()
    expect(await run('keys verify', world)).toMatchObject({
      code: 0,
      text: 'Opened: 5 records of 1 tenant.\n',
    })
    await run('keys verify ten_a', world)
    expect(world.asked).toEqual([{}, { tenantId: 'ten_a' }])
    const rows = Array.from({ length: 30 }, () => row)
    const bad = operations({
      verify: async () => ({ tenants: 1, opened: 5, refused: { tampered: 30 }, rows }),
    })
    const { code, text } = await run('keys verify', bad)
    expect(code).toBe(1)
    expect(text).toContain('Did not open: 30 records, tampered\n')
    expect(text.match(/ten_a con_1 \(credentials, token_set, 3\): tampered/g)).toHaveLength(20)
    expect(text).toContain('… and 10 more\n')
  })

  test.each([
    'keys',
    'keys create name',
    'keys list',
    'keys rotate-tenant',
    'keys rotate-tenant a b',
    'keys rotate-root ten_a',
    'keys rotate-root --destroy',
    'keys rotate-tenant ten_a --destroy --again',
    'keys rotate-tenant ten_a --anew',
    'keys status --again',
    'keys status --all',
    'keys verify --destroy',
    'status',
  ])('"%s" is none of these commands', async (words) => {
    expect(await run(words)).toEqual({ code: 2, text: '', progress: '', started: [] })
  })

  test('they need no start, which a missing key would refuse', async () => {
    expect((await run('keys status')).started).toEqual([false])
  })
})
