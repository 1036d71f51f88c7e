import type { Connection } from '@keywell/protocol'
import type { ComponentPropsWithoutRef, ReactElement, ReactNode, RefAttributes } from 'react'
import { checkProps, needsProvider } from './check-props.ts'
import type { ConnectView } from './connect-view.ts'
import type { ConnectHandlers, ConnectTarget, StartOptions } from './core/index.ts'
import type { ButtonScopePicker } from './use-scope-dialog.tsx'

export type ButtonProps = ComponentPropsWithoutRef<'button'>

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

/** The props that are for the `<button>`: all that are not ours. */
export function attributesOf(props: ConnectButtonProps): ButtonProps {
  const { provider, host, connectionName, connectionId, scopes, mode, method, ...beyond } = props
  const { onSuccess, onExit, onEvent, onManage, onDisconnect, reconnect, ...further } = beyond
  const { disconnectable, scopePicker, size, variant, asChild, render, children, ...rest } = further
  return rest
}

/** Called in development only. @throws TypeError */
export function checkConnectButton(props: ConnectButtonProps): void {
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
      asChild === true && typeof children !== 'function' && !isElement(children),
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

/** As of React, whose own check would stay in a page's bundle. */
function isElement(children: ReactNode): boolean {
  return typeof children === 'object' && children !== null && 'props' in children
}
