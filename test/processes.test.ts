import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { faults } from '@keywell/sandbox'
import { createKeyFile } from '@keywell/server'
import { afterAll, beforeAll, expect, inject, onTestFinished } from 'vitest'
import { createDeployment, type Deployment } from './support/deployment.ts'
import { openOwner } from './support/inspected.ts'
import { runStatement } from './support/migrated.ts'
import { runService, startService } from './support/service-process.ts'
import { mira, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

// The service as an operator runs it: processes of its own, on a real Postgres.

let deployment: Deployment
let stage: Stage
const folder = mkdtempSync(join(tmpdir(), 'keywell-processes-'))

beforeAll(async () => {
  deployment = await createDeployment()
  stage = deployment.stage
})
afterAll(() => deployment.stop())

verifies(
  'refresh:single-flight-processes',
  async () => {
    const replicas = await Promise.all([deployment.start(), deployment.start()])
    const { connection } = await stage.connect()
    await stage.calm()
    const past = "now() - interval '1 second'"
    const id = connection?.id ?? ''
    await stage.database.query(
      `update credentials set expires_at = ${past} where tenant_id = $1 and connection_id = $2`,
      [mira.tenantId, id],
    )
    await stage.database.query(
      `update refresh_schedule set refresh_at = ${past} where tenant_id = $1 and connection_id = $2`,
      [mira.tenantId, id],
    )
    // Slow enough that all 200 are waiting when the answer comes.
    await stage.sandbox.control.addFault({
      endpoint: 'token',
      effect: { kind: 'delay', ms: 500 },
    })
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const answer = await deployment.readAt(replicas[index % 2]?.url ?? '', mira)
        return { status: answer.status, body: await answer.json() }
      }),
    )
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]))
    expect(new Set(answers.map((answer) => answer.body.generation))).toEqual(new Set([2]))
    expect(new Set(answers.map((answer) => answer.body.credential)).size).toBe(1)
    const counters = await stage.sandbox.control.counters()
    expect(counters.grantTypes.refresh_token).toBe(1)
    expect(counters.repeatedRefreshTokens).toBe(0)
  },
  { timeout: 90_000 },
)

verifies('T30:audit-fails-closed', async () => {
  const who = { tenantId: 'ten_audited', userId: 'u' }
  await stage.connect({ who })
  expect((await stage.read(who)).status).toBe(200)
  const owner = await openOwner(deployment.created.ownerUrl)
  await owner.query('alter table audit_tail rename to audit_gone')
  const answers = await Promise.all(Array.from({ length: 200 }, () => stage.read(who)))
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(answer.body).not.toHaveProperty('credential')
  }
  await owner.query('alter table audit_gone rename to audit_tail')
  await owner.close()
  expect((await stage.read(who)).status).toBe(200)
})

verifies(
  'store:database-away',
  async () => {
    const service = await deployment.start()
    await stage.connect()
    expect((await deployment.readAt(service.url, mira)).status).toBe(200)
    const owner = await openOwner(deployment.created.ownerUrl)
    await owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    )
    // Whatever the first answers are, the process lives and serves again.
    let status = 0
    for (let tries = 0; status !== 200 && tries < 50; tries += 1) {
      status = (await deployment.readAt(service.url, mira)).status
      expect([200, 503]).toContain(status)
      if (status !== 200) await delay(100)
    }
    await owner.close()
    expect(status).toBe(200)
    expect(service.child.exitCode).toBeNull()
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200)
  },
  { timeout: 60_000 },
)

verifies(
  'R5:held-until-committed',
  async () => {
    const who = { tenantId: 'ten_held', userId: 'u' }
    await stage.connect({ who })
    await stage.calm()
    for (const [table, column] of [
      ['credentials', 'expires_at'],
      ['refresh_schedule', 'refresh_at'],
    ]) {
      await stage.database.query(
        `update ${table} set ${column} = now() - interval '1 second' where tenant_id = $1`,
        [who.tenantId],
      )
    }
    await stage.sandbox.control.addFault({ ...faults.slowAnswer(4_000), times: 1 })
    const waiting = stage.read(who)
    // The provider has rotated. The database cannot be reached when its answer comes.
    const rotated = async () =>
      (await stage.sandbox.control.counters()).grantTypes.refresh_token === 1
    await expect.poll(rotated).toBe(true)
    const { pathname } = new URL(deployment.created.ownerUrl)
    const name = pathname.slice(1)
    const allow = (whether: boolean) =>
      runStatement(inject('postgresUrl'), `alter database "${name}" allow_connections ${whether}`)
    await allow(false)
    await runStatement(
      inject('postgresUrl'),
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    )
    const isHeld = () => stage.logs.some((line) => line.includes('"commit failed"'))
    await expect.poll(isHeld, { timeout: 20_000 }).toBe(true)
    await allow(true)
    await waiting
    await expect
      .poll(async () => (await stage.read(who)).body.generation, { timeout: 15_000 })
      .toBe(2)
    expect((await stage.sandbox.control.counters()).grantTypes.refresh_token).toBe(1)
  },
  { timeout: 60_000 },
)

verifies(
  'service:shutdown',
  async () => {
    const service = await deployment.start()
    const stream = await fetch(`${service.url}/v1/changes`, {
      headers: { authorization: `Bearer ${stage.apiKey}` },
    })
    const startedAt = performance.now()
    const code = await service.stop()
    expect(code).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await stream.text().catch(() => '')
  },
  { timeout: 60_000 },
)

verifies(
  'service:drains',
  async () => {
    const service = await deployment.start()
    const users = Array.from({ length: 10 }, (_, index) => ({
      tenantId: 'ten_drain',
      userId: `u${index}`,
    }))
    for (const who of users) await stage.connect({ who })
    for (const [table, column] of [
      ['credentials', 'expires_at'],
      ['refresh_schedule', 'refresh_at'],
    ]) {
      await stage.database.query(
        `update ${table} set ${column} = now() - interval '1 second' where tenant_id = 'ten_drain'`,
      )
    }
    const { refresh_token: before } = (await stage.sandbox.control.counters()).grantTypes
    await stage.sandbox.control.addFault({ ...faults.slowAnswer(2_000), times: users.length })
    const reading = users.map(async (who) => {
      const answer = await deployment.readAt(service.url, who)
      return { status: answer.status, body: await answer.json() }
    })
    // The provider has rotated, and its answers are on their way.
    await expect
      .poll(async () => (await stage.sandbox.control.counters()).grantTypes.refresh_token)
      .toBe((before ?? 0) + users.length)
    const stopped = service.stop()
    const answers = await Promise.all(reading)
    expect(answers).toEqual(
      users.map(() =>
        expect.objectContaining({ status: 200, body: expect.objectContaining({ generation: 2 }) }),
      ),
    )
    expect(await stopped).toBe(0)
  },
  { timeout: 60_000 },
)

verifies(
  'service:refuses-to-start',
  async () => {
    const broken = join(folder, 'broken-key')
    writeFileSync(broken, 'not a key\n', { mode: 0o600 })
    const open = join(folder, 'open-key')
    createKeyFile(open)
    chmodSync(open, 0o644)
    const other = join(folder, 'other-key')
    createKeyFile(other)
    const base = deployment.environment
    const cases: [string, Record<string, string>, RegExp][] = [
      ['no key', { DATABASE_URL: deployment.created.appUrl }, /KEYWELL_KEY_FILE/],
      ['a key file that is none', { ...base, KEYWELL_KEY_FILE: join(folder, 'nosuch') }, /nosuch/],
      ['a broken key', { ...base, KEYWELL_KEY_FILE: broken }, /broken-key/],
      ['a key that others can read', { ...base, KEYWELL_KEY_FILE: open }, /chmod 600/],
      ['another key', { ...base, KEYWELL_KEY_FILE: other }, /kek_[0-9a-f]{16}/],
      ['no database', { ...base, DATABASE_URL: 'postgres://127.0.0.1:1/none' }, /127\.0\.0\.1/],
      ['plain http', { ...base, KEYWELL_PUBLIC_URL: 'http://keys.example' }, /https/],
      ['a wrong port', { ...base, PORT: 'many' }, /PORT/],
    ]
    for (const [what, variables, sentence] of cases) {
      const run = runService([], { PORT: '0', ...variables })
      expect(await run.exited, what).toBe(1)
      expect(run.output(), what).toMatch(sentence)
      expect(run.output(), what).not.toContain('listening')
      expect(run.output(), what).not.toMatch(/^ {4}at /m)
    }
  },
  { timeout: 120_000 },
)

verifies(
  'store:one-process-per-folder',
  async () => {
    const dataDir = join(folder, 'embedded')
    const variables = { KEYWELL_MODE: 'development', KEYWELL_DATA_DIR: dataDir }
    const first = await startService(variables)
    onTestFinished(async () => void (await first.stop()))
    const apiKey = readFileSync(join(dataDir, 'api-key'), 'utf8').trim()
    const second = runService([], { PORT: '0', ...variables })
    expect(await second.exited).toBe(1)
    expect(second.output()).toContain(String(first.child.pid))
    // The first was not disturbed, and its data is there after a restart.
    const headers = { authorization: `Bearer ${apiKey}` }
    expect((await fetch(`${first.url}/v1/connections?tenantId=a`, { headers })).status).toBe(200)
    expect(await first.stop()).toBe(0)
    const third = await startService(variables)
    onTestFinished(async () => void (await third.stop()))
    expect((await fetch(`${third.url}/v1/connections?tenantId=a`, { headers })).status).toBe(200)
  },
  { timeout: 120_000 },
)

verifies(
  'service:keys-command',
  async () => {
    const made = await deployment.command('api-keys', 'create', 'backend')
    expect(made.code).toBe(0)
    const key = /kw_\w+/.exec(made.output)?.[0] ?? ''
    const send = () =>
      fetch(`${stage.url}/v1/providers`, { headers: { authorization: `Bearer ${key}` } })
    expect((await send()).status).toBe(200)
    const { output } = await deployment.command('api-keys', 'list')
    const id = /(key_\w+) {2}live {5}backend/.exec(output)?.[1] ?? ''
    expect(output).not.toContain(key.slice(-40))
    expect(await deployment.command('api-keys', 'revoke', id)).toMatchObject({ code: 0 })
    await expect.poll(async () => (await send()).status).toBe(401)
    const unknown = await deployment.command('keys', 'explode')
    expect(unknown).toMatchObject({ code: 2, output: expect.stringContaining('Usage') })
  },
  { timeout: 90_000 },
)
