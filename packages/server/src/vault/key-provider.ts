/**
 * Where root keys are held: in this process (`local-keys.ts`), or in a service that wraps and
 * unwraps without giving the key away. An `unwrap` under an id that is not among `ids` rejects
 * with a `VaultError` `key_unavailable`, `root_key_unknown`.
 */
export interface KeyProvider {
  /** Id of the root key that new wraps use. */
  readonly primary: string
  /** Ids of all root keys that can unwrap, the primary one first. */
  readonly ids: readonly string[]
  /** How an operator supplies a further key, as an imperative clause: "add it as a line of …". */
  readonly howToAdd: string
  wrap(key: Uint8Array, context: WrapContext): Promise<Wrapped>
  unwrap(wrapped: Wrapped, context: WrapContext): Promise<Uint8Array>
  /** Reads its source again. Called once when a root key id is unknown. */
  reload?(): Promise<void>
  /** Fills what it holds with zeros. */
  close(): void
}

/** Which tenant key is wrapped. */
export type WrapContext = { tenantId: string; version: number }

export type Wrapped = { kekId: string; bytes: Uint8Array }
