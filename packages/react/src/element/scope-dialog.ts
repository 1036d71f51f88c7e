import type { ScopeName } from '@keywell/protocol'
import type { MessagesOverride } from '../messages.ts'
import { scopeTexts } from '../texts/scopes.ts'
import { fill, mergeTexts } from '../texts/texts.ts'
import { markOf } from './content.ts'
import { make, makeButton, setAttributes } from './dom.ts'
import { makeScopePicker, type ScopePicker } from './scope-picker.ts'

export interface ScopeDialog extends Omit<ScopePicker, 'texts' | 'onChange'> {
  messages: MessagesOverride
  /** Called in the click, so that it may open a window. */
  onConfirm: (scopes: ScopeName[]) => void
  /** It is closed, by the user or by us. */
  onClose: () => void
}

/**
 * Asks what is to be allowed, before the provider does. A native modal dialog: it keeps the focus inside, and Escape
 * closes it.
 */
export function openScopeDialog(parent: Element, parts: ScopeDialog): HTMLDialogElement {
  const { target, title, connection, onConfirm, onClose } = parts
  const texts = mergeTexts(scopeTexts, parts.messages)
  const { change, choose, confirm, cancel } = texts.scopes
  let chosen: ScopeName[] = []
  const confirmButton = makeButton(
    fill(confirm, { provider: title }),
    () => {
      if (chosen.length === 0) return
      dialog.close()
      onConfirm(chosen)
    },
    { 'data-keywell-choice': '', 'data-keywell-confirm': '', 'aria-disabled': true },
  )
  const picker = makeScopePicker({
    ...parts,
    texts,
    onChange(scopes) {
      chosen = [...scopes]
      setAttributes(confirmButton, { 'aria-disabled': chosen.length === 0 })
    },
  })
  // Modal, so there is one at a time.
  const heading = make(
    'h2',
    { id: 'keywell-scope-dialog', tabindex: '-1', 'data-keywell-heading': '' },
    markOf(parts.client, target.provider, 24),
    connection ? change : choose,
  )
  const dialog = make(
    'dialog',
    {
      'data-keywell-dialog': '',
      'data-keywell-scope-dialog': '',
      'aria-labelledby': heading.id,
    },
    heading,
    picker,
    make(
      'div',
      { 'data-keywell-choices': '' },
      confirmButton,
      makeButton(cancel, () => dialog.close(), { 'data-keywell-choice': '' }),
    ),
  )
  dialog.addEventListener('close', () => {
    dialog.remove()
    onClose()
  })
  parent.append(dialog)
  dialog.showModal()
  // It stays while the offer is read; the next key leads to the first choice.
  heading.focus()
  return dialog
}
