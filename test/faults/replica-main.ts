/** One replica of the service for fault tests: configured by its environment, armed by its parent. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createKeywell, keyFile, localKeys, openPostgres } from '@keywell/server'
import { recordingLogger } from '../support/log-lines.ts'
import { createMine } from './mine.ts'
import type { FromReplica, ReplicaSettings, ToReplica } from './replica.ts'

/** So that it is never the limit on calls that is tried, unless a scenario says so. */
const wide = { requestsPerSecond: 10_000, burst: 10_000, concurrency: 1_000 }

// Our own parent wrote it.
const settings = JSON.parse(process.env.REPLICA ?? '') as ReplicaSettings
const tell = (message: FromReplica) =>
  new Promise<void>((resolve) => void process.send?.(message, () => resolve()))
const logger = recordingLogger((line) => process.stdout.write(`${line}\n`), 'info')

// The address must be known before there is anything to answer.
const server = createServer(getRequestListener((request) => keywell.fetch(request)))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
// A listening TCP server has an address of this form.
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const mine = createMine({
  tell,
  blow: (how) => process.kill(process.pid, how === 'kill' ? 'SIGKILL' : 'SIGSTOP'),
})
process.on('message', (message: ToReplica) => mine.lay(message))
// Listening for messages alone must not keep a process alive that was asked to end.
process.channel?.unref()

const keywell = createKeywell({
  database: await openPostgres({ url: settings.databaseUrl, poolSize: settings.poolSize }),
  keys: localKeys(keyFile({ path: settings.keyPath, warn: () => {} })),
  publicUrl: url,
  privateHosts: [settings.providerOrigin, ...(settings.otherOrigins ?? [])].map((origin) => ({
    origin,
  })),
  logger,
  role: settings.role,
  // A scenario learns from the log which generations were committed, and how often.
  providers: settings.providers ?? [],
  auditRefreshes: settings.auditRefreshes ?? true,
  timing: settings.timing,
  // Replicas that were killed are counted for half a minute, and what is left would be too narrow.
  limits: { [settings.providerOrigin]: settings.limits ?? wide },
  faultPoint: mine.step,
})
process.once('SIGTERM', () => {
  server.close()
  keywell.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      logger.error({ reason: String(error) }, 'stop failed')
      process.exit(1)
    },
  )
})
await keywell.start()
await tell({ kind: 'ready', url })
