import type { ConnectState, StartOptions } from './core/index.ts'

/** What `render` and a function as `children` are told. */
export interface ConnectView {
  readonly state: ConnectState
  /** Title of the provider, e.g. `GitLab`. */
  readonly title: string
  /** What the button says in this state. */
  readonly label: string
  /** Begins an attempt; call it directly in a click. `mode: 'redirect'` goes on in this tab. */
  readonly start: (options?: StartOptions) => void
  readonly cancel: () => void
}
