import type { ReactElement } from 'react'
import type { ConnectView } from './connect-view.ts'
import { useTexts } from './context.ts'
import { Icon } from './icons.tsx'
import { connectTexts } from './texts/connect.ts'
import { fill } from './texts/texts.ts'

/**
 * The text beside the button, and its actions: open the popup again, cancel, continue in this tab, disconnect.
 * Not a live region: that of the provider has the same sentences.
 */
export function ConnectActions({
  view,
  onDisconnect,
}: {
  view: ConnectView
  /** Offers to remove a connection that needs its user. */
  onDisconnect?: (() => void) | undefined
}): ReactElement | null {
  const texts = useTexts(connectTexts)
  const { state, note, start, cancel } = view
  if (note === undefined) return null
  const requestId = state.name === 'error' ? state.error.requestId : undefined
  const actions: Partial<Record<string, readonly (readonly [string, () => void])[]>> = {
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
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset may not stand in a paragraph, a button may
    <span data-keywell-actions="" data-state={state.name} role="group" aria-label={view.title}>
      {state.name !== 'waiting' && state.name !== 'cancelled' && <Icon name="alert" />}
      <span data-keywell-note="">
        {note}
        {requestId && (
          <small data-keywell-reference=""> {fill(texts.reference, { id: requestId })}</small>
        )}
      </span>
      {actions[state.name]?.map(([text, act]) => (
        <button key={text} type="button" onClick={act}>
          {text}
        </button>
      ))}
    </span>
  )
}
