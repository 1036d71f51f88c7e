/**
 * What the statements of `store/` do to one connection, as pure functions of its rows. Times are what
 * they were compared with: a lease has ended or has not. `database.test.ts` runs the same traces on
 * these and on the statements themselves, so that neither moves without the other.
 */
import type { Death, RecheckState, ScheduleEvent } from '@keywell/server/model'

export type ScheduleState = 'idle' | 'refreshing' | 'backoff' | 'ambiguous' | 'suspect' | 'dead'

/** How long ago the first request without a known outcome was: within every grace, or past every limit. */
export type DoubtAge = 'young' | 'middling' | 'old'

export interface Schedule {
  readonly state: ScheduleState
  /** `refresh_at <= now()` */
  readonly due: boolean
  /** `epoch`: whose claim was the last. */
  readonly lastClaim: number | null
  /** `lease_owner is not null`: nothing has ended that claim yet. */
  readonly held: boolean
  /** `lease_until < now()` */
  readonly leaseEnded: boolean
  /** `unresolved_since` */
  readonly doubt: DoubtAge | null
}

export interface Tables {
  readonly schedule: Schedule | null
  /** `pair` stands for the sealed tokens and for `committed_by`: a pair comes from one attempt. */
  readonly credential: { readonly generation: number; readonly pair: number } | null
  readonly connection: {
    readonly status: 'active' | 'expired' | 'revoked' | 'disconnected'
    readonly reason: string | null
  }
  /** The youngest last. */
  readonly orphans: readonly number[]
  readonly revocations: readonly number[]
}

/** What the holder of a claim learns from it. */
export interface Claim {
  readonly previousState: ScheduleState
  readonly doubt: DoubtAge | null
  /** Others were answered well after this connection was refused. Default: false, or it was not. */
  readonly othersLive?: boolean
}

export const connected: Tables = {
  schedule: {
    state: 'idle',
    due: false,
    lastClaim: null,
    held: false,
    leaseEnded: false,
    doubt: null,
  },
  credential: { generation: 1, pair: 0 },
  connection: { status: 'active', reason: null },
  orphans: [],
  revocations: [],
}

/** Whether the claim that this worker took is the last one, and open. */
export function holds({ schedule }: Tables, worker: number): boolean {
  return schedule?.held === true && schedule.lastClaim === worker
}

/**
 * `claimRefresh`, and `claimDue` for a row whose refresh is due: lease and intent in one statement. A
 * reader has it too while nothing is wrong and its token `hasEnded`, for whenever its refresh is planned.
 */
export function claimRefresh(
  tables: Tables,
  holder: number,
  hasEnded: boolean,
): { tables: Tables; claim: Claim } | undefined {
  const { schedule } = tables
  if (schedule === null || schedule.state === 'dead') return undefined
  if (!schedule.due && !(hasEnded && schedule.state === 'idle')) return undefined
  if (schedule.held && !schedule.leaseEnded) return undefined
  const { state: previousState, doubt } = schedule
  const claimed: Schedule = {
    ...schedule,
    state: 'refreshing',
    due: true,
    lastClaim: holder,
    held: true,
    leaseEnded: false,
    doubt: doubt ?? 'young',
  }
  return { tables: { ...tables, schedule: claimed }, claim: { previousState, doubt } }
}

/** `restartIndeterminate`: only under one's own lease. */
export function restartIndeterminate(tables: Tables, holder: number): Tables | undefined {
  if (tables.schedule === null || !holds(tables, holder)) return undefined
  return { ...tables, schedule: { ...tables.schedule, doubt: 'young' } }
}

/** `recordFailure`: only under one's own lease, so that it undoes nothing that a later holder found out. */
export function recordFailure(
  tables: Tables,
  holder: number,
  verdict: { state: ScheduleState; unresolved: boolean; retryInMs: number | null },
): Tables | undefined {
  const { schedule } = tables
  if (schedule === null || !holds(tables, holder)) return undefined
  const failed: Schedule = {
    ...schedule,
    state: verdict.state,
    due: verdict.retryInMs === null ? schedule.due : false,
    held: false,
    leaseEnded: false,
    doubt: verdict.unresolved ? schedule.doubt : null,
  }
  return { ...tables, schedule: failed }
}

/** `endConnection`: only of the generation that was refused. */
export function endConnection(tables: Tables, generation: number, death: Death): Tables {
  if (tables.credential?.generation !== generation || tables.connection.status !== 'active') {
    return tables
  }
  return { ...tables, connection: { status: death.status, reason: death.reason } }
}

/**
 * `replaceCredential`, `recordSuccess` and `advanceConnection`, one transaction: generation g becomes
 * g+1, whether or not the caller still holds the lease. Undefined when g is gone.
 */
export function replaceCredential(
  tables: Tables,
  worker: number,
  from: { generation: number; pair: number; recheckState: RecheckState },
): Tables | undefined {
  if (tables.credential?.generation !== from.generation) return undefined
  return {
    ...tables,
    credential: { generation: from.generation + 1, pair: from.pair },
    connection: { status: 'active', reason: null },
    schedule: tables.schedule && recordSuccess(tables.schedule, worker, from.recheckState),
  }
}

function recordSuccess(
  { lastClaim, doubt }: Schedule,
  worker: number,
  left: RecheckState,
): Schedule {
  const isLeft = left === 'all' || (left === 'of_later_claims' && lastClaim !== worker)
  const settled = { state: 'idle', due: false, held: false, leaseEnded: false } as const
  return { ...settled, lastClaim, doubt: isLeft ? doubt : null }
}

/**
 * What the compare-and-set did not take: `insertOrphan`, or `insertRevocation` when the connection was
 * removed. Repeated when a reply was lost, it changes nothing.
 */
export function keepAside(tables: Tables, pair: number): Tables {
  const { credential, orphans, revocations } = tables
  if (credential === null) {
    return revocations.includes(pair) ? tables : { ...tables, revocations: [...revocations, pair] }
  }
  if (credential.pair === pair || orphans.includes(pair)) return tables
  return { ...tables, orphans: [...orphans, pair] }
}

/** `findOrphan` and `deleteOrphan`. */
export function takeOrphan(tables: Tables): { tables: Tables; pair: number } | undefined {
  const pair = tables.orphans.at(-1)
  if (pair === undefined) return undefined
  return { tables: { ...tables, orphans: tables.orphans.slice(0, -1) }, pair }
}

/**
 * `claimProbe`, and `endProbe` of a token that is dead before its time: it is renewed now, unless its
 * refresh waits something out.
 */
export function probeDead(tables: Tables, generation: number): Tables {
  const { schedule, credential } = tables
  if (schedule === null || schedule.state === 'dead' || schedule.due) return tables
  if (credential?.generation !== generation || (schedule.held && !schedule.leaseEnded))
    return tables
  const free = { lastClaim: null, held: false, leaseEnded: false } as const
  return { ...tables, schedule: { ...schedule, ...free, due: schedule.state === 'idle' } }
}

/** `moveToRevocations`, `deleteCredential`, `deleteSchedule` and `disconnectConnection`, one transaction. */
export function disconnect(tables: Tables): Tables {
  const { credential, revocations } = tables
  return {
    ...tables,
    schedule: null,
    credential: null,
    connection: { status: 'disconnected', reason: null },
    revocations: credential === null ? revocations : [...revocations, credential.pair],
  }
}

/** Events that end an attempt. */
export type Ending = Extract<
  ScheduleEvent,
  { kind: 'not_sent' | 'not_processed' | 'ambiguous' | 'suspended' | 'rejected' | 'overtaken' }
>
