import { type RefObject, useEffect, useRef } from 'react'
import { type ConnectState, isBusy } from './core/index.ts'

type ButtonRef = RefObject<HTMLButtonElement | null>

/** The actions disappear when one is clicked; the focus that was in them returns to the button. */
export function useFocusReturn(button: ButtonRef, state: ConnectState): void {
  const before = useRef(state)
  useEffect(() => {
    // Only after an attempt: a list that arrives while the page loads must not move the focus.
    const attempted = isBusy(before.current) || before.current.name === 'blocked'
    const moved = before.current !== state
    before.current = state
    if (attempted && moved) returnFocus(button)
  }, [button, state])
}

/** Only where the focus was lost with its element; a user who is elsewhere stays there. */
export function returnFocus(element: { readonly current: HTMLElement | null }): void {
  if (document.activeElement === document.body) element.current?.focus()
}
