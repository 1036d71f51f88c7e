import type { Connection } from '@keywell/protocol'
import {
  type Connect,
  type ConnectState,
  type ConnectTarget,
  isBusy,
  type KeywellClient,
  type StartOptions,
} from './core/index.ts'
import { labelOf, type MessagesOverride, noteOf, titleOf } from './messages.ts'
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
  parts: { state: ConnectState; connect: Connect; options: StartOptions; texts: ConnectTexts },
): ConnectView {
  const { state, connect, options, texts } = parts
  const title = titleOf(source, target.provider)
  // None while it is idle: a page that is hydrated late must say what the server said.
  const found = state.name === 'idle' ? undefined : source.client.find(target)
  const connection = 'connection' in state ? state.connection : found
  const waitingText = fill(texts.popup, { provider: title })
  return {
    state,
    title,
    label: labelOf(texts, { state, title, connection }),
    note: noteOf(texts, { state, title }),
    connection,
    start: (more) => connect.start({ ...options, waitingText, ...more }),
    cancel: connect.cancel,
  }
}

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

/** The text beside a button, and what its user can do there. */
export interface Note {
  readonly text: string
  /** Whether a sign of alarm stands before the text. */
  readonly isAlert: boolean
  /** For the operator, who finds the request by it. */
  readonly reference: string | undefined
  readonly actions: readonly (readonly [text: string, act: () => void])[]
}

/** @param onDisconnect offers to remove a connection that needs its user */
export function noteFor(
  texts: ConnectTexts,
  { state, note: text, start, cancel }: ConnectView,
  onDisconnect?: (() => void) | undefined,
): Note | undefined {
  if (text === undefined) return undefined
  const requestId = state.name === 'error' ? state.error.requestId : undefined
  const actions: Partial<Record<string, Note['actions']>> = {
    waiting: [
      [texts.actions.reopen, () => start()],
      [texts.actions.cancel, cancel],
    ],
    blocked: [
      [texts.actions.continueHere, () => start({ mode: 'redirect' })],
      [texts.actions.retry, () => start()],
    ],
    needs_reauth: onDisconnect ? [[texts.actions.disconnect, onDisconnect]] : [],
  }
  return {
    text,
    isAlert: state.name !== 'waiting' && state.name !== 'cancelled',
    reference: requestId && fill(texts.reference, { id: requestId }),
    actions: actions[state.name] ?? [],
  }
}
