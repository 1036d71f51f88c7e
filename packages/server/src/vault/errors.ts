/**
 * Why the vault refused, for the log, a counter and an alarm; outward there is one answer.
 *
 * - `format`: not a record of ours: length, magic, version or suite
 * - `key_unavailable`: configuration, shredding or the key service; `VaultError.keyState` says which
 * - `key_commit`: a wrong key, or a record in the wrong place
 * - `tampered`: a changed record
 * - `padding`: a record that was sealed wrongly
 * - `too_large`: a body beyond the maximum; nothing was sealed
 * - `start`: the service must not start; the message says what to do
 */
export type VaultErrorReason =
  | 'format'
  | 'key_unavailable'
  | 'key_commit'
  | 'tampered'
  | 'padding'
  | 'too_large'
  | 'start'

/**
 * What is the matter with a key that is unavailable, since callers answer differently:
 *
 * - `tenant_destroyed`: the tenant was shredded; it is unknown from now on
 * - `destroyed`, `disabled`, `missing`: this version alone; the tenant may have others
 * - `root_key_unknown`, `provider_failed`, `closed`: the service cannot unwrap right now; try again
 */
export type KeyState =
  | 'tenant_destroyed'
  | 'destroyed'
  | 'disabled'
  | 'missing'
  | 'root_key_unknown'
  | 'provider_failed'
  | 'closed'

/** The one error of the vault. Its message never holds a key or a body. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
  readonly reason: VaultErrorReason
  /** With `key_unavailable`, and only then. */
  readonly keyState: KeyState | undefined

  constructor(
    reason: VaultErrorReason,
    message: string,
    details: { keyState?: KeyState; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.reason = reason
    this.keyState = details.keyState
  }
}

/** A key that cannot be used, and why. */
export function keyUnavailable(keyState: KeyState, message: string, cause?: unknown): VaultError {
  return new VaultError('key_unavailable', message, { keyState, cause })
}

/** Configuration or an outage of the key service: no record is at fault, and it may be tried again. */
export function isKeyOutage(error: unknown): boolean {
  return error instanceof VaultError && outages.has(error.keyState)
}

const outages: ReadonlySet<KeyState | undefined> = new Set<KeyState>([
  'root_key_unknown',
  'provider_failed',
  'closed',
])
