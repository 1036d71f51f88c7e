import type { Connection } from '@keywell/protocol'
import { type ReactElement, useEffect, useState } from 'react'
import type { ConnectView } from './connect-view.ts'
import type { ScopeDialog } from './scope-dialog.tsx'

/** Few users change what an app may do, so the dialog comes with the first that does. */
const load = () => import('./scope-dialog.tsx')

export interface ScopeChangeProps {
  connection: Connection
  view: Pick<ConnectView, 'title' | 'start'>
  /** Names of the tools that the app uses. Default: all that the session allows. */
  tools: readonly string[] | undefined
  onClose: () => void
  /** The dialog could not be fetched: the page is offline, or older than what is served now. */
  onMissing: () => void
}

/** Lets the user of an account choose anew what the app may do with it. Mounted for as long as that takes. */
export function ScopeChange(props: ScopeChangeProps): ReactElement | null {
  const { connection, view, tools, onClose, onMissing } = props
  const { provider, host, name: connectionName, id: connectionId } = connection
  const [loaded, setLoaded] = useState<{ Dialog: typeof ScopeDialog }>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is asked for
  useEffect(() => {
    let isWanted = true
    load().then(
      ({ ScopeDialog: Dialog }) => isWanted && setLoaded({ Dialog }),
      () => isWanted && onMissing(),
    )
    return () => {
      isWanted = false
    }
  }, [])
  if (loaded === undefined) return null
  return (
    <loaded.Dialog
      target={{ provider, host, connectionName, connectionId }}
      title={view.title}
      connection={connection}
      tools={tools}
      scopes={undefined}
      onConfirm={(scopes) => view.start({ scopes })}
      onClose={onClose}
    />
  )
}
