import { useState } from 'react'
import { useKeywell, useTexts } from './context.ts'
import { connectTexts } from './texts/connect.ts'

/** A dialog whose code is fetched when it is first opened. */
export interface LazyDialog<Dialog, Subject> {
  /** While it is open: the component, and what it was opened for. */
  readonly opened: { readonly Dialog: Dialog; readonly subject: Subject } | undefined
  /** The last attempt to fetch the code failed: the page is offline, or older than what is served now. */
  readonly isMissing: boolean
  /** Fetches the code ahead, so that the dialog opens at once. A failure is left to `open`. */
  readonly prefetch: () => void
  /** Fetches the code, and opens the dialog. Screen readers read a failure. */
  readonly open: (subject: Subject) => void
  readonly close: () => void
}

/**
 * Keeps the code of a dialog out of the page until its first use. The caller shows `notLoaded` beside what the user
 * clicked while it `isMissing`. That text asks for a reload, because browsers remember that an import failed.
 *
 * @param load imports the component of the dialog
 */
export function useLazyDialog<Dialog, Subject>(
  load: () => Promise<Dialog>,
): LazyDialog<Dialog, Subject> {
  const { announce } = useKeywell()
  const { notLoaded } = useTexts(connectTexts)
  const [opened, setOpened] = useState<{ Dialog: Dialog; subject: Subject }>()
  const [isMissing, setIsMissing] = useState(false)
  return {
    opened,
    isMissing,
    prefetch() {
      load().catch(() => undefined)
    },
    open(subject) {
      load().then(
        (Dialog) => {
          setIsMissing(false)
          setOpened({ Dialog, subject })
        },
        () => {
          setIsMissing(true)
          announce(notLoaded)
        },
      )
    },
    close: () => setOpened(undefined),
  }
}
