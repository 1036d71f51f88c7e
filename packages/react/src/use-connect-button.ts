import { useState } from 'react'
import type { Asked, ConnectBesideProps } from './connect-beside.tsx'
import { attributesOf, type ButtonProps, type ConnectButtonProps } from './connect-button-props.ts'
import { type ConnectView, stateAttributes, viewOf } from './connect-view.ts'
import { useKeywell, useTexts } from './context.ts'
import { isBusy } from './core/index.ts'
import { useBeside } from './late-connect.ts'
import { mergeProps } from './merge-props.ts'
import { type PartProps, useParts } from './parts.ts'
import { connectTexts } from './texts/connect.ts'
import { useConnect } from './use-connect.ts'
import { useConnections } from './use-connections.ts'

/** A connect button in its present state, before it is drawn. */
export interface ConnectButtonState {
  readonly view: ConnectView
  /** A click opens the dialog of the account. */
  readonly opensDialog: boolean
  /** Of the `<button>`, whether we or the app draw it. */
  readonly attributes: ButtonProps
  /** What stands beside it; undefined before it is fetched, null where it cannot be. */
  readonly late: typeof import('./connect-beside.tsx') | null | undefined
  readonly beside: Omit<ConnectBesideProps, 'button'>
}

/** What a click does in each state. */
export function useConnectButton(props: ConnectButtonProps): ConnectButtonState {
  // The props are target, handlers and options at once; each part below takes what is its own.
  const { render, onManage, mode, method } = props
  const { reconnect = true, disconnectable = false } = props
  const scopePicker = render ? undefined : props.scopePicker
  const keywell = useKeywell()
  const texts = useTexts(connectTexts)
  const late = useBeside()
  const { state, connect } = useConnect(props, props)
  const [scopes = props.scopes, setScopes] = useState<typeof props.scopes>()
  const [asked, setAsked] = useState<Asked>()
  const options = { scopes, mode, method }
  const view = viewOf(keywell, props, { state, connect, options, texts, notes: late })

  const rests = state.name === 'connected' && !render
  const opensDialog = rests && (reconnect || disconnectable || onManage !== undefined)
  const isInert = rests && !opensDialog
  const asksFirst = typeof scopePicker === 'object' ? scopePicker.onConnect !== false : scopePicker
  // After a window that was blocked, the user has chosen already.
  const choosesFirst =
    scopePicker &&
    !isInert &&
    !isBusy(state) &&
    state.name !== 'blocked' &&
    (asksFirst || view.connection)
  function ask(dialog: Asked): void {
    setAsked(dialog)
    void useBeside.fetch().then((found) => found ?? keywell.announce(texts.notLoaded))
  }

  return {
    view: late === null && asked ? { ...view, note: texts.notLoaded } : view,
    opensDialog,
    late,
    attributes: useAttributes(props, view, {
      isInert,
      hasPopup: Boolean(opensDialog || choosesFirst),
      click() {
        if (isBusy(state)) connect.focus()
        else if (opensDialog) ask('account')
        else if (choosesFirst) ask('scopes')
        else if (!isInert) view.start()
      },
      prefetch() {
        if (!opensDialog) connect.prepare()
        late?.prefetchDialogs(opensDialog, scopePicker)
      },
    }),
    beside: {
      ...{ props, view, asked, scopes },
      onAsked: () => setAsked(undefined),
      onChoose: setScopes,
    },
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
  const merged = mergeProps<ButtonProps & PartProps>(
    {
      ...part,
      // On hover and focus, and not on mount: most buttons on a page are never clicked.
      onPointerEnter: does.prefetch,
      onFocus: does.prefetch,
      onClick(event) {
        if (!event.defaultPrevented) does.click()
      },
    },
    attributes,
  )
  return {
    type: 'button',
    ...attributes,
    'data-size': props.size ?? 'md',
    'data-variant': props.variant ?? 'primary',
    ...stateAttributes(state, status === 'loading'),
    ...merged,
    'aria-disabled': isBusy(state) || does.isInert || attributes['aria-disabled'],
    'aria-haspopup': does.hasPopup ? 'dialog' : attributes['aria-haspopup'],
  }
}
