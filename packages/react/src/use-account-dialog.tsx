import type { Connection } from '@keywell/protocol'
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import type { AccountDialog } from './account-dialog.tsx'
import type { AccountActions } from './account-view.ts'
import type { ConnectView } from './connect-view.ts'
import { useKeywell } from './context.ts'
import { returnFocus } from './focus.ts'

type Asks = 'account' | 'disconnect'

/** Most buttons on a page are never asked, so the dialog comes with the first that may be. */
const load = () => import('./account-dialog.tsx')

/** The dialog of the account, while it is open. Afterwards the focus is on the button, whatever became of it. */
export function useAccountDialog(parts: {
  button: RefObject<HTMLButtonElement | null>
  view: ConnectView
  actions: AccountActions
  onDisconnect: ((connection: Connection) => void) | undefined
}): {
  dialog: ReactNode
  /** Fetches the dialog, so that it opens at once when it is asked for. */
  prepare: () => void
  ask: (asks: Asks) => void
  /** It could not be fetched: the page is offline, or older than what is served now. */
  isMissing: boolean
} {
  const { button, view, actions, onDisconnect } = parts
  const { title, connection } = view
  const { announce } = useKeywell()
  // The connection as it was when the dialog opened: it is gone from the list before the dialog is.
  const [open, setOpen] = useState<{
    asks: Asks
    connection: Connection
    Dialog: typeof AccountDialog
  }>()
  const [isMissing, setIsMissing] = useState(false)
  const farewell = useRef<string>(undefined)
  const wasOpen = useRef(false)

  useEffect(() => {
    // Once its elements are gone, and with them the focus that was on one.
    if (wasOpen.current && !open) {
      returnFocus(button)
      // Only now: while a modal dialog is open, what stands outside of it is not read.
      if (farewell.current) announce(farewell.current)
      farewell.current = undefined
    }
    wasOpen.current = open !== undefined
  })

  async function ask(asks: Asks): Promise<void> {
    if (!connection) return
    try {
      const { AccountDialog: Dialog } = await load()
      setIsMissing(false)
      setOpen({ asks, connection, Dialog })
    } catch {
      setIsMissing(true)
    }
  }

  const dialog = open && (
    <open.Dialog
      asks={open.asks}
      connection={open.connection}
      title={title}
      actions={actions}
      onDisconnected={(sentence) => {
        farewell.current = sentence
        onDisconnect?.(open.connection)
      }}
      onClose={() => setOpen(undefined)}
    />
  )
  return {
    dialog,
    prepare: () => void load().catch(() => undefined),
    ask: (asks) => void ask(asks),
    isMissing,
  }
}
