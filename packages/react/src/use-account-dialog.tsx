import type { Connection } from '@keywell/protocol'
import { type ReactNode, useEffect, useRef, useState } from 'react'
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
  /** What has the focus once the dialog is closed, and what had it before is gone. */
  button: { readonly current: HTMLElement | null }
  view: Pick<ConnectView, 'title' | 'connection'>
  actions: AccountActions
  /** Said of the account beside what the dialog knows. */
  facts?: ReactNode
  onDisconnect: ((connection: Connection) => void) | undefined
}): {
  dialog: ReactNode
  /** Fetches the dialog, so that it opens at once when it is asked for. */
  prepare: () => void
  /** Default of `of`: the connection of the view. */
  ask: (asks: Asks, of?: Connection) => void
  isOpen: boolean
  /** It could not be fetched: the page is offline, or older than what is served now. */
  isMissing: boolean
} {
  const { button, view, actions, facts, onDisconnect } = parts
  const { title } = view
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

  async function ask(asks: Asks, connection: Connection | undefined): Promise<void> {
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
      facts={facts}
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
    ask: (asks, of = view.connection) => void ask(asks, of),
    isOpen: open !== undefined,
    isMissing,
  }
}
