/**
 * What the refresh bench stands on: a durable Postgres, connections made as users make them, the
 * sandbox in this process, and replicas of the service in processes of their own.
 */

import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { Agent, get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SandboxControl } from '@keywell/sandbox'
import { createKeyFile } from '@keywell/server'
import { type Replica, type ReplicaSettings, startReplica } from '../faults/replica.ts'
import { openCreated, openOwner, type TestDatabase } from '../support/inspected.ts'
import { createMigrated } from '../support/migrated.ts'
import { login, startPostgres, withDatabase } from '../support/postgres.ts'
import { createStage, type Stage } from '../support/stage.ts'

const seedersAtOnce = 8
const tenants = 10

export interface RefreshStage {
  control: SandboxControl
  providerUrl: string
  /** As the owner of the database. */
  sql: TestDatabase
  /** Replicas, and a reader of the change stream of the first. */
  startReplicas(count: number): Promise<Replicas>
  stop(): Promise<void>
}

export interface Replicas {
  /** How many changes the stream has delivered. */
  delivered(): number
  /** They finish what is under way, and end. */
  drain(): Promise<void>
}

/** @param connections how many there are to be refreshed; none is due until `makeDue` */
export async function startRefreshStage(connections: number): Promise<RefreshStage> {
  const postgres = await startPostgres({ durable: true })
  const database = 'keywell_bench'
  await createMigrated(postgres.url, database)
  const databaseUrl = withDatabase(postgres.url, database, login)
  const ownerUrl = withDatabase(postgres.url, database)
  const sql = await openOwner(ownerUrl)
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-bench-')), 'root-key')
  createKeyFile(keyPath)
  const stage = await createStage(await openCreated({ appUrl: databaseUrl, ownerUrl }), {
    keyPath,
    role: 'serve',
    swept: false,
  })
  const { control, url: providerUrl } = stage.sandbox
  await control.change({ skipConsent: 'always', tokenLifetimeSeconds: 7_200 })
  await seed(stage, connections)
  // From here on the replicas are the service, and this process is the provider.
  await stage.keywell.stop()
  // What autovacuum does soon enough on a server that lives longer than this one.
  await sql.query('analyze')
  const settings: ReplicaSettings = {
    databaseUrl,
    keyPath,
    providerOrigin: new URL(providerUrl).origin,
    poolSize: 10,
    role: 'all',
    timing: {},
    auditRefreshes: false,
  }

  return {
    control,
    providerUrl,
    sql,

    async startReplicas(count) {
      const replicas = await Promise.all(
        Array.from({ length: count }, () => startReplica(settings)),
      )
      const stream = await listenTo(replicas[0], stage.apiKey)
      return {
        delivered: stream.delivered,
        async drain() {
          await Promise.all(replicas.map(drainOne))
          stream.close()
        },
      }
    },

    async stop() {
      await sql.close()
      await stage.stop()
      await postgres.stop()
    },
  }
}

async function drainOne(replica: Replica): Promise<void> {
  const { code } = await replica.drain()
  if (code !== 0) throw new Error(`a replica ended with ${code}:\n${replica.logs().join('\n')}`)
}

/** As bytes: an SDK would take time from the provider, which runs in this process. */
async function listenTo(
  replica: Replica | undefined,
  apiKey: string,
): Promise<{ delivered(): number; close(): void }> {
  let delivered = 0
  const headers = { authorization: `Bearer ${apiKey}` }
  const request = get(`${replica?.url}/v1/changes`, { agent: new Agent(), headers })
  const [response]: IncomingMessage[] = await once(request, 'response')
  response?.setEncoding('utf8').on('data', (text: string) => {
    delivered += text.split('event: change').length - 1
  })
  // It ends as its replica does.
  for (const end of [request, response]) end?.on('error', () => {})
  return { delivered: () => delivered, close: () => request.destroy() }
}

async function seed(stage: Stage, count: number): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      const who = { tenantId: `ten_${next % tenants}`, userId: `usr_${next}` }
      next += 1
      const { connection } = await stage.connect({ who })
      if (connection === null) throw new Error(`${who.userId} could not connect`)
    }
  }
  await Promise.all(Array.from({ length: seedersAtOnce }, work))
}
