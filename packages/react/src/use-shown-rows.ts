import type { Connection } from '@keywell/protocol'
import { useState } from 'react'
import type { RowFocus } from './use-row-focus.ts'

/** How many accounts are shown at first; each "show more" doubles it. */
const firstRows = 20

export interface ShownRows {
  readonly rows: readonly Connection[]
  /** Shows more of them, and moves the focus to the first of those. */
  readonly showMore: () => void
}

/** The accounts that are shown: some at a time. */
export function useShownRows(connections: readonly Connection[], focus: RowFocus): ShownRows {
  const [shown, setShown] = useState(firstRows)
  const rows = connections.filter(
    // Nothing that needs its user, and nothing that was just added, is hidden behind a button.
    (one, place) => place < shown || one.needsReauth || one.id === focus.newest,
  )
  return {
    rows,
    showMore() {
      const next = connections.find((one) => !rows.includes(one))
      if (next) focus.moveTo(next.id)
      setShown(shown * 2)
    },
  }
}
