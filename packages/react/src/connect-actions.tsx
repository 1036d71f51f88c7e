import type { ReactElement } from 'react'
import type { ConnectView } from './connect-view.ts'
import { useKeywell } from './context.ts'
import { noteOf, say } from './messages.ts'

/**
 * The text beside the button, and its actions: open the popup again, cancel, continue in this tab. Not a
 * live region: that of the provider has the same sentences.
 */
export function ConnectActions({
  provider,
  view,
}: {
  provider: string
  view: ConnectView
}): ReactElement | null {
  const { messages } = useKeywell()
  const { state, start, cancel } = view
  const note = noteOf(messages, state)
  if (note === undefined) return null
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset may not stand in a paragraph, a button may
    <span data-keywell-actions="" data-state={state.name} role="group" aria-label={view.title}>
      <span data-keywell-note="">{say(messages, note, provider)}</span>
      {state.name === 'waiting' && (
        <>
          <button type="button" onClick={() => start()}>
            {messages.reopen}
          </button>
          <button type="button" onClick={cancel}>
            {messages.cancel}
          </button>
        </>
      )}
      {state.name === 'blocked' && (
        <>
          <button type="button" onClick={() => start({ mode: 'redirect' })}>
            {messages.continueHere}
          </button>
          <button type="button" onClick={() => start()}>
            {messages.retry}
          </button>
        </>
      )}
    </span>
  )
}
