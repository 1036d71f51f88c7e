'use client'

import type { Connection } from '@keywell/protocol'
import {
  type ComponentPropsWithoutRef,
  type ForwardRefExoticComponent,
  forwardRef,
  isValidElement,
  type MouseEvent,
  type ReactElement,
  type ReactNode,
  type RefAttributes,
  useImperativeHandle,
  useRef,
} from 'react'
import type { AccountActions } from './account-view.ts'
import { checkProps, needsProvider } from './check-props.ts'
import { ConnectActions } from './connect-actions.tsx'
import { ConnectContent } from './connect-content.tsx'
import { type ConnectView, stateAttributes, viewOf } from './connect-view.ts'
import { useKeywell, useTexts } from './context.ts'
import {
  type ConnectHandlers,
  type ConnectTarget,
  isBusy,
  type StartOptions,
} from './core/index.ts'
import { useFocusReturn } from './focus.ts'
import { joinClasses, useParts } from './parts.ts'
import { Slot } from './slot.tsx'
import { connectTexts } from './texts/connect.ts'
import { useAccountDialog } from './use-account-dialog.tsx'
import { useConnect } from './use-connect.ts'
import { useConnections } from './use-connections.ts'
import { type ButtonScopePicker, useScopeDialog } from './use-scope-dialog.tsx'

// Bundlers replace it, as they do in React's own index.js.
declare const process: { env: { NODE_ENV?: string } }

type ButtonProps = ComponentPropsWithoutRef<'button'>

/** What a button offers once its account is connected, in a dialog that a click opens. */
export interface ConnectedOptions {
  /** Offers to connect again. Default: true. */
  reconnect?: boolean | undefined
  /** Offers to disconnect, after a question. Default: false. */
  disconnectable?: boolean | undefined
  /** Offers "Manage", and is called with it: open your own page of the integration. */
  onManage?: ((connection: Connection) => void) | undefined
  /** The user removed the connection. */
  onDisconnect?: ((connection: Connection) => void) | undefined
}

export interface ConnectButtonProps
  extends Omit<ButtonProps, 'children'>,
    ConnectTarget,
    ConnectHandlers,
    ConnectedOptions,
    Pick<StartOptions, 'scopes' | 'mode' | 'method'> {
  /**
   * Lets the user choose the scopes, in a dialog that a click opens; `scopes` is what is chosen at first. Of an account
   * that is connected it offers to change them, in place of connecting it again. Default: false.
   */
  scopePicker?: boolean | ButtonScopePicker | undefined
  /** Its height, and the size of its text. Default: `md`. */
  size?: 'sm' | 'md' | 'lg' | undefined
  /** How much it stands out from its page. Default: `primary`. */
  variant?: 'primary' | 'outline' | 'ghost' | undefined
  /** In place of our text; a function gets the view. Default: the texts of the provider's `messages`. */
  children?: ReactNode | ((view: ConnectView) => ReactNode)
  /**
   * The only child is your own button, which gets our props and ref merged into its own. Without children of its
   * own it also gets mark and text.
   */
  asChild?: boolean | undefined
  /**
   * Renders everything: spread the props (ref included) on one button. You then also render the actions (open
   * again, cancel, continue in this tab): see `view.state`. A click on a connected button connects it again.
   */
  render?: (
    props: ButtonProps & RefAttributes<HTMLButtonElement>,
    view: ConnectView,
  ) => ReactElement | null
}

/**
 * Connects an account with one click.
 *
 * ```tsx
 * <ConnectButton provider="gitlab" scopes={['read_api']} onSuccess={(connection) => …} />
 * ```
 *
 * One `<button>`, which gets `ref` and all other props; your `onClick` runs first and may prevent ours.
 * Beside it, while there is a text or an action to show, is one group of text and buttons.
 *
 * @key Enter, Space: begins; on a connected button, opens the account; while it waits, brings the window to the front
 * @key Tab: goes on to the actions beside the button; in the dialog of the account, to its next choice
 * @key Escape: closes the dialog, and changes nothing
 */
export const ConnectButton: ForwardRefExoticComponent<
  ConnectButtonProps & RefAttributes<HTMLButtonElement>
> = forwardRef<HTMLButtonElement, ConnectButtonProps>(function ConnectButton(props, ref) {
  if (process.env.NODE_ENV !== 'production') checkConnectButton(props)
  const { target, options, handlers, connected, drawn, rest } = sortProps(props)
  const { reconnect, disconnectable, onManage, onDisconnect } = connected
  const { asChild, render, children, scopePicker } = drawn

  const keywell = useKeywell()
  const texts = useTexts(connectTexts)
  const part = useParts()('button')
  const { state, connect } = useConnect(target, handlers)
  const { status } = useConnections()
  const picker = useScopeDialog(target, render ? false : scopePicker, options.scopes)
  const button = useRef<HTMLButtonElement | null>(null)
  useImperativeHandle<HTMLButtonElement | null, HTMLButtonElement | null>(ref, () => button.current)
  useFocusReturn(button, state)
  const { scopes } = picker
  const view = viewOf(keywell, target, { state, connect, options: { ...options, scopes }, texts })
  const actions: AccountActions = {
    manage: onManage && view.connection && onManage.bind(undefined, view.connection),
    reconnect: reconnect && !picker.open ? () => view.start() : undefined,
    changeScopes: reconnect ? picker.open : undefined,
    disconnectable,
  }
  const account = useAccountDialog({ button, view, actions, onDisconnect })

  const isConnected = state.name === 'connected'
  const opensDialog =
    isConnected && !render && (reconnect || disconnectable || onManage !== undefined)
  const isInert = isConnected && !render && !opensDialog
  const asks = picker.asksFirst || view.connection !== undefined
  // After a window that was blocked, the user has chosen already.
  const choose = asks && !isBusy(state) && state.name !== 'blocked' ? picker.open : undefined
  const click = (): void => {
    if (isBusy(state)) connect.focus()
    else if (opensDialog) account.ask('account')
    else if (!isInert) (choose ?? view.start)()
  }
  const content = typeof children === 'function' ? children(view) : children
  const buttonProps = {
    type: 'button' as const,
    ...rest,
    ...prefetching(rest, () => {
      if (opensDialog) account.prefetch()
      else connect.prepare()
      picker.prefetch()
    }),
    ...stateAttributes(state, status === 'loading'),
    ...part,
    className: joinClasses(part.className, rest.className),
    'aria-disabled': isBusy(state) || isInert || rest['aria-disabled'],
    'aria-haspopup':
      opensDialog || (choose && !isInert) ? ('dialog' as const) : rest['aria-haspopup'],
    onClick: (event: MouseEvent<HTMLButtonElement>) => {
      rest.onClick?.(event)
      if (!event.defaultPrevented) click()
    },
    children: (
      <ConnectContent provider={target.provider} view={view} opensDialog={opensDialog}>
        {asChild ? undefined : content}
      </ConnectContent>
    ),
  }
  if (render !== undefined) return render({ ...buttonProps, ref: button }, view)
  return (
    <>
      {asChild ? (
        // Checked in development.
        <Slot props={buttonProps} buttonRef={button} child={content as ReactElement} />
      ) : (
        <button {...buttonProps} ref={button} />
      )}
      <ConnectActions
        view={account.isMissing || picker.isMissing ? { ...view, note: texts.notLoaded } : view}
        onDisconnect={disconnectable ? () => account.ask('disconnect') : undefined}
      />
      {account.dialog}
      {picker.dialog(view)}
    </>
  )
})

/** The props by what they are for; the rest is for the `<button>`. */
function sortProps(props: ConnectButtonProps) {
  const { provider, host, connectionName, connectionId, ...beyondTarget } = props
  const { scopes, mode, method, onSuccess, onExit, onEvent, ...beyondAttempt } = beyondTarget
  const { reconnect = true, disconnectable = false, ...beyondOffers } = beyondAttempt
  const { onManage, onDisconnect, asChild, render, children, ...ofButton } = beyondOffers
  const { scopePicker = false, size = 'md', variant = 'primary', ...rest } = ofButton
  return {
    target: { provider, host, connectionName, connectionId },
    options: { scopes, mode, method },
    handlers: { onSuccess, onExit, onEvent },
    connected: { reconnect, disconnectable, onManage, onDisconnect },
    drawn: { asChild, render, children, scopePicker },
    rest: { ...rest, 'data-size': size, 'data-variant': variant },
  }
}

/** Fetches what a click needs on hover and focus, and not on mount: most buttons on a page are never clicked. */
function prefetching(host: ButtonProps, prepare: () => void): ButtonProps {
  return {
    onPointerEnter: (event) => {
      host.onPointerEnter?.(event)
      prepare()
    },
    onFocus: (event) => {
      host.onFocus?.(event)
      prepare()
    },
  }
}

function checkConnectButton(props: ConnectButtonProps): void {
  const { provider, scopes, connectionId, asChild, children, render, scopePicker, method } = props
  checkProps('ConnectButton', {
    ...needsProvider(provider),
    'got scopes that are no array': [
      scopes !== undefined && !Array.isArray(scopes),
      "Write scopes={['read_api', 'read_user']}.",
    ],
    'got something else than an id as connectionId': [
      connectionId !== undefined && !connectionId.startsWith('con_'),
      'Pass the id of a connection (con_…), or its name as connectionName="work".',
    ],
    'got asChild without exactly one element as its child': [
      asChild === true && typeof children !== 'function' && !isValidElement(children),
      'Put one button into it: <ConnectButton asChild …><MyButton /></ConnectButton>.',
    ],
    'got asChild and render': [
      asChild === true && render !== undefined,
      'Use one of the two: both replace the button.',
    ],
    'got scopePicker and render': [
      Boolean(scopePicker) && render !== undefined,
      'Show a <ScopePicker> of your own, and pass what is chosen as scopes.',
    ],
    'got scopePicker and method="key"': [
      Boolean(scopePicker) && method === 'key',
      'Name the scopes of the key: scopes={["read_api"]}. Its user ticks them at the provider.',
    ],
  })
}
