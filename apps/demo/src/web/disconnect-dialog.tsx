import type { UseConnection } from '@keywell/react'
import { type ReactElement, useEffect, useRef, useState } from 'react'

export interface DisconnectDialogProps {
  disconnect: UseConnection['disconnect']
  onDisconnected: () => void
  onClose: () => void
}

/** Asks once more. A native modal dialog: focus is kept inside and returned, and Escape closes it. */
export function DisconnectDialog(props: DisconnectDialogProps): ReactElement {
  const { disconnect, onDisconnected, onClose } = props
  const dialog = useRef<HTMLDialogElement>(null)
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState(false)

  useEffect(() => {
    // Not closed on the way out: an element that is removed closes by itself, and to close it here
    // would end it at once under StrictMode, which runs every effect twice.
    if (!dialog.current?.open) dialog.current?.showModal()
  }, [])

  async function confirm(): Promise<void> {
    if (busy) return
    setBusy(true)
    setFailed(false)
    try {
      await disconnect()
      // Closed first: nothing behind a modal dialog can take the focus.
      dialog.current?.close()
      onDisconnected()
    } catch {
      setFailed(true)
      setBusy(false)
    }
  }

  return (
    <dialog className="dialog" ref={dialog} aria-labelledby="disconnect-title" onClose={onClose}>
      <h2 id="disconnect-title">Disconnect GitLab?</h2>
      <p>
        Acme’s access is withdrawn at GitLab too, and your projects disappear from Acme. Nothing is
        deleted at GitLab, and you can connect again at any time.
      </p>
      <p role="alert" className="problem-line">
        {failed ? 'That did not work. GitLab is still connected; please try again.' : null}
      </p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Keep it connected
        </button>
        <button
          type="button"
          className="button button-danger"
          aria-disabled={busy}
          onClick={() => void confirm()}
        >
          {busy ? 'Disconnecting …' : 'Disconnect GitLab'}
        </button>
      </div>
    </dialog>
  )
}
