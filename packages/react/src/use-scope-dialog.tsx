import type { Connection, ScopeName } from '@keywell/protocol'
import type { ReactNode } from 'react'
import type { ConnectView } from './connect-view.ts'
import type { ConnectTarget } from './core/index.ts'
import type { ScopeDialog } from './scope-dialog.tsx'
import type { ScopePickerOptions } from './scope-picker.tsx'
import { useLazyDialog } from './use-lazy-dialog.ts'

/** How a button lets its user choose scopes. */
export interface ButtonScopePicker extends ScopePickerOptions {
  /**
   * Whether it asks before an account is connected. Default: true; false where your page shows a `ScopePicker`, and the
   * button is only to change what a connection may do.
   */
  onConnect?: boolean | undefined
}

export const loadScopeDialog = (): Promise<typeof ScopeDialog> =>
  import('./scope-dialog.tsx').then((module) => module.ScopeDialog)

/** The dialog in which the user of a button chooses scopes, while it is open. */
export function useScopeDialog(
  target: ConnectTarget,
  picker: boolean | ButtonScopePicker | undefined,
  choice: {
    scopes: readonly ScopeName[] | undefined
    onChoose: (scopes: readonly ScopeName[]) => void
  },
): {
  dialog: (view: ConnectView) => ReactNode
  /** Asks for scopes, and begins an attempt with them. */
  open: () => void
  isMissing: boolean
} {
  const lazy = useLazyDialog<typeof ScopeDialog, undefined>(loadScopeDialog)
  const { opened, isMissing } = lazy
  const { tools } = typeof picker === 'object' ? picker : {}
  return {
    open: () => lazy.open(undefined),
    isMissing,
    dialog: ({ title, connection, start }) =>
      opened && (
        <opened.Dialog
          target={target}
          title={title}
          connection={connection}
          tools={tools}
          scopes={choice.scopes}
          onConfirm={(scopes) => {
            choice.onChoose(scopes)
            start({ scopes })
          }}
          onClose={lazy.close}
        />
      ),
  }
}

/** The dialog in which the user of an account chooses its scopes anew, while it is open. */
export function useScopeChange(tools: readonly string[] | undefined): {
  dialog: ReactNode
  open: (account: ScopeChange) => void
  isMissing: boolean
} {
  const { opened, open, close, isMissing } = useLazyDialog<typeof ScopeDialog, ScopeChange>(
    loadScopeDialog,
  )
  const dialog = opened && (
    <opened.Dialog
      target={targetOf(opened.subject.connection)}
      title={opened.subject.view.title}
      connection={opened.subject.connection}
      tools={tools}
      scopes={undefined}
      onConfirm={(scopes) => opened.subject.view.start({ scopes })}
      onClose={close}
    />
  )
  return { dialog, open, isMissing }
}

/** An account whose scopes are to be chosen anew. */
export interface ScopeChange {
  readonly connection: Connection
  readonly view: Pick<ConnectView, 'title' | 'start'>
}

function targetOf({ provider, host, name, id }: Connection): ConnectTarget {
  return { provider, host, connectionName: name, connectionId: id }
}
