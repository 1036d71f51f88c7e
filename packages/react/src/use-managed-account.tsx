import type { Connection, ScopeName } from '@keywell/protocol'
import { type ReactElement, type ReactNode, useState } from 'react'
import { AccountUseFacts } from './account-use.tsx'
import { accountLabel, type KnownProviders, providerOf } from './account-words.ts'
import type { ConnectView } from './connect-view.ts'
import { useKeywell } from './context.ts'
import type { ProviderOptions } from './core/index.ts'
import { titleOf } from './messages.ts'
import { useParts } from './parts.ts'
import type { ScopePickerOptions } from './scope-picker.tsx'
import { useAccountDialog } from './use-account-dialog.tsx'
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

/** An account whose user asked what can be done with it. */
interface Managed {
  readonly connection: Connection
  readonly view: ConnectView
  /** Of its row. */
  readonly place: number
}

export interface ManagedAccount {
  /** Opens the dialog of an account. `place`: that of its row. */
  readonly manage: (managed: Managed) => void
  readonly prefetch: () => void
  /** The dialog that is open. */
  readonly dialog: ReactNode
  /** What the app draws for the choice of scopes of this account; nothing while its user makes none. */
  readonly choiceFor: (connection: Connection) => ReactNode
  /** The dialog of the account is open. */
  readonly isOpen: boolean
  readonly isMissing: boolean
}

/** The account whose user asked what can be done with it: its dialog, then the choice of its scopes. */
export function useManagedAccount(parts: {
  known: KnownProviders
  scopePicker: ManagerScopePicker
  onDisconnect: ((connection: Connection) => void) | undefined
  focus: RowFocus
}): ManagedAccount {
  const { known, scopePicker, onDisconnect, focus } = parts
  const keywell = useKeywell()
  const [managed, setManaged] = useState<Managed>()
  /** In what the app draws. */
  const [isChoosing, setChoosing] = useState(false)
  const picker = useScopeChange(typeof scopePicker === 'object' ? scopePicker.tools : undefined)
  const { connection, view, place = 0 } = managed ?? {}
  const account = useAccountDialog({
    view: {
      title: connection
        ? accountLabel(connection, { title: titleOf(keywell, connection.provider), known })
        : '',
      connection,
    },
    button: {
      get current() {
        return focus.near(place)
      },
    },
    actions: {
      reconnect: () => view?.start(),
      changeScopes: changeScopesOf(managed, scopePicker !== false, (account) => {
        if (typeof scopePicker === 'function') setChoosing(true)
        else picker.open(account)
      }),
      disconnectable: true,
    },
    facts: connection && (
      <AccountUseFacts connection={connection} options={providerOf(connection, known)} />
    ),
    onDisconnect,
  })
  return {
    manage(next) {
      setManaged(next)
      setChoosing(false)
      account.ask('account', next.connection)
    },
    prefetch: account.prefetch,
    isOpen: account.isOpen,
    isMissing: account.isMissing || picker.isMissing,
    dialog: (
      <>
        {account.dialog}
        {picker.dialog}
      </>
    ),
    choiceFor: ({ id }) =>
      isChoosing &&
      managed?.connection.id === id &&
      typeof scopePicker === 'function' && (
        <AppsChoice
          {...managed}
          known={known}
          draw={scopePicker}
          close={() => setChoosing(false)}
        />
      ),
  }
}

/** With a picker the user chooses first. Without one there is a choice only where something was not granted. */
function changeScopesOf(
  managed: Managed | undefined,
  hasPicker: boolean,
  choose: (managed: Managed) => void,
): (() => void) | undefined {
  if (managed === undefined) return undefined
  if (hasPicker) return () => choose(managed)
  return managed.connection.missingScopes.length > 0 ? () => managed.view.start() : undefined
}

/** The choice of scopes, as the app draws it. */
function AppsChoice(
  props: Managed & {
    draw: (choice: ScopeChoice) => ReactNode
    close: () => void
    known: KnownProviders
  },
): ReactElement {
  const { connection, view, known, draw, close } = props
  const part = useParts()
  const choice: ScopeChoice = {
    connection,
    options: providerOf(connection, known),
    cancel: close,
    start(scopes) {
      close()
      view.start({ scopes })
    },
  }
  return <div {...part('scopeChoice')}>{draw(choice)}</div>
}
