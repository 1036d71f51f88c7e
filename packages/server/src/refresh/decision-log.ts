import type { Logger } from '../logger.ts'
import type { Claim } from '../store/refresh-claim.ts'
import type { Attempt } from './attempt-context.ts'
import type { Recorded } from './record-outcome.ts'

/** What is decided of a claimed connection, at `debug`: to be called once it is committed. */
export function logDecision(
  { logger }: { logger: Logger },
  claim: Pick<Claim, 'tenantId' | 'connectionId' | 'previousState'>,
  event: string,
  decision: { state: string; failures: number; retryInMs: number | null },
): void {
  const { tenantId, connectionId, previousState: state } = claim
  const { state: next, failures: attempt, retryInMs } = decision
  const nextAttemptInMs = retryInMs === null ? null : Math.round(retryInMs)
  logger.debug(
    { tenantId, connectionId, state, event, decision: next, attempt, nextAttemptInMs },
    'refresh decision',
  )
}

/** What became known of a connection, at `info`: to be called once it is committed. */
export function logOutcome(
  { logger }: { logger: Logger },
  row: { tenantId: string; id: string; provider: string; host: string },
  recorded: Recorded | null,
): void {
  if (recorded === null) return
  const { tenantId, id: connectionId, provider, host } = row
  const connection = { tenantId, connectionId, provider, host }
  switch (recorded.kind) {
    case 'ended':
      logger.info({ ...connection, ...recorded.death }, 'connection ended')
      return
    case 'degraded':
      logger.info({ ...connection, reason: recorded.reason }, 'connection degraded')
      return
    case 'recovered':
      logger.info(connection, 'connection recovered')
      return
    default:
      recorded satisfies never
  }
}

/** A refresh that brought no new pair, or no access token. `retryInMs` null: the schedule decides. */
export function logFailure(
  { logger }: { logger: Logger },
  { claim, row }: Pick<Attempt, 'claim' | 'row'>,
  { kind: outcome, detail }: { kind: string; detail: string },
  retryInMs: number | null,
): void {
  const { tenantId, connectionId, failures } = claim
  const { provider, host } = row
  const attempt = failures + 1
  const nextAttemptInMs = retryInMs === null ? null : Math.round(retryInMs)
  const connection = { tenantId, connectionId, provider, host }
  logger.warn({ ...connection, outcome, detail, attempt, nextAttemptInMs }, 'refresh failed')
}
