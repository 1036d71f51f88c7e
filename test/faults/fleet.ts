import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProviderDefinition } from '@keywell/protocol'
import type { SandboxControl } from '@keywell/sandbox'
import { createKeyFile } from '@keywell/server'
import { freePort } from '../support/free-port.ts'
import { openCreated, openOwner, type TestDatabase } from '../support/inspected.ts'
import { createMigrated } from '../support/migrated.ts'
import { login, type PostgresServer, startPostgres, withDatabase } from '../support/postgres.ts'
import { createStage, must, type Stage } from '../support/stage.ts'
import { type Replica, type ReplicaSettings, startReplica } from './replica.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

export interface FleetOptions {
  replicas: number
  connections: number
  timing?: ReplicaSettings['timing']
  role?: ReplicaSettings['role']
  /** Of the provider's host. Default: so wide that they are never what is tried. */
  limits?: ReplicaSettings['limits']
  /** What is said of the provider. Default: that it is GitLab. */
  definition?: ProviderDefinition
  /** Lifetime of access tokens, from the first on. Default: 7,200 s, so that nothing is due by itself. */
  tokenLifetimeSeconds?: number
}

/** One connection, and the grant behind it at the provider. */
export interface Seeded {
  id: string
  tenantId: string
  userId: string
  grantId: string
}

/** Replicas over one Postgres and one provider, each behind a proxy, and a witness beside them. */
export interface Fleet {
  postgres: PostgresServer
  databaseProxy: TcpProxy
  providerProxy: TcpProxy
  control: SandboxControl
  /** By place; a replica that died is replaced by another in its place. */
  replicas: Replica[]
  connections: Seeded[]
  /** How long seeding took, for the report. */
  seedMs: number
  /** The database, past the proxy, as its owner. */
  sql: TestDatabase
  /** A process of this fleet's own that serves and keeps nothing: the harness's own reads. */
  stage: Stage
  settings: ReplicaSettings
  /** Starts another replica in this place. What is given holds for it and for later ones. */
  replace(place: number, changes?: Partial<ReplicaSettings>): Promise<Replica>
  /** Makes connections due now: all that live, unless some are named, or all of one generation. */
  makeDue(options?: { ids?: readonly string[]; generation?: number }): Promise<void>
  /** Reads a credential at a replica. Rejects if it does not answer. */
  read(place: number, connection: Seeded): Promise<{ status: number; body: ReadBody }>
  stop(): Promise<void>
}

export interface ReadBody {
  credential?: string
  generation?: number
  code?: string
}

/** How many connections are made at once while seeding. */
const seedersAtOnce = 8
const tenants = 10

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { definition } = options
  const postgres = await startPostgres()
  const database = 'keywell_faults'
  await createMigrated(postgres.url, database)
  const created = {
    appUrl: withDatabase(postgres.url, database, login),
    ownerUrl: withDatabase(postgres.url, database),
  }
  const sql = await openOwner(created.ownerUrl)
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-faults-')), 'root-key')
  createKeyFile(keyPath)

  const databaseProxy = await startTcpProxy(Number(new URL(postgres.url).port))
  const sandboxPort = await freePort()
  const providerProxy = await startTcpProxy(sandboxPort)
  const providerOrigin = `http://127.0.0.1:${providerProxy.port}`
  const stage = await createStage(await openCreated(created, { poolSize: 5 }), {
    keyPath,
    role: 'serve',
    swept: false,
    sandboxAt: { port: sandboxPort, publicUrl: providerOrigin },
    ...(definition && { definition }),
  })
  const { control } = stage.sandbox
  const { tokenLifetimeSeconds = 7_200 } = options
  await control.change({ skipConsent: 'always', tokenLifetimeSeconds })

  const proxied = new URL(created.appUrl)
  proxied.port = String(databaseProxy.port)
  const settings: ReplicaSettings = {
    databaseUrl: proxied.href,
    keyPath,
    providerOrigin,
    poolSize: 6,
    role: options.role ?? 'all',
    timing: options.timing ?? {},
    limits: options.limits,
    ...(definition && { providers: [definition] }),
  }
  const beganMs = performance.now()
  const connections = await seed(stage, options.connections)
  const seedMs = performance.now() - beganMs
  await control.resetCounters()
  const replicas = await Promise.all(
    Array.from({ length: options.replicas }, () => startReplica(settings)),
  )

  return {
    postgres,
    databaseProxy,
    providerProxy,
    control,
    replicas,
    connections,
    seedMs,
    sql,
    stage,
    settings,

    async replace(place, changes = {}) {
      Object.assign(settings, changes)
      await replicas[place]?.kill()
      const replica = await startReplica(settings)
      replicas[place] = replica
      return replica
    },

    async makeDue({ ids, generation } = {}) {
      await sql.query(
        `update refresh_schedule u set refresh_at = now()
         from credentials k
         where k.tenant_id = u.tenant_id and k.connection_id = u.connection_id and u.state <> 'dead'
           and ($1::text is null or u.connection_id = any (string_to_array($1, ',')))
           and ($2::int is null or k.generation = $2)`,
        [ids?.join(',') ?? null, generation ?? null],
      )
    },

    async read(place, { tenantId, userId }) {
      const response = await fetch(`${replicas[place]?.url}/v1/credentials`, {
        method: 'POST',
        headers: { authorization: `Bearer ${stage.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ provider: definition?.name ?? 'gitlab', tenantId, userId }),
      })
      // The service's own answer; what is looked at is optional.
      return { status: response.status, body: (await response.json()) as ReadBody }
    },

    async stop() {
      await Promise.all(replicas.map((replica) => replica.kill()))
      await sql.close()
      await stage.stop()
      await Promise.all([providerProxy.close(), databaseProxy.close()])
      await postgres.stop()
    },
  }
}

/** Every connection is made as a user makes it: session, flow, consent, callback, confirmation. */
async function seed(stage: Stage, count: number): Promise<Seeded[]> {
  const made: Omit<Seeded, 'grantId'>[] = []
  const grants = new Map<string, string>()
  const waiting = Array.from({ length: count }, (_, index) => ({
    tenantId: `ten_${index % tenants}`,
    userId: `usr_${index}`,
  }))
  const work = async (): Promise<void> => {
    for (let who = waiting.pop(); who !== undefined; who = waiting.pop()) {
      const answer = await stage.connect({ who })
      const { connection } = answer
      if (connection === null) throw new Error(`not connected: ${JSON.stringify(answer)}`)
      const { credential } = must<ReadBody>(await stage.read(who), 200)
      grants.set(connection.id, credential ?? '')
      made.push({ ...who, id: connection.id })
    }
  }
  await Promise.all(Array.from({ length: seedersAtOnce }, work))
  const pairs = await stage.sandbox.control.tokens()
  const grantOf = new Map(pairs.map(({ accessToken, grantId }) => [accessToken, grantId]))
  return made.map((one) => {
    const grantId = grantOf.get(grants.get(one.id) ?? '')
    if (grantId === undefined) throw new Error(`no grant is known for ${one.id}`)
    return { ...one, grantId }
  })
}
