import type { ScopeName } from '@keywell/protocol'
import { type ReactElement, type RefObject, useEffect } from 'react'
import { ConnectActions } from './connect-actions.tsx'
import type { ConnectButtonProps } from './connect-button-props.ts'
import type { ConnectView } from './connect-view.ts'
import { useTexts } from './context.ts'
import { useFocusReturn } from './focus.ts'
import { connectTexts } from './texts/connect.ts'
import { loadAccountDialog, useAccountDialog } from './use-account-dialog.tsx'
import { loadScopeDialog, useScopeDialog } from './use-scope-dialog.tsx'

export { noteOf } from './connect-notes.ts'
export { Icon } from './icons.tsx'

/** A dialog that a click on the button asks for. */
export type Asked = 'account' | 'scopes'

export interface ConnectBesideProps {
  /** Of the button. */
  readonly props: ConnectButtonProps
  readonly button: RefObject<HTMLButtonElement | null>
  readonly view: ConnectView
  readonly asked: Asked | undefined
  /** The dialog that was asked for is on its way. */
  readonly onAsked: () => void
  readonly scopes: readonly ScopeName[] | undefined
  readonly onChoose: (scopes: readonly ScopeName[]) => void
}

/** Text and actions beside the button, and the dialogs that it opens. */
export function ConnectBeside(parts: ConnectBesideProps): ReactElement | null {
  const { props, button, view, asked, onAsked, scopes, onChoose } = parts
  const { reconnect = true, disconnectable = false, scopePicker, onManage, onDisconnect } = props
  const { connection, start } = view
  const { notLoaded } = useTexts(connectTexts)
  useFocusReturn(button, view.state)
  const picker = useScopeDialog(props, scopePicker, { scopes, onChoose })
  const account = useAccountDialog({
    button,
    view,
    actions: {
      manage: onManage && connection && (() => onManage(connection)),
      reconnect: reconnect && !scopePicker ? () => start() : undefined,
      changeScopes: reconnect && scopePicker ? picker.open : undefined,
      disconnectable,
    },
    onDisconnect,
  })
  useEffect(() => {
    if (asked === undefined) return
    if (asked === 'account') account.ask('account')
    else picker.open()
    onAsked()
  })
  // What the app draws has its own text, actions and dialogs.
  if (props.render) return null
  const isMissing = account.isMissing || picker.isMissing
  return (
    <>
      <ConnectActions
        view={isMissing ? { ...view, note: notLoaded } : view}
        onDisconnect={disconnectable ? () => account.ask('disconnect') : undefined}
      />
      {account.dialog}
      {picker.dialog(view)}
    </>
  )
}

/** Fetches the code of dialogs that a click may open. A failure is left to the click. */
export function prefetchDialogs(
  opensAccount: boolean,
  picker: ConnectButtonProps['scopePicker'],
): void {
  if (opensAccount) loadAccountDialog().catch(() => undefined)
  if (picker) loadScopeDialog().catch(() => undefined)
}
