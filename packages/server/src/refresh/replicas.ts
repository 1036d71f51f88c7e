import type { After } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Hosts } from '../outbound/outbound.ts'
import type { Database } from '../store/database.ts'
import {
  countLiveReplicas,
  deleteLostReplicas,
  recordHeartbeat,
  removeReplica,
} from '../store/replicas.ts'
import { installation } from '../store/scope.ts'

const heartbeatMs = 10_000
/** Three heartbeats: one that is late changes nothing. */
export const liveReplicaMs = 30_000
const lostMs = 3_600_000

export interface Replicas {
  /** Makes this replica known, and takes its share of the limits from now on. */
  start(): Promise<void>
  /** Says now what it would say within ten seconds: the root keys are others. */
  heartbeat(): Promise<void>
  /** Leaves its share to the others. */
  stop(): Promise<void>
}

/**
 * The limits of a host hold for all replicas together, so each takes as much as there are replicas.
 * While the database is away the last share stands: who cannot be counted has not become fewer.
 */
export function createReplicas(parts: {
  database: Database
  /** All that keep limits. */
  hosts: readonly Pick<Hosts, 'setShare'>[]
  logger: Logger
  after: After
  /** A uuid that names this process. */
  processId: string
  /** Ids of the root keys that it holds; the first one wraps. */
  rootKeyIds: () => readonly string[]
}): Replicas {
  const { database, logger, processId, rootKeyIds } = parts
  let cancelNext = () => {}
  let pending: Promise<void> = Promise.resolve()
  let stopped = false

  /** One after the other: of two on their way at once the older could be written last. */
  let written: Promise<unknown> = Promise.resolve()
  function writeHeartbeat(): Promise<void> {
    const writing = written.then(() =>
      recordHeartbeat(database.of(installation), processId, rootKeyIds()),
    )
    written = writing.catch(() => {})
    return writing
  }

  async function heartbeat(): Promise<void> {
    await writeHeartbeat()
    await deleteLostReplicas(database.of(installation), lostMs)
    const share = 1 / Math.max(1, await countLiveReplicas(database.of(installation), liveReplicaMs))
    for (const hosts of parts.hosts) hosts.setShare(share)
  }

  async function heartbeatAndRepeat(): Promise<void> {
    await heartbeat().catch((error: unknown) => {
      logger.warn({ reason: String(error) }, 'replica heartbeat failed')
    })
    if (!stopped) cancelNext = parts.after(heartbeatMs, () => void startHeartbeat())
  }

  function startHeartbeat(): Promise<void> {
    pending = heartbeatAndRepeat()
    return pending
  }

  return {
    start: startHeartbeat,

    async heartbeat() {
      if (!stopped) await writeHeartbeat()
    },

    async stop() {
      stopped = true
      cancelNext()
      await Promise.all([pending, written])
      await removeReplica(database.of(installation), processId).catch((error: unknown) => {
        logger.warn({ reason: String(error) }, 'this replica could not say that it leaves')
      })
    },
  }
}
