import type { ChangeNews } from '../cache/change-news.ts'

/** Whoever holds something that a change may end. */
export interface ChangeListener {
  /** The service answered: everything up to that time of the local clock has been told. */
  heard(atMs: number): void
  /** From now on the service's answers tell every change; nothing before is known. */
  coverFromNow(): void
  /** The service answered that this has happened. */
  apply(change: ChangeNews): void
  /** The stream says that this has happened: a reason to ask, and to serve nothing older meanwhile. */
  suspect(change: ChangeNews): void
  /** Changes may have been missed. */
  flush(): void
  /** The API key is no longer taken: nothing that is held may be served. */
  refuse(): void
}
