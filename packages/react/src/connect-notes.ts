import type { ConnectView } from './connect-view.ts'
import type { ConnectState } from './core/index.ts'
import type { MessagesOverride } from './messages.ts'
import { own } from './own.ts'
import { type NoteTexts, noteTexts } from './texts/notes.ts'
import { fill, mergeTexts } from './texts/texts.ts'

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
  messages: MessagesOverride,
  { state, note: text, start, cancel }: ConnectView,
  onDisconnect?: (() => void) | undefined,
): Note | undefined {
  if (text === undefined) return undefined
  const { actions, reference } = mergeTexts(noteTexts, messages)
  const requestId = state.name === 'error' ? state.error.requestId : undefined
  const offered: Partial<Record<string, Note['actions']>> = {
    waiting: [
      [actions.reopen, () => start()],
      [actions.cancel, cancel],
    ],
    blocked: [
      [actions.continueHere, () => start({ mode: 'redirect' })],
      [actions.retry, () => start()],
    ],
    needs_reauth: onDisconnect ? [[actions.disconnect, onDisconnect]] : [],
  }
  return {
    text,
    isAlert: state.name !== 'waiting' && state.name !== 'cancelled',
    reference: requestId && fill(reference, { id: requestId }),
    actions: offered[state.name] ?? [],
  }
}

/** The text beside the button, if there is one: what happened, and the next step. */
export function noteOf(
  messages: MessagesOverride,
  { state, title }: Pick<ConnectView, 'state' | 'title'>,
): string | undefined {
  const text = noteText(mergeTexts(noteTexts, messages), state)
  return text && fill(text, { provider: title })
}

function noteText(texts: NoteTexts, state: ConnectState): string | undefined {
  const { errors, note, popupClosed, providerReasons, reasons } = texts
  switch (state.name) {
    case 'waiting':
      return state.popupClosed ? popupClosed : undefined
    case 'needs_reauth':
      return state.reason ? reasons[state.reason] : note.needs_reauth
    case 'error': {
      const { providerReason, code } = state.error
      const explained = providerReason ? providerReasons[providerReason] : own<string>(errors, code)
      return explained ?? note.error
    }
    case 'blocked':
    case 'cancelled':
    case 'denied':
    case 'expired':
      return note[state.name]
    default:
      return undefined
  }
}
