import { KeywellError } from '@keywell/protocol'
import { findMethod } from '@keywell/providers'
import type { Catalogue } from '../catalogue.ts'
import type { After, Sleep } from '../clock.ts'
import type { Health } from '../health/health.ts'
import { silentAfterMs } from '../refresh/lease.ts'
import type { Refresher } from '../refresh/refresh.ts'
import { endsFamilies, renewalOf } from '../refresh/renewal-of.ts'
import { liveReplicaMs } from '../refresh/replicas.ts'
import type { Timing } from '../refresh/timing.ts'
import { type CredentialReadRow, findCredential } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { claimProbe, findSchedule, type ScheduleView } from '../store/reader-claims.ts'
import { withInstallation } from '../store/scope.ts'

/**
 * Why a reader wants a newer generation: the token has ended; its refresh is due, and the reader asks only
 * for a newer one; or the provider refused it with a 401.
 */
export type RenewalReason = 'ended' | 'due' | 'refused'

/**
 * Waits for a newer credential. Resolves with the row when there is nothing to wait for any more: it was
 * renewed, its connection has ended, or it can still be served.
 *
 * @throws KeywellError `refresh_in_progress` or `unavailable`, with the time after which to ask again
 */
export type Renewal = (
  before: CredentialReadRow,
  reason: RenewalReason,
  waitMs: number,
) => Promise<CredentialReadRow>

/** Waits for one newer generation, for all readers of this process that want it. */
interface Watch {
  result: Promise<CredentialReadRow>
  /** When the last of them gives up, by the monotonic clock. */
  untilMs: number
  /** The row's schedule as it was read last. */
  schedule: ScheduleView | undefined
}

const firstPauseMs = 100
const maxPauseMs = 1_000
/** A row that is due and free, and could not be claimed, was claimed and released in between. So often it is tried again. */
const maxTries = 2
/** A heartbeat is late after half of the time after which its replica counts as gone. */
const lateHeartbeatMs = liveReplicaMs / 2

export interface RenewalParts {
  catalogue: Catalogue
  database: Database
  refresher: Refresher
  health: Health
  sleep: Sleep
  after: After
  monotonic: () => number
  timing: Timing
  processId: string
}

/**
 * Readers share the work: in this process by one watch, across processes by the state of the row. A lease
 * says that a process refreshes or probes, and readers wait for its outcome instead of getting the token
 * that the provider refused.
 */
export function createRenewal(parts: RenewalParts): Renewal {
  const watches = new Map<string, Watch>()

  function begin(key: string, before: CredentialReadRow, reason: RenewalReason): Watch {
    const watch: Watch = { result: Promise.resolve(before), untilMs: 0, schedule: undefined }
    watch.result = renew(parts, { before, reason, watch }).finally(() => watches.delete(key))
    watches.set(key, watch)
    return watch
  }

  return (before, reason, waitMs) => {
    const key = JSON.stringify([before.tenantId, before.id, before.generation, reason])
    const watch = watches.get(key) ?? begin(key, before, reason)
    watch.untilMs = Math.max(watch.untilMs, parts.monotonic() + waitMs)
    return new Promise((resolve, reject) => {
      const cancel = parts.after(waitMs, () => {
        // It is served until its end, whatever becomes of its refresh.
        if (reason === 'due') resolve(before)
        else reject(inProgress(retryAfterMs(watch.schedule)))
      })
      watch.result.then(resolve, reject).finally(cancel)
    })
  }
}

async function renew(
  parts: RenewalParts,
  { before, reason, watch }: { before: CredentialReadRow; reason: RenewalReason; watch: Watch },
): Promise<CredentialReadRow> {
  const silentMs = silentMsFor(parts, before)
  const { tenantId, id: connectionId } = before
  const refresh = () => parts.refresher.refresh({ tenantId, connectionId }, silentMs)
  // A token that was refused may be active: what is known of it is read first.
  let attempt = reason === 'refused' ? undefined : await refresh()
  let tries = reason === 'refused' ? 0 : 1
  let probed = false
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
    // In this order: a lease that has ended by now left its result in the row that is read next.
    const schedule = await readSchedule(parts, before, silentMs)
    const row =
      (await findCredential(parts.database.of(tenantId), tenantId, connectionId)) ?? before
    watch.schedule = schedule
    if (row.generation > before.generation || row.status !== 'active') return row
    const ended = hasEnded(row)
    if (reason === 'due' && !ended) return row // served until its end
    if (schedule?.leased) {
      const leftMs = watch.untilMs - parts.monotonic()
      if (leftMs <= 0 || leftMs < silentForMs(schedule)) throw inProgress(retryAfterMs(schedule))
      await parts.sleep(pauseMs)
      tries = 0
      attempt = undefined
    } else if (attempt !== 'attempted' && isDue(schedule, ended) && tries < maxTries) {
      tries += 1
      attempt = await refresh()
    } else if (ended && row.renewable) {
      throw notYet(schedule)
    } else if (
      reason === 'refused' &&
      !probed &&
      !isKnown(schedule, parts.timing) &&
      attempt === undefined &&
      tries < maxTries
    ) {
      probed = await probe(parts, before, silentMs)
      tries = probed ? 0 : tries + 1
    } else {
      return row
    }
  }
}

/** Where a token that comes twice revokes its family, only the end of a lease frees its row. */
function silentMsFor({ catalogue, timing }: RenewalParts, row: CredentialReadRow): number | null {
  const renewal = renewalOf(findMethod(catalogue.get(row.tenantId, row.provider), row.method), row)
  return renewal !== null && endsFamilies(renewal) ? null : silentAfterMs(timing)
}

/** This generation was probed a moment ago, for another reader. */
function isKnown(schedule: ScheduleView | undefined, { recheckAfterMs }: Timing): boolean {
  return schedule?.probedAgoMs != null && schedule.probedAgoMs < recheckAfterMs
}

function readSchedule(
  { database, timing: { leaseMs } }: RenewalParts,
  { tenantId, id: connectionId, generation }: CredentialReadRow,
  silentMs: number | null,
): Promise<ScheduleView | undefined> {
  const sql = database.of(withInstallation(tenantId))
  return findSchedule(sql, { tenantId, connectionId, generation, leaseMs, silentMs })
}

/** False: the row could not be claimed; it was probed a moment ago, or another process holds it. Then the row says more. */
async function probe(
  { database, health, timing, processId }: RenewalParts,
  { tenantId, id: connectionId, generation }: CredentialReadRow,
  silentMs: number | null,
): Promise<boolean> {
  const claim = await claimProbe(database.of(withInstallation(tenantId)), {
    tenantId,
    connectionId,
    generation,
    owner: processId,
    leaseMs: timing.leaseMs,
    silentMs,
    pauseMs: timing.recheckAfterMs,
  })
  if (claim === undefined) return false
  await health.check(claim, { background: false })
  return true
}

export function hasEnded({ expiresInMs }: CredentialReadRow): boolean {
  return expiresInMs !== null && expiresInMs <= 0
}

function isDue(schedule: ScheduleView | undefined, ended: boolean): boolean {
  if (schedule === undefined || schedule.retryInMs === null) return false
  return schedule.retryInMs <= 0 || (ended && schedule.state === 'idle')
}

/** How much longer a holder whose heartbeat is late may stay silent; 0 while its heartbeat is in time. */
function silentForMs({ seenAgoMs, freeInMs }: ScheduleView): number {
  return seenAgoMs !== null && seenAgoMs > lateHeartbeatMs ? (freeInMs ?? 0) : 0
}

function retryAfterMs(schedule: ScheduleView | undefined): number {
  const waitMs = schedule?.leased ? silentForMs(schedule) : (schedule?.retryInMs ?? 0)
  return Math.max(minRetryMs, Math.ceil(waitMs))
}

const minRetryMs = 1_000

function inProgress(retryAfterMs: number): KeywellError {
  return new KeywellError('refresh_in_progress', 'The token is being renewed.', { retryAfterMs })
}

/** The token has ended, and no process renews it now. */
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
