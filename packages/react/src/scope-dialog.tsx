'use client'

import type { Connection, ScopeName } from '@keywell/protocol'
import { type ReactElement, useEffect, useId, useRef, useState } from 'react'
import { useTexts } from './context.ts'
import type { ConnectTarget } from './core/index.ts'
import { joinParts, useParts } from './parts.ts'
import { ProviderMark } from './provider-mark.tsx'
import { ScopePicker, type ScopePickerOptions } from './scope-picker.tsx'
import { scopeTexts } from './texts/scopes.ts'
import { fill } from './texts/texts.ts'

export interface ScopeDialogProps extends ScopePickerOptions {
  target: ConnectTarget
  /** Title of the provider. */
  title: string
  /** The connection whose scopes are to be changed. */
  connection: Connection | undefined
  /** What is chosen at first. */
  scopes: readonly ScopeName[] | undefined
  /** Called in the click, so that it may open a window. */
  onConfirm: (scopes: ScopeName[]) => void
  onClose: () => void
}

/**
 * Asks what is to be allowed, before the provider does. A native modal dialog: it keeps the focus inside, returns it,
 * and Escape closes it. A bundle of its own, which a page loads when a button needs it.
 */
export function ScopeDialog(props: ScopeDialogProps): ReactElement {
  const { target, title, connection, tools, scopes, onConfirm, onClose } = props
  const { provider, host } = target
  const { scopes: texts } = useTexts(scopeTexts)
  const [chosen, setChosen] = useState<ScopeName[]>([])
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const id = useId()
  const part = useParts()

  useEffect(() => {
    // Not closed on the way out: StrictMode runs every effect twice, and would end it at once.
    if (!dialog.current?.open) dialog.current?.showModal()
    // It stays while the offer is read; the next key leads to the first choice.
    heading.current?.focus()
  }, [])

  return (
    <dialog
      ref={dialog}
      {...joinParts(part('dialog'), part('scopeDialog'))}
      aria-labelledby={id}
      onClose={onClose}
    >
      <h2 ref={heading} id={id} tabIndex={-1} {...part('heading')}>
        <ProviderMark provider={provider} size={24} className={part('mark').className} />
        {connection ? texts.change : texts.choose}
      </h2>
      <ScopePicker
        provider={provider}
        host={host}
        connection={connection}
        defaultValue={scopes}
        onChange={setChosen}
        tools={tools}
      />
      <div {...part('choices')}>
        <button
          type="button"
          {...joinParts(part('choice'), part('confirm'))}
          aria-disabled={chosen.length === 0 || undefined}
          onClick={() => {
            if (chosen.length === 0) return
            dialog.current?.close()
            onConfirm(chosen)
          }}
        >
          {fill(texts.confirm, { provider: title })}
        </button>
        <button type="button" {...part('choice')} onClick={() => dialog.current?.close()}>
          {texts.cancel}
        </button>
      </div>
    </dialog>
  )
}
