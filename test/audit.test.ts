/** The audit log across the service: what may leave, who may look, what a command says of it. */

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AuditHead,
  type AuditLine,
  type AuditPage,
  auditHeadSchema,
  auditLineSchema,
  auditPageSchema,
} from '@keywell/protocol'
import { Keywell } from '@keywell/sdk'
import { createKeyFile } from '@keywell/server'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { startTcpProxy } from './faults/tcp-proxy.ts'
import { type CreatedDatabase, createDatabase, describeEachDatabase } from './support/databases.ts'
import { openCreated, type TestDatabase } from './support/inspected.ts'
import { runService } from './support/service-process.ts'
import { createStage, jonas, mira, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

describeEachDatabase('the audit log', (makeDatabase) => {
  let stage: Stage
  let database: TestDatabase

  beforeAll(async () => {
    database = await makeDatabase()
    stage = await createStage(database)
    await stage.connect({ who: mira })
    await stage.connect({ who: jonas })
    for (let reads = 0; reads < 5; reads += 1) expect((await stage.read(mira)).status).toBe(200)
    await allLinked()
  }, 60_000)
  afterAll(async () => {
    await stage.stop()
  })

  /** Everything is in its chain: the worker links once a second. */
  const allLinked = () =>
    until('all entries are linked', async () => {
      const rows = await database.query('select from audit_tail limit 1')
      return rows.length === 0
    })

  const search = async (query: Record<string, string>) =>
    stage.call<AuditPage>('GET', `/v1/audit?${new URLSearchParams(query)}`)

  async function exported(query: Record<string, string>) {
    const response = await fetch(`${stage.url}/v1/audit/export?${new URLSearchParams(query)}`, {
      headers: { authorization: `Bearer ${stage.apiKey}` },
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('application/x-ndjson')
    const lines = (await response.text()).split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line))
  }

  verifies('audit:search', async () => {
    const all = await search({ tenantId: mira.tenantId })
    expect(all.status).toBe(200)
    const { entries } = auditPageSchema.parse(all.body)
    expect(entries.length).toBeGreaterThan(5)
    expect(entries.map(({ id }) => id)).toEqual(
      entries
        .map(({ id }) => id)
        .sort()
        .reverse(),
    )
    expect(entries[0]).toMatchObject({
      action: 'credential.read',
      userId: mira.userId,
      generation: 1,
      result: 'ok',
      position: expect.any(Number),
    })

    // Each filter leaves what it names, and something else without it.
    const read = entries.filter(({ action }) => action === 'credential.read')
    const begun = read.at(-1)?.at ?? ''
    const filters: [Record<string, string>, (entry: AuditPage['entries'][number]) => boolean][] = [
      [{ action: 'credential.read' }, (entry) => entry.action === 'credential.read'],
      [{ userId: mira.userId }, (entry) => entry.userId === mira.userId],
      [{ result: 'intent' }, (entry) => entry.result === 'intent'],
      [{ actor: read[0]?.actor ?? '' }, (entry) => entry.actor === read[0]?.actor],
      [
        { connectionId: read[0]?.connectionId ?? '' },
        (entry) => entry.connectionId === read[0]?.connectionId,
      ],
      [{ from: begun }, (entry) => entry.at >= begun],
      [{ to: begun }, (entry) => entry.at < begun],
    ]
    for (const [filter, fits] of filters) {
      const found = (await search({ tenantId: mira.tenantId, ...filter })).body.entries
      expect(found, JSON.stringify(filter)).toEqual(entries.filter(fits))
      expect(found.length, JSON.stringify(filter)).toBeGreaterThan(0)
    }

    // Pages give the same, whole.
    const paged: AuditPage['entries'] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: AuditPage = (
        await search({ tenantId: mira.tenantId, limit: '2', ...(cursor && { cursor }) })
      ).body
      paged.push(...page.entries)
      cursor = page.nextCursor
    }
    expect(paged).toEqual(entries)

    const sdk = new Keywell({ url: stage.url, apiKey: stage.apiKey })
    expect((await sdk.audit.list({ tenantId: mira.tenantId })).entries).toEqual(entries)
    sdk.close()
  })

  verifies('audit:tenants', async () => {
    for (const [who, other] of [
      [mira, jonas],
      [jonas, mira],
    ] as const) {
      const { entries } = (await search({ tenantId: who.tenantId })).body
      const lines: AuditLine[] = await exported({ tenantId: who.tenantId })
      expect(new Set(entries.map(({ tenantId }) => tenantId))).toEqual(new Set([who.tenantId]))
      expect(new Set(lines.map(({ tenantId }) => tenantId))).toEqual(new Set([who.tenantId]))
      expect((await search({ tenantId: who.tenantId, userId: other.userId })).body.entries).toEqual(
        [],
      )
      // An id of the other tenant as a cursor shows nothing of it.
      const foreign = (await search({ tenantId: other.tenantId })).body.entries[0]?.id ?? ''
      const behind = (await search({ tenantId: who.tenantId, cursor: foreign })).body.entries
      expect(behind.every(({ tenantId }) => tenantId === who.tenantId)).toBe(true)
    }
    expect((await search({ tenantId: 'ten_nobody' })).body).toEqual({
      entries: [],
      nextCursor: null,
    })
    for (const query of [{}, { tenantId: '' }, { tenantId: '@other' }]) {
      expect(await search(query)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    }
    expect((await search({ tenantId: '@install' })).body.entries).not.toEqual([])
    for (const path of ['', '/export', '/head']) {
      const open = await fetch(`${stage.url}/v1/audit${path}?tenantId=${mira.tenantId}`)
      expect(open.status).toBe(401)
    }
  })

  verifies('audit:export', async () => {
    const whole: AuditLine[] = await exported({ tenantId: mira.tenantId })
    for (const line of whole) auditLineSchema.parse(line)
    expect(whole.map(({ position }) => position)).toEqual(whole.map((_, index) => index + 1))

    // It ended early; the next goes on behind the last line that came.
    const begun = whole.slice(0, 3)
    const rest: AuditLine[] = await exported({
      tenantId: mira.tenantId,
      after: String(begun.at(-1)?.position),
    })
    expect([...begun, ...rest]).toEqual(whole)
    expect(await exported({ tenantId: mira.tenantId, after: String(whole.length) })).toEqual([])

    // What is written later comes in the next export, once.
    await stage.read(mira)
    await allLinked()
    const later: AuditLine[] = await exported({
      tenantId: mira.tenantId,
      after: String(whole.length),
    })
    expect(later.map(({ action, position }) => ({ action, position }))).toEqual([
      { action: 'credential.read', position: whole.length + 1 },
    ])
  })

  verifies('audit:sdk-export', async () => {
    const proxy = await startTcpProxy(Number(new URL(stage.url).port))
    let opened = 0
    const sdk = new Keywell({
      url: `http://127.0.0.1:${proxy.port}`,
      apiKey: stage.apiKey,
      random: () => 0, // no pauses
      fetch: (...request) => {
        opened += 1
        return fetch(...request)
      },
    })
    // Every connection is cut after some lines, in the middle of one.
    proxy.set({ kind: 'drop', direction: 'down', afterBytes: 2_500 })
    const { tenantId } = mira
    const came: AuditLine[] = []
    for await (const line of sdk.audit.export({ tenantId })) came.push(line)
    const whole: AuditLine[] = await exported({ tenantId })
    expect(came).toEqual(whole)
    expect(opened).toBeGreaterThan(2)

    const rest: AuditLine[] = []
    for await (const line of sdk.audit.export({ tenantId, after: 3 })) rest.push(line)
    expect(rest).toEqual(whole.slice(3))
    sdk.close()
    await proxy.close()
  })

  verifies('audit:ocsf', async () => {
    const events = await exported({ tenantId: mira.tenantId, format: 'ocsf' })
    const lines: AuditLine[] = await exported({ tenantId: mira.tenantId })
    expect(events).toHaveLength(lines.length)
    for (const [index, event] of events.entries()) {
      const line = lines[index]
      // What the class API Activity requires, and what its objects require.
      expect(event).toMatchObject({
        category_uid: 6,
        class_uid: 6003,
        type_uid: 600_300 + event.activity_id,
        time: Date.parse(line?.at ?? ''),
        severity_id: expect.any(Number),
        api: { operation: line?.action },
        metadata: {
          version: expect.stringMatching(/^1\.\d+\.\d+$/),
          product: { name: expect.any(String), vendor_name: expect.any(String) },
          uid: line?.id,
          sequence: line?.position,
        },
      })
      expect([1, 2, 3, 4, 99]).toContain(event.activity_id)
      const { actor, src_endpoint } = event
      expect(actor.user?.uid ?? actor.app_uid ?? actor.app_name).toEqual(expect.any(String))
      expect(src_endpoint.name).not.toBe('')
    }
    expect(events.find(({ api }) => api.operation === 'credential.read')).toMatchObject({
      activity_name: 'Read',
      status: 'Success',
      actor: { app_uid: expect.stringMatching(/^key_/) },
      resources: [{ type: 'connection', owner: { uid: mira.userId } }],
    })
  })

  verifies('audit:head', async () => {
    const path = `/v1/audit/head?tenantId=${mira.tenantId}`
    const none = auditHeadSchema.parse((await stage.call('GET', path)).body)
    expect(none.head).toBeNull()
    // A minute passes.
    await database.query("update audit_heads_due set since = now() - interval '2 minutes'")
    let head: AuditHead['head'] = null
    await until('the end of the chain is signed', async () => {
      head = (await stage.call<AuditHead>('GET', path)).body.head
      return head !== null
    })
    const logged = stage.logs.filter((line) => line.includes('"audit head"'))
    expect(logged.length).toBeGreaterThan(0)
    const lines: AuditLine[] = await exported({ tenantId: mira.tenantId })
    expect(lines.map(({ position }) => position)).toContain((head as AuditHead['head'])?.position)
    expect(await stage.keywell.audit.verify({ tenantId: mira.tenantId })).toMatchObject({
      heads: 1,
      findings: [],
    })
  })

  verifies(
    'T30:no-row-no-credential',
    async () => {
      const body = JSON.stringify({ provider: 'gitlab', ...mira })
      const headers = {
        authorization: `Bearer ${stage.apiKey}`,
        'content-type': 'application/json',
      }
      // In the process, so that ten thousand are cheap; it is the handler that the sockets call. The
      // embedded database has one of its own threads to share, and is asked a thousand times.
      const rounds = database.kind === 'postgres' ? 50 : 5
      const read = () =>
        stage.keywell.fetch(
          new Request(`${stage.url}/v1/credentials`, { method: 'POST', headers, body }),
        )
      const known = (await (await read()).json()).credential
      expect(known).toEqual(expect.any(String))
      await database.query('alter table audit_tail rename to audit_away')
      let refused = 0
      for (let round = 0; round < rounds; round += 1) {
        const answers = await Promise.all(Array.from({ length: 200 }, read))
        for (const answer of answers) {
          expect(answer.status).toBe(503)
          const text = await answer.text()
          expect(text).toContain('"unavailable"')
          expect(text).not.toContain(known)
          refused += 1
        }
      }
      expect(refused).toBe(rounds * 200)
      await database.query('alter table audit_away rename to audit_tail')
      const after = await read()
      expect(after.status).toBe(200)
      await allLinked()
      expect(await stage.keywell.audit.verify()).toMatchObject({ findings: [] })
    },
    { timeout: 60_000 },
  )
})

describe('by command', () => {
  let created: CreatedDatabase
  let stage: Stage
  let environment: Record<string, string>

  beforeAll(async () => {
    created = await createDatabase()
    const folder = mkdtempSync(join(tmpdir(), 'keywell-audit-'))
    const keyPath = join(folder, 'root-key')
    createKeyFile(keyPath)
    const database = await openCreated(created)
    stage = await createStage(database, { keyPath })
    await stage.connect()
    environment = {
      DATABASE_URL: created.appUrl,
      KEYWELL_KEY_FILE: keyPath,
      KEYWELL_PUBLIC_URL: stage.url,
      KEYWELL_ALLOW_HOSTS: new URL(stage.sandbox.url).origin,
      LOG_LEVEL: 'error',
    }
  }, 60_000)
  afterAll(async () => {
    await stage.stop()
    await created.drop()
  })

  verifies(
    'audit:verify-command',
    async () => {
      const run = async (...words: string[]) => {
        const process = runService(['audit', 'verify', ...words], environment)
        return { code: await process.exited, output: process.output() }
      }
      const owner = stage.database
      await until('all entries are linked', async () => {
        const rows = await owner.query('select from audit_tail limit 1')
        return rows.length === 0
      })
      await owner.query("update audit_heads_due set since = now() - interval '2 minutes'")
      await until('the head is logged', () =>
        stage.logs.some((line) => line.includes('audit head')),
      )
      const heads = join(mkdtempSync(join(tmpdir(), 'keywell-heads-')), 'log')
      writeFileSync(heads, ['not of interest', ...stage.logs, '{"head":{'].join('\n'))
      expect(await run()).toMatchObject({ code: 0, output: expect.stringContaining('all as they') })
      expect(await run('--tenant', mira.tenantId, '--heads', heads)).toMatchObject({ code: 0 })

      const [row] = await owner.query<{ id: string }>(
        'select id from audit_chain where tenant_id = $1 and position = 2',
        [mira.tenantId],
      )
      await owner.query('alter table audit_chain disable trigger user')
      await owner.query(
        `update audit_chain set actor = 'user:nobody' where tenant_id = $1 and id = $2`,
        [mira.tenantId, row?.id ?? ''],
      )
      const found = await run()
      expect(found.code).toBe(1)
      expect(found.output).toMatch(
        new RegExp(
          `${mira.tenantId}: the entry \\(position 2, ${row?.id}, \\d{4}-.*\\) was altered`,
        ),
      )
      expect((await run('--tenant', '@install')).code).toBe(0)

      expect(await run('--tenants')).toMatchObject({
        code: 2,
        output: expect.stringContaining('Usage'),
      })
    },
    { timeout: 120_000 },
  )
})
