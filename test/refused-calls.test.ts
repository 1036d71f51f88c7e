/** What the audit log says of calls that were refused. */
import type { AuditLogEntry, AuditPage, CreateApiKey } from '@keywell/protocol'
import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import type { TestDatabase } from './support/inspected.ts'
import { parseScrape } from './support/scrape.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const keyBurst = 60
const guesses = 20

describeEachDatabase('refused calls', (makeDatabase) => {
  let database: TestDatabase
  let stage: Stage
  let tenants = 0

  beforeAll(async () => {
    database = await makeDatabase()
    stage = await createStage(database, {
      rateLimits: {
        key: { requestsPerSecond: 0.001, burst: keyBurst },
        wrongKeys: { requestsPerSecond: 0.001, burst: guesses },
      },
    })
  }, 60_000)
  afterAll(() => stage.stop())

  /** A tenant of its own for each test. */
  const newTenant = () => {
    tenants += 1
    return `ten_${tenants}`
  }

  async function makeKey(grants: Partial<CreateApiKey> = {}) {
    const { id, key } = await stage.keywell.apiKeys.create('a key', grants)
    return { id, key: key.expose() }
  }

  async function call(
    key: string,
    method: string,
    path: string,
    { body, headers, address }: { body?: object; headers?: object; address?: string } = {},
  ): Promise<number> {
    const request = new Request(`${stage.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return (await stage.keywell.fetch(request, { address })).status
  }

  /** Refusals of an actor; each test has actors of its own, except for `unknown`. */
  async function refusals(tenantId: string, actor: string): Promise<AuditLogEntry[]> {
    // Another key looks, which is not refused; it is a new one each time, since calls are limited.
    const { key } = await makeKey({ roles: ['audit'] })
    const query = new URLSearchParams({ tenantId, actor, action: 'call.refuse' })
    const response = await stage.keywell.fetch(
      new Request(`${stage.url}/v1/audit?${query}`, {
        headers: { authorization: `Bearer ${key}` },
      }),
    )
    const page: AuditPage = await response.json()
    return page.entries
  }

  async function expectRefusal(tenantId: string, actor: string, reason: string): Promise<void> {
    let found: AuditLogEntry[] = []
    await until(`${actor} under ${tenantId}: ${reason}`, async () => {
      found = await refusals(tenantId, actor)
      return found.some((entry) => entry.reason === reason)
    })
    expect(found.find((entry) => entry.reason === reason)).toMatchObject({
      tenantId,
      actor,
      result: 'denied',
      requestId: expect.stringMatching(/^req_/),
    })
  }

  verifies('T30:refused-calls', async () => {
    const route = 'GET /v1/connections'
    const path = '/v1/connections?tenantId=ten_x'

    const revoked = await makeKey()
    await stage.keywell.apiKeys.revoke(revoked.id)
    const expired = await makeKey()
    await stage.keywell.apiKeys.rotate(expired.id, { overlapSeconds: 0 })
    // Its row was changed by hand, so it is not a valid key any more.
    const altered = await makeKey()
    await database.query('update api_keys set expires_at = now() where id = $1', [altered.id])
    for (const { key } of [revoked, expired, altered]) {
      expect(await call(key, 'GET', path)).toBe(401)
    }
    await expectRefusal('@install', `key:${revoked.id}`, `revoked: ${route}`)
    await expectRefusal('@install', `key:${expired.id}`, `expired: ${route}`)
    await expectRefusal('@install', 'unknown', `unauthorized: ${route}`)
    expect(await refusals('@install', `key:${altered.id}`)).toEqual([])

    const weak = await makeKey({ roles: ['connect'] })
    expect(await call(weak.key, 'GET', '/v1/webhooks')).toBe(403)
    await expectRefusal('@install', `key:${weak.id}`, 'forbidden: GET /v1/webhooks')

    const shipped = await makeKey()
    const headers = { origin: 'https://app.example' }
    expect(await call(shipped.key, 'GET', '/v1/providers', { headers })).toBe(403)
    await expectRefusal('@install', `key:${shipped.id}`, 'key_in_browser: GET /v1/providers')

    const busy = await makeKey()
    for (let calls = 0; calls < keyBurst; calls += 1) {
      expect(await call(busy.key, 'GET', '/v1/providers')).toBe(200)
    }
    expect(await call(busy.key, 'GET', '/v1/providers')).toBe(429)
    await expectRefusal('@install', `key:${busy.id}`, 'rate_limited: GET /v1/providers')

    const address = '203.0.113.9'
    const wrong = `${weak.key.slice(0, -1)}${weak.key.endsWith('A') ? 'B' : 'A'}`
    const tries = []
    for (let guess = 0; guess <= guesses; guess += 1) {
      tries.push(await call(wrong, 'GET', '/v1/audit/head', { address }))
    }
    expect(tries.at(-1)).toBe(429)
    await expectRefusal('@install', 'unknown', 'unauthorized: GET /v1/audit/head')
    await expectRefusal('@install', 'unknown', 'rate_limited: GET /v1/audit/head')
    // All of them together left two entries so far; how many there were is written within a minute.
    const left = await refusals('@install', 'unknown')
    expect(left.filter(({ reason }) => reason?.endsWith('/v1/audit/head'))).toHaveLength(2)
    expect(JSON.stringify(left)).not.toContain(wrong)

    // A call without a key is not logged as a refusal, so that a passer-by cannot fill the log.
    const keyless = new Request(`${stage.url}/v1/tenants/ten_passer_by`)
    expect((await stage.keywell.fetch(keyless)).status).toBe(401)
    const noted = await refusals('@install', 'unknown')
    expect(noted.filter(({ reason }) => reason?.includes('/v1/tenants'))).toEqual([])
  })

  verifies('T30:refused-whose', async () => {
    const [home, abroad] = [newTenant(), newTenant()]
    const body = { tenantId: abroad, userId: 'usr', provider: 'gitlab' }

    // A missing role: named in the query, in the path, in the body, and nowhere.
    const weak = await makeKey({ roles: ['connect'] })
    const actor = `key:${weak.id}`
    expect(await call(weak.key, 'GET', `/v1/audit?tenantId=${abroad}`)).toBe(403)
    await expectRefusal(abroad, actor, 'forbidden: GET /v1/audit')
    expect(await call(weak.key, 'GET', `/v1/tenants/${abroad}/export`)).toBe(403)
    await expectRefusal(abroad, actor, 'forbidden: GET /v1/tenants/:tenantId/export')
    expect(await call(weak.key, 'POST', '/v1/credentials', { body })).toBe(403)
    await expectRefusal(abroad, actor, 'forbidden: POST /v1/credentials')
    expect(await call(weak.key, 'GET', '/v1/audit?tenantId=%00')).toBe(403)
    await expectRefusal('@install', actor, 'forbidden: GET /v1/audit')

    // A key that is limited: a 404 for what it may not see is in the log of the tenant that owns it.
    const limited = await makeKey({ roles: ['backend'], tenants: [home] })
    const limitedActor = `key:${limited.id}`
    expect(await call(limited.key, 'POST', '/v1/credentials', { body })).toBe(404)
    await expectRefusal(abroad, limitedActor, 'beyond_limits: POST /v1/credentials')
    expect(await call(limited.key, 'GET', `/v1/connections?tenantId=${abroad}`)).toBe(200)
    await expectRefusal(abroad, limitedActor, 'beyond_limits: GET /v1/connections')
    const session = {
      tenantId: abroad,
      userId: 'usr',
      origins: ['https://app.example'],
      returnUrl: 'https://app.example/',
    }
    expect(await call(limited.key, 'POST', '/v1/connect/sessions', { body: session })).toBe(403)
    await expectRefusal(abroad, limitedActor, 'forbidden: POST /v1/connect/sessions')
    expect(await call(limited.key, 'GET', '/v1/changes')).toBe(403)
    await expectRefusal('@install', limitedActor, 'forbidden: GET /v1/changes')

    // What it may see leaves nothing.
    expect(await call(limited.key, 'GET', `/v1/connections?tenantId=${home}`)).toBe(200)
    expect(await refusals(home, limitedActor)).toEqual([])

    // An admin that is refused a stronger key.
    const admin = await makeKey({ roles: ['admin'] })
    const stronger = { name: 'stronger', roles: ['backend'] }
    expect(await call(admin.key, 'POST', '/v1/api-keys', { body: stronger })).toBe(403)
    await expectRefusal('@install', `key:${admin.id}`, 'forbidden: POST /v1/api-keys')
    expect(await stage.keywell.audit.verify()).toMatchObject({ findings: [] })
  })

  verifies('T30:refusals-do-not-wait', async () => {
    const missing = async () =>
      parseScrape((await stage.keywell.metrics()).text).value(
        'keywell_audit_refusals_unwritten_total',
      ) ?? 0
    const weak = await makeKey({ roles: ['connect'] })
    const tenantId = newTenant()
    must(await stage.call('GET', `/v1/connections?tenantId=${tenantId}`), 200)
    const before = await missing()
    await database.query('alter table audit_tail rename to audit_away')
    expect(await call(weak.key, 'GET', `/v1/audit?tenantId=${tenantId}`)).toBe(403)
    expect(await call('kw_wrong', 'GET', `/v1/webhooks?tenantId=${tenantId}`)).toBe(401)
    await until('both are counted', async () => (await missing()) === before + 2)
    await database.query('alter table audit_away rename to audit_tail')
    expect(await call(weak.key, 'GET', `/v1/audit/head?tenantId=${tenantId}`)).toBe(403)
    await expectRefusal(tenantId, `key:${weak.id}`, 'forbidden: GET /v1/audit/head')
  })
})
