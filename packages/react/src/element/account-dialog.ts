import type { Connection } from '@keywell/protocol'
import { type AccountActions, factsOf, remove } from '../account-view.ts'
import type { KeywellClient } from '../core/index.ts'
import type { MessagesOverride } from '../messages.ts'
import { type AccountTexts, accountTexts } from '../texts/account.ts'
import { fill, mergeTexts } from '../texts/texts.ts'
import { markOf } from './content.ts'
import { make, makeButton } from './dom.ts'

export interface AccountDialog {
  connection: Connection
  client: KeywellClient
  /** Title of the provider. */
  title: string
  messages: MessagesOverride
  /** Language tag that dates and lists are written in. */
  locale: string
  /** What it shows first. */
  asks: 'account' | 'disconnect'
  actions: AccountActions
  /** Gets what is to be read once the dialog is closed. */
  onRemoved: (sentence: string) => void
  /** It is closed, by the user or by us. */
  onClose: () => void
}

/** A dialog that is open, and how its steps are shown. */
interface Open extends AccountDialog {
  texts: AccountTexts
  dialog: HTMLDialogElement
  heading: HTMLHeadingElement
}

/**
 * Opens the account behind a connected button, and what can be done with it. A native modal dialog: it keeps the
 * focus inside, and Escape closes it.
 */
export function openAccountDialog(parent: Element, parts: AccountDialog): HTMLDialogElement {
  // Modal, so there is one at a time.
  const heading = make('h2', { id: 'keywell-dialog', 'data-keywell-heading': '' })
  const dialog = make('dialog', {
    'data-keywell-dialog': '',
    'aria-labelledby': heading.id,
    closedby: 'any',
  })
  const texts = mergeTexts(accountTexts, parts.messages)
  const open: Open = { ...parts, texts, dialog, heading }
  dialog.addEventListener('close', () => {
    dialog.remove()
    parts.onClose()
  })
  parent.append(dialog)
  dialog.showModal()
  if (parts.asks === 'account') showAccount(open)
  else showQuestion(open)
  return dialog
}

/** The last choice changes nothing, and has the focus first. */
function show(open: Open, title: string, content: readonly Element[], choices: Element[]): void {
  const { client, dialog, heading, connection } = open
  heading.replaceChildren(markOf(client, connection.provider, 24), title)
  dialog.replaceChildren(
    heading,
    ...content,
    make('div', { 'data-keywell-choices': '' }, ...choices),
  )
  const safe = choices.at(-1)
  if (safe instanceof HTMLElement) safe.focus()
}

function showAccount(open: Open): void {
  const { connection, title, actions, dialog, locale } = open
  const texts = open.texts.account
  const { manage, reconnect, changeScopes, disconnectable } = actions
  const leaving = (act: () => void) => () => {
    dialog.close()
    act()
  }
  const facts = factsOf(connection, texts, locale).map(({ name, text, dateTime }) =>
    make(
      'div',
      {},
      make('dt', {}, name),
      make('dd', {}, dateTime === undefined ? text : make('time', { datetime: dateTime }, text)),
    ),
  )
  show(
    open,
    title,
    [make('dl', { 'data-keywell-facts': '' }, ...facts)],
    [
      ...(manage ? [makeButton(texts.manage, leaving(manage), choice)] : []),
      ...(reconnect ? [makeButton(texts.reconnect, leaving(reconnect), choice)] : []),
      ...(changeScopes ? [makeButton(texts.scopes, leaving(changeScopes), choice)] : []),
      ...(disconnectable ? [makeButton(texts.disconnect, () => showQuestion(open), danger)] : []),
      makeButton(texts.close, () => dialog.close(), choice),
    ],
  )
}

const choice = { 'data-keywell-choice': '' }
const danger = { ...choice, 'data-keywell-danger': '' }

function showQuestion(open: Open): void {
  const { title, dialog } = open
  const texts = open.texts.disconnect
  const text = make('p', { id: `${open.heading.id}-text` }, fill(texts.text, { provider: title }))
  const alert = make('p', { role: 'alert' })
  const confirm = makeButton(fill(texts.confirm, { provider: title }), () => void act(), danger)
  const keep = makeButton(texts.keep, () => dialog.close(), {
    ...choice,
    'aria-describedby': text.id,
  })

  const setBusy = (isBusy: boolean): void => {
    confirm.textContent = isBusy ? texts.busy : fill(texts.confirm, { provider: title })
    confirm.ariaBusy = confirm.ariaDisabled = `${isBusy}`
  }

  async function act(): Promise<void> {
    if (confirm.ariaBusy === 'true') return
    alert.textContent = ''
    setBusy(true)
    const removal = await remove(open.client.connections, open.connection)
    if (removal.name === 'failed') {
      setBusy(false)
      alert.textContent = fill(texts.failed, { provider: title })
      return
    }
    if (removal.name === 'removed') open.onRemoved(fill(texts.done, { provider: title }))
    // Its user may have closed it.
    if (removal.name === 'removed' && removal.url && dialog.open) showManual(open, removal.url)
    else dialog.close()
  }

  show(open, fill(texts.title, { provider: title }), [text, alert], [confirm, keep])
}

/** It is gone here; its key has to be removed at the provider by hand. */
function showManual(open: Open, url: string): void {
  const { title, dialog } = open
  const { disconnect: texts, account } = open.texts
  const text = make('p', { id: `${open.heading.id}-text` }, fill(texts.manual, { provider: title }))
  const link = make(
    'a',
    { ...choice, href: url, target: '_blank', rel: 'noreferrer' },
    fill(texts.open, { provider: title }),
  )
  const close = makeButton(account.close, () => dialog.close(), {
    ...choice,
    'aria-describedby': text.id,
  })
  show(open, title, [text], [link, close])
}
