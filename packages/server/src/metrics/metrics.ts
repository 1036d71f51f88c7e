import type { ErrorCode, ReauthReason } from '@keywell/protocol'

/** The outcome of an attempt to renew a credential: what was done with a new pair, or why there is none. */
export type RefreshOutcome =
  | 'committed'
  | 'committed_before'
  | 'orphaned'
  | 'withdrawn'
  | 'superseded'
  | 'not_sent'
  | 'not_processed'
  | 'ambiguous'
  | 'unusable'
  | 'rejected'
  | 'sign_in_again'
  | 'client_rejected'
  | 'request_rejected'
  | 'suspended'
  | 'broken_off'

export type DeathReason = ReauthReason
export type ReadOutcome = 'ok' | 'unchanged' | ErrorCode
export type ProbeOutcome = 'active' | 'inactive' | 'unknown'
export type DeliveryOutcome = 'delivered' | 'retried' | 'dead'
export type WithdrawalOutcome =
  | 'revoked'
  | 'kept'
  | 'retry'
  | 'refused'
  | 'client_rejected'
  | 'broken_off'

/** Why a record was not sealed or not opened: errors of the vault, and of a key. */
export type VaultRefusal =
  | 'format'
  | 'key_commit'
  | 'tampered'
  | 'padding'
  | 'too_large'
  | 'missing'
  | 'disabled'
  | 'destroyed'
  | 'tenant_destroyed'
  | 'root_key_unknown'
  | 'provider_failed'
  | 'closed'
  | 'start'
  | 'key_unavailable'

/** Called once, at the end of what was begun. */
export type End<Outcome> = (outcome: Outcome) => void

/**
 * The events that the engine measures, called where an outcome is decided. All arguments are words of closed
 * unions, numbers or a provider's name: never the name of a user, a tenant or a connection.
 */
export interface Metrics {
  /** An attempt to renew a credential has begun. */
  refresh(provider: string): End<RefreshOutcome>
  /** A connection has ended: its user has to reconnect. */
  connectionEnded(provider: string, reason: DeathReason): void
  /** Due work was claimed, this long after its due time. */
  workBegun(lateMs: number): void
  /** A token was probed at the provider. */
  probed(provider: string, outcome: ProbeOutcome): void
  /** A backend reads a credential. */
  credentialRead(): End<ReadOutcome>
  vaultUsed(operation: 'seal' | 'open'): End<'ok' | 'failed'>
  vaultRefused(reason: VaultRefusal): void
  /** Changes were sent on one stream. */
  changesDelivered(count: number): void
  webhookTried(outcome: DeliveryOutcome): void
  /** An attempt was made to withdraw a grant at its provider. */
  withdrawalTried(outcome: WithdrawalOutcome): void
  auditUnwritable(): void
  /** The number of refused calls that are missing in the audit log. */
  refusalsUnwritten(count: number): void
  databaseUnavailable(): void
}

export const silentMetrics: Metrics = {
  refresh: () => () => {},
  connectionEnded() {},
  workBegun() {},
  probed() {},
  credentialRead: () => () => {},
  vaultUsed: () => () => {},
  vaultRefused() {},
  changesDelivered() {},
  webhookTried() {},
  withdrawalTried() {},
  auditUnwritable() {},
  refusalsUnwritten() {},
  databaseUnavailable() {},
}
