import type { Connection } from '@keywell/protocol'
import { type ReactNode, useEffect, useRef } from 'react'
import type { AccountDialog } from './account-dialog.tsx'
import type { AccountActions } from './account-view.ts'
import type { ConnectView } from './connect-view.ts'
import { useKeywell } from './context.ts'
import { returnFocus } from './focus.ts'
import { useLazyDialog } from './use-lazy-dialog.ts'

export const loadAccountDialog = (): Promise<typeof AccountDialog> =>
  import('./account-dialog.tsx').then((module) => module.AccountDialog)

interface Subject {
  readonly asks: 'account' | 'disconnect'
  /** As it was when the dialog opened: it is gone from the list before the dialog is. */
  readonly connection: Connection
}

/** The dialog of the account, while it is open. Afterwards the focus is on the button. */
export function useAccountDialog(parts: {
  /** Gets the focus when the dialog is closed and the element that had it before is gone. */
  button: { readonly current: HTMLElement | null }
  view: Pick<ConnectView, 'title' | 'connection'>
  actions: AccountActions
  /** Shown beside what the dialog knows of the account. */
  facts?: ReactNode
  onDisconnect: ((connection: Connection) => void) | undefined
}): {
  dialog: ReactNode
  prefetch: () => void
  /** Default of `of`: the connection of the view. */
  ask: (asks: Subject['asks'], of?: Connection) => void
  isOpen: boolean
  isMissing: boolean
} {
  const { button, view, actions, facts, onDisconnect } = parts
  const { announce } = useKeywell()
  const { opened, isMissing, prefetch, open, close } = useLazyDialog<typeof AccountDialog, Subject>(
    loadAccountDialog,
  )
  const farewell = useRef<string>(undefined)
  const wasOpen = useRef(false)

  useEffect(() => {
    // Once its elements are gone, and with them the focus that was on one.
    if (wasOpen.current && !opened) {
      returnFocus(button)
      // Only now: while a modal dialog is open, what stands outside of it is not read.
      if (farewell.current) announce(farewell.current)
      farewell.current = undefined
    }
    wasOpen.current = opened !== undefined
  })

  const dialog = opened && (
    <opened.Dialog
      {...opened.subject}
      title={view.title}
      actions={actions}
      facts={facts}
      onDisconnected={(sentence) => {
        farewell.current = sentence
        onDisconnect?.(opened.subject.connection)
      }}
      onClose={close}
    />
  )
  return {
    dialog,
    prefetch,
    ask(asks, connection = view.connection) {
      if (connection) open({ asks, connection })
    },
    isOpen: opened !== undefined,
    isMissing,
  }
}
