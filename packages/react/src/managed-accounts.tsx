import { type ReactElement, type RefObject, useMemo, useRef } from 'react'
import { AddAccounts } from './add-account.tsx'
import { ConnectionList } from './connection-list.tsx'
import type { ConnectionsManagerProps } from './connections-manager.tsx'
import { Empty, Failure } from './manager-parts.tsx'
import type { UseConnections } from './use-connections.ts'
import { useOffers } from './use-offers.ts'
import { useRowFocus } from './use-row-focus.ts'

export interface ManagedAccountsProps extends ConnectionsManagerProps {
  /** The user's connections, at any provider. */
  read: UseConnections
  heading: RefObject<HTMLHeadingElement | null>
}

/** All below the heading of `ConnectionsManager`. A bundle of its own, which a page loads with its first list. */
export function ManagedAccounts(props: ManagedAccountsProps): ReactElement {
  const { provider, providers, headingLevel = 2, scopePicker = true, onDisconnect } = props
  const { onSuccess, onExit, onEvent } = props
  const { status, connections: all, refresh } = props.read
  const handlers = useMemo(() => ({ onSuccess, onExit, onEvent }), [onSuccess, onExit, onEvent])
  const connections = useMemo(
    () => all.filter((one) => provider === undefined || one.provider === provider),
    [all, provider],
  )
  const isRead = status !== 'loading'
  const { offers, known, isFailed, retry } = useOffers(isRead, provider, providers)
  const list = useRef<HTMLUListElement>(null)
  const focus = useRowFocus(list, props.heading)
  return (
    <>
      {(status === 'error' || isFailed) && (
        <Failure
          onRetry={() => {
            void refresh()
            retry()
          }}
        />
      )}
      {status === 'ready' && connections.length === 0 && <Empty />}
      <ConnectionList
        listRef={list}
        focus={focus}
        connections={connections}
        isRead={isRead}
        known={known}
        Heading={`h${(headingLevel + 1) as 3 | 4 | 5}`}
        handlers={handlers}
        scopePicker={scopePicker}
        onDisconnect={onDisconnect}
      />
      {/* While the list is not known, a name may be taken. */}
      {(status === 'ready' || all.length > 0) && (
        <AddAccounts
          offers={offers}
          known={known}
          connections={all}
          handlers={handlers}
          onAdded={({ id }) => focus.moveTo(id)}
        />
      )}
    </>
  )
}
