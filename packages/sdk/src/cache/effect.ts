import type { ChangeKind } from '@keywell/protocol'

/** What a change means for a credential that is held. */
export type Effect =
  /** It must not be used any more; and nothing takes its place. */
  | { readonly is: 'withdrawn'; readonly reason: 'disconnected' | 'needs_reauth' }
  /** There is another one: at many providers the old one is dead already. */
  | { readonly is: 'replaced' }
  /** It stays what it was. */
  | { readonly is: 'kept' }

/** Every kind that there is has its row; the compiler says so. Kinds to come may have theirs. */
const effects = {
  connected: { is: 'replaced' },
  refreshed: { is: 'replaced' },
  needs_reauth: { is: 'withdrawn', reason: 'needs_reauth' },
  disconnected: { is: 'withdrawn', reason: 'disconnected' },
  revoked: { is: 'withdrawn', reason: 'needs_reauth' },
  degraded: { is: 'kept' },
  recovered: { is: 'kept' },
  updated: { is: 'kept' },
  ends_soon: { is: 'kept' },
} as const satisfies Record<ChangeKind, Effect> & Record<string, Effect>

export function effectOf(kind: ChangeKind): Effect {
  return effects[kind]
}
