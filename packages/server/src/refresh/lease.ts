import type { After } from '../clock.ts'
import type { Database } from '../store/database.ts'
import { type Claim, extendLease } from '../store/refresh-claim.ts'
import { liveReplicaMs } from './replicas.ts'
import { startStopwatch } from './stopwatch.ts'
import type { Timing } from './timing.ts'

/** A claim while somebody works on it. */
export interface Lease {
  /**
   * Called where the next thing is to write. A process that was paused must not send: its lease may have
   * ended, and somebody else be at it.
   *
   * @throws Error when the time is over; nothing may be sent then
   */
  mustStillSend(): void
  /** Milliseconds since the claim, or a little more. */
  elapsedMs(): number
  /** Keeps it while a request is open. A lease that was lost on the way is no reason to stop waiting. */
  hold(): void
  end(): void
}

/** So old a claim may be when the first byte is written. */
function sendWithinMs({ leaseMs, deadlineMs, marginMs }: Timing): number {
  return leaseMs - deadlineMs - marginMs
}

/**
 * Whoever holds a claim and was not heard of for so long is gone. What it has not sent by then it will
 * not send any more, even if it only stood still.
 */
export function silentAfterMs(timing: Timing): number {
  return Math.max(liveReplicaMs, sendWithinMs(timing))
}

export function openLease(
  parts: { database: Database; after: After; timing: Timing },
  claim: Claim,
): Lease {
  const { leaseMs } = parts.timing
  const elapsedMs = startStopwatch()
  let cancel = () => {}
  let ended = false

  function extendLater(): void {
    cancel = parts.after(leaseMs / 3, () => {
      extendLease(parts.database.of(claim.tenantId), claim, leaseMs).then(
        (isOurs) => {
          if (isOurs && !ended) extendLater()
        },
        // With the database away nobody else can take it either.
        () => {
          if (!ended) extendLater()
        },
      )
    })
  }

  return {
    mustStillSend() {
      if (elapsedMs() >= sendWithinMs(parts.timing)) {
        throw new Error('too much of the lease has passed to send anything')
      }
    },
    elapsedMs,
    hold: extendLater,
    end() {
      ended = true
      cancel()
    },
  }
}
