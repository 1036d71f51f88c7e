import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

interface Policy {
  policy: object
  updatedAt: string
}

describeEachDatabase('an Idempotency-Key', (makeDatabase) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { role: 'serve' })
  })
  afterAll(() => stage.stop())

  /** A call under an Idempotency-Key, by the stage's API key or another one. */
  async function send<Body = Record<string, unknown>>(
    key: string,
    method: string,
    path: string,
    body?: unknown,
    apiKey = stage.apiKey,
  ) {
    const response = await fetch(`${stage.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        'idempotency-key': key,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    // The test that asked says what it expects.
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Body,
    }
  }

  const policyOf = (tenantId: string) => `/v1/tenants/${tenantId}/policy`
  const audited = async (tenantId: string, action: string) =>
    (
      await stage.database.query('select from audit where tenant_id = $1 and action = $2', [
        tenantId,
        action,
      ])
    ).length

  verifies('idempotency:once', async () => {
    const path = policyOf('ten_once')
    const first = await send<Policy>('k1', 'PUT', path, { readOnly: true })
    expect(first.status).toBe(200)
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    must(await stage.call('PUT', path, { readOnly: false }), 200)
    const again = await send<Policy>('k1', 'PUT', path, { readOnly: true })
    expect(again).toMatchObject({ status: 200, body: first.body })
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    // It was not done again: what came between still counts.
    const { policy } = must(await stage.call<Policy>('GET', path), 200)
    expect(policy).toEqual({ readOnly: false })
    expect(await audited('ten_once', 'tenant.policy.update')).toBe(2)
    // Of another API key, and in another route, the same key is another call.
    const other = (await stage.keywell.apiKeys.create('other', { roles: ['admin'] })).key.expose()
    const theirs = await send<Policy>('k1', 'PUT', path, { readOnly: true }, other)
    expect(theirs.headers.get('idempotency-replayed')).toBeNull()
    expect((await send<Policy>('k1', 'DELETE', path)).body.updatedAt).toBeNull()
  })

  verifies('idempotency:another-request', async () => {
    must(await send('k2', 'PUT', policyOf('ten_other'), { readOnly: true }), 200)
    const conflict = await send('k2', 'PUT', policyOf('ten_other'), { readOnly: false })
    expect(conflict).toMatchObject({
      status: 409,
      body: { code: 'conflict', nextStep: expect.stringContaining('new key') },
    })
    for (const bad of ['', 'two words', 'x'.repeat(256)]) {
      const refused = await send(bad, 'PUT', policyOf('ten_other'), {})
      // An empty header may not come through at all.
      if (bad !== '')
        expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    }
  })

  verifies('idempotency:failed', async () => {
    const wrong = { provider: 'gitlab', scopes: ['no_such_scope'], host: 'https://a.example' }
    const refused = await send('k3', 'POST', '/v1/integrations', wrong)
    expect(refused).toMatchObject({ status: 400, body: { code: 'scope_not_allowed' } })
    // A failure is not kept: the key is free.
    const right = { ...wrong, scopes: ['read_api'], tenantId: 'ten_failed' }
    expect((await send('k3', 'POST', '/v1/integrations', right)).status).not.toBe(409)
  })

  verifies('idempotency:secrets', async () => {
    const wanted = { name: 'made once', roles: ['read_only'] }
    const made = await send<{ key: string; id: string }>('k4', 'POST', '/v1/api-keys', wanted)
    expect(made.status).toBe(201)
    const again = await send('k4', 'POST', '/v1/api-keys', wanted)
    expect(again).toMatchObject({
      status: 409,
      body: { code: 'conflict', nextStep: expect.stringContaining('revoke') },
    })
    const rows = await stage.database.query<{ row: string }>(
      'select idempotent_calls::text as row from idempotent_calls',
    )
    expect(rows.length).toBeGreaterThan(0)
    for (const { row } of rows) expect(row).not.toContain(made.body.key)
    const { apiKeys } = must(
      await stage.call<{ apiKeys: { name: string }[] }>('GET', '/v1/api-keys'),
      200,
    )
    expect(apiKeys.filter(({ name }) => name === 'made once')).toHaveLength(1)
  })

  verifies('idempotency:at-once', async () => {
    const path = policyOf('ten_race')
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => send<Policy>('k5', 'PUT', path, { readOnly: true })),
    )
    expect(await audited('ten_race', 'tenant.policy.update')).toBe(1)
    for (const { status, headers, body } of answers) {
      expect([200, 409]).toContain(status)
      if (status === 409) {
        expect(body).toMatchObject({ code: 'conflict', retryAfterMs: 1000 })
        expect(headers.get('retry-after')).toBe('1')
      }
    }
    expect((await send('k5', 'PUT', path, { readOnly: true })).status).toBe(200)
    // One that was cut off is not carried out a second time.
    await stage.database.query(
      `update idempotent_calls set status = null, answer = null, answer_mac = null where key = 'k5'`,
    )
    expect(await send('k5', 'PUT', path, { readOnly: true })).toMatchObject({
      status: 409,
      body: { code: 'conflict', retryAfterMs: 1000 },
    })
  })

  verifies('idempotency:altered', async () => {
    const path = policyOf('ten_altered')
    must(await send('k6', 'PUT', path, { readOnly: true }), 200)
    await stage.database.query(`update idempotent_calls set answer = '{}' where key = 'k6'`)
    expect(await send('k6', 'PUT', path, { readOnly: true })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    })
    expect(stage.logs.join()).toContain('answer_altered')
  })

  verifies('idempotency:limits', async () => {
    const limited = (
      await stage.keywell.apiKeys.create('limited', { roles: ['admin'], tenants: ['ten_mine'] })
    ).key.expose()
    const draft = { provider: 'gitlab', scopes: ['read_api'], tenantId: 'ten_foreign' }
    const refused = await send('k7', 'POST', '/v1/integrations', draft, limited)
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    const left = "select from idempotent_calls where tenant_id = 'ten_foreign'"
    expect(await stage.database.query(left)).toHaveLength(0)
  })

  verifies('idempotency:ends', async () => {
    const path = policyOf('ten_ends')
    must(await send('k8', 'PUT', path, { readOnly: true }), 200)
    await stage.database.query(
      `update idempotent_calls set created_at = now() - interval '25 hours' where key = 'k8'`,
    )
    const later = await send<Policy>('k8', 'PUT', path, { readOnly: false })
    expect(later).toMatchObject({ status: 200, body: { policy: { readOnly: false } } })
    expect(later.headers.get('idempotency-replayed')).toBeNull()
    // With its tenant goes what is kept of it, and what comes late keeps nothing.
    must(await stage.call('DELETE', '/v1/tenants/ten_ends?now=true'), 200)
    const late = await send('k9', 'PUT', path, { readOnly: true })
    expect(late).toMatchObject({ status: 410, body: { code: 'tenant_erased' } })
    const left = "select from idempotent_calls where tenant_id = 'ten_ends'"
    expect(await stage.database.query(left)).toHaveLength(0)
  })
})
