import type { RefreshOutcome } from '../metrics/metrics.ts'
import type { Say } from '../metrics/tracing.ts'
import type { TokenOutcome, Unusable } from '../oauth/token-answer.ts'
import { findKeptCredential } from '../store/credentials.ts'
import { type Claim, extendLease, restartIndeterminate } from '../store/refresh-claim.ts'
import type { Attempt, AttemptParts } from './attempt-context.ts'
import { auditEntryOf } from './audit-entry.ts'
import { commitPair } from './commit.ts'
import { logDecision, logFailure } from './decision-log.ts'
import { failAttempt, releaseClaim } from './fail.ts'
import { reachFaultPoint } from './fault-point.ts'
import { type RetryDecision, resolveIndeterminate } from './indeterminate.ts'
import { type Lease, openLease } from './lease.ts'
import { probeOldAccessToken } from './old-access-token.ts'
import { storeOrphan } from './set-aside.ts'
import { openSource, renew } from './source.ts'
import { untilCommitted } from './until-committed.ts'

export interface AttemptOptions {
  /** No caller waits for it. */
  background: boolean
  /** Nothing that was not sent yet is sent any more. */
  isDraining: () => boolean
}

/** Carries out a claim: prepare, send, then commit what came back or record the failure. */
export async function attemptRefresh(
  parts: AttemptParts,
  claim: Claim,
  options: AttemptOptions,
): Promise<void> {
  const lease = openLease(parts, claim)
  logDecision(parts, claim, 'claimed', { ...claim, state: 'refreshing', retryInMs: null })
  try {
    const facts = { 'keywell.background': options.background }
    await parts.tracing.span('keywell.refresh', facts, async (say) => {
      const attempt = await prepare(parts, { claim, lease }, options)
      if (attempt !== undefined) await sendAndSettle(parts, attempt, { ...options, say })
    })
  } finally {
    lease.end()
  }
}

async function sendAndSettle(
  parts: AttemptParts,
  attempt: Attempt,
  { background, say }: { background: boolean; say: Say },
): Promise<void> {
  const { provider } = attempt.row
  say({ 'keywell.provider': provider })
  attempt.lease.hold()
  const ended = parts.metrics.refresh(provider)
  try {
    const answer = await send(parts, attempt, background)
    await reachFaultPoint(parts, 'after_answer', attempt.row)
    const outcome = await settle(parts, attempt, answer)
    ended(outcome)
    say({ 'keywell.outcome': outcome })
  } catch (error) {
    ended('broken_off')
    throw error
  }
}

/**
 * Everything between the claim and the first byte. The row is read after the claim, because the previous
 * holder may have moved the generation. After a failure here nothing was sent, so the claim is released.
 *
 * @returns undefined when nothing is to be sent
 */
async function prepare(
  parts: AttemptParts,
  { claim, lease }: { claim: Claim; lease: Lease },
  { background, isDraining }: AttemptOptions,
): Promise<Attempt | undefined> {
  const { tenantId, connectionId } = claim
  // A read waits for this attempt, and has an audit entry. For others the schedule's row holds the intent.
  const audited = !background || parts.auditRefreshes
  const row = await findKeptCredential(parts.database.of(tenantId), tenantId, connectionId)
  if (row?.sealed == null) return undefined // disconnected, and its schedule deleted
  try {
    await reachFaultPoint(parts, 'after_claim', row)
    const tokens = await parts.box.open({ ...row, connectionId: row.id }, row.sealed)
    const renewable = await openSource(parts, row, tokens)
    if (renewable === undefined) return await releaseClaim(parts, claim, noTokenPauseMs)
    const decision = await mayResend(parts, claim, { row, tokens, ...renewable })
    if (decision.do !== 'send') return await releaseClaim(parts, claim, decision.ms)
    if (!(await stillHolds(parts, claim, decision))) return undefined
    if (isDraining()) return await releaseClaim(parts, claim, 0)
    if (audited) await parts.audit.commit({ ...auditEntryOf(row), result: 'intent' })
    return { claim, lease, row, tokens, ...renewable, audited }
  } catch (error) {
    await releaseClaim(parts, claim, releasePauseMs)
    throw error
  }
}

/** There is nothing to refresh with, so it should never have been due. */
const noTokenPauseMs = 24 * 3_600_000
/** The failure was on our side: a key store, the database. */
export const releasePauseMs = 30_000

/** Whether the same refresh token may be sent again while an earlier attempt has no known outcome. */
async function mayResend(
  parts: AttemptParts,
  claim: Claim,
  old: Pick<Attempt, 'row' | 'tokens' | 'provider' | 'method' | 'renewal'>,
): Promise<Exclude<RetryDecision, { do: 'probe' }>> {
  const { unresolvedForMs } = claim
  if (unresolvedForMs === null) return { do: 'send', settled: false }
  const { renewal } = old
  const known = { unresolvedForMs, accessTokenEndsInMs: old.row.expiresInMs }
  const first = resolveIndeterminate(renewal, known)
  if (first.do !== 'probe') return first
  const oldAccessToken = await probeOldAccessToken(parts, old, 0)
  const decision = resolveIndeterminate(renewal, { ...known, oldAccessToken })
  if (decision.do === 'probe') throw new Error('invariant: a probe was asked for twice')
  if (decision.do === 'send' && decision.settled) claim.unresolvedForMs = null
  return decision
}

/**
 * The previous holder may have committed a late success. Then the claim is lost, the refresh token that
 * was read may be spent, and nothing may be sent.
 */
function stillHolds(
  { database, timing }: AttemptParts,
  claim: Claim,
  { settled }: { settled: boolean },
): Promise<boolean> {
  return settled
    ? restartIndeterminate(database.of(claim.tenantId), claim)
    : extendLease(database.of(claim.tenantId), claim, timing.leaseMs)
}

/** The socket outlives the deadline, because a late success holds the only living pair. */
async function send(
  parts: AttemptParts,
  { claim, lease, row, source, tokens }: Attempt,
  background: boolean,
): Promise<TokenOutcome> {
  await reachFaultPoint(parts, 'before_send', row)
  const sending = {
    background,
    ready: lease.mustStillSend,
    tenantId: claim.tenantId,
    timeoutMs: parts.timing.detachedMs,
  }
  const { reach } = tokens
  return renew(parts.outbound, source, { reach, scopes: row.grantedScopes, sending })
}

/** What the provider's answer leads to. `oauth/token-answer.ts` has classified it. */
async function settle(
  parts: AttemptParts,
  attempt: Attempt,
  answer: TokenOutcome,
): Promise<RefreshOutcome> {
  switch (answer.kind) {
    case 'tokens':
      return commitPair(parts, attempt, answer)
    case 'unusable':
      return keepWhatIsUsable(parts, attempt, answer)
    default:
      return failAttempt(parts, attempt, answer)
  }
}

/**
 * The provider may have rotated. A new refresh token is committed if the answer names it as such. Tokens
 * that were found elsewhere in its text, and an access token alone, are set aside: the old pair may be good.
 */
async function keepWhatIsUsable(
  parts: AttemptParts,
  attempt: Attempt,
  answer: Unusable,
): Promise<RefreshOutcome> {
  const { claim, row } = attempt
  const { attemptId } = claim
  const { detail, tokens } = answer
  if (answer.wellFormed && tokens.refreshToken !== null) {
    const committed = await commitPair(parts, attempt, answer)
    logFailure(parts, attempt, answer, null)
    return committed === 'committed' ? 'unusable' : committed
  }
  const { reach } = attempt.tokens
  await untilCommitted(parts, () =>
    storeOrphan(parts, { row, attemptId, tokens: { ...tokens, reach } }),
  )
  return failAttempt(parts, attempt, { kind: 'ambiguous', detail })
}
