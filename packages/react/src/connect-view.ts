import type { Connection } from '@keywell/protocol'
import {
  type Connect,
  type ConnectState,
  type ConnectTarget,
  isBusy,
  type KeywellClient,
  type StartOptions,
} from './core/index.ts'
import { labelOf, type MessagesOverride, titleOf } from './messages.ts'
import type { ConnectTexts } from './texts/connect.ts'
import { fill } from './texts/texts.ts'

/** What a connect button shows: argument of `render`, and of `children` that are a function. */
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

/** Where titles come from. */
interface Source {
  readonly client: KeywellClient
  readonly messages: MessagesOverride
}

export function viewOf(
  source: Source,
  target: ConnectTarget,
  parts: {
    state: ConnectState
    connect: Connect
    options: StartOptions
    texts: ConnectTexts
    notes: Notes | null | undefined
  },
): ConnectView {
  const { state, connect, options, texts, notes } = parts
  const title = titleOf(source, target.provider)
  // None while it is idle: a page that is hydrated late must say what the server said.
  const found = state.name === 'idle' ? undefined : source.client.find(target)
  const connection = 'connection' in state ? state.connection : found
  const said = { state, title, connection }
  const isLost = notes === null && state.name !== 'idle' && !('connection' in state)
  return {
    ...said,
    label: labelOf(texts, said),
    note: notes?.noteOf(source.messages, said) ?? (isLost ? texts.notLoaded : undefined),
    start(more) {
      const waitingText = fill(texts.popup, { provider: title })
      connect.start({ ...options, waitingText, ...more })
    },
    cancel: connect.cancel,
  }
}

/** What writes the text beside a button; null where its code could not be fetched. */
export type Notes = Pick<typeof import('./connect-notes.ts'), 'noteOf'>

/** Attributes by which the stylesheet, tests and screen readers know the state of a button. */
export interface StateAttributes {
  'data-keywell-button': ''
  'data-state': ConnectState['name']
  'data-loading': '' | undefined
  'data-renewable': 'false' | undefined
  'aria-busy': boolean
}

export function stateAttributes(state: ConnectState, isLoading: boolean): StateAttributes {
  const isRenewed = state.name !== 'connected' || state.connection.renewable
  return {
    'data-keywell-button': '',
    'data-state': state.name,
    // Until the list of connections is there, `idle` is a guess.
    'data-loading': state.name === 'idle' && isLoading ? '' : undefined,
    // Only for a connection that cannot be renewed: its user has to connect again when it ends.
    'data-renewable': isRenewed ? undefined : 'false',
    'aria-busy': isBusy(state),
  }
}
