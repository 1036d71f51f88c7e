import type { Connection } from '@keywell/protocol'
import {
  asConnectError,
  type ConnectTarget,
  chooseScopes,
  compareScopes,
  type KeywellClient,
  offeredPresets,
  presetOf,
  readScopeOptions,
  type ScopeOptions,
  type ScopeRow,
  scopeRows,
  toggleScope,
  toolsThrough,
} from '../core/index.ts'
import { own } from '../own.ts'
import { changeOf, firstChoice, offerFor, type ScopeWishes, summaryOf } from '../scope-view.ts'
import { type Wording, wordingOf } from '../scope-words.ts'
import type { ScopeTexts } from '../texts/scopes.ts'
import { fill } from '../texts/texts.ts'
import { make, makeButton, replaceChildren, setAttributes } from './dom.ts'

export interface ScopePicker extends ScopeWishes {
  client: KeywellClient
  target: ConnectTarget
  /** Title of the provider. */
  title: string
  texts: ScopeTexts
  /** Language tag that lists are written in. */
  locale: string
  /** Gets the choice, once it is known what can be chosen, and at each change. */
  onChange: (scopes: readonly string[]) => void
}

/** Draws the same fieldset as `ScopePicker` of React, reads what can be chosen, and fills it in. */
export function makeScopePicker(picker: ScopePicker): HTMLFieldSetElement {
  const { client, target, connection, title, tools } = picker
  const { scopes: texts } = picker.texts
  const values = { provider: title }
  const legend = make('legend', {}, fill(texts.legend, values))
  const notice = make('p', { role: 'status', 'data-keywell-note': '' })
  const root = make('fieldset', { tabindex: '-1', 'data-keywell-scope-picker': '' }, legend)

  function show(state: string, ...content: Node[]): void {
    setAttributes(root, { 'data-state': state, 'aria-busy': `${state === 'loading'}` })
    const hadFocus = root.contains(document.activeElement)
    root.replaceChildren(legend, ...content)
    // The button that tried again is gone, and with it the focus.
    if (hadFocus && !root.contains(document.activeElement)) root.focus()
  }

  function say(state: string, text: string): void {
    notice.textContent = fill(text, values)
    show(state, notice)
  }

  async function read(): Promise<void> {
    const { provider, host = connection?.host } = target
    try {
      const offers = await readScopeOptions(client, { host, connectionId: connection?.id })
      const found = offers.find(({ name }) => name === provider)
      const offer = found && offerFor(found, tools)
      if (offer) show('ready', ...drawChoice(offer, picker))
      else if (found) say('ready', texts.nothing)
      else say('missing', texts.missing)
    } catch (thrown) {
      showError(asConnectError(thrown).code === 'unauthorized' ? texts.signedOut : texts.failed)
    }
  }

  function showError(text: string): void {
    const retry = makeButton(texts.retry, () => {
      if (retry.ariaBusy === 'true') return
      retry.ariaBusy = retry.ariaDisabled = 'true'
      void read()
    })
    const alert = make('p', { role: 'alert' }, text)
    show('error', make('div', { 'data-keywell-scope-error': '' }, alert, retry))
  }

  say('loading', texts.loading)
  void read()
  return root
}

/** What the parts of a choice share. */
interface Choice {
  readonly offer: ScopeOptions
  readonly connection: Connection | undefined
  readonly texts: ScopeTexts['scopes']
  readonly wording: Wording
  readonly locale: string
  chosen: readonly string[]
  /** The user chose "my own choice", even where the scopes equal a preset. */
  isOwn: boolean
  readonly pick: (scopes: readonly string[]) => void
}

/** A part that stays in the page, with what brings it up to date. So no choice loses the focus. */
interface Part {
  readonly element: Element
  readonly update: () => void
}

/** Presets, then the scopes in their groups, then what the choice means. */
function drawChoice(offer: ScopeOptions, picker: ScopePicker): Element[] {
  const { connection, texts, locale, tools, onChange } = picker
  const choice: Choice = {
    offer,
    connection,
    texts: texts.scopes,
    wording: wordingOf(own(texts.scopeWords, offer.name)),
    locale,
    chosen: firstChoice(offer, picker),
    isOwn: false,
    pick(scopes) {
      choice.chosen = scopes
      for (const { update } of parts) update()
      onChange(scopes)
    },
  }
  const parts: Part[] = [
    ...drawPresets(choice),
    ...scopeRows(offer, choice.chosen).map((group) => drawGroup(choice, group.name)),
    ...drawChanges(choice),
    drawSummary(choice, tools !== undefined),
  ]
  choice.pick(choice.chosen)
  return parts.map(({ element }) => element)
}

/** Choices that are offered as one, as radios; the last of them is that the user chooses each scope. */
function drawPresets(choice: Choice): Part[] {
  const { offer, texts, wording, pick } = choice
  const presets = offeredPresets(offer)
  if (presets.length === 0) return []
  const ownChoice = { name: undefined, title: texts.own, sentence: texts.ownSentence }
  const radios = [...presets.map((one) => ({ ...one, ...wording.preset(one) })), ownChoice].map(
    ({ name, title, sentence }, place) => {
      const id = `keywell-preset-${place}`
      const radio = make('input', {
        type: 'radio',
        // Of no form: what is chosen by it are the checkboxes.
        form: '',
        name: 'keywell-preset',
        'aria-labelledby': id,
        'aria-describedby': `${id}-sentence`,
      })
      radio.addEventListener('change', () => {
        const preset = presets.find((one) => one.name === name)
        choice.isOwn = preset === undefined
        pick(preset ? chooseScopes(offer, preset.scopes) : choice.chosen)
      })
      const words = make(
        'span',
        {},
        make('strong', { id }, title),
        make('small', { id: `${id}-sentence` }, sentence),
      )
      return { name, radio, label: make('label', { 'data-keywell-preset': '' }, radio, words) }
    },
  )
  return [
    {
      element: make(
        'fieldset',
        { 'data-keywell-presets': '' },
        make('legend', {}, texts.presets),
        ...radios.map(({ label }) => label),
      ),
      update() {
        const current = choice.isOwn ? undefined : presetOf(offer, choice.chosen)?.name
        for (const { name, radio } of radios) radio.checked = name === current
      },
    },
  ]
}

function drawGroup(choice: Choice, name: string): Part {
  const rowsNow = () => scopeRows(choice.offer, choice.chosen).find((one) => one.name === name)
  const group = rowsNow()
  const rows = (group?.rows ?? []).map(({ scope }) => drawRow(choice, scope))
  return {
    element: make(
      'fieldset',
      { 'data-keywell-scope-group': name },
      group && make('legend', {}, choice.wording.group(group)),
      ...rows.map(({ element }) => element),
    ),
    update() {
      for (const [place, row] of (rowsNow()?.rows ?? []).entries()) rows[place]?.update(row)
    },
  }
}

type Scope = ScopeOptions['scopes'][number]

/** One scope: whether it is chosen, in one sentence what it allows, its risk, and the tools that need it. */
function drawRow(
  choice: Choice,
  scope: Scope,
): { readonly element: Element; readonly update: (row: ScopeRow<Scope>) => void } {
  const id = `keywell-scope-${scope.name}`
  const box = make('input', {
    type: 'checkbox',
    id,
    value: scope.name,
    'aria-describedby': `${id}-facts`,
  })
  box.addEventListener('change', () => {
    choice.pick(toggleScope(choice.offer, choice.chosen, scope.name))
  })
  const facts = make('p', { id: `${id}-facts`, 'data-keywell-scope-facts': '' })
  const summary = make('summary')
  const list = make('dl')
  const tools = make('details', { 'data-keywell-tools': '' }, summary, list)
  const label = make('label', { for: id }, choice.wording.scope(scope))
  const element = make('div', { 'data-keywell-scope': scope.name }, box, label, facts)
  return {
    element,
    update(row) {
      const { state } = row
      const isFixed = state === 'required' || state === 'included'
      box.checked = state !== 'open'
      // Not `disabled`: the keys still lead to it, and a screen reader says why it is fixed.
      setAttributes(box, { 'aria-disabled': isFixed })
      setAttributes(element, { 'data-state': state })
      replaceChildren(facts, ...factsOf(choice, row))
      const names = toolsThrough(choice.offer, choice.chosen, scope.name)
      if (names.length === 0 || state === 'included') tools.remove()
      else if (!tools.parentNode) element.append(tools)
      const text = state === 'open' ? choice.texts.adds : choice.texts.without
      summary.textContent = fill(text, { count: String(names.length) })
      replaceChildren(list, ...toolsIn(choice, names))
    },
  }
}

/** Risk, name, why it is fixed, and what becomes of it for the connection that is there. */
function factsOf(choice: Choice, row: ScopeRow<Scope>): (Node | string)[] {
  const { texts, locale } = choice
  const { scope, state, includedBy } = row
  const list = new Intl.ListFormat(locale).format(includedBy)
  const change = changeOf(row, choice)
  const tag = (text: string, kind = '') => make('span', { 'data-keywell-tag': kind }, text)
  const facts = [
    make('span', { 'data-keywell-risk': scope.risk }, texts[scope.risk]),
    ...(state === 'required' ? [tag(texts.required)] : []),
    ...(state === 'included' ? [tag(fill(texts.included, { list }))] : []),
    ...(change ? [tag(texts[change], change)] : []),
    make('code', {}, scope.name),
  ]
  return facts.flatMap((fact) => [fact, ' '])
}

function toolsIn({ offer, wording }: Choice, names: readonly string[]): Element[] {
  const tools = offer.tools.filter(({ name }) => names.includes(name))
  return wording
    .areas(tools)
    .map((area) =>
      make('div', {}, make('dt', {}, area.title), make('dd', {}, area.tools.join(', '))),
    )
}

/** For a connection that is there: what the choice leaves, adds and takes away. */
function drawChanges(choice: Choice): Part[] {
  const { offer, connection, texts, locale } = choice
  if (connection === undefined) return []
  const title = make('strong', { id: 'keywell-scope-changes' }, texts.changes)
  const list = make('dl', { 'data-keywell-facts': '' })
  const same = make('p', { 'data-keywell-note': '' }, texts.same)
  const group = { role: 'group', 'aria-labelledby': title.id, 'data-keywell-scope-changes': '' }
  const element = make('div', group, title, list)
  return [
    {
      element,
      update() {
        const { chosen } = choice
        const changes = compareScopes(offer, { granted: connection.scopes, chosen })
        const kinds = (['kept', 'added', 'removed'] as const).filter((kind) => changes[kind].length)
        const rows = kinds.map((kind) => {
          const names = new Intl.ListFormat(locale).format(changes[kind])
          const value = make('dd', {}, make('code', {}, names))
          return make('div', { 'data-keywell-change': kind }, make('dt', {}, texts[kind]), value)
        })
        replaceChildren(list, ...rows)
        if (changes.added.length + changes.removed.length > 0) same.remove()
        else element.append(same)
      },
    },
  ]
}

/** What works with this choice, read by screen readers whenever it changes. */
function drawSummary(choice: Choice, isForTools: boolean): Part {
  const element = make('p', { role: 'status', 'data-keywell-note': '' })
  return {
    element,
    update() {
      const { text, isWarning } = summaryOf(choice, { ...choice, isForTools })
      setAttributes(element, { 'data-keywell-summary': isWarning ? 'warning' : '' })
      if (element.textContent !== text) element.textContent = text
    },
  }
}
