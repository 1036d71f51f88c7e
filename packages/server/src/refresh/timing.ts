/** The times of the refresh engine, in milliseconds. Tests shorten them; in service the defaults hold. */
export interface Timing {
  /**
   * How long a claim holds unless it is extended; at least deadline + probe (5 s) + commit (5 s) +
   * margin. Default 60,000.
   */
  leaseMs: number
  /** After this time no caller waits for a request any more. Its answer is still taken. Default 20,000. */
  deadlineMs: number
  /** For how long a request stays open in all. Default 120,000. */
  detachedMs: number
  /** What must be left of the lease after the deadline, counted from the first byte. Default 30,000. */
  marginMs: number
  /** How often due work is looked for when there was none. Default 1,000. */
  pollMs: number
  /**
   * The pause after a first failure is between half of this and one and a half; each further failure doubles what is
   * spread, up to five minutes. Default 1,000.
   */
  backoffMs: number
  /** A refusal is confirmed when it is repeated after this time. Default 60,000. */
  confirmAfterMs: number
  /** Between two attempts with a client that the provider rejects. Default 60,000. */
  canaryMs: number
  /** Between two probes of a connection that callers ask for. Default 10,000. */
  recheckAfterMs: number
  /** A connection that no backend has read for so long is renewed only once a day. Default 7 days. */
  dormantAfterMs: number
  /**
   * Older answers do not count for an incident. 0: incidents are not detected, and a connection ends at the first
   * clear refusal. Default 600,000.
   */
  incidentWindowMs: number
  /** Between two connections of one host that are asked during an incident. Default 2,000. */
  incidentAskMs: number
  /** For how long all connections must be refused before an incident is confirmed. Default 3,600,000. */
  incidentConfirmMs: number
  /** Between two sweeps: grants that wait to be withdrawn, expired codes. Default 60,000. */
  sweepMs: number
}

export const defaultTiming: Timing = {
  leaseMs: 60_000,
  deadlineMs: 20_000,
  detachedMs: 120_000,
  marginMs: 30_000,
  pollMs: 1_000,
  backoffMs: 1_000,
  confirmAfterMs: 60_000,
  canaryMs: 60_000,
  recheckAfterMs: 10_000,
  dormantAfterMs: 7 * 24 * 60 * 60_000,
  incidentWindowMs: 600_000,
  incidentAskMs: 2_000,
  incidentConfirmMs: 3_600_000,
  sweepMs: 60_000,
}
