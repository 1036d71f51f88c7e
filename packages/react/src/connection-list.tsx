import type { Connection, ScopeName } from '@keywell/protocol'
import {
  type ReactElement,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
} from 'react'
import type { ConnectView } from './connect-view.ts'
import { ConnectionRow, type ConnectionRowProps, labelOf } from './connection-row.tsx'
import { useKeywell, useTexts } from './context.ts'
import type { ProviderOptions } from './core/index.ts'
import { MoreFacts } from './manager-parts.tsx'
import { titleOf } from './messages.ts'
import type { ScopePickerOptions } from './scope-picker.tsx'
import { connectTexts } from './texts/connect.ts'
import { managerTexts } from './texts/manager.ts'
import { fill } from './texts/texts.ts'
import { useAccountDialog } from './use-account-dialog.tsx'
import { useNews } from './use-news.ts'
import type { RowFocus } from './use-row-focus.ts'
import { useScopeChange } from './use-scope-dialog.tsx'

/** What a choice of scopes gets. */
export interface ScopeChoice {
  readonly connection: Connection
  /** What the service offers at its provider; undefined where that is not known. */
  readonly options: ProviderOptions | undefined
  /** Connects the account again, with these scopes. Call it directly in a click: it opens a window. */
  readonly start: (scopes: readonly ScopeName[]) => void
  /** Leaves everything as it is. */
  readonly cancel: () => void
}

/** How the user of an account chooses scopes: not, in the dialog of the picker, or in what the app draws. */
export type ManagerScopePicker = boolean | ScopePickerOptions | ((choice: ScopeChoice) => ReactNode)

export interface ConnectionListProps extends Pick<ConnectionRowProps, 'Heading' | 'handlers'> {
  connections: readonly Connection[]
  /** Whether that is all of them. */
  isRead: boolean
  options: readonly ProviderOptions[] | undefined
  scopePicker: ManagerScopePicker
  onDisconnect: ((connection: Connection) => void) | undefined
  listRef: RefObject<HTMLUListElement | null>
  focus: RowFocus
}

/** How many accounts are shown at first; each "show more" doubles it. */
const firstRows = 20

/** An account whose user asked what can be done with it. */
interface Managed {
  readonly connection: Connection
  readonly view: ConnectView
  /** Of its row. */
  readonly place: number
  /** Its scopes are being chosen, in what the app draws. */
  readonly isChoosing: boolean
}

/** The accounts, some at a time, with the dialog of the one that is managed. */
export function ConnectionList(props: ConnectionListProps): ReactElement {
  const { connections, isRead, options, Heading, handlers, scopePicker, listRef, focus } = props
  const [shown, setShown] = useState(firstRows)
  const [managed, setManaged] = useState<Managed>()
  const picker = useScopeChange(typeof scopePicker === 'object' ? scopePicker.tools : undefined)
  const optionsOf = (one: Connection) => options?.find(({ name }) => name === one.provider)
  const changeScopes = (managed: Managed): void => {
    if (typeof scopePicker === 'function') setManaged({ ...managed, isChoosing: true })
    else picker.open(managed)
  }
  const { dialog, isOpen, isMissing, prefetch, ask } = useDialogOf(managed, {
    ...props,
    optionsOf,
    changeScopes: scopePicker === false ? undefined : changeScopes,
  })
  useNews(connections, { isRead, isQuiet: isOpen })
  const { notLoaded } = useTexts(connectTexts)
  const rows = connections.filter(
    // Nothing that needs its user, and nothing that was just added, is hidden behind a button.
    (one, place) => place < shown || one.needsReauth || one.id === focus.newest,
  )
  const manage = useEvent((connection: Connection, view: ConnectView) => {
    setManaged({ connection, view, place: rows.indexOf(connection), isChoosing: false })
    ask('account', connection)
  })
  return (
    <>
      {rows.length > 0 && (
        <ul
          ref={listRef}
          data-keywell-connections=""
          onFocus={(event) => {
            focus.onFocus(event)
            prefetch()
          }}
          onBlur={focus.onBlur}
          onPointerEnter={prefetch}
        >
          {rows.map((connection) => (
            <ConnectionRow
              key={connection.id}
              connection={connection}
              options={optionsOf(connection)}
              Heading={Heading}
              handlers={handlers}
              onManage={manage}
            >
              {typeof scopePicker === 'function' &&
                managed?.isChoosing &&
                managed.connection.id === connection.id && (
                  <div data-keywell-scope-choice="">
                    {scopePicker(choiceOf(managed, optionsOf(connection), setManaged))}
                  </div>
                )}
            </ConnectionRow>
          ))}
        </ul>
      )}
      {(isMissing || picker.isMissing) && <p data-keywell-note="">{notLoaded}</p>}
      {rows.length < connections.length && (
        <More
          shown={rows.length}
          total={connections.length}
          onMore={() => {
            const next = connections.find((one) => !rows.includes(one))
            if (next) focus.moveTo(next.id)
            setShown(shown * 2)
          }}
        />
      )}
      {dialog}
      {picker.dialog}
    </>
  )
}

function More(props: { shown: number; total: number; onMore: () => void }): ReactElement {
  const { locale } = useKeywell()
  const { manager } = useTexts(managerTexts)
  const number = new Intl.NumberFormat(locale)
  const numbers = { shown: number.format(props.shown), total: number.format(props.total) }
  return (
    <p data-keywell-more="">
      {fill(manager.shown, numbers)}
      <button
        type="button"
        data-keywell-button=""
        data-size="sm"
        data-variant="outline"
        onClick={props.onMore}
      >
        {manager.more}
      </button>
    </p>
  )
}

/** The dialog of the account that is managed; the same as a connected button has. */
function useDialogOf(
  managed: Managed | undefined,
  parts: Pick<ConnectionListProps, 'onDisconnect' | 'focus'> & {
    optionsOf: (connection: Connection) => ProviderOptions | undefined
    /** Undefined: there is no picker. */
    changeScopes: ((managed: Managed) => void) | undefined
  },
): ReturnType<typeof useAccountDialog> {
  const { changeScopes, onDisconnect, focus, optionsOf } = parts
  const keywell = useKeywell()
  const connection = managed?.connection
  return useAccountDialog({
    view: {
      title: connection ? labelOf(connection, titleOf(keywell, connection.provider)) : '',
      connection,
    },
    button: {
      get current() {
        return focus.near(managed?.place ?? 0)
      },
    },
    actions: {
      reconnect: () => managed?.view.start(),
      changeScopes: changeScopesOf(managed, changeScopes),
      disconnectable: true,
    },
    facts: connection && <MoreFacts connection={connection} options={optionsOf(connection)} />,
    onDisconnect,
  })
}

/** With a picker the user chooses first. Without one there is a choice only where something was not granted. */
function changeScopesOf(
  managed: Managed | undefined,
  pick: ((managed: Managed) => void) | undefined,
): (() => void) | undefined {
  if (managed === undefined) return undefined
  if (pick) return () => pick(managed)
  return managed.connection.missingScopes.length > 0 ? () => managed.view.start() : undefined
}

function choiceOf(
  managed: Managed,
  options: ProviderOptions | undefined,
  setManaged: (managed: Managed) => void,
): ScopeChoice {
  const { connection, view } = managed
  const cancel = (): void => setManaged({ ...managed, isChoosing: false })
  return {
    connection,
    options,
    cancel,
    start(scopes) {
      cancel()
      view.start({ scopes })
    },
  }
}

/** A function that stays the same, and does what its newest version does. */
function useEvent<Args extends unknown[]>(act: (...args: Args) => void): (...args: Args) => void {
  const latest = useRef(act)
  useEffect(() => {
    latest.current = act
  })
  return useCallback((...args: Args) => latest.current(...args), [])
}
