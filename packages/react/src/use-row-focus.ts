import { type FocusEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { returnFocus } from './focus.ts'

/** Keeps the focus in a list whose rows come and go. */
export interface RowFocus {
  /** Of the list. */
  readonly onFocus: (event: FocusEvent<HTMLElement>) => void
  readonly onBlur: () => void
  /** What has the focus once the row at this place is gone. */
  readonly near: (place: number) => HTMLElement | null
  /** Moves the focus to a row as soon as it is there. */
  readonly moveTo: (connectionId: string) => void
  /** The row that the focus was moved to last. */
  readonly newest: string | undefined
}

/**
 * @param list holds the rows
 * @param fallback has the focus where there are none left
 */
export function useRowFocus(
  list: RefObject<HTMLElement | null>,
  fallback: RefObject<HTMLElement | null>,
): RowFocus {
  /** Of the row that has the focus. */
  const place = useRef(-1)
  const isWanted = useRef(false)
  const [newest, setNewest] = useState<string>()

  const near = (at: number): HTMLElement | null => {
    const buttons = list.current?.querySelectorAll<HTMLElement>('[data-keywell-manage]') ?? []
    return buttons[Math.min(at, buttons.length - 1)] ?? fallback.current
  }
  useEffect(() => {
    // A row that is removed takes the focus with it, and sends no blur.
    if (place.current >= 0) returnFocus({ current: near(place.current) })
    if (!isWanted.current) return
    const row = `[data-keywell-connection="${newest}"] [data-keywell-manage]`
    const added = list.current?.querySelector<HTMLElement>(row)
    if (!added) return
    isWanted.current = false
    added.focus()
  })
  return {
    onFocus({ target }) {
      const row = target.closest('li')
      place.current = row?.parentElement ? [...row.parentElement.children].indexOf(row) : -1
    },
    onBlur() {
      place.current = -1
    },
    near,
    moveTo(connectionId) {
      isWanted.current = true
      setNewest(connectionId)
    },
    newest,
  }
}
