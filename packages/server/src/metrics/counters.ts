import { Counter, Histogram, type Registry } from 'prom-client'
import type { DeathReason, End, Metrics, ReadOutcome, RefreshOutcome } from './metrics.ts'

/** Upper bounds in seconds. */
const buckets = {
  read: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  refresh: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120],
  late: [1, 5, 15, 60, 300, 900, 1800, 3600],
  vault: [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.05, 0.5],
}

/** In full, so that each is there as zero before it first happens: a rate needs two values. */
const refreshOutcomes: Readonly<Record<RefreshOutcome, true>> = {
  committed: true,
  committed_before: true,
  orphaned: true,
  withdrawn: true,
  not_sent: true,
  not_processed: true,
  ambiguous: true,
  unusable: true,
  rejected: true,
  client_rejected: true,
  request_rejected: true,
  broken_off: true,
}
const deathReasons: Readonly<Record<DeathReason, true>> = {
  revoked: true,
  refresh_expired: true,
  lost_rotation: true,
  token_expired: true,
}

/**
 * Counts what happens in this process. Labels are bound once, so that telling costs a few hundred
 * nanoseconds and no more.
 */
export function createMetrics(parts: {
  /** One of its own for each engine; nothing is registered globally. */
  registry: Registry
  /** The names of providers; any other counts as `other`. */
  providers: readonly string[]
  /** Milliseconds on a clock that only goes forward. */
  now: () => number
}): Metrics {
  const { now } = parts
  const registers = [parts.registry]

  const refreshes = new Counter({
    name: 'keywell_refreshes_total',
    help: 'Attempts to renew a credential, by what became of them; only `committed` brought a new one.',
    labelNames: ['provider', 'outcome'],
    registers,
  })
  const refreshSeconds = new Histogram({
    name: 'keywell_refresh_duration_seconds',
    help: 'From when a refresh was ready to be sent to its end, the wait for the host limiter and the commit included.',
    labelNames: ['provider'],
    buckets: buckets.refresh,
    registers,
  })
  const ended = new Counter({
    name: 'keywell_connections_ended_total',
    help: 'Connections whose user has to come back; `lost_rotation` is a pair that was lost on the way.',
    labelNames: ['provider', 'reason'],
    registers,
  })
  const late = new Histogram({
    name: 'keywell_work_late_seconds',
    help: 'How long after its due time a refresh or a probe was begun.',
    buckets: buckets.late,
    registers,
  })
  const probes = new Counter({
    name: 'keywell_probes_total',
    help: 'Questions to a provider whether a token lives, by the answer.',
    labelNames: ['provider', 'result'],
    registers,
  })
  const readSeconds = new Histogram({
    name: 'keywell_credential_read_duration_seconds',
    help: 'Reads of a credential: `ok`, `unchanged`, or the code of the error.',
    labelNames: ['result'],
    buckets: buckets.read,
    registers,
  })
  const vaultSeconds = new Histogram({
    name: 'keywell_vault_operation_duration_seconds',
    help: 'Sealing and opening of records; its count is that of the operations.',
    labelNames: ['operation', 'result'],
    buckets: buckets.vault,
    registers,
  })
  const refusals = new Counter({
    name: 'keywell_vault_refusals_total',
    help: 'Records that were not sealed or not opened: `key_commit` is a wrong key or place, `tampered` a changed row, `disabled` a key that is still needed.',
    labelNames: ['reason'],
    registers,
  })
  const told = new Counter({
    name: 'keywell_changes_delivered_total',
    help: 'Changes sent to stream clients, counted once for each client.',
    registers,
  })
  const deliveries = new Counter({
    name: 'keywell_webhook_deliveries_total',
    help: 'Attempts to deliver a webhook; `dead` was the last one, its message waits to be replayed.',
    labelNames: ['outcome'],
    registers,
  })
  const withdrawals = new Counter({
    name: 'keywell_revocations_total',
    help: 'Attempts to withdraw a grant at its provider; `refused` needs somebody to do it by hand.',
    labelNames: ['outcome'],
    registers,
  })
  const unwritable = new Counter({
    name: 'keywell_audit_unwritable_total',
    help: 'Acts that were refused since their audit row could not be written.',
    registers,
  })
  const refusalsUnwritten = new Counter({
    name: 'keywell_audit_refusals_unwritten_total',
    help: 'Refused calls that are missing in the audit log, which could not be written. They stay refused.',
    registers,
  })
  const unavailable = new Counter({
    name: 'keywell_database_unavailable_total',
    help: 'Statements and transactions that found no database, or lost it on the way.',
    registers,
  })

  for (const outcome of ['delivered', 'retried', 'dead']) deliveries.inc({ outcome }, 0)
  for (const outcome of ['revoked', 'retry', 'refused', 'client_rejected', 'broken_off'])
    withdrawals.inc({ outcome }, 0)
  for (const reason of ['format', 'key_commit', 'tampered', 'padding', 'missing', 'disabled'])
    refusals.inc({ reason }, 0)
  for (const provider of parts.providers) {
    for (const outcome of Object.keys(refreshOutcomes)) refreshes.inc({ provider, outcome }, 0)
    for (const reason of Object.keys(deathReasons)) ended.inc({ provider, reason }, 0)
  }

  const known = new Set(parts.providers)
  const labelOf = (provider: string) => (known.has(provider) ? provider : 'other')
  const readTimer = once((result: ReadOutcome) => readSeconds.labels(result))
  const vaultTimers = {
    seal: once((result: 'ok' | 'failed') => vaultSeconds.labels('seal', result)),
    open: once((result: 'ok' | 'failed') => vaultSeconds.labels('open', result)),
  }

  /** Begins to measure now; what ends it says where to. */
  function timer<Outcome>(
    of: (outcome: Outcome) => { observe(seconds: number): void },
  ): End<Outcome> {
    const began = now()
    return (outcome) => of(outcome).observe((now() - began) / 1000)
  }

  return {
    refresh(name) {
      const provider = labelOf(name)
      return timer((outcome) => {
        refreshes.inc({ provider, outcome })
        return refreshSeconds.labels(provider)
      })
    },
    connectionEnded: (provider, reason) => ended.inc({ provider: labelOf(provider), reason }),
    workBegun: (lateMs) => late.observe(lateMs / 1000),
    probed: (provider, result) => probes.inc({ provider: labelOf(provider), result }),
    credentialRead: () => timer(readTimer),
    vaultUsed: (operation) => timer(vaultTimers[operation]),
    vaultRefused: (reason) => refusals.inc({ reason }),
    changesDelivered: (count) => told.inc(count),
    webhookTried: (outcome) => deliveries.inc({ outcome }),
    withdrawalTried: (outcome) => withdrawals.inc({ outcome }),
    auditUnwritable: () => unwritable.inc(),
    refusalsUnwritten: (count) => refusalsUnwritten.inc(count),
    databaseUnavailable: () => unavailable.inc(),
  }
}

/** Remembers what was made for each word; there are few. */
function once<Word extends string, Made>(make: (word: Word) => Made): (word: Word) => Made {
  const made = new Map<Word, Made>()
  return (word) => {
    const known = made.get(word)
    if (known !== undefined) return known
    const first = make(word)
    made.set(word, first)
    return first
  }
}
