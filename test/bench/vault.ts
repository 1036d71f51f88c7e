/**
 * What sealing costs: seals and opens beside the bare cipher, keys that are replaced, and how much of a
 * read is its vault and its audit row.
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile, type KeyProvider } from '@keywell/server'
import { openOwner, type TestDatabase, withStatements } from '../support/inspected.ts'
import { startPostgres } from '../support/postgres.ts'
import { parseScrape } from '../support/scrape.ts'
import { createStage, type Stage } from '../support/stage.ts'
import { openVault, readKeys, vaultInMemory } from '../support/vault.ts'
import { atInfo } from './at-info.ts'
import { contest, isShort } from './contest.ts'
import type { Bench, Figure } from './figure.ts'

const bodySizes = [200, 4_096] as const
const timesPerRound = isShort ? 5 : 200
const tenantKeys = isShort ? 20 : 20_000
const records = isShort ? 10 : 2_000
const reads = isShort ? 10 : 2_000
const users = isShort ? 2 : 50
/** Readers who share commits. */
const atOnce = isShort ? 2 : 128
const readsPerRound = isShort ? 4 : 512

export const vault: Bench = [
  ...bodySizes.map((size) => () => sealAndOpen(size)),
  () => onPostgres(async (place) => [await shareOfLoneRead(place), await shareOfWork(place)]),
  () => onPostgres(async (place) => [await sweep(place), await rewrapAll(place)]),
]

/** The service in this process, on a Postgres that syncs every commit. */
interface Place {
  stage: Stage
  keys: KeyProvider
  /** Its key file. */
  keyPath: string
  audit: WatchedAudit
}

async function onPostgres<Result>(work: (place: Place) => Promise<Result>): Promise<Result> {
  const postgres = await startPostgres({ durable: true })
  const folder = mkdtempSync(join(tmpdir(), 'keywell-bench-'))
  const keyPath = join(folder, 'root-keys')
  createKeyFile(keyPath)
  const keys = readKeys(keyPath)
  const audit = { ms: 0, leftOut: false }
  const database = watched(await openOwner(postgres.url), audit)
  const stage = await createStage(database, {
    role: 'serve',
    keys,
    swept: false,
    logger: atInfo,
  })
  try {
    for (let user = 0; user < users; user += 1) {
      await stage.connect({ who: { tenantId: `ten_${user}`, userId: `usr_${user}` } })
    }
    await database.query('analyze')
    return await work({ stage, keys, keyPath, audit })
  } finally {
    await stage.stop()
    await postgres.stop()
    rmSync(folder, { recursive: true })
  }
}

interface WatchedAudit {
  /** Time that was spent on writing rows, from the statement to the commit. */
  ms: number
  /** Whether rows are dropped, to see what is left of a read without them. */
  leftOut: boolean
}

function watched(database: TestDatabase, audit: WatchedAudit): TestDatabase {
  return withStatements(database, async (run, text) => {
    if (!text.includes('insert into audit_tail (')) return await run()
    if (audit.leftOut) return []
    const began = performance.now()
    return await run().finally(() => {
      audit.ms += performance.now() - began
    })
  })
}

/** A record of so many bytes, sealed by a vault whose keys are in memory. */
async function sealOne(size: number) {
  const folder = mkdtempSync(join(tmpdir(), 'keywell-bench-'))
  const path = join(folder, 'root-key')
  createKeyFile(path)
  const box = vaultInMemory(readKeys(path))
  const bound = ['usr_1', 'int_1', 'gitlab', 'oauth', 'https://gitlab.example']
  const record = { type: 'credential', tenantId: 'ten_a', recordId: 'con_1' } as const
  const context = { ...record, field: 'token_set', generation: 7, schema: 1, bound }
  const body = new Uint8Array(randomBytes(size))
  const { sealed } = await box.seal(context, body)
  return {
    body,
    sealed,
    seal: () => box.seal(context, body),
    open: () => box.open(context, sealed),
    close() {
      box.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The cipher alone seals as many bytes: the body, its length and its padding. */
async function sealAndOpen(size: number): Promise<readonly Figure[]> {
  const { body, sealed, seal, open, close } = await sealOne(size)
  const key = randomBytes(32)
  const plain = Buffer.concat([body, Buffer.alloc(sealed.length - 100 - size)])
  const nonce = randomBytes(12)
  const encrypt = () => {
    const cipher = createCipheriv('aes-256-gcm', key, randomBytes(12))
    return [cipher.update(plain), cipher.final(), cipher.getAuthTag()]
  }
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const text = Buffer.concat([cipher.update(plain), cipher.final()])
  const tag = cipher.getAuthTag()
  const decrypt = () => {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAuthTag(tag)
    return [decipher.update(text), decipher.final()]
  }

  const ns = await contest(
    {
      seal: (times) => repeat(times, seal),
      open: (times) => repeat(times, open),
      encrypt: (times) => repeat(times, async () => encrypt()),
      decrypt: (times) => repeat(times, async () => decrypt()),
    },
    timesPerRound,
  )
  close()
  return [
    perSecond(`seals of ${size} B`, ns.seal),
    perSecond(`encryptions of ${size} B by node:crypto alone`, ns.encrypt),
    perSecond(`opens of ${size} B`, ns.open),
    perSecond(`decryptions of ${size} B by node:crypto alone`, ns.decrypt),
  ]
}

async function repeat(times: number, run: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < times; done += 1) await run()
}

function perSecond(name: string, ns: number): Figure {
  return { name, value: 1e9 / ns, unit: 'per second', goal: null, better: 'higher' }
}

async function readOnce(stage: Stage, index: number): Promise<void> {
  const who = { tenantId: `ten_${index % users}`, userId: `usr_${index % users}` }
  const request = new Request(`${stage.url}/v1/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stage.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'gitlab', ...who }),
  })
  const answer = await stage.keywell.fetch(request)
  await answer.arrayBuffer()
  if (answer.status !== 200) throw new Error(`a read was answered with ${answer.status}`)
}

/** One reader, one read after the other, without HTTP: each waits for the disk by itself. */
async function shareOfLoneRead({ stage, audit }: Place): Promise<Figure> {
  for (let index = 0; index < reads / 4; index += 1) await readOnce(stage, index)
  const before = { vaultMs: await openedMs(stage), auditMs: audit.ms }
  const began = performance.now()
  for (let index = 0; index < reads; index += 1) await readOnce(stage, index)
  const tookMs = performance.now() - began
  const vaultMs = (await openedMs(stage)) - before.vaultMs
  const auditMs = audit.ms - before.auditMs
  if (vaultMs === 0 || auditMs === 0) throw new Error('a part of a read went by unseen')
  return {
    name: `vault (${inUs(vaultMs)}) and audit (${inUs(auditMs)}) in a lone read (${inUs(tookMs)}), with its wait for the disk`,
    value: ((vaultMs + auditMs) / tookMs) * 100,
    unit: '%',
    goal: null,
    better: 'lower',
  }
}

/**
 * Many readers at once, who share commits: what a read takes with its audit row and without, beside what
 * opening a record takes. Linking the row into its chain is a worker's, later, and not part of a read.
 */
async function shareOfWork({ stage, audit }: Place): Promise<Figure> {
  const readMany = async (times: number) => {
    for (let done = 0; done < times; done += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, at) => readOnce(stage, done + at)))
    }
  }
  const record = await sealOne(bodySizes[0])
  const ns = await contest(
    {
      whole: (times) => {
        audit.leftOut = false
        return readMany(times)
      },
      withoutAudit: (times) => {
        audit.leftOut = true
        return readMany(times)
      },
      open: (times) => repeat(times, record.open),
    },
    readsPerRound,
  )
  audit.leftOut = false
  record.close()
  const part = (of: number) => `${Math.round(of / 1000)} µs`
  const auditNs = Math.max(0, ns.whole - ns.withoutAudit)
  return {
    name: `vault (${part(ns.open)}) and audit (${part(auditNs)}) in the work of a read (${part(ns.whole)}), ${atOnce} at once`,
    value: ((ns.open + auditNs) / ns.whole) * 100,
    unit: '%',
    goal: 30,
    better: 'lower',
  }
}

const inUs = (ms: number): string => `${Math.round((ms / reads) * 1000)} µs`

async function openedMs(stage: Stage): Promise<number> {
  const { text } = await stage.keywell.metrics()
  const labels = { operation: 'open', result: 'ok' }
  const name = 'keywell_vault_operation_duration_seconds_sum'
  return (parseScrape(text).value(name, labels) ?? 0) * 1000
}

/** A tenant's records move to a new key. */
async function sweep({ stage, keys }: Place): Promise<Figure> {
  const tenantId = 'ten_large'
  const { connection } = await stage.connect({ who: { tenantId, userId: 'usr_0' } })
  const [copied] = await stage.database.query<{ integrationId: string; host: string }>(
    `insert into connections (tenant_id, id, user_id, provider, method, host, name, integration_owner,
       integration_id, status, account, asked_scopes, granted_scopes, generation)
     select tenant_id, id || '_' || n, 'usr_' || n, provider, method, host, name, integration_owner,
            integration_id, status, account, asked_scopes, granted_scopes, generation
     from connections, generate_series(1, $2::int) n where tenant_id = $1 and id = $3
     returning integration_id as "integrationId", host`,
    [tenantId, records, connection?.id ?? ''],
  )
  const { integrationId = '', host = '' } = copied ?? {}
  const box = openVault(keys, stage.database)
  for (let n = 1; n <= records; n += 1) {
    const recordId = `${connection?.id}_${n}`
    const bound = [`usr_${n}`, integrationId, 'gitlab', 'oauth', host]
    const record = { type: 'credential', tenantId, recordId, field: 'token_set' } as const
    const { sealed, keyVersion } = await box.seal(
      { ...record, generation: 1, schema: 1, bound },
      randomBytes(200),
    )
    await stage.database.query(
      `insert into credentials (tenant_id, connection_id, type, generation, key_version, sealed,
         issued_at, committed_by)
       values ($1, $2, 'oauth_token', 1, $3, $4, now(), gen_random_uuid())`,
      [tenantId, recordId, keyVersion, sealed],
    )
  }
  const began = performance.now()
  const { moved, unreadable } = await stage.keywell.keys.rotateTenant(tenantId)
  const ns = ((performance.now() - began) * 1e6) / moved
  if (unreadable.length > 0) throw new Error(`${unreadable.length} records did not open`)
  return { ...perSecond('records moved to a new key', ns), goal: 500 }
}

/** Many tenants' keys get another root key. */
async function rewrapAll({ stage, keys, keyPath }: Place): Promise<Figure> {
  const rows: { tenant_id: string; kek_id: string; wrapped: string }[] = []
  for (let n = 0; n < tenantKeys; n += 1) {
    const tenantId = `ten_key_${n}`
    const { kekId, bytes } = await keys.wrap(randomBytes(32), { tenantId, version: 1 })
    const wrapped = Buffer.from(bytes).toString('base64')
    rows.push({ tenant_id: tenantId, kek_id: kekId, wrapped })
  }
  await stage.database.query(
    `insert into tenant_keys (tenant_id, version, kek_id, wrapped, state)
     select tenant_id, 1, kek_id, decode(wrapped, 'base64'), 'active'
     from json_to_recordset(($1::text)::json) as row (tenant_id text, kek_id text, wrapped text)`,
    [JSON.stringify(rows)],
  )
  createKeyFile(`${keyPath}.new`)
  writeFileSync(keyPath, readFileSync(`${keyPath}.new`, 'utf8') + readFileSync(keyPath, 'utf8'))
  await keys.reload?.()
  const began = performance.now()
  const { rewrapped, failed } = await stage.keywell.keys.rotateRoot()
  const ns = ((performance.now() - began) * 1e6) / rewrapped
  if (failed.length > 0) throw new Error(`${failed.length} keys were not wrapped anew`)
  return { ...perSecond("tenants' keys wrapped anew", ns), goal: 2_000 }
}
