'use client'

import {
  type ComponentPropsWithoutRef,
  type ForwardRefExoticComponent,
  forwardRef,
  type MouseEvent,
  type ReactElement,
  type ReactNode,
  type RefAttributes,
  useEffect,
  useImperativeHandle,
  useRef,
} from 'react'
import { checkProps } from './check-props.ts'
import { ConnectActions } from './connect-actions.tsx'
import type { ConnectView } from './connect-view.ts'
import { useKeywell } from './context.ts'
import {
  type Connect,
  type ConnectHandlers,
  type ConnectState,
  type ConnectTarget,
  isBusy,
  type StartOptions,
} from './core/index.ts'
import { labelOf, say, titleOf } from './messages.ts'
import { useConnect } from './use-connect.ts'

// Bundlers replace it, as they do in React's own index.js.
declare const process: { env: { NODE_ENV?: string } }

type ButtonProps = ComponentPropsWithoutRef<'button'>

export interface ConnectButtonProps
  extends Omit<ButtonProps, 'children'>,
    ConnectTarget,
    ConnectHandlers,
    Pick<StartOptions, 'scopes' | 'mode' | 'method'> {
  /** Default: the texts of the provider's `messages`. A function gets the state. */
  children?: ReactNode | ((view: ConnectView) => ReactNode)
  /**
   * Renders everything: spread the props (ref included) on one button. You then also render the actions (open
   * again, cancel, continue in this tab): see `view.state`.
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
 */
export const ConnectButton: ForwardRefExoticComponent<
  ConnectButtonProps & RefAttributes<HTMLButtonElement>
> = forwardRef<HTMLButtonElement, ConnectButtonProps>(function ConnectButton(props, ref) {
  if (process.env.NODE_ENV !== 'production') checkConnectButton(props)
  const { provider, host, connectionName, connectionId, scopes, mode, method, ...others } = props
  const { onSuccess, onExit, onEvent, render, children, onClick, ...rest } = others
  const { messages } = useKeywell()
  const { state, connect } = useConnect(
    { provider, host, connectionName, connectionId },
    { onSuccess, onExit, onEvent },
  )
  const button = useRef<HTMLButtonElement | null>(null)
  useImperativeHandle<HTMLButtonElement | null, HTMLButtonElement | null>(ref, () => button.current)
  useFocusReturn(button, state)

  const start = (options: StartOptions = {}): void =>
    connect.start({
      scopes,
      mode,
      method,
      waitingText: say(messages, messages.popup, provider),
      ...options,
    })
  const view: ConnectView = {
    state,
    title: titleOf(messages, provider),
    label: say(messages, labelOf(messages, state), provider),
    start,
    cancel: connect.cancel,
  }
  const buttonProps = {
    type: 'button' as const,
    ...rest,
    ...prefetching(rest, connect),
    'data-state': state.name,
    'data-keywell-button': '',
    // Only for a connection that cannot be renewed: its user has to connect again when it ends.
    'data-renewable': isRenewed(state) ? undefined : 'false',
    'aria-busy': isBusy(state),
    'aria-disabled': isBusy(state) || rest['aria-disabled'],
    onClick: (event: MouseEvent<HTMLButtonElement>) => {
      onClick?.(event)
      if (event.defaultPrevented) return
      if (isBusy(state)) connect.focus()
      else start()
    },
    children: typeof children === 'function' ? children(view) : (children ?? view.label),
  }
  if (render !== undefined) return render({ ...buttonProps, ref: button }, view)
  return (
    <>
      <button {...buttonProps} ref={button} />
      <ConnectActions provider={provider} view={view} />
    </>
  )
})

function isRenewed(state: ConnectState): boolean {
  return state.name !== 'connected' || state.connection.renewable !== false
}

/** Fetches a session on hover and focus, and not on mount: most buttons on a page are never clicked. */
function prefetching(host: ButtonProps, connect: Connect): ButtonProps {
  return {
    onPointerEnter: (event) => {
      host.onPointerEnter?.(event)
      connect.prepare()
    },
    onFocus: (event) => {
      host.onFocus?.(event)
      connect.prepare()
    },
  }
}

/** The actions disappear when one is clicked; the focus that was in them returns to the button. */
function useFocusReturn(
  button: { readonly current: HTMLButtonElement | null },
  state: ConnectState,
): void {
  const before = useRef(state)
  useEffect(() => {
    // Only after an attempt: a list that arrives while the page loads must not move the focus.
    const attempted = isBusy(before.current) || before.current.name === 'blocked'
    const moved = before.current !== state
    before.current = state
    if (attempted && moved && document.activeElement === document.body) button.current?.focus()
  }, [button, state])
}

function checkConnectButton({ provider, scopes, connectionId }: ConnectButtonProps): void {
  checkProps('ConnectButton', {
    'needs a provider': [
      typeof provider !== 'string' || !/^[a-z][a-z0-9_-]{0,39}$/.test(provider),
      'Write its name in the catalogue: provider="gitlab".',
    ],
    'got scopes that are no array': [
      scopes !== undefined && !Array.isArray(scopes),
      "Write scopes={['read_api', 'read_user']}.",
    ],
    'got something else than an id as connectionId': [
      connectionId !== undefined && !connectionId.startsWith('con_'),
      'Pass the id of a connection (con_…), or its name as connectionName="work".',
    ],
  })
}
