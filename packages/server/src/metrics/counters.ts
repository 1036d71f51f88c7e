import { Counter, Histogram, type Registry } from 'prom-client'
import type { Catalogue } from '../catalogue.ts'
import type { DeathReason, End, Metrics, ReadOutcome, RefreshOutcome } from './metrics.ts'

/** Upper bounds in seconds. */
const buckets = {
  read: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  refresh: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120],
  late: [1, 5, 15, 60, 300, 900, 1800, 3600],
  vault: [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.05, 0.5],
}

/** All outcomes, so that each has the value zero before it first happens: a rate needs two values. */
const refreshOutcomes: Readonly<Record<RefreshOutcome, true>> = {
  committed: true,
  committed_before: true,
  orphaned: true,
  withdrawn: true,
  superseded: true,
  not_sent: true,
  not_processed: true,
  ambiguous: true,
  unusable: true,
  rejected: true,
  sign_in_again: true,
  client_rejected: true,
  request_rejected: true,
  suspended: true,
  broken_off: true,
}
const deathReasons: Readonly<Record<DeathReason, true>> = {
  revoked: true,
  refresh_expired: true,
  lost_rotation: true,
  token_expired: true,
  sign_in_again: true,
}

interface CounterParts {
  /** A registry of its own for each engine: nothing is registered globally. */
  registry: Registry
  /** The providers of the installation; any other, one of a tenant's own too, counts as `other`. */
  catalogue: Pick<Catalogue, 'all' | 'onChange'>
  /** Milliseconds on a clock that only goes forward. */
  now: () => number
}

/** Counts what happens in this process. Labels are bound once, so that a call costs a few hundred nanoseconds. */
export function createMetrics(parts: CounterParts): Metrics {
  return {
    ...connectionMetrics(parts),
    ...readMetrics(parts),
    ...vaultMetrics(parts),
    ...deliveryMetrics(parts),
    ...failureMetrics(parts),
  }
}

function connectionMetrics(
  parts: CounterParts,
): Pick<Metrics, 'refresh' | 'connectionEnded' | 'workBegun' | 'probed'> {
  const registers = [parts.registry]
  const refreshes = new Counter({
    name: 'keywell_refreshes_total',
    help: 'Attempts to renew a credential, by their outcome; only `committed` stored a new one.',
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
    help: 'Connections whose user has to reconnect; `lost_rotation` is a token pair that was lost in transit.',
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
    help: 'Probes of tokens at a provider, by the result.',
    labelNames: ['provider', 'result'],
    registers,
  })
  const { catalogue } = parts
  let names = new Set<string>()
  const beginAtZero = () => {
    names = new Set(catalogue.all.map(({ name }) => name))
    for (const { name: provider } of catalogue.all) {
      for (const outcome of Object.keys(refreshOutcomes)) refreshes.inc({ provider, outcome }, 0)
      for (const reason of Object.keys(deathReasons)) ended.inc({ provider, reason }, 0)
    }
  }
  beginAtZero()
  catalogue.onChange(beginAtZero)
  const labelOf = (name: string) => (names.has(name) ? name : 'other')

  return {
    refresh(name) {
      const provider = labelOf(name)
      return startTimer(parts.now, (outcome) => {
        refreshes.inc({ provider, outcome })
        return refreshSeconds.labels(provider)
      })
    },
    connectionEnded: (provider, reason) => ended.inc({ provider: labelOf(provider), reason }),
    workBegun: (lateMs) => late.observe(lateMs / 1000),
    probed: (provider, result) => probes.inc({ provider: labelOf(provider), result }),
  }
}

function readMetrics({ registry, now }: CounterParts): Pick<Metrics, 'credentialRead'> {
  const seconds = new Histogram({
    name: 'keywell_credential_read_duration_seconds',
    help: 'Reads of a credential: `ok`, `unchanged`, or the code of the error.',
    labelNames: ['result'],
    buckets: buckets.read,
    registers: [registry],
  })
  const labelled = memoized((result: ReadOutcome) => seconds.labels(result))
  return { credentialRead: () => startTimer(now, labelled) }
}

function vaultMetrics({
  registry,
  now,
}: CounterParts): Pick<Metrics, 'vaultUsed' | 'vaultRefused'> {
  const registers = [registry]
  const seconds = new Histogram({
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
  for (const reason of ['format', 'key_commit', 'tampered', 'padding', 'missing', 'disabled']) {
    refusals.inc({ reason }, 0)
  }
  const labelled = {
    seal: memoized((result: 'ok' | 'failed') => seconds.labels('seal', result)),
    open: memoized((result: 'ok' | 'failed') => seconds.labels('open', result)),
  }
  return {
    vaultUsed: (operation) => startTimer(now, labelled[operation]),
    vaultRefused: (reason) => refusals.inc({ reason }),
  }
}

function deliveryMetrics({
  registry,
}: CounterParts): Pick<Metrics, 'changesDelivered' | 'webhookTried' | 'withdrawalTried'> {
  const registers = [registry]
  const changes = new Counter({
    name: 'keywell_changes_delivered_total',
    help: 'Changes sent to stream clients, counted once for each client.',
    registers,
  })
  const deliveries = new Counter({
    name: 'keywell_webhook_deliveries_total',
    help: 'Attempts to deliver a webhook; after `dead` the message waits to be replayed.',
    labelNames: ['outcome'],
    registers,
  })
  const withdrawals = new Counter({
    name: 'keywell_revocations_total',
    help: 'Attempts to withdraw a grant at its provider; after `refused` it must be withdrawn by hand.',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of ['delivered', 'retried', 'dead']) deliveries.inc({ outcome }, 0)
  for (const outcome of ['revoked', 'kept', 'retry', 'refused', 'client_rejected', 'broken_off']) {
    withdrawals.inc({ outcome }, 0)
  }
  return {
    changesDelivered: (count) => changes.inc(count),
    webhookTried: (outcome) => deliveries.inc({ outcome }),
    withdrawalTried: (outcome) => withdrawals.inc({ outcome }),
  }
}

function failureMetrics({
  registry,
}: CounterParts): Pick<Metrics, 'auditUnwritable' | 'refusalsUnwritten' | 'databaseUnavailable'> {
  const registers = [registry]
  const unwritable = new Counter({
    name: 'keywell_audit_unwritable_total',
    help: 'Acts that were refused because their audit row could not be written.',
    registers,
  })
  const unwritten = new Counter({
    name: 'keywell_audit_refusals_unwritten_total',
    help: 'Refused calls whose audit row could not be written. The calls stay refused.',
    registers,
  })
  const unavailable = new Counter({
    name: 'keywell_database_unavailable_total',
    help: 'Statements and transactions that could not reach the database, or lost the connection to it.',
    registers,
  })
  return {
    auditUnwritable: () => unwritable.inc(),
    refusalsUnwritten: (count) => unwritten.inc(count),
    databaseUnavailable: () => unavailable.inc(),
  }
}

/** Starts to measure now. The outcome selects the histogram. */
function startTimer<Outcome>(
  now: () => number,
  histogramOf: (outcome: Outcome) => { observe(seconds: number): void },
): End<Outcome> {
  const startedMs = now()
  return (outcome) => histogramOf(outcome).observe((now() - startedMs) / 1000)
}

/** Keeps the result for each word; there are few. */
function memoized<Word extends string, Result>(
  make: (word: Word) => Result,
): (word: Word) => Result {
  const results = new Map<Word, Result>()
  return (word) => {
    const known = results.get(word)
    if (known !== undefined) return known
    const first = make(word)
    results.set(word, first)
    return first
  }
}
