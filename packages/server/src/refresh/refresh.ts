import type { Secret } from '@keywell/protocol'
import type { Audit } from '../audit/audit.ts'
import type { After, Sleep } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Metrics, RefreshOutcome } from '../metrics/metrics.ts'
import type { Say, Tracing } from '../metrics/tracing.ts'
import { type Registration, refreshTokens } from '../oauth/client.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { probeToken } from '../oauth/probe.ts'
import type { Granted, TokenOutcome, Unusable } from '../oauth/token-answer.ts'
import type { TokenBox, TokenSet } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { findKeptCredential, type KeptCredentialRow } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { deleteOrphan, findOrphan } from '../store/orphans.ts'
import { claimRefresh } from '../store/reader-claims.ts'
import { type Claim, extendLease, restartIndeterminate } from '../store/refresh-claim.ts'
import { installation } from '../store/scope.ts'
import { auditEntryOf } from './audit-entry.ts'
import { type Committed, createCommit } from './commit.ts'
import { createFail, type Failed } from './fail.ts'
import type { FaultPoint, FaultPointName } from './fault-point.ts'
import type { IncidentGuard } from './incident-guard.ts'
import { type RetryDecision, resolveIndeterminate } from './indeterminate.ts'
import { type Lease, openLease } from './lease.ts'
import type { TokenProbe } from './machine.ts'
import { createSetAside } from './set-aside.ts'
import type { Timing } from './timing.ts'
import { untilCommitted } from './until-committed.ts'

export interface ConnectionRef {
  tenantId: string
  connectionId: string
}

/** What a call for a refresh came to; what came of the attempt stands in the database. */
export type RefreshResult = 'attempted' | 'not_claimed'

export interface Refresher {
  /**
   * Refreshes one connection if it is due and nobody else is at it. In a process, callers share one
   * attempt. Somebody waits for it: it goes before background work.
   *
   * @param silentMs after so much silence a holder is gone and its claim is taken over; null: only the
   *   end of its lease frees the row
   */
  refresh(connection: ConnectionRef, silentMs: number | null): Promise<RefreshResult>
  /**
   * Carries out a claim that a worker has taken. Resolves when nobody has to wait for it any longer:
   * with its outcome, or at the deadline, after which the attempt goes on by itself.
   */
  run(claim: Claim): Promise<void>
  /** Attempts that are under way, detached ones included. */
  readonly running: number
  /** What is not sent yet is given back from now on; waits for everything else. */
  drain(): Promise<void>
}

export interface RefresherParts {
  database: Database
  box: TokenBox
  integrations: Integrations
  outbound: Outbound
  audit: Audit
  incidentGuard: IncidentGuard
  logger: Logger
  metrics: Pick<Metrics, 'refresh' | 'probed' | 'connectionEnded'>
  tracing: Tracing
  random: () => number
  sleep: Sleep
  after: After
  timing: Timing
  faultPoint: FaultPoint
  /** Names this process in leases. */
  processId: string
  /** Whether a background refresh that succeeds has entries in the audit log. */
  auditRefreshes: boolean
}

/** Everything that is needed to send, and what to do with what comes back. */
interface Prepared {
  row: KeptCredentialRow
  tokens: TokenSet
  registration: Registration
  refreshToken: Secret
  /** Its intent is in the audit log, and a success is to be. A failure always is. */
  audited: boolean
}

/**
 * Lease for liveness, generation for safety: the claim says who should send, the commit says who did.
 * The intent is durable before the first byte leaves, and a success is never thrown away.
 */
export function createRefresher(parts: RefresherParts): Refresher {
  const { database, box, logger, timing } = parts
  const commit = createCommit(parts)
  const fail = createFail(parts)
  const setAside = createSetAside(parts)
  const underWay = new Map<string, Promise<RefreshResult>>()
  let draining = false

  async function reach(name: FaultPointName, row: KeptCredentialRow): Promise<void> {
    const { tenantId, id: connectionId, generation } = row
    await parts.faultPoint(name, { tenantId, connectionId, generation })
  }

  async function attempt(claim: Claim, background: boolean): Promise<void> {
    const lease = openLease(parts, claim)
    try {
      await parts.tracing.span('keywell.refresh', { 'keywell.background': background }, (say) =>
        attemptWith(lease, claim, { background, say }),
      )
    } finally {
      lease.end()
    }
  }

  async function attemptWith(
    lease: Lease,
    claim: Claim,
    { background, say }: { background: boolean; say: Say },
  ): Promise<void> {
    // What a read waits for stands beside its entry. Of the rest, the schedule's row holds the intent.
    const prepared = await prepare(claim, !background || parts.auditRefreshes)
    if (prepared === undefined) return
    const { provider } = prepared.row
    say({ 'keywell.provider': provider })
    lease.hold()
    const ended = parts.metrics.refresh(provider)
    try {
      const answer = await send(claim, prepared, { background, ready: lease.mustStillSend })
      await reach('after_answer', prepared.row)
      const outcome =
        answer.kind === 'tokens'
          ? await succeed(claim, prepared, answer, lease)
          : answer.kind === 'unusable'
            ? await takeWhatIsUsable(claim, prepared, answer, lease)
            : await endWithout(claim, prepared, answer, lease)
      ended(outcome)
      say({ 'keywell.outcome': outcome })
    } catch (error) {
      ended('broken_off')
      throw error
    }
  }

  /**
   * Everything between the claim and the first byte. The row is read after the claim: whoever held it
   * before may have moved the generation. What fails here was not sent, so the claim is given back.
   */
  async function prepare(claim: Claim, audited: boolean): Promise<Prepared | undefined> {
    const row = await findKeptCredential(
      database.of(claim.tenantId),
      claim.tenantId,
      claim.connectionId,
    )
    if (row?.sealed == null) return undefined // disconnected, and its schedule gone with it
    try {
      await reach('after_claim', row)
      const tokens = await box.open({ ...row, connectionId: row.id }, row.sealed)
      const registration = await parts.integrations.registration(
        row.integrationOwner,
        row.integrationId,
      )
      const { refreshToken } = tokens
      if (refreshToken === null) return await fail.releaseClaim(claim, noTokenPauseMs)
      const decision = await mayResend(claim, {
        row,
        registration,
        accessToken: tokens.accessToken,
      })
      if (decision.do !== 'send') return await fail.releaseClaim(claim, decision.ms)
      if (!(await stillStands(claim, decision))) return undefined
      if (draining) return await fail.releaseClaim(claim, 0)
      if (audited) await parts.audit.handOut({ ...auditEntryOf(row), result: 'intent' })
      return { row, tokens, registration, refreshToken, audited }
    } catch (error) {
      await fail.releaseClaim(claim, unreadablePauseMs)
      throw error
    }
  }

  /** An earlier attempt has no known outcome: may the same refresh token go out again? */
  async function mayResend(
    claim: Claim,
    { row, ...who }: { row: KeptCredentialRow; registration: Registration; accessToken: Secret },
  ): Promise<Exclude<RetryDecision, { do: 'probe' }>> {
    if (claim.unresolvedForMs === null) return { do: 'send', settled: false }
    const known = {
      unresolvedForMs: claim.unresolvedForMs,
      accessTokenEndsInMs: row.expiresInMs,
    }
    const { refresh } = who.registration.provider
    const first = resolveIndeterminate(refresh, known)
    if (first.do !== 'probe') return first
    const oldAccessToken = await probe(who.registration, row, who.accessToken, 0)
    const decision = resolveIndeterminate(refresh, { ...known, oldAccessToken })
    if (decision.do === 'probe') throw new TypeError('it was answered')
    if (decision.do === 'send' && decision.settled) claim.unresolvedForMs = null
    return decision
  }

  /**
   * Whoever was at it before may have come to a late success. The intent is gone with it, and what was
   * read may be spent: nothing may be sent then.
   */
  function stillStands(claim: Claim, { settled }: { settled: boolean }): Promise<boolean> {
    return settled
      ? restartIndeterminate(database.of(claim.tenantId), claim)
      : extendLease(database.of(claim.tenantId), claim, parts.timing.leaseMs)
  }

  /** A token that had time when its row was read may have come to its natural end since. */
  function probe(
    registration: Registration,
    { expiresInMs, tenantId }: KeptCredentialRow,
    accessToken: Secret,
    elapsedMs: number,
  ): Promise<TokenProbe> {
    if (expiresInMs !== null && expiresInMs <= elapsedMs) return Promise.resolve('past')
    const sending = { tenantId, background: true }
    return probeToken(parts, { ...registration, accessToken, sending }).then(({ news }) => news)
  }

  /** The socket outlives the deadline: a late success is the only living child of its generation. */
  async function send(
    claim: Claim,
    { row, registration, refreshToken }: Prepared,
    sending: { background: boolean; ready: () => void },
  ): Promise<TokenOutcome> {
    await reach('before_send', row)
    return refreshTokens(parts.outbound, registration, refreshToken, {
      ...sending,
      tenantId: claim.tenantId,
      timeoutMs: timing.detachedMs,
    })
  }

  async function succeed(
    claim: Claim,
    prepared: Prepared,
    answer: Granted | Unusable,
    { elapsedMs }: Lease,
  ): Promise<Committed> {
    const { row, tokens: old, audited } = prepared
    const committed = await untilCommitted(parts, async () => {
      await reach('before_commit', row)
      return commit({ row, claim, old, answer, audited, ageMs: elapsedMs() })
    })
    await reach('after_commit', row)
    return committed
  }

  /**
   * The provider may have rotated: its new refresh token is stored if it was named as such. Tokens that
   * were found somewhere in a text, or an access token alone, are kept aside: the old pair may be good.
   */
  async function takeWhatIsUsable(
    claim: Claim,
    prepared: Prepared,
    answer: Unusable,
    lease: Lease,
  ): Promise<RefreshOutcome> {
    const { row } = prepared
    const { detail, tokens } = answer
    if (answer.wellFormed && tokens.refreshToken !== null) {
      const committed = await succeed(claim, prepared, answer, lease)
      logger.warn({ ...refOf(claim), outcome: answer.kind, detail }, 'a refresh brought nothing')
      return committed === 'committed' ? 'unusable' : committed
    }
    const { attemptId } = claim
    await untilCommitted(parts, () => setAside.orphan({ row, attemptId, tokens }))
    return endWithout(claim, prepared, { kind: 'ambiguous', detail }, lease)
  }

  async function endWithout(
    claim: Claim,
    prepared: Prepared,
    outcome: Failed,
    lease: Lease,
  ): Promise<RefreshOutcome> {
    const { row, registration, tokens } = prepared
    logger.warn(
      { ...refOf(claim), outcome: outcome.kind, detail: outcome.detail },
      'a refresh brought nothing',
    )
    const saved = outcome.kind === 'rejected' ? await tryOrphan(claim, prepared, lease) : undefined
    if (saved !== undefined) return saved
    // After a refusal, what the old access token says.
    const oldAccessToken =
      outcome.kind === 'rejected'
        ? await probe(registration, row, tokens.accessToken, lease.elapsedMs())
        : ('unknown' as const)
    const elapsedMs = lease.elapsedMs()
    await fail.record({ claim, row, registration, outcome, oldAccessToken, elapsedMs })
    return outcome.kind
  }

  /** A pair that came too late once may be the one that lives. Before a connection is given up, it is tried. */
  async function tryOrphan(
    claim: Claim,
    prepared: Prepared,
    lease: Lease,
  ): Promise<Committed | undefined> {
    const { row, registration } = prepared
    // Its reply lost, a pair can have been committed, used, and kept aside after all. Where a token that
    // comes twice kills its family, that is too dear; and only one pair of it can live.
    if (registration.provider.refresh.rotation === 'strict_family') return undefined
    const orphan = await findOrphan(database.of(row.tenantId), row.tenantId, row.id)
    if (orphan === undefined) return undefined
    const owner = { ...row, connectionId: row.id, generation: orphan.generation }
    const tokens = await box.openOrphan(owner, orphan.attemptId, orphan.sealed)
    await deleteOrphan(database.of(row.tenantId), orphan)
    const { attemptId } = orphan
    if (tokens.refreshToken === null) {
      await untilCommitted(parts, () => setAside.withdraw({ row, attemptId, tokens }))
      return undefined
    }
    const sending = { tenantId: row.tenantId, timeoutMs: timing.detachedMs }
    const answer = await refreshTokens(parts.outbound, registration, tokens.refreshToken, sending)
    if (answer.kind === 'tokens') {
      return succeed(claim, { ...prepared, tokens, audited: true }, answer, lease)
    }
    if (answer.kind === 'unusable') {
      await untilCommitted(parts, () => setAside.orphan({ ...claim, row, tokens: answer.tokens }))
    }
    return undefined
  }

  /** One attempt per connection in this process; callers of both kinds share it. */
  function start(connection: ConnectionRef, run: () => Promise<RefreshResult>) {
    const key = keyOf(connection)
    const running = underWay.get(key)
    if (running !== undefined) return running
    const started = run().finally(() => underWay.delete(key))
    underWay.set(key, started)
    return started
  }

  /** Whether another attempt is at it. A reader's that finds the row taken, by this very claim, is over at once. */
  async function isBusyWith(claim: Claim): Promise<boolean> {
    const key = keyOf(claim)
    for (let other = underWay.get(key); other !== undefined; other = underWay.get(key)) {
      const result = other.catch(() => 'attempted' as const)
      if ((await Promise.race([result, parts.sleep(claimingMs)])) !== 'not_claimed') return true
    }
    return false
  }

  return {
    refresh: (connection, silentMs) =>
      start(refOf(connection), async () => {
        if (draining) return 'not_claimed'
        const { processId: owner } = parts
        const claim = await claimRefresh(database.of([connection.tenantId, installation]), {
          ...connection,
          leaseMs: timing.leaseMs,
          silentMs,
          owner,
        })
        if (claim === undefined) return 'not_claimed'
        await attempt(claim, false)
        return 'attempted'
      }),

    async run(claim) {
      // An attempt that has lost its lease may be at it still; it is the one whose answer counts.
      if (await isBusyWith(claim)) return fail.releaseClaim(claim, unreadablePauseMs)
      const ended = start(refOf(claim), async () => {
        await attempt(claim, true)
        return 'attempted'
      }).then(
        () => {},
        (error: unknown) => {
          logger.error({ ...refOf(claim), reason: String(error) }, 'an attempt broke off')
        },
      )
      await Promise.race([ended, parts.sleep(timing.deadlineMs)])
    },

    get running() {
      return underWay.size
    },

    async drain() {
      draining = true
      while (underWay.size > 0) await Promise.allSettled(underWay.values())
    },
  }
}

/** When what went wrong before sending was on our side: a key store, the database. */
const unreadablePauseMs = 30_000
/** Longer than it takes to find out that a row is taken. */
const claimingMs = 1_000
/** There is nothing to refresh it with, so that it should never have come due. */
const noTokenPauseMs = 24 * 3_600_000

const keyOf = ({ tenantId, connectionId }: ConnectionRef) =>
  JSON.stringify([tenantId, connectionId])

const refOf = ({ tenantId, connectionId }: ConnectionRef): ConnectionRef => ({
  tenantId,
  connectionId,
})
