import { KeywellError } from '@keywell/protocol'
import { requireProvider } from '../catalogue.ts'
import type { After, Sleep } from '../clock.ts'
import type { Health } from '../health/health.ts'
import { silentAfterMs } from '../refresh/lease.ts'
import type { Refresher } from '../refresh/refresh.ts'
import { liveReplicaMs } from '../refresh/replicas.ts'
import type { Timing } from '../refresh/timing.ts'
import { type CredentialReadRow, findCredential } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { claimProbe, findSchedule, type ScheduleView } from '../store/reader-claims.ts'
import { withInstallation } from '../store/scope.ts'

/**
 * Why a reader wants a newer generation: the token has ended; its refresh is due, and the reader asked
 * for something newer; or the provider refused it with a 401.
 */
export type RenewalReason = 'ended' | 'due' | 'refused'

/**
 * Comes back with the row as it is when there is nothing to wait for any more: renewed, given up, or
 * still to be served.
 *
 * @throws KeywellError `refresh_in_progress` or `unavailable`, with the time after which to ask again
 */
export type Renewal = (
  before: CredentialReadRow,
  reason: RenewalReason,
  waitMs: number,
) => Promise<CredentialReadRow>

/** One look at a row, on behalf of all readers of this process who wait for the same. */
interface Watch {
  result: Promise<CredentialReadRow>
  /** When the last of them gives up, by the monotonic clock. */
  untilMs: number
  /** The row as it was seen last. */
  schedule: ScheduleView | undefined
}

const firstPauseMs = 100
const maxPauseMs = 1_000
/** A row that is due and free, and was not had, was taken and given back in between. So often it is tried again. */
const maxTries = 2
/** A heartbeat is late after half as long as it takes to be over. */
const lateHeartbeatMs = liveReplicaMs / 2

/**
 * Waits for a newer credential. Readers share what is under way, in this process by one watch and
 * across processes by the state of the row: a lease says that somebody refreshes or probes, and readers
 * wait for the outcome instead of being handed what was refused.
 */
export function createRenewal(parts: {
  database: Database
  refresher: Refresher
  health: Health
  sleep: Sleep
  after: After
  monotonic: () => number
  timing: Timing
  processId: string
}): Renewal {
  const { database, refresher, timing, monotonic } = parts
  const silentMs = silentAfterMs(timing)
  const watches = new Map<string, Watch>()

  return (before, reason, waitMs) => {
    const key = JSON.stringify([before.tenantId, before.id, before.generation, reason])
    const watch = watches.get(key) ?? begin(key, before, reason)
    watch.untilMs = Math.max(watch.untilMs, monotonic() + waitMs)
    return new Promise((resolve, reject) => {
      const cancel = parts.after(waitMs, () => {
        // Until its end it is served, whatever becomes of its refresh.
        if (reason === 'due') resolve(before)
        else reject(inProgress(retryAfterMs(watch.schedule)))
      })
      watch.result.then(resolve, reject).finally(cancel)
    })
  }

  function begin(key: string, before: CredentialReadRow, reason: RenewalReason): Watch {
    const watch: Watch = { result: Promise.resolve(before), untilMs: 0, schedule: undefined }
    watch.result = renew(before, reason, watch).finally(() => watches.delete(key))
    watches.set(key, watch)
    return watch
  }

  async function renew(
    before: CredentialReadRow,
    reason: RenewalReason,
    watch: Watch,
  ): Promise<CredentialReadRow> {
    const { rotation } = requireProvider(before.provider).refresh
    // Where a token that comes twice kills its family, only the end of a lease frees what it holds.
    const takeOverMs = rotation === 'strict_family' ? null : silentMs
    const ref = { tenantId: before.tenantId, connectionId: before.id }
    const refresh = () => refresher.refresh(ref, takeOverMs)
    // A token that was refused may be alive: what is known of it is looked at first.
    let attempt = reason === 'refused' ? undefined : await refresh()
    let tries = reason === 'refused' ? 0 : 1
    let probed = false
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
      // In this order: a lease that is gone by now has left its result in the row that is read next.
      const schedule = await look(before, takeOverMs)
      const row =
        (await findCredential(database.of(ref.tenantId), ref.tenantId, before.id)) ?? before
      watch.schedule = schedule
      if (row.generation > before.generation || row.status !== 'active') return row
      const ended = hasEnded(row)
      if (reason === 'due' && !ended) return row // served until it is over
      if (schedule?.leased) {
        const leftMs = watch.untilMs - monotonic()
        if (leftMs <= 0 || leftMs < silentForMs(schedule)) throw inProgress(retryAfterMs(schedule))
        await parts.sleep(pauseMs)
        tries = 0
        attempt = undefined
      } else if (attempt !== 'attempted' && isDue(schedule, ended) && tries < maxTries) {
        tries += 1
        attempt = await refresh()
      } else if (ended && row.renewable) {
        throw notYet(schedule)
      } else if (reason === 'refused' && !probed && !isKnown(schedule) && attempt === undefined) {
        probed = true
        await probe(before, takeOverMs)
      } else {
        return row
      }
    }
  }

  /** The same question was answered a moment ago, for somebody else. */
  function isKnown(schedule: ScheduleView | undefined): boolean {
    return schedule?.probedAgoMs != null && schedule.probedAgoMs < timing.recheckAfterMs
  }

  function look(row: CredentialReadRow, takeOverMs: number | null) {
    const { leaseMs } = timing
    const owned = database.of(withInstallation(row.tenantId))
    return findSchedule(owned, { ...row, connectionId: row.id, leaseMs, silentMs: takeOverMs })
  }

  /** Not had: it was probed a moment ago, or somebody else is at it. Either way the row says more. */
  async function probe(row: CredentialReadRow, takeOverMs: number | null): Promise<void> {
    const claim = await claimProbe(database.of(withInstallation(row.tenantId)), {
      tenantId: row.tenantId,
      connectionId: row.id,
      generation: row.generation,
      owner: parts.processId,
      leaseMs: timing.leaseMs,
      silentMs: takeOverMs,
      pauseMs: timing.recheckAfterMs,
    })
    if (claim !== undefined) await parts.health.check(claim, { background: false })
  }
}

export function hasEnded({ expiresInMs }: CredentialReadRow): boolean {
  return expiresInMs !== null && expiresInMs <= 0
}

function isDue(schedule: ScheduleView | undefined, ended: boolean): boolean {
  if (schedule === undefined || schedule.retryInMs === null) return false
  return schedule.retryInMs <= 0 || (ended && schedule.state === 'idle')
}

/** For how long a holder whose heartbeat is late may stay silent yet; 0 while it is heard. */
function silentForMs({ heardAgoMs, freeInMs }: ScheduleView): number {
  return heardAgoMs !== null && heardAgoMs > lateHeartbeatMs ? (freeInMs ?? 0) : 0
}

function retryAfterMs(schedule: ScheduleView | undefined): number {
  const waitMs = schedule?.leased ? silentForMs(schedule) : (schedule?.retryInMs ?? 0)
  return Math.max(minRetryMs, Math.ceil(waitMs))
}

const minRetryMs = 1_000

function inProgress(retryAfterMs: number): KeywellError {
  return new KeywellError('refresh_in_progress', 'The token is being renewed.', { retryAfterMs })
}

/** Nobody is at it, and it has ended. */
function notYet(schedule: ScheduleView | undefined): KeywellError {
  if (schedule?.state === 'suspect' || schedule?.state === 'ambiguous') {
    return inProgress(retryAfterMs(schedule))
  }
  return new KeywellError(
    'unavailable',
    'The token has ended, and the provider cannot renew it now.',
    {
      retryAfterMs: retryAfterMs(schedule),
      nextStep:
        'Try again after retryAfterMs; nothing was lost, and the user need not connect again.',
    },
  )
}
