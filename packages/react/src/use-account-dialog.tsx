import type { Connection } from '@keywell/protocol'
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import { type AccountActions, AccountDialog } from './account-dialog.tsx'
import type { ConnectView } from './connect-view.ts'
import { useKeywell, useTexts } from './context.ts'
import { returnFocus } from './focus.ts'
import { accountTexts } from './texts/account.ts'
import { fill } from './texts/texts.ts'

/** The dialog of the account, while it is open. Afterwards the focus is on the button, whatever became of it. */
export function useAccountDialog(parts: {
  button: RefObject<HTMLButtonElement | null>
  view: ConnectView
  actions: AccountActions
  onDisconnect: ((connection: Connection) => void) | undefined
}): { dialog: ReactNode; ask: (asks: 'account' | 'disconnect') => void } {
  const { button, view, actions, onDisconnect } = parts
  const { title, connection } = view
  const { announce } = useKeywell()
  const texts = useTexts(accountTexts)
  // The connection as it was when the dialog opened: it is gone from the list before the dialog is.
  const [open, setOpen] = useState<{ asks: 'account' | 'disconnect'; connection: Connection }>()
  const isGone = useRef(false)
  const wasOpen = useRef(false)

  useEffect(() => {
    // Once its elements are gone, and with them the focus that was on one.
    if (wasOpen.current && !open) {
      returnFocus(button)
      // Only now: while a modal dialog is open, what stands outside of it is not read.
      if (isGone.current) announce(fill(texts.disconnect.done, { provider: title }))
      isGone.current = false
    }
    wasOpen.current = open !== undefined
  })

  const dialog = open && (
    <AccountDialog
      {...open}
      title={title}
      actions={actions}
      onDisconnected={() => {
        isGone.current = true
        onDisconnect?.(open.connection)
      }}
      onClose={() => setOpen(undefined)}
    />
  )
  return { dialog, ask: (asks) => connection && setOpen({ asks, connection }) }
}
