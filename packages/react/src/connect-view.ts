import type { ConnectState, StartOptions } from './core/index.ts'

/** Argument of `render`, and of `children` that are a function. */
export interface ConnectView {
  readonly state: ConnectState
  /** Title of the provider, e.g. `GitLab`. */
  readonly title: string
  /** Text of the button in this state. */
  readonly label: string
  /** Begins an attempt; call it directly in a click. `mode: 'redirect'` continues in this tab. */
  readonly start: (options?: StartOptions) => void
  readonly cancel: () => void
}
