import type { ReactElement } from 'react'
import { noteFor } from './connect-notes.ts'
import type { ConnectView } from './connect-view.ts'
import { useKeywell } from './context.ts'
import { Icon } from './icons.tsx'
import { useParts } from './parts.ts'

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
  const { messages } = useKeywell()
  const note = noteFor(messages, view, onDisconnect)
  const part = useParts()
  if (note === undefined) return null
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset may not stand in a paragraph, a button may
    <span {...part('actions')} data-state={view.state.name} role="group" aria-label={view.title}>
      {note.isAlert && <Icon name="alert" />}
      <span {...part('note')}>
        {note.text}
        {note.reference && <small {...part('reference')}> {note.reference}</small>}
      </span>
      {note.actions.map(([text, act]) => (
        <button key={text} type="button" {...part('action')} onClick={act}>
          {text}
        </button>
      ))}
    </span>
  )
}
