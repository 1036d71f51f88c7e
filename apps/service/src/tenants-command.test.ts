import { expect, test } from 'vitest'
import { findTenantsCommand } from './tenants-command.ts'

type Tenants = Parameters<NonNullable<ReturnType<typeof findTenantsCommand>>>[0]['tenants']
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
  manual: [{ provider: 'gitlab', host, type: 'api_key', count: 1, manualUrl: `${host}/keys` }],
} as const satisfies Tenant

async function run(words: readonly string[], tenant: Tenant) {
  const asked: unknown[] = []
  let output = ''
  const tenants: Tenants = {
    async erase(tenantId, { now } = {}) {
      asked.push({ tenantId, now })
      return tenant
    },
  }
  const screen = { out: { write: (text: string) => (output += text) }, progress: undefined }
  const code = await findTenantsCommand(words)?.({ tenants }, screen)
  return { code, output, asked }
}

test('what is left is named, and where it goes on', async () => {
  const { code, output, asked } = await run(['tenants', 'erase', '--ten a'], erasing)
  expect(asked).toEqual([{ tenantId: '--ten a', now: false }])
  expect(code).toBe(1)
  expect(output).toContain('2 grants of gitlab at https://git.example still to be withdrawn\n')
  expect(output).toContain(
    '1 key of gitlab lives on at https://git.example: their users remove them at https://git.example/keys\n',
  )
  expect(output).toContain('--ten a is being erased')
})

test('an end is told with what it does not reach', async () => {
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
])('%j erases nobody', (words) => {
  expect(findTenantsCommand(words)).toBeUndefined()
})
