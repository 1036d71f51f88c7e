import type { Audit } from '../audit/audit.ts'
import { requireProvider } from '../catalogue.ts'
import { writeChange } from '../changes/changes.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tracing } from '../metrics/tracing.ts'
import { type ProbeNews, probeToken } from '../oauth/probe.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { auditEntryOf } from '../refresh/audit-entry.ts'
import type { IncidentGuard } from '../refresh/incident-guard.ts'
import { type Death, type StepOptions, step } from '../refresh/machine.ts'
import { stateOf } from '../refresh/machine-input.ts'
import { type HealthOutcome, recordOutcome } from '../refresh/record-outcome.ts'
import { isDormant, planProbe } from '../refresh/schedule.ts'
import { startStopwatch } from '../refresh/stopwatch.ts'
import type { Timing } from '../refresh/timing.ts'
import { markAccountChecked, updateDetails } from '../store/connections.ts'
import { findKeptCredential, type KeptCredentialRow } from '../store/credentials.ts'
import type { Database, Sql } from '../store/database.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { endProbe } from '../store/refresh-outcomes.ts'
import type { ScheduleState } from '../store/refresh-schedule.ts'
import { withInstallation } from '../store/scope.ts'
import type { Jitter } from '../clock.ts'
import {
  type AccountCheck,
  accountMismatch,
  checkAccount,
  isAccountCheckDue,
} from './check-account.ts'

/** Looks in a row that brought no answer, after which a connection counts as degraded. */
const maxUnknown = 3

/** Looks at connections when nothing else has for a while. */
export interface Health {
  /**
   * Carries out a claim of which no refresh is due: asks the provider, and writes what it says. One that
   * breaks off is given back. A reader who waits for it goes before background work.
   */
  check(claim: Claim, options?: { background: boolean }): Promise<void>
}

/**
 * A probe fills the gaps between refreshes, so that a grant that the user withdrew is noticed although
 * its token has time left. It never ends a connection that can be refreshed: it makes the refresh due,
 * and only a refused one does. 403, 404, 429, 5xx and silence end nothing at all.
 */
export function createHealth(parts: {
  database: Database
  box: TokenBox
  outbound: Outbound
  audit: Audit
  incidentGuard: IncidentGuard
  logger: Logger
  metrics: Pick<Metrics, 'probed' | 'connectionEnded'>
  tracing: Tracing
  jitter: Jitter
  timing: Timing
}): Health {
  const { database, jitter } = parts

  async function look(claim: Claim, row: KeptCredentialRow, background: boolean): Promise<Look> {
    if (row.sealed === null) throw new TypeError('checked by the caller')
    if (!row.renewable && row.expiresInMs !== null && row.expiresInMs <= 0) return over
    const tokens = await parts.box.open({ ...row, connectionId: row.id }, row.sealed)
    const { accessToken } = tokens
    const provider = requireProvider(row.provider)
    const sending = { tenantId: claim.tenantId, background }
    const { host, type } = row
    const found = await probeToken(parts, { provider, host, type, accessToken, sending })
    // A reader who waits for a probe does not wait for a name.
    const isAsked = background && found.news === 'alive' && isAccountCheckDue(row)
    const scopes = found.scopes ?? row.grantedScopes
    const account = isAsked
      ? await checkAccount(parts.outbound, row, { provider, accessToken, scopes, sending })
      : null
    return { ...found, account, isOver: false, canRefresh: tokens.refreshToken !== null }
  }

  async function record(
    sql: Sql,
    {
      claim,
      row,
      background,
      elapsedMs,
    }: { claim: Claim; row: KeptCredentialRow; background: boolean; elapsedMs: () => number },
    found: Look,
  ): Promise<Death | null> {
    const plan = {
      jitter,
      confirmAfterMs: parts.timing.confirmAfterMs,
      hastens: background || claim.previousState === 'idle',
      pauseMs: planPause(claim, row, found),
    }
    let verdict = judge(claim, found, plan)
    if (verdict.death !== null && !found.isOver) {
      const decision = await parts.incidentGuard.decide(sql, row, {
        claim,
        elapsedMs: elapsedMs(),
      })
      verdict = judge(claim, found, { ...plan, decision })
    }
    const { generation } = row
    if (!(await endProbe(sql, claim, { ...verdict, generation }))) return null
    const result = { ...auditEntryOf(row), action: 'connection.probe' } as const
    if (found.news !== 'alive') {
      await parts.audit.write(sql, {
        ...result,
        result: 'failed',
        reason: found.detail ?? found.news,
      })
    }
    if (isNewMismatch(row, found)) {
      await parts.audit.write(sql, { ...result, result: 'failed', reason: accountMismatch })
    }
    await recordOutcome(sql, row, verdict)
    await recordDetails(sql, row, found)
    if (
      verdict.answer === 'good' &&
      (await parts.incidentGuard.incidentOf(sql, row)) !== undefined
    ) {
      await parts.incidentGuard.answeredWell(sql, row)
    }
    return verdict.death
  }

  /** A dormant connection is checked by its refresh once a day: a probe between finds what has ended. */
  function planPause(claim: Claim, row: KeptCredentialRow, { canRefresh }: Look): number | null {
    const isRenewed = canRefresh && row.expiresInMs !== null
    if (isRenewed && isDormant(claim, parts.timing)) return null
    return planProbe({ ...claim, ...row, endsInMs: row.expiresInMs }, jitter)
  }

  async function recordDetails(sql: Sql, row: KeptCredentialRow, found: Look): Promise<void> {
    if (found.account !== null) await markAccountChecked(sql, row)
    const { scopes: told } = found
    const scopes = told !== null && !isSame(told, row.grantedScopes) ? told : null
    const account = found.account?.is === 'changed' ? found.account.account : null
    if (scopes === null && account === null) return
    const { tenantId, id, generation } = row
    const connection = await updateDetails(sql, { tenantId, id, generation, scopes, account })
    if (connection !== undefined) await writeChange(sql, { kind: 'updated', connection })
  }

  async function run(claim: Claim, background: boolean): Promise<void> {
    const { tenantId, connectionId } = claim
    const elapsedMs = startStopwatch()
    const row = await findKeptCredential(database.of(tenantId), tenantId, connectionId)
    if (row?.sealed == null) return // disconnected, and its schedule gone with it
    const found = await look(claim, row, background)
    if (found.news === 'dead') {
      parts.logger.warn({ tenantId, connectionId }, 'a token was found dead before its time')
    }
    if (isNewMismatch(row, found)) {
      parts.logger.error(
        { alarm: accountMismatch, tenantId, connectionId, provider: row.provider },
        'the provider names another account than the one that is connected; nothing was taken over',
      )
    }
    const death = await database.transaction(withInstallation(tenantId), (sql) =>
      record(sql, { claim, row, background, elapsedMs }, found),
    )
    if (death !== null) parts.metrics.connectionEnded(row.provider, death.reason)
  }

  /** Nothing was found out: it is looked at again soon, and nobody waits for the lease to end. */
  async function releaseClaim(claim: Claim): Promise<void> {
    const { previousState: state, failures, probeFailures } = claim
    const unchanged = { state, failures, probeFailures, refreshNow: false, generation: null }
    const probeInMs = parts.timing.confirmAfterMs
    await endProbe(database.of(claim.tenantId), claim, { ...unchanged, probeInMs })
  }

  return {
    async check(claim, { background } = { background: true }) {
      try {
        await run(claim, background)
      } catch (error) {
        // With the database away the lease has to end by itself.
        await releaseClaim(claim).catch(() => {})
        throw error
      }
    },
  }
}

/** What was found, and what is known beside it. */
interface Look extends ProbeNews {
  canRefresh: boolean
  /** Null: it was not asked for. */
  account: AccountCheck | null
  /** Nothing renews it, and it has come to its end. Then nobody was asked. */
  isOver: boolean
}

const over: Look = {
  news: 'unknown',
  detail: 'token_expired',
  scopes: null,
  expiresAt: null,
  account: null,
  canRefresh: false,
  isOver: true,
}

interface Verdict {
  state: ScheduleState
  failures: number
  probeFailures: number
  probeInMs: number | null
  refreshNow: boolean
  health: HealthOutcome | null
  death: Death | null
  /** What the provider said clearly of the grant; null: nothing. */
  answer: 'good' | 'refused' | null
}

/** What a look means; pure. */
export function judge(
  claim: Claim,
  found: Look,
  plan: {
    jitter: Jitter
    confirmAfterMs: number
    /** Milliseconds until the next look; null: there is none before the next refresh. */
    pauseMs: number | null
    /** A dead token is renewed now. False where asking harder would bypass a pause. Default: true. */
    hastens?: boolean
    /** For a token that nothing renews. Default: `end`. */
    decision?: StepOptions['decision']
  },
): Verdict {
  const same = {
    state: claim.previousState,
    failures: claim.failures,
    probeFailures: 0,
    probeInMs: plan.pauseMs,
    refreshNow: false,
    health: null,
    death: null,
    answer: null,
  }
  if (found.isOver) return { ...same, state: 'dead', probeInMs: null, death: cameToItsEnd }
  switch (found.news) {
    case 'alive': {
      // A refresh that fails keeps its own doubt; a token that only lay under suspicion is cleared.
      const isSettled = claim.previousState === 'idle' || !found.canRefresh
      const settled = isSettled ? { ...same, state: 'idle' as const, failures: 0 } : same
      return { ...settled, health: healthOfLiving(found.account, isSettled), answer: 'good' }
    }
    case 'unknown': {
      const probeFailures = claim.probeFailures + 1
      const reason = found.detail ?? 'unknown'
      const health = probeFailures < maxUnknown ? 'unknown' : 'degraded'
      // Looked at again soon, until it is known or counts as degraded.
      const probeInMs = health === 'unknown' ? plan.confirmAfterMs : plan.pauseMs
      return { ...same, probeFailures, probeInMs, health: { health, reason } }
    }
    case 'dead': {
      if (found.canRefresh) return { ...same, refreshNow: plan.hastens ?? true }
      const next = step(stateOf(claim), { kind: 'probed_inactive' }, plan)
      if (next === undefined || next.state === 'none') return same
      const { state, failures, retryInMs, health, death } = next
      const probeInMs = retryInMs ?? plan.pauseMs
      return { ...same, state, failures, probeInMs, health, death, answer: 'refused' }
    }
    default:
      found.news satisfies never
      throw new TypeError('unreachable')
  }
}

/** A token that lives is well, unless it is of somebody else. Null: nothing is told of it. */
function healthOfLiving(account: AccountCheck | null, isSettled: boolean): HealthOutcome | null {
  if (account?.is === 'another') return { health: 'degraded', reason: accountMismatch }
  if (!isSettled) return null
  const sameAccount = account?.is === 'same' || account?.is === 'changed'
  return { health: 'ok', reason: null, ...(sameAccount && { sameAccount }) }
}

/** It is told once, and not at each look. */
function isNewMismatch(row: KeptCredentialRow, found: Look): boolean {
  return found.account?.is === 'another' && row.healthReason !== accountMismatch
}

const cameToItsEnd: Death = {
  status: 'expired',
  reason: 'token_expired',
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  const held = new Set(others)
  return some.length === others.length && some.every((scope) => held.has(scope))
}
