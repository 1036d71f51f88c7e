import type { After, Jitter } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Hosts } from '../outbound/outbound.ts'
import type { Database } from '../store/database.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { claimWork } from './claim-work.ts'
import type { Refresher } from './refresh.ts'
import type { Timing } from './timing.ts'

/** Rows of one claim. */
const maxClaims = 16
/** Attempts of this worker at once, up to their deadline. */
const maxRunning = 32

export interface Worker {
  start(): void
  /** Claims nothing more, and waits until its claims are carried out or released. */
  stop(): Promise<void>
}

export interface WorkerParts {
  database: Database
  refresher: Refresher
  check: (claim: Claim) => Promise<void>
  hosts: Pick<Hosts, 'throttled' | 'freeSlots'>
  logger: Logger
  metrics: Pick<Metrics, 'workBegun'>
  after: After
  timing: Timing
  /** Spreads the polls of several replicas. */
  jitter: Jitter
  processId: string
}

/**
 * Claims due work a little at a time, as much as the hosts can take, and carries it out. Any number of
 * workers may run, in any number of processes.
 */
export function createWorker(parts: WorkerParts): Worker {
  const { logger, timing } = parts
  const running = new Set<Promise<void>>()
  let cancelNext = () => {}
  let polling: Promise<void> | undefined
  let stopped = false

  function schedule(ms: number): void {
    cancelNext()
    if (!stopped) cancelNext = parts.after(ms, poll)
  }

  function poll(): void {
    if (polling !== undefined) return
    polling = claimOnce()
      .catch((error: unknown) => {
        logger.warn({ reason: String(error) }, 'refresh claim failed')
        return 'idle' as const
      })
      .then((result) => {
        polling = undefined
        // With no capacity left, the end of an attempt polls again.
        schedule(result === 'more' ? 0 : timing.pollMs * (0.75 + 0.5 * parts.jitter()))
      })
  }

  async function claimOnce(): Promise<'more' | 'idle'> {
    const capacity = maxRunning - running.size
    const limit = Math.min(maxClaims, capacity, parts.hosts.freeSlots(maxClaims))
    if (limit <= 0) return 'idle'
    const claimed = await claimWork(parts, limit, run)
    return claimed === limit && running.size < maxRunning ? 'more' : 'idle'
  }

  function run(claim: Claim): void {
    parts.metrics.workBegun(claim.lateMs)
    const done = carryOut(parts, claim).finally(() => {
      running.delete(done)
      // There was no capacity for what may still be due.
      if (running.size === maxRunning - 1) schedule(0)
    })
    running.add(done)
  }

  return {
    start: () => schedule(0),
    async stop() {
      stopped = true
      cancelNext()
      await polling
      await Promise.all([...running])
    },
  }
}

async function carryOut(
  { refresher, check, logger }: Pick<WorkerParts, 'refresher' | 'check' | 'logger'>,
  claim: Claim,
): Promise<void> {
  try {
    await (claim.refreshDue ? refresher.run(claim) : check(claim))
  } catch (error) {
    const { tenantId, connectionId } = claim
    const what = claim.refreshDue ? 'refresh aborted' : 'probe aborted'
    logger.error({ tenantId, connectionId, reason: String(error) }, what)
  }
}
