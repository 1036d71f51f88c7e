/** Connections are searched by what they are, and read in pages while others change. */
import type { ConnectionPage, Problem, SearchConnections } from '@keywell/protocol'
import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const tenantId = 'ten_search'

describeEachDatabase('search', (makeDatabase) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { role: 'serve', swept: false, compared: true })
  })
  afterAll(() => stage.stop())

  /** Copies a connection, so that there are many without as many consents. */
  async function copies(of: string, count: number): Promise<void> {
    await stage.connect({ who: { tenantId: of, userId: 'usr_0' } })
    await stage.database.query(
      `insert into connections (tenant_id, id, user_id, provider, method, host, name, integration_owner, integration_id,
         status, reason, health, health_checked_at, account, asked_scopes, granted_scopes, generation, renewable,
         ends_at, created_at, updated_at)
       select tenant_id, 'con_0000000000000000000000' || lpad(n::text, 4, '0'), 'usr_' || n, provider, method, host,
         'n' || (n % 7), integration_owner, integration_id,
         case when n % 5 = 0 then 'revoked' else 'active' end, case when n % 5 = 0 then 'revoked' end,
         case when n % 3 = 0 then 'degraded' else 'ok' end, case when n % 4 <> 0 then now() end,
         jsonb_build_object('id', n::text, 'name', 'Ada Lovelace ' || n, 'username', 'dev.user-' || n, 'avatarUrl', null),
         asked_scopes, case when n % 2 = 0 then array['read_api', 'api'] else array['read_api'] end, 1, n % 6 <> 0,
         case when n % 6 = 0 then now() + n * interval '1 hour' end,
         '2026-01-01'::timestamptz + n * interval '1 minute' + n * interval '3 microseconds', now()
       from connections, generate_series(1, $2::int) as n where tenant_id = $1`,
      [of, count],
    )
    await stage.database.query(
      `delete from connections where tenant_id = $1 and user_id = 'usr_0'`,
      [of],
    )
  }
  const search = (more: Partial<SearchConnections> | object = {}, of = tenantId) =>
    stage.call<ConnectionPage & Problem>('POST', '/v1/connections/search', {
      tenantId: of,
      ...more,
    })
  async function users(more: object): Promise<number[]> {
    const { connections } = must(await search({ limit: 500, ...more }), 200)
    return connections.map(({ userId }) => Number(String(userId).slice(4)))
  }

  verifies('search:filter', async () => {
    await copies(tenantId, 60)
    const all = Array.from({ length: 60 }, (_, index) => index + 1)
    const only = (is: (n: number) => boolean) => all.filter(is)
    expect(await users({})).toEqual(all)
    const minute = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString()
    const cases: [filter: object, is: (n: number) => boolean][] = [
      [{ userId: { eq: 'usr_7' } }, (n) => n === 7],
      [{ userId: { in: ['usr_7', 'usr_9'], ne: 'usr_9' } }, (n) => n === 7],
      [{ userId: { eq: 'usr_8', in: ['usr_7'] } }, () => false],
      [{ provider: { eq: 'gitlab' } }, () => true],
      [{ provider: { ne: 'gitlab' } }, () => false],
      [{ host: { in: [stage.sandbox.url] } }, () => true],
      [{ name: { in: ['n1', 'n2'] } }, (n) => [1, 2].includes(n % 7)],
      [{ status: { eq: 'revoked' } }, (n) => n % 5 === 0],
      [{ reason: { ne: 'revoked' } }, (n) => n % 5 !== 0],
      [{ health: { eq: 'degraded' }, status: { eq: 'active' } }, (n) => n % 3 === 0 && n % 5 !== 0],
      [{ accountId: { in: ['4', '5'] } }, (n) => n === 4 || n === 5],
      [{ method: { in: ['key', 'other'] } }, () => false],
      [{ method: { ne: 'key' } }, () => true],
      [{ scopes: { in: ['api', 'read_api'] } }, (n) => n % 2 === 0],
      [{ createdAt: { gt: minute(10), lte: minute(12) } }, (n) => n === 11 || n === 12],
      [{ createdAt: { gte: minute(10), lt: minute(12) } }, (n) => n === 10 || n === 11],
      [{ updatedAt: { gt: minute(1) } }, () => true],
      [{ endsAt: { exists: true } }, (n) => n % 6 === 0],
      [
        { endsAt: { lt: new Date(Date.now() + 13 * 3_600_000).toISOString() } },
        (n) => n === 6 || n === 12,
      ],
      [{ checkedAt: { exists: false } }, (n) => n % 4 === 0],
      [{ checkedAt: { gte: minute(0) } }, (n) => n % 4 !== 0],
    ]
    for (const [filter, is] of cases) {
      expect(await users({ filter }), JSON.stringify(filter)).toEqual(only(is))
    }
    for (const [query, is] of [
      ['LOVE', () => true],
      ['ada lov dev', () => true],
      ['user-17', (n) => n === 17],
      ['elace', () => false],
      ['%', () => false],
    ] as [string, (n: number) => boolean][]) {
      expect(await users({ query }), query).toEqual(only(is))
    }
    const sort = [{ by: 'name', order: 'desc' }, { by: 'createdAt' }]
    const sorted = all.toSorted((a, b) => (b % 7) - (a % 7) || a - b)
    expect(await users({ sort })).toEqual(sorted)
    const ends = await users({ sort: [{ by: 'endsAt' }] })
    expect(ends.slice(0, 10)).toEqual(only((n) => n % 6 === 0))
    for (const [bad, field] of [
      [{ filter: { colour: { eq: 'red' } } }, 'filter'],
      [{ filter: { name: { like: 'n%' } } }, 'filter.name'],
      [{ filter: { status: { eq: 'disconnected' } } }, 'filter.status.eq'],
      [{ filter: { createdAt: { gt: 'yesterday' } } }, 'filter.createdAt.gt'],
      [{ filter: { userId: { in: [] } } }, 'filter.userId.in'],
      [{ sort: [{ by: 'colour' }] }, 'sort.0.by'],
      [{ sort: [{ by: 'name' }, { by: 'provider' }, { by: 'createdAt' }] }, 'sort'],
      [{ limit: 501 }, 'limit'],
      [{ query: '' }, 'query'],
      [{ tenantId: undefined }, 'tenantId'],
    ] as const) {
      const { status, body } = await search(bad)
      expect(status, JSON.stringify(bad)).toBe(400)
      expect(body.detail).toContain(`${field}:`)
    }
    // A key sees what it is for.
    const ask = async (grants: object) => {
      const key = (await stage.keywell.apiKeys.create('limited', grants)).key.expose()
      const answer = await fetch(`${stage.url}/v1/connections/search`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ tenantId }),
      })
      return (await answer.json()) as ConnectionPage
    }
    expect((await ask({ tenants: [tenantId] })).connections).toHaveLength(60)
    for (const grants of [{ tenants: ['ten_other'] }, { providers: ['forge'] }]) {
      expect(await ask(grants)).toEqual({ connections: [], nextCursor: null })
    }
  })

  verifies('search:cursor', async () => {
    const of = 'ten_pages'
    await copies(of, 90)
    const sorts = [
      [],
      [{ by: 'name' }],
      [{ by: 'checkedAt', order: 'desc' }, { by: 'name' }],
      [{ by: 'createdAt', order: 'desc' }],
      [{ by: 'provider' }, { by: 'endsAt', order: 'desc' }],
    ]
    for (const sort of sorts) {
      const what = JSON.stringify(sort)
      const seen: string[] = []
      let cursor: string | null = null
      let pages = 0
      do {
        const page: ConnectionPage = must(
          await search({ sort, limit: 7, ...(cursor && { cursor }) }, of),
          200,
        )
        seen.push(...page.connections.map(({ id }) => id))
        cursor = page.nextCursor
        pages += 1
        // Rows of even users move about; those of odd users stand still.
        await stage.database.query(
          `update connections set name = 'n' || ((substr(user_id, 5)::int + $2::int) % 9),
             health_checked_at = case when $2::int % 2 = 0 then now() end,
             created_at = created_at + ($2::int % 3 - 1) * interval '20 minutes'
           where tenant_id = $1 and substr(user_id, 5)::int % 2 = 0`,
          [of, pages],
        )
      } while (cursor !== null && pages < 100)
      expect(pages, what).toBeLessThan(100)
      const still = await stage.database.query<{ id: string }>(
        `select id from connections where tenant_id = $1 and substr(user_id, 5)::int % 2 = 1 order by id`,
        [of],
      )
      const counted = still.map(({ id }) => seen.filter((each) => each === id).length)
      expect(counted, what).toEqual(still.map(() => 1))
    }

    const first = { sort: [{ by: 'name' }], filter: { provider: { eq: 'gitlab' } }, limit: 2 }
    const { nextCursor } = must(await search(first, of), 200)
    const cursor = nextCursor ?? ''
    expect((await search({ ...first, limit: 5, cursor }, of)).status).toBe(200)
    const [version, ...rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const forged = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url')
    for (const [what, answer] of [
      ['another tenant', await search({ ...first, cursor })],
      [
        'another order',
        await search({ ...first, sort: [{ by: 'name', order: 'desc' }], cursor }, of),
      ],
      ['another filter', await search({ ...first, filter: {}, cursor }, of)],
      ['another query', await search({ ...first, query: 'ada', cursor }, of)],
      [
        'another place',
        await search({ ...first, cursor: forged([version, 'n5', ...rest.slice(1)]) }, of),
      ],
      ['another version', await search({ ...first, cursor: forged([version + 1, ...rest]) }, of)],
      ['no cursor', await search({ ...first, cursor: 'con_0' }, of)],
    ] as const) {
      expect(answer, what).toMatchObject({
        status: 400,
        body: { code: 'invalid_request', detail: expect.stringContaining('cursor') },
      })
    }
  })
})
