import type { CacheChange } from '../cache/cache-change.ts'

/** Receives changes. Each may end a credential that is held. */
export interface ChangeListener {
  /** The log was answered to its end: every change up to that time of the local clock was received. */
  validated(atMs: number): void
  /** From now on the pages of the log hold every change; those before are unknown. */
  coverFromNow(): void
  /** An answer of the service holds this change. */
  apply(change: CacheChange): void
  /** An event of the stream holds this change: a reason to ask, and to serve nothing older meanwhile. */
  suspect(change: CacheChange): void
  /** Changes may have been missed. */
  flush(): void
  /** The API key is no longer taken: nothing that is held may be served. */
  refuse(): void
}
