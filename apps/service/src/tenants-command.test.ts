import type { KeywellService } from '@keywell/server'
import { expect, test } from 'vitest'
import { runWith } from './command.test.support.ts'

type Tenants = KeywellService['tenants']
type Tenant = Awaited<ReturnType<Tenants['erase']>>

const at = '2026-11-21T18:00:00.000Z'
const host = 'https://git.example'
const erasing = {
  // What a tenant's id is allowed to be.
  tenantId: '--ten a' as Tenant['tenantId'],
  state: 'erasing',
  erasingSince: at,
  erasedAt: null,
  holds: { connections: 0, integrations: 1, webhooks: 0 },
  pending: [{ provider: 'gitlab', host, count: 2 }],
  manual: [
    {
      provider: 'gitlab',
      method: 'personal_access_token',
      host,
      type: 'api_key',
      count: 1,
      manualUrl: `${host}/keys`,
    },
  ],
} as const satisfies Tenant

async function run(words: readonly string[], tenant: Tenant) {
  const asked: unknown[] = []
  const tenants: Tenants = {
    async erase(tenantId, { now } = {}) {
      asked.push({ tenantId, now })
      return tenant
    },
  }
  const { code, output } = await runWith({ tenants }, words)
  return { code, output, asked }
}

test('what is left is named, and where it goes on', async () => {
  const { code, output, asked } = await run(['tenants', 'erase', '--', '--ten a'], erasing)
  expect(asked).toEqual([{ tenantId: '--ten a', now: false }])
  expect(code).toBe(1)
  expect(output).toContain('2 grants of gitlab at https://git.example still to be withdrawn\n')
  expect(output).toContain(
    '1 key of gitlab lives on at https://git.example: their users remove them at https://git.example/keys\n',
  )
  expect(output).toContain('--ten a is being erased')
})

test('the result of an erasure says what it does not reach', async () => {
  const erased: Tenant = { ...erasing, state: 'erased', erasedAt: at, pending: [] }
  const { code, output, asked } = await run(['tenants', 'erase', 'ten_a', '--now'], erased)
  expect(asked).toEqual([{ tenantId: 'ten_a', now: true }])
  expect(code).toBe(0)
  expect(output).toMatch(/is erased since 2026-11-21T18:00:00.000Z\. .* Backups from before/)
})

test.each([
  [['tenants']],
  [['tenants', 'erase']],
  [['tenants', 'erase', '--now']],
  [['tenants', 'erase', 'ten_a', '--later']],
  [['tenants', 'erase', 'ten_a', '--now', 'ten_b']],
  [['tenants', 'list']],
  [['audit', 'erase', 'ten_a']],
  [['tenants', 'erase', '--ten a']],
])('%j erases no tenant', async (words) => {
  expect(await run(words, erasing)).toEqual({ code: 2, output: '', asked: [] })
})
