import type { HttpBindings } from '@hono/node-server'
import type { Counters } from './control/counters.ts'
import type { Faults } from './control/faults.ts'
import type { RefreshLog } from './control/refresh-log.ts'
import type { Settings } from './control/settings.ts'
import type { PersonalAccessToken, User } from './store/state.ts'
import type { Store } from './store/store.ts'

/** One running stand-in: what every part of it shares. */
export interface Instance {
  readonly store: Store
  readonly settings: Settings
  readonly faults: Faults
  readonly counters: Counters
  readonly refreshes: RefreshLog
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Ends waits that a fault has begun, when the sandbox stops. */
  readonly stopping: AbortSignal
  /** Where the sandbox is reached, relative root included, without a slash at the end. */
  readonly url: () => string
  /** The object storage: where it is reached, and what signs the addresses that it knows. */
  readonly storage: { url: () => string; key: string }
  /** `/gitlab`, or empty. */
  readonly root: string
}

/** Hono's types for our handlers. */
export interface Env {
  Bindings: HttpBindings
  Variables: {
    /** Who is signed in, in this browser. */
    user: User | undefined
    /** The same, at the stand-in of another provider. */
    username: string | undefined
    /** What the caller of the API has shown, if it is one. */
    personalAccessToken: PersonalAccessToken | undefined
    /** Where the forms of this page may lead in the end: a redirect URI. */
    formTarget: string | undefined
  }
}
