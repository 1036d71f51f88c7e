import type { After, Jitter } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Hosts } from '../outbound/outbound.ts'
import type { Database } from '../store/database.ts'
import { claimCanary, claimDue, claimHeld } from '../store/due-claims.ts'
import { claimCanaries } from '../store/integrations.ts'
import { claimAsks } from '../store/provider-incidents.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { everyTenant } from '../store/scope.ts'
import type { Refresher } from './refresh.ts'
import type { Timing } from './timing.ts'

/** Rows of one claim. */
const maxClaims = 16
/** After so many turns without an answer, a connection is asked before its time: the incident may be over. */
const quietAskFactor = 30
/** Attempts that somebody waits for, at once. */
const maxRunning = 32

export interface Worker {
  start(): void
  /** Takes no more work, and waits until what it has is over or given back. */
  stop(): Promise<void>
}

/**
 * Claims due work a little at a time, as much as the hosts would let go, and carries it out. Any number
 * of them may run, in any number of processes.
 */
export function createWorker(parts: {
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
}): Worker {
  const { database, refresher, logger, timing } = parts
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
        logger.warn({ reason: String(error) }, 'due work could not be claimed')
        return 'idle' as const
      })
      .then((result) => {
        polling = undefined
        // Full up, the end of an attempt polls again.
        schedule(result === 'more' ? 0 : timing.pollMs * (0.75 + 0.5 * parts.jitter()))
      })
  }

  async function claimOnce(): Promise<'more' | 'idle'> {
    const room = maxRunning - running.size
    const limit = Math.min(maxClaims, room, parts.hosts.freeSlots(maxClaims))
    if (limit <= 0) return 'idle'
    const owner = { owner: parts.processId, leaseMs: timing.leaseMs }
    const claims = await claimDue(database.of(everyTenant), {
      ...owner,
      limit,
      heldOrigins: parts.hosts.throttled(),
    })
    for (const claim of claims) run(claim)
    for (const integration of await claimCanaries(database.of(everyTenant), timing.canaryMs)) {
      const canary = await claimCanary(database.of(everyTenant), {
        ...owner,
        integrationId: integration.id,
      })
      if (canary !== undefined) run(canary)
    }
    await askHeld(owner)
    return claims.length === limit && limit > 0 && running.size < maxRunning ? 'more' : 'idle'
  }

  /** While a host refuses everybody, it is asked about one connection at a time. */
  async function askHeld(owner: { owner: string; leaseMs: number }): Promise<void> {
    for (const incident of await claimAsks(database.of(everyTenant), timing.incidentAskMs)) {
      const { tenantId: incidentOwner, ...scope } = incident
      const quietMs = quietAskFactor * timing.incidentAskMs
      const options = { ...owner, ...scope, incidentOwner, quietMs }
      const held = await claimHeld(database.of(everyTenant), options)
      if (held !== undefined) run(held)
    }
  }

  function run(claim: Claim): void {
    parts.metrics.workBegun(claim.lateMs)
    const done = (claim.refreshDue ? refresher.run(claim) : check(claim)).finally(() => {
      running.delete(done)
      // There was no room for what may still be due.
      if (running.size === maxRunning - 1) schedule(0)
    })
    running.add(done)
  }

  async function check(claim: Claim): Promise<void> {
    try {
      await parts.check(claim)
    } catch (error) {
      const { tenantId, connectionId } = claim
      logger.error({ tenantId, connectionId, reason: String(error) }, 'a check broke off')
    }
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
