'use client'

import {
  type ForwardRefExoticComponent,
  forwardRef,
  type ReactElement,
  type RefAttributes,
  useImperativeHandle,
  useRef,
} from 'react'
import { type ConnectButtonProps, checkConnectButton } from './connect-button-props.ts'
import { ConnectContent } from './connect-content.tsx'
import { useParts } from './parts.ts'
import { Slot } from './slot.tsx'
import { useConnectButton } from './use-connect-button.ts'

// Bundlers replace it, as they do in React's own index.js.
declare const process: { env: { NODE_ENV?: string } }

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
  const { provider, asChild, render, children } = props
  const button = useRef<HTMLButtonElement | null>(null)
  useImperativeHandle<HTMLButtonElement | null, HTMLButtonElement | null>(ref, () => button.current)
  const { view, opensDialog, attributes, late, beside } = useConnectButton(props)
  const part = useParts()
  const content = typeof children === 'function' ? children(view) : children
  const buttonProps = {
    ...attributes,
    children: (
      <ConnectContent {...{ provider, view, opensDialog }} Icon={late?.Icon}>
        {asChild ? undefined : content}
      </ConnectContent>
    ),
  }
  return (
    <>
      {render ? (
        render({ ...buttonProps, ref: button }, view)
      ) : asChild ? (
        // Checked in development.
        <Slot props={buttonProps} buttonRef={button} child={content as ReactElement} />
      ) : (
        <button {...buttonProps} ref={button} />
      )}
      {late ? (
        <late.ConnectBeside {...beside} button={button} />
      ) : (
        !render && view.note && <span {...part('actions')}>{view.note}</span>
      )}
    </>
  )
})
