import type { ErrorCode } from '@keywell/protocol'

/** What became of an attempt to renew a credential: of a pair that came, or why none did. */
export type RefreshOutcome =
  | 'committed'
  | 'committed_before'
  | 'orphaned'
  | 'withdrawn'
  | 'not_sent'
  | 'not_processed'
  | 'ambiguous'
  | 'unusable'
  | 'rejected'
  | 'client_rejected'
  | 'request_rejected'
  | 'broken_off'

export type DeathReason = 'revoked' | 'refresh_expired' | 'lost_rotation' | 'token_expired'
export type ReadOutcome = 'ok' | 'unchanged' | ErrorCode
export type ProbeOutcome = 'alive' | 'dead' | 'unknown'
export type DeliveryOutcome = 'delivered' | 'retried' | 'dead'
export type WithdrawalOutcome = 'revoked' | 'retry' | 'refused' | 'client_rejected' | 'broken_off'

/** Why a record was not sealed or not opened: the inner errors of the vault, and what ails a key. */
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

/** Called once, when what was begun has ended. */
export type End<Outcome> = (outcome: Outcome) => void

/**
 * What the engine tells of its work, called where an outcome is decided. Whatever is told is a word of
 * a closed union or a provider's name: the name of a user, a tenant or a connection has no way in.
 */
export interface Metrics {
  /** An attempt to renew a credential has begun. */
  refresh(provider: string): End<RefreshOutcome>
  /** A connection cannot be kept any longer: its user has to come back. */
  connectionEnded(provider: string, reason: DeathReason): void
  /** Due work was claimed, so late. */
  workBegun(lateMs: number): void
  /** The provider was asked whether a token lives. */
  probed(provider: string, outcome: ProbeOutcome): void
  /** A backend asks for a credential. */
  credentialRead(): End<ReadOutcome>
  vaultUsed(operation: 'seal' | 'open'): End<'ok' | 'failed'>
  vaultRefused(reason: VaultRefusal): void
  /** Changes were told on one stream. */
  changesDelivered(count: number): void
  webhookTried(outcome: DeliveryOutcome): void
  /** A grant was to be withdrawn at its provider. */
  withdrawalTried(outcome: WithdrawalOutcome): void
  auditUnwritable(): void
  /** So many refused calls are missing in the audit log. */
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
