'use client'

import type { Connection, ProviderName } from '@keywell/protocol'
import { type ComponentPropsWithoutRef, type ReactElement, useId, useRef } from 'react'
import { checkProps, howToName, isProviderName } from './check-props.ts'
import { useTexts } from './context.ts'
import type { ConnectHandlers } from './core/index.ts'
import { latePart } from './late-part.ts'
import { joinClasses, useParts } from './parts.ts'
import { connectTexts } from './texts/connect.ts'
import { managerFrameTexts } from './texts/manager-frame.ts'
import { useLiveConnections } from './use-live-connections.ts'
import type { ManagerScopePicker } from './use-managed-account.tsx'
import type { AccountOffer } from './use-offers.ts'

// Bundlers replace it, as they do in React's own index.js.
declare const process: { env: { NODE_ENV?: string } }

export interface ConnectionsManagerProps
  extends Omit<ComponentPropsWithoutRef<'section'>, 'children'>,
    ConnectHandlers {
  /** Shows the accounts at this provider only. Default: at all. */
  provider?: ProviderName | undefined
  /** What can be added; an empty list: nothing. Default: all that the service offers the user. */
  providers?: readonly (ProviderName | AccountOffer)[] | undefined
  /** Of the list; that of an account is one below. Default: 2. */
  headingLevel?: 2 | 3 | 4 | undefined
  /**
   * Lets the user of an account change what the app may do: in a dialog with the picker, for all tools or for those
   * that your app uses (`{ tools }`), or in what your function draws below the account. Default: true; false: an
   * account that lacks scopes is connected again with them, and nothing is offered where it lacks none.
   */
  scopePicker?: ManagerScopePicker | undefined
  /** The user removed a connection. */
  onDisconnect?: ((connection: Connection) => void) | undefined
}

/**
 * The user's connected accounts, and what can be done with them.
 *
 * ```tsx
 * <ConnectionsManager onDisconnect={(connection) => …} />
 * ```
 *
 * One `<section>` with a heading and a list, which gets all other props. It follows the connections while the page
 * is visible: what happens in another window or at the provider shows by itself.
 *
 * @key Tab: goes to "Manage" of each account, and on to what can be added
 * @key Enter, Space: opens what can be done with the account
 */
export function ConnectionsManager(props: ConnectionsManagerProps): ReactElement {
  if (process.env.NODE_ENV !== 'production') checkManager(props)
  const { provider, providers, headingLevel = 2, scopePicker, onDisconnect, ...beyond } = props
  const { onSuccess, onExit, onEvent, ...rest } = beyond
  const { manager } = useTexts(managerFrameTexts)
  const { notLoaded } = useTexts(connectTexts)
  const read = useLiveConnections()
  const Accounts = useAccounts()
  const part = useParts()
  const headingId = useId()
  const heading = useRef<HTMLHeadingElement>(null)
  const state = Accounts ? read.status : Accounts === null ? 'error' : 'loading'
  const isLoading = state === 'loading'
  const Heading = `h${headingLevel}` as const
  return (
    <section
      aria-labelledby={headingId}
      {...rest}
      {...part('manager')}
      className={joinClasses(part('manager').className, rest.className)}
      data-state={state}
      aria-busy={isLoading}
    >
      <Heading ref={heading} id={headingId} tabIndex={-1} {...part('heading')}>
        {manager.heading}
      </Heading>
      {isLoading && <Skeleton label={manager.loading} />}
      {Accounts === null && (
        <p role="alert" {...part('note')}>
          {notLoaded}
        </p>
      )}
      {Accounts && <Accounts {...props} read={read} heading={heading} />}
    </section>
  )
}

/** Fetched while the list is read, which a page of other components never is. */
const useAccounts = latePart(() =>
  import('./managed-accounts.tsx').then((module) => module.ManagedAccounts),
)

/** Places of accounts that are not read yet, as high as those will be. */
function Skeleton({ label }: { label: string }): ReactElement {
  const part = useParts()
  return (
    <ul {...part('connections')} aria-label={label}>
      {[1, 2].map((place) => (
        <li key={place} {...part('connection')} data-loading="" aria-hidden>
          <span />
          <span />
          <span />
          <span />
        </li>
      ))}
    </ul>
  )
}

function checkManager({ provider, providers, headingLevel = 2 }: ConnectionsManagerProps): void {
  checkProps('ConnectionsManager', {
    'got a provider that is no name': [
      provider !== undefined && !isProviderName(provider),
      howToName,
    ],
    'got providers that are no list of names or offers': [
      providers !== undefined &&
        !(
          Array.isArray(providers) &&
          providers.every((one) => isProviderName(typeof one === 'string' ? one : one?.provider))
        ),
      "Write providers={['gitlab']}, or providers={[{ provider: 'gitlab', scopes: ['read_api'] }]}.",
    ],
    'got a headingLevel that it has not': [
      ![2, 3, 4].includes(headingLevel),
      'Write headingLevel={2}, {3} or {4}.',
    ],
  })
}
