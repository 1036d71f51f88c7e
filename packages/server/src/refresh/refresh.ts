import { claimRefresh } from '../store/reader-claims.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { installation } from '../store/scope.ts'
import { attemptRefresh, releasePauseMs } from './attempt.ts'
import type { AttemptParts } from './attempt-context.ts'
import { AttemptsUnderWay, type ConnectionRef, type RefreshResult } from './attempts-under-way.ts'
import { releaseClaim } from './fail.ts'

export interface Refresher {
  /**
   * Refreshes one connection if it is due and no other process holds it. In a process, callers share one
   * attempt. A caller waits for it, so it goes before background work.
   *
   * @param silentMs a holder that was silent for so long is gone, and its row is claimed; null: only the
   *   end of its lease frees the row
   */
  refresh(connection: ConnectionRef, silentMs: number | null): Promise<RefreshResult>
  /**
   * Carries out a claim that a worker has taken. Resolves with its outcome, or at the deadline: then the
   * attempt goes on by itself.
   */
  run(claim: Claim): Promise<void>
  /** Attempts that are under way, those past their deadline included. */
  readonly running: number
  /** From now on, claims that were not sent yet are released. Waits for all others. */
  drain(): Promise<void>
}

export interface RefresherParts extends AttemptParts {
  /** Names this process in leases. */
  processId: string
}

/** Longer than it takes to find out that a row is taken. */
const claimingMs = 1_000

/**
 * Lease for liveness, generation for safety: the claim says which process should send, the commit says
 * which one did. The intent is durable before the first byte leaves, and a success is never discarded.
 */
export function createRefresher(parts: RefresherParts): Refresher {
  const { logger, sleep, timing } = parts
  const underWay = new AttemptsUnderWay()
  let draining = false
  const isDraining = () => draining

  return {
    refresh: (connection, silentMs) =>
      underWay.start(connection, async () => {
        if (draining) return 'not_claimed'
        const claim = await claimForReader(parts, connection, silentMs)
        if (claim === undefined) return 'not_claimed'
        await attemptRefresh(parts, claim, { background: false, isDraining })
        return 'attempted'
      }),

    async run(claim) {
      // An attempt that lost its lease may still wait for its answer. That answer counts.
      if (await isBusyWith(parts, underWay, claim)) {
        await releaseClaim(parts, claim, releasePauseMs)
        return
      }
      const ended = underWay
        .start(claim, async () => {
          await attemptRefresh(parts, claim, { background: true, isDraining })
          return 'attempted'
        })
        .then(
          () => {},
          (error: unknown) => {
            const { tenantId, connectionId } = claim
            logger.error({ tenantId, connectionId, reason: String(error) }, 'refresh aborted')
          },
        )
      await Promise.race([ended, sleep(timing.deadlineMs)])
    },

    get running() {
      return underWay.size
    },

    async drain() {
      draining = true
      await underWay.waitForAll()
    },
  }
}

function claimForReader(
  { database, timing, processId }: RefresherParts,
  connection: ConnectionRef,
  silentMs: number | null,
): Promise<Claim | undefined> {
  return claimRefresh(database.of([connection.tenantId, installation]), {
    ...connection,
    leaseMs: timing.leaseMs,
    silentMs,
    owner: processId,
  })
}

/**
 * Whether another attempt of this process works on the connection. A reader's attempt that finds the row
 * taken by this very claim ends at once.
 */
async function isBusyWith(
  { sleep }: Pick<RefresherParts, 'sleep'>,
  underWay: AttemptsUnderWay,
  claim: Claim,
): Promise<boolean> {
  for (let other = underWay.find(claim); other !== undefined; other = underWay.find(claim)) {
    const result = other.catch(() => 'attempted' as const)
    if ((await Promise.race([result, sleep(claimingMs)])) !== 'not_claimed') return true
  }
  return false
}
