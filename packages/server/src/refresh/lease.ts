import type { After } from '../clock.ts'
import type { Database } from '../store/database.ts'
import { type Claim, extendLease } from '../store/refresh-claim.ts'
import { liveReplicaMs } from './replicas.ts'
import { startStopwatch } from './stopwatch.ts'
import type { Timing } from './timing.ts'

/** A claim while this process works on it. */
export interface Lease {
  /**
   * Called immediately before the first byte is written. A process that was paused must not send: its lease
   * may have ended, and another process may have claimed the row.
   *
   * @throws Error when too much time has passed; nothing may be sent then
   */
  mustStillSend(): void
  /** Milliseconds since the claim, or a little more. */
  elapsedMs(): number
  /** Extends the lease while a request is open. A lease that is lost meanwhile does not end the wait. */
  hold(): void
  end(): void
}

/** The age of a claim up to which the first byte may be written. */
function sendWithinMs({ leaseMs, deadlineMs, marginMs }: Timing): number {
  return leaseMs - deadlineMs - marginMs
}

/**
 * A holder that was silent for so long counts as gone. It will not send what it has not sent by then, even if
 * it was only paused.
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
        // With the database away no other process can claim the row either.
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
