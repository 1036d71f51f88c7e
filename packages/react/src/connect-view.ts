import type { Connection } from '@keywell/protocol'
import type { ConnectState, StartOptions } from './core/index.ts'

/** Argument of `render`, and of `children` that are a function. */
export interface ConnectView {
  readonly state: ConnectState
  /** Title of the provider, e.g. `GitLab`. */
  readonly title: string
  /** Text of the button in this state. */
  readonly label: string
  /** Text beside the button in this state: what happened, and the next step. */
  readonly note: string | undefined
  /** The connection that is there, also during an attempt to reconnect it, and after one that failed. */
  readonly connection: Connection | undefined
  /** Begins an attempt; call it directly in a click. `mode: 'redirect'` continues in this tab. */
  readonly start: (options?: StartOptions) => void
  readonly cancel: () => void
}
