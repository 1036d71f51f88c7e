import type { KeyboardEvent, KeyboardEventHandler, ReactElement, ReactNode } from 'react'
import { useParts } from './parts.ts'
import type { HostTyping } from './use-host-look.ts'

/** What stands around the control of a field for a host: its label, the button, what was found, and what to register. */
export function HostFrame(props: {
  inputId: string
  noteId: string
  label: string
  typing: HostTyping
  /** The text of the button that has it checked; undefined: there is none. */
  check: string | undefined
  children: ReactNode
}): ReactElement {
  const { inputId, noteId, label, check, children } = props
  const { state, note, look } = props.typing
  const part = useParts()
  return (
    <div {...part('hostField')} data-state={state.name}>
      <label {...part('hostLabel')} htmlFor={inputId}>
        {label}
      </label>
      {children}
      {check !== undefined && (
        <button
          type="button"
          {...part('hostCheck')}
          aria-disabled={state.name === 'checking' || undefined}
          onClick={() => void look()}
        >
          {check}
        </button>
      )}
      <p id={noteId} {...part('note')}>
        {note}
      </p>
      {state.look?.registration}
    </div>
  )
}

/** The app's handler runs first, and may prevent ours. Enter would send the form around the field. */
export function onEnter<Control>(
  onKeyDown: KeyboardEventHandler<Control> | undefined,
  { look }: HostTyping,
): (event: KeyboardEvent<Control>) => void {
  return (event) => {
    onKeyDown?.(event)
    if (event.defaultPrevented || event.key !== 'Enter') return
    event.preventDefault()
    void look()
  }
}
