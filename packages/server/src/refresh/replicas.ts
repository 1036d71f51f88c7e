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
  /** Writes a heartbeat now instead of within ten seconds: the root keys have changed. */
  heartbeat(): Promise<void>
  /** Leaves its share to the others. */
  stop(): Promise<void>
}

interface ReplicaParts {
  database: Database
  /** All that keep limits. */
  hosts: readonly Pick<Hosts, 'setShare'>[]
  logger: Logger
  after: After
  /** A uuid that names this process. */
  processId: string
  /** Ids of the root keys that it holds; the first one wraps. */
  rootKeyIds: () => readonly string[]
}

/**
 * The limits of a host hold for all replicas together, so each takes its share. While the database is away
 * the last share stands: replicas that cannot be counted have not become fewer.
 */
export function createReplicas(parts: ReplicaParts): Replicas {
  const { database, logger, processId, rootKeyIds } = parts
  let cancelNext = () => {}
  let pending: Promise<void> = Promise.resolve()
  let stopped = false

  /** One after the other: of two at once, the older could be written last. */
  let written: Promise<unknown> = Promise.resolve()
  function writeHeartbeat(): Promise<void> {
    const writing = written.then(() =>
      recordHeartbeat(database.of(installation), processId, rootKeyIds()),
    )
    written = writing.catch(() => {})
    return writing
  }

  async function heartbeatAndRepeat(): Promise<void> {
    await writeHeartbeat()
      .then(() => takeShare(parts))
      .catch((error: unknown) => {
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
        logger.warn({ reason: String(error) }, 'replica sign-off failed')
      })
    },
  }
}

async function takeShare({ database, hosts }: ReplicaParts): Promise<void> {
  await deleteLostReplicas(database.of(installation), lostMs)
  const share = 1 / Math.max(1, await countLiveReplicas(database.of(installation), liveReplicaMs))
  for (const each of hosts) each.setShare(share)
}
