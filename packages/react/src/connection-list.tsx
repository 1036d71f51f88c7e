import type { Connection } from '@keywell/protocol'
import type { ReactElement, RefObject } from 'react'
import type { KnownProviders } from './account-words.ts'
import type { ConnectView } from './connect-view.ts'
import { ConnectionRow, type ConnectionRowProps } from './connection-row.tsx'
import { useTexts } from './context.ts'
import { More } from './manager-parts.tsx'
import { useParts } from './parts.ts'
import { connectTexts } from './texts/connect.ts'
import { useEvent } from './use-event.ts'
import { type ManagerScopePicker, useManagedAccount } from './use-managed-account.tsx'
import { useNews } from './use-news.ts'
import type { RowFocus } from './use-row-focus.ts'
import { useShownRows } from './use-shown-rows.ts'

export interface ConnectionListProps extends Pick<ConnectionRowProps, 'Heading' | 'handlers'> {
  connections: readonly Connection[]
  /** Whether that is all of them. */
  isRead: boolean
  known: KnownProviders
  scopePicker: ManagerScopePicker
  onDisconnect: ((connection: Connection) => void) | undefined
  listRef: RefObject<HTMLUListElement | null>
  focus: RowFocus
}

/** The accounts, some at a time, with the dialog of the one that is managed. */
export function ConnectionList(props: ConnectionListProps): ReactElement {
  const { connections, isRead, known, Heading, handlers, listRef, focus } = props
  const { rows, showMore } = useShownRows(connections, focus)
  const managed = useManagedAccount(props)
  useNews(connections, { known, isRead, isQuiet: managed.isOpen })
  const { notLoaded } = useTexts(connectTexts)
  const part = useParts()
  const manage = useEvent((connection: Connection, view: ConnectView) =>
    managed.manage({ connection, view, place: rows.indexOf(connection) }),
  )
  return (
    <>
      {rows.length > 0 && (
        <ul
          ref={listRef}
          {...part('connections')}
          onFocus={(event) => {
            focus.onFocus(event)
            managed.prefetch()
          }}
          onBlur={focus.onBlur}
          onPointerEnter={managed.prefetch}
        >
          {rows.map((connection) => (
            <ConnectionRow
              key={connection.id}
              {...{ connection, known, Heading, handlers }}
              onManage={manage}
            >
              {managed.choiceFor(connection)}
            </ConnectionRow>
          ))}
        </ul>
      )}
      {managed.isMissing && <p {...part('note')}>{notLoaded}</p>}
      {rows.length < connections.length && (
        <More shown={rows.length} total={connections.length} onMore={showMore} />
      )}
      {managed.dialog}
    </>
  )
}
