/** Tenants that are erased, and handed what is kept of them. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tenant } from '@keywell/protocol'
import { Keywell } from '@keywell/sdk'
import { createKeyFile, createKeywell, type Database, keyFile, localKeys } from '@keywell/server'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { acme } from './support/bad-definitions.ts'
import { describeEachDatabase } from './support/databases.ts'
import { createOvertaking, sealEverything, sealedColumns } from './support/everything-sealed.ts'
import { mortal } from './support/mortal-database.ts'
import { type TenantTable, tenantTables } from './support/scopes.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

/** Where a tenant's id may stand after its end: each has its time, or is the tombstone. */
const kept = Object.entries(tenantTables)
  .filter(([, { rows }]) => rows === 'later' || rows === 'kept')
  .map(([name]) => name)

/** An endpoint is a webhook to those who call the API. */
const camelCase = (column: string) =>
  column
    .replace('endpoint_id', 'webhook_id')
    .replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

describeEachDatabase('tenants', (makeDatabase) => {
  let stage: Stage
  let next = 0
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-tenants-')), 'root-keys')
  const overtaking = createOvertaking(() => stage.database)
  const neighbour = { tenantId: 'ten_neighbour', userId: 'usr_neighbour' }

  beforeAll(async () => {
    createKeyFile(keyPath)
    stage = await createStage(await makeDatabase(), {
      role: 'serve',
      keyPath,
      faultPoint: overtaking.faultPoint,
    })
    await stage.connect({ who: neighbour })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  const newTenant = () => {
    next += 1
    return `ten/${next}`
  }
  const pathOf = (tenantId: string) => `/v1/tenants/${encodeURIComponent(tenantId)}`
  const look = (tenantId: string) => stage.call<Tenant>('GET', pathOf(tenantId))
  /** Under an Idempotency-Key, so that the answer is kept of the tenant, too. */
  const limit = async (tenantId: string) => {
    const response = await fetch(`${stage.url}${pathOf(tenantId)}/policy`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${stage.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': 'limit',
      },
      body: JSON.stringify({ tools: { gitlab: [] } }),
    })
    expect(response.status).toBe(200)
  }
  const erase = async (tenantId: string, query = '') =>
    must(await stage.call<Tenant>('DELETE', `${pathOf(tenantId)}${query}`), 200)

  async function connected() {
    const who = { tenantId: newTenant(), userId: 'usr_main' }
    const { connection } = await stage.connect({ who })
    if (connection === null) throw new Error('not connected')
    return { who, id: connection.id }
  }

  async function storeKey(who: { tenantId: string; userId: string }, name = 'default') {
    const { value } = await stage.sandbox.control.issuePersonalAccessToken({ username: 'ada' })
    const credential = { type: 'api_key', value }
    const body = { ...who, name, provider: 'gitlab', host: stage.sandbox.url, credential }
    return { value, answer: await stage.call('POST', '/v1/connections', body) }
  }

  /** Tables in which the tenant is named, under whichever column. */
  async function tablesWith(tenantId: string): Promise<string[]> {
    const columns = await stage.database.query<{ table: string; column: string }>(
      `select table_name as "table", column_name as "column" from information_schema.columns
       where table_schema = current_schema() and table_name not like 'before%'
         and not exists (select from pg_inherits where inhrelid = quote_ident(table_name)::regclass)
         and column_name in ('tenant_id', 'owner_id', 'endpoint_owner', 'integration_owner')
       order by 1`,
    )
    expect(columns.length).toBeGreaterThan(20)
    const found = new Set<string>()
    for (const { table, column } of columns) {
      const rows = await stage.database.query(`select from ${table} where ${column} = $1 limit 1`, [
        tenantId,
      ])
      if (rows.length > 0) found.add(table)
    }
    return [...found]
  }

  /** Tables of which some row holds the word, in whichever column. */
  async function tablesThatSay(word: string): Promise<string[]> {
    const tables = await stage.database.query<{ name: string }>(
      `select relname as name from pg_class
       where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')
         and not relispartition order by 1`,
    )
    const found: string[] = []
    for (const { name } of tables) {
      const rows = await stage.database.query(
        `select from ${name} as t where position($1 in t::text) > 0 limit 1`,
        [word],
      )
      if (rows.length > 0) found.push(name)
    }
    return found
  }

  const keysOf = async (tenantId: string) =>
    stage.database.query<{ state: string; wrapped: unknown }>(
      'select state, wrapped from tenant_keys where tenant_id = $1',
      [tenantId],
    )
  /** Its time has come again. */
  const makeDue = (tenantId: string) =>
    stage.database.query('update revocations set due_at = now() where tenant_id = $1', [tenantId])

  async function livesAtProvider(accessToken: unknown): Promise<boolean> {
    const pairs = await stage.sandbox.control.tokens()
    const pair = pairs.find((each) => each.accessToken === accessToken)
    if (pair === undefined) throw new Error('no such token')
    return pair.revokedAt === null
  }
  const tokenOf = async (who: object) => must(await stage.read(who), 200).credential

  async function expectGone(tenantId: string): Promise<void> {
    expect((await tablesWith(tenantId)).filter((table) => !kept.includes(table))).toEqual([])
    const keys = await keysOf(tenantId)
    expect(keys).not.toEqual([])
    for (const key of keys) expect(key).toEqual({ state: 'destroyed', wrapped: null })
    expect((await stage.read(neighbour)).status).toBe(200)
  }

  verifies('T18:erase', async () => {
    const tenantId = newTenant()
    const { who } = await sealEverything(stage, { tenantId, overtaken: overtaking.tenants })
    const token = await tokenOf(who)
    await limit(tenantId)
    const held = must(await look(tenantId), 200)
    expect(held).toMatchObject({
      state: 'active',
      erasedAt: null,
      holds: { connections: 2, integrations: 1, webhooks: 1 },
    })
    expect(await tablesWith(tenantId)).toEqual(
      expect.arrayContaining([
        'credentials',
        'flows',
        'one_time_codes',
        'orphans',
        'revocations',
        'tenant_policies',
      ]),
    )
    // The disconnect before found no provider; its turn comes in a minute.
    await makeDue(tenantId)
    const done = await erase(tenantId)
    expect(done).toMatchObject({
      tenantId,
      state: 'erased',
      erasedAt: expect.any(String),
      holds: { connections: 0, integrations: 0, webhooks: 0 },
      pending: [],
      manual: [],
    })
    await expectGone(tenantId)
    expect(await livesAtProvider(token)).toBe(false)
    expect(await stage.read(who)).toMatchObject({ status: 404, body: { code: 'not_connected' } })
    // Again is no error, and nothing happens; nothing was ever kept of another.
    expect(await erase(tenantId)).toEqual(done)
    expect(must(await look(tenantId), 200)).toEqual(done)
    for (const method of ['GET', 'DELETE']) {
      const never = await stage.call(method, pathOf('ten_never'))
      expect(never, method).toMatchObject({ status: 404, body: { code: 'not_found' } })
    }
    expect((await stage.call('GET', `${pathOf('ten_never')}/export`)).status).toBe(404)
    const limited = newTenant()
    await limit(limited)
    expect(await erase(limited), 'nothing but a policy').toMatchObject({ state: 'erased' })
    expect(await tablesWith(limited)).not.toContain('tenant_policies')
    const query = new URLSearchParams({ tenantId, action: 'tenant.erase' })
    const { entries } = must(
      await stage.call<{ entries: { result: string }[] }>('GET', `/v1/audit?${query}`),
      200,
    )
    expect(entries.map(({ result }) => result)).toEqual(['ok', 'intent'])
    expect(await stage.keywell.audit.verify({ tenantId })).toMatchObject({ findings: [] })
    for (const bad of ['@install', '%40install']) {
      expect((await stage.call('DELETE', `/v1/tenants/${bad}`)).body).toMatchObject({
        code: 'invalid_request',
      })
    }
    await expect(stage.keywell.tenants.erase('@install')).rejects.toThrow(/must not begin with "@"/)
  })

  verifies('T18:order', async () => {
    const { who } = await connected()
    const { tenantId } = who
    await stage.connect({ who: { tenantId, userId: 'usr_other' } })
    const token = await tokenOf(who)
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' } })
    const begun = await erase(tenantId)
    const there = { provider: 'gitlab', host: stage.sandbox.url }
    expect(begun).toMatchObject({
      state: 'erasing',
      holds: { connections: 0 },
      pending: [{ ...there, count: 2 }],
      manual: [],
    })
    // One of them is given up after its time.
    await stage.database.query(
      `update revocations set state = 'irrevocable' where tenant_id = $1 and user_id = 'usr_other'`,
      [tenantId],
    )
    const byHand = { ...there, type: 'oauth_token', count: 1 }
    expect((await look(tenantId)).body).toMatchObject({
      state: 'erasing',
      pending: [{ ...there, count: 1 }],
      manual: [byHand],
    })
    expect(await keysOf(tenantId)).toMatchObject([{ state: 'active' }])
    expect((await stage.read(who)).status, 'here it ends at once').toBe(404)
    expect(await erase(tenantId), 'its turn has not come').toMatchObject({ state: 'erasing' })
    await stage.calm()
    await makeDue(tenantId)
    // The process that was asked is not needed any more; a worker is enough.
    const worker = createKeywell({
      database: { ...stage.database, close: async () => {} },
      keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
      publicUrl: stage.url,
      privateHosts: [{ origin: new URL(stage.sandbox.url).origin }],
      role: 'worker',
      timing: { sweepMs: 50 },
    })
    await worker.start()
    await until(
      'the worker has ended it',
      async () => (await look(tenantId)).body.state === 'erased',
    )
    await worker.stop()
    await expectGone(tenantId)
    expect((await look(tenantId)).body).toMatchObject({ pending: [], manual: [byHand] })
    expect(await livesAtProvider(token)).toBe(false)
  })

  verifies('T18:now', async () => {
    const { who } = await connected()
    const { tenantId } = who
    const token = await tokenOf(who)
    const { value } = await storeKey(who, 'by_hand')
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' } })
    const provider = 'gitlab'
    const host = stage.sandbox.url
    const sdk = new Keywell({ url: stage.url, apiKey: stage.apiKey })
    const done = await sdk.tenants.delete(tenantId, { now: true })
    expect(await sdk.tenants.get(tenantId)).toEqual(done)
    expect(await erase(tenantId, '?now=true')).toEqual(done)
    sdk.close()
    expect(done).toMatchObject({
      state: 'erased',
      pending: [],
      manual: [
        {
          type: 'api_key',
          provider,
          host,
          count: 1,
          manualUrl: `${host}/-/user_settings/personal_access_tokens`,
        },
        {
          type: 'oauth_token',
          provider,
          host,
          count: 1,
          manualUrl: `${host}/-/user_settings/applications`,
        },
      ],
    })
    await expectGone(tenantId)
    expect((await stage.sandbox.control.counters()).calls.revoke ?? 0).toBe(0)
    expect(await livesAtProvider(token), 'as it was said').toBe(true)
    for (const name of ['default', 'by_hand']) {
      const answer = await stage.read({ ...who, connectionName: name })
      expect(answer.status, name).toBe(404)
      expect(JSON.stringify(answer.body)).not.toContain(value)
    }
    expect((await stage.call('DELETE', `${pathOf(tenantId)}?now=soon`)).status).toBe(400)
  })

  verifies('T18:tombstone', async () => {
    const { who } = await connected()
    const { tenantId } = who
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' } })
    const session = await stage.session(who)
    expect(await erase(tenantId)).toMatchObject({ state: 'erasing' })
    const refused = async (when: string, rotation: 'tenant_erased' | 'not_found') => {
      for (const [path, body] of [
        ['/v1/connect/sessions', { ...who, origins: [appOrigin], returnUrl: appOrigin }],
        ['/v1/webhooks', { tenantId, url: 'https://hooks.example/keywell' }],
        ['/v1/integrations', { tenantId, provider: 'gitlab', scopes: ['read_api'] }],
      ] as const) {
        const answer = await stage.call('POST', path, body)
        expect(answer, `${path}, ${when}`).toMatchObject({
          status: 410,
          body: { code: 'tenant_erased' },
        })
      }
      const policy = await stage.call('PUT', `${pathOf(tenantId)}/policy`, {})
      expect(policy, when).toMatchObject({ status: 410, body: { code: 'tenant_erased' } })
      const { answer } = await storeKey(who)
      expect(answer.body, when).toMatchObject({ code: 'tenant_erased' })
      // A session from before is over.
      const flow = { provider: 'gitlab', host: stage.sandbox.url }
      const begun = await stage.page(session.connectToken, 'POST', '/connect/flows', flow)
      expect(begun.status, when).toBeGreaterThanOrEqual(400)
      await expect(stage.keywell.keys.rotateTenant(tenantId), when).rejects.toMatchObject({
        code: rotation,
      })
    }
    await refused('while it is erased', 'tenant_erased')
    await stage.calm()
    await makeDue(tenantId)
    expect(await erase(tenantId)).toMatchObject({ state: 'erased' })
    await refused('afterwards', 'not_found')
    await expectGone(tenantId)

    // Who was about to write when it began is waited for, and what he wrote goes with the rest.
    const late = await connected()
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    let inserted = () => {}
    const isInserted = new Promise<void>((resolve) => {
      inserted = resolve
    })
    const writing = stage.database.transaction(late.who.tenantId, async (sql) => {
      await sql.query(
        `insert into connections (tenant_id, id, user_id, provider, method, host, name, integration_owner,
           integration_id, status, account, asked_scopes, granted_scopes, generation)
         select tenant_id, 'con_late', 'usr_late', provider, method, host, name, integration_owner,
           integration_id, status, account, asked_scopes, granted_scopes, generation
         from connections where tenant_id = $1`,
        [late.who.tenantId],
      )
      inserted()
      await gate
    })
    await isInserted
    const erasing = erase(late.who.tenantId)
    // The embedded one takes one transaction after the other, and can be asked nothing meanwhile.
    if (stage.database.kind === 'postgres') {
      await until('the erasure waits', async () => {
        const waiting = await stage.database.query(
          `select from pg_locks where locktype = 'advisory' and not granted
             and database = (select oid from pg_database where datname = current_database())`,
        )
        return waiting.length > 0
      })
    }
    release()
    await writing
    expect(await erasing).toMatchObject({ state: 'erased' })
    await expectGone(late.who.tenantId)
  })

  verifies('T18:killed', async () => {
    for (let steps = 1, died = true; died; steps += 2) {
      const { who } = await connected()
      const { tenantId } = who
      const token = await tokenOf(who)
      const dying = mortal(stage.database, steps)
      const keywell = createKeywell({
        database: forTenant(tenantId, { mortal: dying, other: stage.database }),
        keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
        publicUrl: stage.url,
        privateHosts: [{ origin: new URL(stage.sandbox.url).origin }],
        role: 'serve',
      })
      await keywell.start()
      await keywell.tenants.erase(tenantId).catch(onlyKilled)
      died = dying.died
      await keywell.stop()
      const between = must(await look(tenantId), 200)
      if (between.state !== 'erased') {
        expect((await keysOf(tenantId)).map(({ state }) => state)).toEqual(['active'])
      }
      await makeDue(tenantId)
      expect(await erase(tenantId), `killed at ${steps}`).toMatchObject({
        state: 'erased',
        pending: [],
        manual: [],
      })
      await expectGone(tenantId)
      expect(await livesAtProvider(token), `killed at ${steps}`).toBe(false)
    }
  })

  verifies('T18:restored', async () => {
    const tenantId = newTenant()
    const { who } = await sealEverything(stage, { tenantId, overtaken: overtaking.tenants })
    const token = await tokenOf(who)
    await limit(tenantId)
    const owner = stage.database
    const guards = await owner.query<{ table: string }>(
      `select distinct event_object_table as "table" from information_schema.triggers
       where action_statement like '%refuse_erased_tenant%' order by 1`,
    )
    const tables = guards.map(({ table }) => table)
    expect(tables).toEqual([
      'approvals',
      'connect_sessions',
      'connections',
      'credentials',
      'flows',
      'idempotent_calls',
      'idempotent_tool_calls',
      'integrations',
      'mcp_tokens',
      'provider_incidents',
      'provider_versions',
      'tenant_keys',
      'tenant_policies',
      'webhook_endpoints',
    ])
    await owner.query(
      `insert into provider_incidents (tenant_id, id, provider, host, integration_id)
       values ($1, 'inc_a', 'gitlab', 'https://gitlab.example', '')`,
      [tenantId],
    )
    const own = { tenantId, definition: { ...acme, name: 'x-notes' } }
    must(await stage.call('POST', '/v1/custom-providers', own), 201)
    must(await stage.call('POST', '/v1/mcp-tokens', { ...who, provider: 'gitlab' }), 201)
    for (const table of tables) {
      await owner.query(`create table before_${table} as select * from ${table}`)
    }
    expect(await erase(tenantId, '?now=true')).toMatchObject({ state: 'erased' })
    const putBack = (table: string) =>
      owner.query(
        `insert into ${table} select * from before_${table} where tenant_id = $1 returning 1 as one`,
        [tenantId],
      )
    for (const table of tables) {
      await expect(putBack(table), table).rejects.toMatchObject({ code: 'tenant_erased' })
    }
    // The owner of the tables can remove the triggers; the keys are gone all the same.
    for (const table of ['connections', 'credentials']) {
      await owner.query(`alter table ${table} disable trigger user`)
      expect((await putBack(table)).length, table).toBeGreaterThan(0)
      await owner.query(`alter table ${table} enable trigger user`)
    }
    const answer = await stage.read(who)
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_connected' } })
    expect(JSON.stringify(answer.body)).not.toContain(token)
    const { refused } = await stage.keywell.keys.verify({ tenantId })
    expect(refused).toEqual({ tenant_destroyed: 2, tenant_erased: 3 })
    expect(await erase(tenantId)).toMatchObject({ holds: { connections: 0 } })
    await expectGone(tenantId)
    for (const table of tables) await owner.query(`drop table before_${table}`)
  })

  verifies('T18:restored-keys', async () => {
    const { who, id } = await connected()
    const { tenantId } = who
    const token = await tokenOf(who)
    const owner = stage.database
    const tables = ['tenant_keys', 'connections', 'credentials'] as const
    for (const table of tables) {
      await owner.query(`create table before_${table} as select * from ${table}`)
    }
    expect(await erase(tenantId, '?now=true')).toMatchObject({ state: 'erased' })
    await owner.query('delete from tenant_keys where tenant_id = $1', [tenantId])
    for (const table of tables) {
      await owner.query(`alter table ${table} disable trigger user`)
      await owner.query(`insert into ${table} select * from before_${table} where tenant_id = $1`, [
        tenantId,
      ])
      await owner.query(`alter table ${table} enable trigger user`)
    }
    const answer = await stage.read(who)
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_connected' } })
    expect(JSON.stringify(answer.body)).not.toContain(token)
    const found = await stage.keywell.keys.verify()
    expect(found.refused).toEqual({ tenant_erased: 2, tenant_destroyed: 1 })
    expect(found.rows.map(({ source, recordId, reason }) => [source, recordId, reason])).toEqual([
      ['tenant keys', tenantId, 'tenant_erased'],
      ['connections', id, 'tenant_erased'],
      ['credentials.sealed', id, 'tenant_destroyed'],
    ])
    expect(await erase(tenantId)).toMatchObject({ state: 'erased', holds: { connections: 0 } })
    await expectGone(tenantId)
    expect(await stage.keywell.keys.verify()).toMatchObject({ refused: {}, rows: [] })
    for (const table of tables) await owner.query(`drop table before_${table}`)
  })

  verifies('T18:nothing-personal', async () => {
    const who = { tenantId: newTenant(), userId: 'usr_forget_me' }
    const { tenantId } = who
    // The webhook of the installation is as much down as the provider is.
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' } })
    const url = `${stage.sandbox.url}/oauth/revoke`
    const webhook = must(await stage.call<{ id: string }>('POST', '/v1/webhooks', { url }), 201)
    await stage.connect({ who, as: 'grace' })
    await storeKey(who, 'name_forget_me')
    await stage.call('DELETE', `/v1/connections/none?${new URLSearchParams(who)}`)
    await stage.flow(await stage.session(who))
    await stage.database.query(
      `update webhook_deliveries set state = 'dead', ended_at = now()
       where tenant_id = $1 and data ->> 'name' = 'name_forget_me'`,
      [tenantId],
    )
    const personal = ['usr_forget_me', 'name_forget_me', 'Grace Lindqvist', 'grace']
    const places = async () => {
      const found: Record<string, string[]> = {}
      for (const word of personal) found[word] = await tablesThatSay(word)
      return found
    }
    expect((await places())['Grace Lindqvist']).toEqual(['connections', 'webhook_deliveries'])

    expect(await erase(tenantId)).toMatchObject({ state: 'erasing' })
    expect(await places()).toEqual({
      usr_forget_me: ['audit_tail', 'changes', 'revocations'],
      name_forget_me: ['changes'],
      'Grace Lindqvist': [],
      // A rotation of that name, in bundled definitions.
      grace: ['provider_versions'],
    })
    expect(await erase(tenantId, '?now=true')).toMatchObject({ state: 'erased' })
    expect(await places()).toEqual({
      usr_forget_me: ['audit_tail', 'changes'],
      name_forget_me: ['changes'],
      'Grace Lindqvist': [],
      // A rotation of that name, in bundled definitions.
      grace: ['provider_versions'],
    })
    const due = await stage.database.query<{ state: string }>(
      'select state from webhook_deliveries where tenant_id = $1',
      [tenantId],
    )
    expect(due.length, 'messages that the installation has still to receive').toBeGreaterThan(1)
    for (const { state } of due) expect(state).toBe('due')
    must(await stage.call('DELETE', `/v1/webhooks/${webhook.id}`), 200)
  })

  verifies('T18:export', async () => {
    const tenantId = newTenant()
    const { who, id } = await sealEverything(stage, { tenantId, overtaken: overtaking.tenants })
    const { value } = await storeKey(who, 'by_hand')
    await limit(tenantId)
    const response = await fetch(`${stage.url}${pathOf(tenantId)}/export`, {
      headers: { authorization: `Bearer ${stage.apiKey}` },
    })
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const text = await response.text()
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line): { kind: string; entry: Record<string, unknown> } => JSON.parse(line))
    const counts = Object.fromEntries(
      [...new Set(lines.map(({ kind }) => kind))].map((kind) => [
        kind,
        lines.filter((line) => line.kind === kind).length,
      ]),
    )
    expect(counts).toMatchObject({
      tenant: 1,
      connection: 4,
      credential: 3,
      revocation: 1,
      integration: 1,
      webhook: 1,
      flow: 4,
      policy: 1,
    })
    expect(counts.session).toBeGreaterThan(0)
    expect(counts.change).toBeGreaterThan(3)
    expect(lines).toContainEqual(
      expect.objectContaining({
        kind: 'connection',
        entry: expect.objectContaining({ id, userId: who.userId, status: 'active' }),
      }),
    )
    expect(lines.map(({ entry }) => entry.action)).toContain('tenant.export')
    // Whole: as many entries as the database has, of that tenant alone.
    const [{ audited } = { audited: -1 }] = await stage.database.query<{ audited: number }>(
      'select count(*)::int as audited from audit where tenant_id = $1',
      [tenantId],
    )
    expect(counts.audit).toBe(audited)
    expect(text).not.toContain(neighbour.tenantId)
    for (const table of Object.values<TenantTable>(tenantTables)) {
      const entry = lines.find(({ kind }) => kind === table.exportedAs)?.entry
      if (entry === undefined) continue
      const columns = table.exported?.map(camelCase) ?? []
      expect(new Set(Object.keys(entry)), table.exportedAs).toEqual(new Set(columns))
    }

    const pairs = await stage.sandbox.control.tokens()
    const secrets = [
      value,
      'its-secret',
      stage.apiKey,
      ...pairs.flatMap(({ accessToken, refreshToken }) => [
        accessToken,
        refreshToken ?? accessToken,
      ]),
    ]
    for (const column of [...sealedColumns, 'flows.binding_hash', 'tenant_keys.wrapped']) {
      const [table, name] = column.split('.')
      const rows = await stage.database.query<{ bytes: Uint8Array | null }>(
        `select ${name} as bytes from ${table} where tenant_id = $1`,
        [tenantId],
      )
      for (const { bytes } of rows) {
        if (bytes === null) continue
        for (const encoding of ['hex', 'base64', 'base64url'] as const) {
          secrets.push(Buffer.from(bytes).toString(encoding).slice(0, 40))
        }
      }
    }
    expect(secrets.length).toBeGreaterThan(30)
    for (const secret of secrets) expect(text.includes(secret), secret).toBe(false)
    expect(text).not.toMatch(/whsec_|kw_|\\\\x[0-9a-f]{8}/)
  })
})

/** What concerns one tenant goes to the database that dies; what else a process does, to the other. */
function forTenant(
  tenantId: string,
  { mortal: dying, other }: { mortal: Database; other: Database },
): Database {
  const fated = (scope: Parameters<Database['of']>[0]) =>
    [scope].flat().includes(tenantId) ? dying : other
  return {
    ...other,
    of: (scope) => fated(scope).of(scope),
    transaction: (scope, work) => fated(scope).transaction(scope, work),
    close: async () => {},
  }
}

/** A process that was killed ended by nothing else. */
function onlyKilled(error: unknown): void {
  if (!(error instanceof Error) || error.message !== 'killed') throw error
}
