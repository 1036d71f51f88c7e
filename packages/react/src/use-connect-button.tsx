import type { MouseEvent, ReactNode, RefObject } from 'react'
import { attributesOf, type ButtonProps, type ConnectButtonProps } from './connect-button-props.ts'
import { type ConnectView, stateAttributes, viewOf } from './connect-view.ts'
import { useKeywell, useTexts } from './context.ts'
import { isBusy } from './core/index.ts'
import { useFocusReturn } from './focus.ts'
import { joinClasses, useParts } from './parts.ts'
import { connectTexts } from './texts/connect.ts'
import { useAccountDialog } from './use-account-dialog.tsx'
import { useConnect } from './use-connect.ts'
import { useConnections } from './use-connections.ts'
import { useScopeDialog } from './use-scope-dialog.tsx'

/** A connect button in its present state, before it is drawn. */
export interface ConnectButtonState {
  readonly view: ConnectView
  /** The text beside the button: that of the view, or that a dialog could not be fetched. */
  readonly note: string | undefined
  /** A click opens the dialog of the account. */
  readonly opensDialog: boolean
  /** Of the `<button>`, whether we or the app draw it. */
  readonly attributes: ButtonProps
  /** Offers to remove a connection that needs its user. */
  readonly onDisconnect: (() => void) | undefined
  readonly dialogs: ReactNode
}

/** Joins an attempt and the dialogs: what a click does in each state. */
export function useConnectButton(
  props: ConnectButtonProps,
  button: RefObject<HTMLButtonElement | null>,
): ConnectButtonState {
  // The props are target, handlers and options at once; each part below takes what is its own.
  const { render, onManage, onDisconnect } = props
  const { reconnect = true, disconnectable = false, scopePicker = false } = props
  const keywell = useKeywell()
  const texts = useTexts(connectTexts)
  const { state, connect } = useConnect(props, props)
  const picker = useScopeDialog(props, render ? false : scopePicker, props.scopes)
  useFocusReturn(button, state)
  const { mode, method } = props
  const options = { scopes: picker.scopes, mode, method }
  const view = viewOf(keywell, props, { state, connect, options, texts })
  const { connection, start } = view
  const account = useAccountDialog({
    button,
    view,
    actions: {
      manage: onManage && connection && (() => onManage(connection)),
      reconnect: reconnect && !picker.open ? () => start() : undefined,
      changeScopes: reconnect ? picker.open : undefined,
      disconnectable,
    },
    onDisconnect,
  })

  const rests = state.name === 'connected' && !render
  const opensDialog = rests && (reconnect || disconnectable || onManage !== undefined)
  const isInert = rests && !opensDialog
  // After a window that was blocked, the user has chosen already.
  const choosesFirst =
    !isBusy(state) && state.name !== 'blocked' && (picker.asksFirst || connection)
  const choose = choosesFirst ? picker.open : undefined
  return {
    view,
    note: account.isMissing || picker.isMissing ? texts.notLoaded : view.note,
    opensDialog,
    attributes: useAttributes(props, view, {
      isInert,
      hasPopup: opensDialog || (choose !== undefined && !isInert),
      click() {
        if (isBusy(state)) connect.focus()
        else if (opensDialog) account.ask('account')
        else if (!isInert) (choose ?? start)()
      },
      prefetch() {
        if (opensDialog) account.prefetch()
        else connect.prepare()
        picker.prefetch()
      },
    }),
    onDisconnect: disconnectable ? () => account.ask('disconnect') : undefined,
    dialogs: (
      <>
        {account.dialog}
        {picker.dialog(view)}
      </>
    ),
  }
}

/** The attributes of the app, with ours among them. The app's handlers run first, and may prevent a click. */
function useAttributes(
  props: ConnectButtonProps,
  { state }: ConnectView,
  does: { isInert: boolean; hasPopup: boolean; click: () => void; prefetch: () => void },
): ButtonProps & { 'data-size': string; 'data-variant': string } {
  const part = useParts()('button')
  const { status } = useConnections()
  const attributes = attributesOf(props)
  return {
    type: 'button',
    ...attributes,
    'data-size': props.size ?? 'md',
    'data-variant': props.variant ?? 'primary',
    ...stateAttributes(state, status === 'loading'),
    ...part,
    className: joinClasses(part.className, attributes.className),
    'aria-disabled': isBusy(state) || does.isInert || attributes['aria-disabled'],
    'aria-haspopup': does.hasPopup ? 'dialog' : attributes['aria-haspopup'],
    // On hover and focus, and not on mount: most buttons on a page are never clicked.
    onPointerEnter(event) {
      attributes.onPointerEnter?.(event)
      does.prefetch()
    },
    onFocus(event) {
      attributes.onFocus?.(event)
      does.prefetch()
    },
    onClick(event: MouseEvent<HTMLButtonElement>) {
      attributes.onClick?.(event)
      if (!event.defaultPrevented) does.click()
    },
  }
}
