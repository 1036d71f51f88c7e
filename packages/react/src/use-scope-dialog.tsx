import type { ScopeName } from '@keywell/protocol'
import { type ReactNode, useState } from 'react'
import type { ConnectView } from './connect-view.ts'
import type { ConnectTarget } from './core/index.ts'
import type { ScopeDialog } from './scope-dialog.tsx'
import type { ScopePickerOptions } from './scope-picker.tsx'

/** How a button lets its user choose scopes. */
export interface ButtonScopePicker extends ScopePickerOptions {
  /**
   * Whether it asks before an account is connected. Default: true; false where your page shows a `ScopePicker`, and the
   * button is only to change what a connection may do.
   */
  onConnect?: boolean | undefined
}

/** Most buttons let nobody choose, so the dialog comes with the first that does. */
const load = () => import('./scope-dialog.tsx')

/** The dialog in which the user of a button chooses scopes, while it is open. */
export function useScopeDialog(
  target: ConnectTarget,
  picker: boolean | ButtonScopePicker,
  named: readonly ScopeName[] | undefined,
): {
  dialog: (view: ConnectView) => ReactNode
  /** Fetches the dialog, so that it opens at once. */
  prepare: () => void
  /** Asks for scopes, and begins an attempt with them. Undefined: the button has no picker. */
  open: (() => void) | undefined
  /** Before there is a connection, too. */
  asksFirst: boolean
  /** It could not be fetched: the page is offline, or older than what is served now. */
  isMissing: boolean
  /** What the user chose last; before that, what the button names. */
  scopes: readonly ScopeName[] | undefined
} {
  const [chosen, setChosen] = useState<readonly ScopeName[]>()
  const [Dialog, setDialog] = useState<{ Open?: typeof ScopeDialog | 'missing' }>({})
  const { Open } = Dialog
  const scopes = chosen ?? named
  const { tools, onConnect = true } = typeof picker === 'object' ? picker : {}

  async function open(): Promise<void> {
    try {
      const { ScopeDialog } = await load()
      setDialog({ Open: ScopeDialog })
    } catch {
      setDialog({ Open: 'missing' })
    }
  }

  return {
    open: picker ? () => void open() : undefined,
    asksFirst: onConnect,
    prepare() {
      if (picker) load().catch(() => undefined)
    },
    isMissing: Open === 'missing',
    scopes,
    dialog: ({ title, connection, start }) =>
      Open !== undefined &&
      Open !== 'missing' && (
        <Open
          target={target}
          title={title}
          connection={connection}
          tools={tools}
          scopes={scopes}
          onConfirm={(scopes) => {
            setChosen(scopes)
            start({ scopes })
          }}
          onClose={() => setDialog({})}
        />
      ),
  }
}
