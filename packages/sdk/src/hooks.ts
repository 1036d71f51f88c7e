import type { ConnectionId, KeywellError } from '@keywell/protocol'

export type EvictReason =
  /** A change said so: the connection was removed, or its grant is gone. */
  | 'disconnected'
  | 'needs_reauth'
  /** The operator changed what the tenant may do. */
  | 'policy'
  /** A provider that the tenant has defined for itself was changed. */
  | 'providers'
  /** There is a newer one, which is asked for by the next read, or a little later without one. */
  | 'replaced'
  /** The service no longer takes the API key. */
  | 'unauthorized'
  /** Changes may have been missed. */
  | 'flush'
  /** The app said so. */
  | 'invalidated'
  /** Not used for a while, or pushed out by the bound. */
  | 'idle'
  | 'full'

/**
 * Called on what happens inside, for metrics. They never receive a secret. They run in the middle of
 * a read and must be quick; what they throw is dropped.
 */
export interface Hooks {
  /** A read was answered from memory. */
  onHit?: (event: { connectionId: ConnectionId; generation: number }) => void
  /** The service answered; `changed` says whether with a new generation. */
  onRefresh?: (event: {
    connectionId: ConnectionId
    generation: number
    changed: boolean
    durationMs: number
  }) => void
  /** A held credential was dropped. */
  onEvict?: (event: { connectionId: ConnectionId; generation: number; reason: EvictReason }) => void
  /** A call failed; with `background` no caller waited for it. */
  onError?: (event: { error: KeywellError; background: boolean }) => void
}

/** Calls a hook; whatever it throws must not break a read. */
export function callHook<Event>(hook: ((event: Event) => void) | undefined, event: Event): void {
  try {
    hook?.(event)
  } catch {
    // Dropped, as documented: a broken metric is no reason to lose a credential.
  }
}
