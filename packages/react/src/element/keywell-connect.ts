import type { Connection } from '@keywell/protocol'
import type { AccountActions } from '../account-view.ts'
import type { Note } from '../connect-notes.ts'
import { type ConnectView, stateAttributes, viewOf } from '../connect-view.ts'
import {
  type Connect,
  type ConnectDetails,
  type ConnectError,
  type ConnectState,
  type ConnectTarget,
  isBusy,
  type KeywellClient,
  type StartOptions,
} from '../core/index.ts'
import { targetKey } from '../core/target.ts'
import { hideVisually } from '../hidden.ts'
import type { MessagesOverride } from '../messages.ts'
import { connectTexts } from '../texts/connect.ts'
import { mergeTexts } from '../texts/texts.ts'
import type { AccountDialog } from './account-dialog.ts'
import { clientOf } from './clients.ts'
import { buttonContent, noteContent } from './content.ts'
import { make, makeButton, replaceChildren, setAttributes } from './dom.ts'
import { attributeNames, optionsOf, pickerOf, read, targetOf } from './settings.ts'

/** Events of `<keywell-connect>`, by name, with their `detail`. They bubble. None has a secret. */
export interface KeywellConnectEvents {
  /** The account is connected. */
  'keywell-success': { readonly connection: Connection }
  /** The attempt ended without a connection; `error` is null when the user cancelled. */
  'keywell-exit': ConnectDetails & { readonly error: ConnectError | null }
  /** Every step of an attempt, by the name of the state that it leads to. */
  'keywell-event': ConnectDetails & { readonly name: ConnectState['name'] }
  /** The user chose "Manage", which `manageable` offers: open your own page of the integration. */
  'keywell-manage': { readonly connection: Connection }
  /** The user removed the connection. */
  'keywell-disconnect': { readonly connection: Connection }
}

/** What the element works with, for one client and target. */
interface Work {
  readonly client: KeywellClient
  readonly target: ConnectTarget
  readonly connect: Connect
}

// Most buttons of a page are never asked, so a dialog comes with the first that may be.
const loadAccountDialog = () => import('./account-dialog.ts')
const loadScopeDialog = () => import('./scope-dialog.ts')
// No page needs it for its first paint, and every page before a click.
const loadNotes = () => import('../connect-notes.ts')

/** What each dialog gets. */
interface SharedByDialogs {
  readonly client: KeywellClient
  readonly target: ConnectTarget
  readonly title: string
  readonly connection: Connection | undefined
  readonly messages: MessagesOverride
  readonly locale: string
  readonly onClose: () => void
}

// A server has no elements, and may import this all the same.
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement

/**
 * A connect button for pages without React: `<keywell-connect provider="gitlab"></keywell-connect>`.
 *
 * Its button, texts and dialog are children of the element and no shadow tree, so that the stylesheet of the
 * package, a `<fieldset disabled>` and your own rules reach them. What the page had written into the element
 * is shown until the element works, and is then removed.
 */
export class KeywellConnectElement extends Base {
  static readonly observedAttributes: readonly string[] = attributeNames

  #client: KeywellClient | undefined
  #messages: MessagesOverride = {}
  #texts = connectTexts
  /** Writes the text beside the button; null where it could not be fetched. */
  #notes: typeof import('../connect-notes.ts') | null | undefined
  #work: Work | undefined
  #detach: (() => void) | undefined
  #isScheduled = false
  #dialog: HTMLDialogElement | undefined
  /** What the user chose last, in the dialog of the picker. */
  #chosen: StartOptions['scopes']
  /** A dialog could not be fetched: the page is offline, or older than what is served now. */
  #isMissing = false
  readonly #button = makeButton('', (event) => this.#click(event))
  readonly #note = make('span', { 'data-keywell-actions': '', role: 'group' })
  readonly #status = make('span', { 'data-keywell-status': '', role: 'status' })

  constructor() {
    super()
    // Most buttons of a page are never clicked: what a click needs is fetched when there may be one.
    const prepare = () => {
      if (this.#opensDialog()) loadAccountDialog().catch(() => undefined)
      else this.#work?.connect.prepare()
      if (pickerOf(this)) loadScopeDialog().catch(() => undefined)
    }
    this.#button.addEventListener('pointerenter', prepare)
    this.#button.addEventListener('focus', prepare)
    hideVisually(this.#status)
  }

  /** The client that it uses. Default: the one of all elements of this page with the same `endpoint`. */
  get client(): KeywellClient {
    return this.#client ?? clientOf(this.ownerDocument, read(this, 'endpoint'))
  }

  set client(client: KeywellClient | undefined) {
    this.#client = client
    this.#schedule()
  }

  /** Replaces any of the texts that users read; `de` of `@keywell/react/de` replaces all. Default: English. */
  get messages(): MessagesOverride {
    return this.#messages
  }

  set messages(messages: MessagesOverride | undefined) {
    this.#messages = messages ?? {}
    this.#schedule()
  }

  get state(): ConnectState {
    return this.#work?.connect.getSnapshot() ?? { name: 'idle' }
  }

  /** The connection that is there, also during an attempt to reconnect it. */
  get connection(): Connection | undefined {
    return this.#view()?.connection
  }

  /**
   * Begins an attempt, as a click does, with the scopes that the user chose last. Call it directly in a click, before
   * any `await`.
   */
  start(options: StartOptions = {}): void {
    if (this.#isScheduled) this.#update()
    // With the attributes as they are now.
    this.#view()?.start(options)
  }

  cancel(): void {
    this.#work?.connect.cancel()
  }

  connectedCallback(): void {
    // What was set before the element was defined hides our own properties.
    for (const name of ['client', 'messages'] as const) {
      if (!Object.hasOwn(this, name)) continue
      const value = this[name]
      Reflect.deleteProperty(this, name)
      Reflect.set(this, name, value)
    }
    this.#schedule()
  }

  /** An attempt that is under way continues in its window; put back into the page, the element follows it again. */
  disconnectedCallback(): void {
    this.#detach?.()
    this.#detach = undefined
    this.#dialog?.remove()
    this.#dialog = undefined
  }

  attributeChangedCallback(): void {
    this.#schedule()
  }

  /** Once for all attributes that are set together. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      if (this.#isScheduled) this.#update()
    })
  }

  #update(): void {
    this.#isScheduled = false
    if (!this.isConnected) return
    const { client } = this
    const target = targetOf(this)
    pickerOf(this)
    this.#texts = mergeTexts(connectTexts, this.#messages)
    const isOther =
      this.#work?.client !== client || targetKey(this.#work.target) !== targetKey(target)
    if (isOther) {
      this.#chosen = undefined
      this.#detach?.()
      this.#detach = undefined
      this.#work = { client, target, connect: client.connect(target) }
    }
    if (this.#work && !this.#detach) this.#detach = this.#attach(this.#work)
    this.#render()
  }

  #attach({ client, connect }: Work): () => void {
    const render = () => this.#render()
    const stops = [
      connect.subscribe(render),
      client.connections.subscribe(render),
      connect.attach({
        onSuccess: (connection) => this.#emit('keywell-success', { connection }),
        onExit: (error, details) => this.#emit('keywell-exit', { ...details, error }),
        onEvent: (name, details) => {
          void this.#announce(details.state)
          this.#emit('keywell-event', { ...details, name })
        },
      }),
    ]
    client.takeReturn()
    void this.#fetchNotes()
    return () => {
      for (const stop of stops) stop()
    }
  }

  async #fetchNotes(): Promise<void> {
    this.#notes = await loadNotes().catch(() => this.#notes ?? null)
    if (this.isConnected) this.#render()
  }

  #view(state = this.state): ConnectView | undefined {
    if (!this.#work) return undefined
    const { client, target, connect } = this.#work
    const source = { client, messages: this.#messages }
    const named = optionsOf(this)
    const options = { ...named, scopes: this.#chosen ?? named.scopes }
    const view = viewOf(source, target, {
      ...{ state, connect, options },
      texts: this.#texts,
      notes: this.#notes,
    })
    return this.#isMissing ? { ...view, note: this.#texts.notLoaded } : view
  }

  #render(): void {
    const view = this.#view()
    if (!view || !this.#work) return
    const { client, target } = this.#work
    const { state } = view
    const opensDialog = this.#opensDialog()
    setAttributes(this.#button, {
      ...stateAttributes(state, client.connections.getSnapshot().status === 'loading'),
      'data-size': read(this, 'size') ?? 'md',
      'data-variant': read(this, 'variant') ?? 'primary',
      'aria-disabled': isBusy(state) || (state.name === 'connected' && !opensDialog),
      'aria-haspopup': (opensDialog || this.#choosesFirst(view)) && 'dialog',
      disabled: this.hasAttribute('disabled') && '',
    })
    replaceChildren(this.#button, ...buttonContent(client, target.provider, view, opensDialog))
    const ask = this.hasAttribute('disconnectable')
      ? () => this.#openAccount('disconnect')
      : undefined
    // An action may be clicked when the attributes are others: it begins with those.
    const acting = { start: this.start.bind(this), cancel: this.cancel.bind(this) }
    const note = this.#notes
      ? this.#notes.noteFor(this.#messages, { ...view, ...acting }, ask)
      : bareNote(view.note)
    setAttributes(this.#note, { 'data-state': state.name, 'aria-label': view.title })
    this.#place(note && noteContent(note))
  }

  /** Our children alone, in their order. The focus of an action that is gone returns to the button. */
  #place(note: Node[] | undefined): void {
    const hadFocus = this.#hasFocus(this.#note)
    const ours = new Set<Node | undefined>([this.#button, this.#note, this.#dialog, this.#status])
    for (const child of [...this.childNodes]) if (!ours.has(child)) child.remove()
    if (this.firstChild !== this.#button) this.prepend(this.#button)
    if (this.lastChild !== this.#status) this.append(this.#status)
    replaceChildren(this.#note, ...(note ?? []))
    if (note && !this.#note.isConnected) this.#button.after(this.#note)
    if (!note) this.#note.remove()
    if (hadFocus && !this.#hasFocus(this.#note)) this.#button.focus()
  }

  #hasFocus(element: Element): boolean {
    // Connected, hence in one of the two.
    const { activeElement } = this.getRootNode() as Document | ShadowRoot
    return element.contains(activeElement)
  }

  #click(event: Event): void {
    const view = this.#view()
    if (!view || event.defaultPrevented) return
    if (isBusy(view.state)) this.#work?.connect.focus()
    else if (this.#opensDialog()) this.#openAccount('account')
    else if (this.#choosesFirst(view)) this.#openPicker()
    else if (view.state.name !== 'connected') this.start()
  }

  /** A click asks for scopes. After a window that was blocked, the user has chosen already. */
  #choosesFirst({ state, connection }: ConnectView): boolean {
    const picker = pickerOf(this)
    const isOver = !isBusy(state) && state.name !== 'blocked' && state.name !== 'connected'
    return picker !== undefined && isOver && (picker.asksFirst || connection !== undefined)
  }

  #opensDialog(): boolean {
    const { manage, reconnect, changeScopes, disconnectable } = this.#actions()
    const isOffered = [manage, reconnect, changeScopes].some((action) => action !== undefined)
    return this.state.name === 'connected' && (isOffered || disconnectable)
  }

  #actions(): AccountActions {
    const { connection } = this
    const emitManage = connection && (() => this.#emit('keywell-manage', { connection }))
    const reconnects = !this.hasAttribute('no-reconnect')
    const choosesScopes = pickerOf(this) !== undefined
    return {
      manage: this.hasAttribute('manageable') ? emitManage : undefined,
      reconnect: reconnects && !choosesScopes ? () => this.start() : undefined,
      changeScopes: reconnects && choosesScopes ? () => this.#openPicker() : undefined,
      disconnectable: this.hasAttribute('disconnectable'),
    }
  }

  #openAccount(asks: AccountDialog['asks']): void {
    void this.#open(loadAccountDialog, ({ openAccountDialog }, { connection, ...shared }) => {
      if (!connection) return undefined
      let farewell: string | undefined
      return openAccountDialog(this, {
        ...shared,
        connection,
        asks,
        actions: this.#actions(),
        onRemoved: (sentence) => {
          farewell = sentence
          this.#emit('keywell-disconnect', { connection })
        },
        onClose: () => {
          shared.onClose()
          // Only now: while a modal dialog is open, what stands outside of it is not read.
          if (farewell !== undefined) this.#status.textContent = farewell
        },
      })
    })
  }

  #openPicker(): void {
    void this.#open(loadScopeDialog, ({ openScopeDialog }, shared) =>
      openScopeDialog(this, {
        ...shared,
        tools: pickerOf(this)?.tools,
        defaultValue: this.#chosen ?? optionsOf(this).scopes,
        onConfirm: (scopes) => {
          this.#chosen = scopes
          this.start()
        },
      }),
    )
  }

  /** Fetches a dialog and opens it. Where it cannot be fetched, the text beside the button says so. */
  async #open<Module>(
    load: () => Promise<Module>,
    open: (module: Module, shared: SharedByDialogs) => HTMLDialogElement | undefined,
  ): Promise<void> {
    const module = await load().catch(() => undefined)
    this.#isMissing = module === undefined
    this.#render()
    if (!module) this.#status.textContent = this.#texts.notLoaded
    const view = this.#view()
    if (!module || !view || !this.#work || !this.isConnected || this.#dialog?.open) return
    const { client, target } = this.#work
    const dialog = open(module, {
      client,
      target,
      title: view.title,
      connection: view.connection,
      messages: this.#messages,
      locale: read(this, 'lang') ?? this.#messages.locale ?? 'en',
      onClose: () => {
        // One dialog may lead to another, which then is open already.
        if (this.#dialog === dialog) this.#dialog = undefined
        // The dialog gave the focus back to what opened it, which may be gone.
        if (this.ownerDocument.activeElement === this.ownerDocument.body) this.#button.focus()
      },
    })
    this.#dialog = dialog
  }

  /** Has screen readers read what the button or the text beside it says. */
  async #announce(state: ConnectState): Promise<void> {
    await this.#fetchNotes()
    const view = this.#view(state)
    if (view) this.#status.textContent = view.note ?? view.label
  }

  #emit<Name extends keyof KeywellConnectEvents>(
    name: Name,
    detail: KeywellConnectEvents[Name],
  ): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }))
  }
}

/** Where what writes notes could not be fetched. */
function bareNote(text: string | undefined): Note | undefined {
  return text === undefined ? undefined : { text, isAlert: true, reference: undefined, actions: [] }
}
