import { setTimeout as pause } from 'node:timers/promises'
import type { Fleet } from './fleet.ts'

/** Leases and waits of a run that cannot wait a minute for each; the proportions are the engine's own. */
export const shortTiming = {
  leaseMs: 3_000,
  deadlineMs: 1_000,
  detachedMs: 10_000,
  marginMs: 500,
  pollMs: 150,
  confirmAfterMs: 1_000,
  canaryMs: 1_000,
  // Losses are what these runs are about, and many at once; `provider-incident` has its own times.
  incidentWindowMs: 0,
} as const

/**
 * Makes idle connections due again and again, so that each is refreshed about once in `periodMs`
 * without its token ending. Answers how to end it: when that resolves, everything has come due.
 */
export function startPressure({ sql }: Fleet, periodMs: number): () => Promise<void> {
  let stopped = false
  const run = async (): Promise<void> => {
    while (!stopped) {
      await sql
        .query(
          `update refresh_schedule set refresh_at = now() + random() * $1 * interval '1 millisecond'
           where state = 'idle' and refresh_at > now() + $1 * interval '1 millisecond'`,
          [periodMs],
        )
        // The database is away, as the run wants it.
        .catch(() => {})
      await pause(200)
    }
  }
  const running = run()
  return async () => {
    stopped = true
    await running
    await pause(periodMs)
  }
}

/**
 * Waits until nothing is unsettled: every row is idle and not due, or dead. A doubt that the engine
 * would let rest until no request can be under way at the provider is made old, since none is.
 */
export async function settle(
  fleet: Fleet,
  options: { timeoutMs?: number; agesDoubts?: boolean } = {},
): Promise<void> {
  const untilMs = performance.now() + (options.timeoutMs ?? 60_000)
  for (;;) {
    const left = await unsettled(fleet).catch(() => undefined)
    if (left?.length === 0) return
    if (performance.now() > untilMs) {
      throw new Error(`not settled: ${JSON.stringify(left?.slice(0, 5))} of ${left?.length}`)
    }
    if (options.agesDoubts !== false) await ageDoubts(fleet).catch(() => {})
    await pause(250)
  }
}

async function unsettled({ sql }: Fleet): Promise<object[]> {
  return sql.query(
    `select connection_id, state, last_outcome, lease_until - now() as lease_left,
            refresh_at - now() as due_in
     from refresh_schedule
     where not (state = 'dead' or state = 'idle' and refresh_at > now() and lease_until is null)`,
  )
}

async function ageDoubts({ sql }: Fleet): Promise<void> {
  await sql.query(
    `update refresh_schedule
     set unresolved_since = unresolved_since - interval '1 hour',
         refresh_at = case when state = 'ambiguous' then least(refresh_at, now()) else refresh_at end
     where unresolved_since > now() - interval '30 minutes'
       and (lease_until is null or lease_until < now())`,
  )
}

/** Pairs that the provider has given by refreshes. */
export async function countIssued({ control }: Fleet): Promise<number> {
  return (await control.refreshes()).filter(({ issued }) => issued).length
}

/** Waits until something holds. @throws Error that names it when it does not in time */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const untilMs = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`not in ${timeoutMs} ms: ${what}`)
    await pause(25)
  }
}
