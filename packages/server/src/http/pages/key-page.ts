import type { TypedMethod } from '@keywell/protocol'
import { html } from 'hono/html'
import { type KeyFormView, keyFormPath } from '../../connect/key-form-view.ts'
import { type Html, inEnglish, instanceOf, type Look, page, providerWord } from './frame.ts'
import { sentencesOf } from './problem-page.ts'
import type { ProviderTexts } from './texts/texts.ts'

/**
 * The form for a key. It works without a script, and holds no key: after one that will not do, the field is empty.
 */
export function keyPage(look: Look, view: KeyFormView): Html {
  const { error, host, state, keys } = view
  const { key } = look.texts
  const title = key.title(view.provider.title, keyTitleOf(look, view))
  const [before, app, between, instance, after] = key.place(appOf(look, view), instanceOf(host))
  return page(look, {
    title: error === null ? title : key.refused(title),
    body: html`<h1>${title}</h1>
      <p class="lead">${before}${app === null ? '' : html`<strong>${app}</strong>`}${between}<strong>${instance}</strong>${after}</p>
      ${choiceOf(look, view)} ${howTo(look, view)} ${scopeList(look, view)}
      ${error === null ? '' : html`<div class="error" role="alert" id="error">${sentencesOf(look, error)}</div>`}
      <form method="post" action="${keyFormPath}" autocomplete="off">
        <input type="hidden" name="state" value="${state}" />
        <input type="hidden" name="method" value="${keys.id}" />
        ${keys.fields.map((field) => keyField(look, view, field))}
        <p class="hint" id="hint">
          ${key.hint(instanceOf(host), appOf(look, view) ?? look.appearance.name ?? '')}
        </p>
        <p class="acts">
          <button>${key.submit}</button>
          <button name="cancel" value="yes" formnovalidate>${key.cancel}</button>
        </p>
      </form>`,
  })
}

function appOf({ appearance }: Look, { app }: KeyFormView): string | null {
  return appearance.name ?? app
}

/** They are of the provider's first keys. */
function wordsOf({ texts }: Look, { provider, isFirst }: KeyFormView): ProviderTexts | undefined {
  if (!isFirst) return undefined
  return Object.hasOwn(texts.providers, provider.name) ? texts.providers[provider.name] : undefined
}

function keyTitleOf(look: Look, view: KeyFormView): string {
  return wordsOf(look, view)?.keyTitle ?? view.keys.title
}

/** Links, so that another key is chosen without a script. */
function choiceOf(look: Look, { choices, keys, provider, state }: KeyFormView) {
  if (choices.length < 2) return ''
  const { key } = look.texts
  return html`<nav aria-label="${key.choice(provider.title)}">
    <p class="group">${key.choice(provider.title)}</p>
    <ul class="presets">
      ${choices.map(
        ({ id, title }) =>
          html`<li><a href="${keyFormPath}?${String(new URLSearchParams({ state, method: id }))}"${id === keys.id ? html` aria-current="true"` : ''}>${inEnglish(look.texts, title)}</a></li>`,
      )}
    </ul>
  </nav>`
}

function howTo(look: Look, view: KeyFormView) {
  const { keysPage, host, account, keys } = view
  const { key } = look.texts
  const steps =
    wordsOf(look, view)?.keySteps ?? keys.steps.map((step) => inEnglish(look.texts, step))
  const [first, ...more] = steps
  const which = account === null ? '' : html`${key.account} <strong>${account}</strong>.`
  return html`<ol>
    <li>
      <a href="${keysPage.href}" target="_blank" rel="noopener noreferrer"
        >${key.make(keyTitleOf(look, view), instanceOf(host))}</a
      >
      ${key.newTab} ${first} ${which}
    </li>
    ${more.map((step) => html`<li>${step}</li>`)}
    <li>${key.paste}</li>
  </ol>`
}

function scopeList({ texts }: Look, { scopes, provider }: KeyFormView) {
  if (scopes.length === 0) return ''
  return html`<h2>${texts.key.scopes}</h2>
    <ul>
      ${scopes.map(
        ({ name, sentence }) =>
          html`<li><code>${name}</code>: ${providerWord(texts, provider.name, 'scopes', { name, text: sentence })}</li>`,
      )}
    </ul>`
}

function keyField(look: Look, view: KeyFormView, field: TypedMethod['fields'][number]) {
  const { name, label, secret, multiline = false, optional = false, help } = field
  const { error, wrongField, keys } = view
  const { texts } = look
  const words = wordsOf(look, view)
  const id = `field-${name}`
  const isWrong = error !== null && (wrongField === null || wrongField === name)
  const isFirst = name === (wrongField ?? keys.fields[0]?.name)
  const described = [isWrong && 'error', help !== undefined && `help-${name}`, 'hint']
  const attributes = html`id="${id}"
      name="${name}"
      ${optional ? '' : 'required'}
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      aria-describedby="${described.filter((each) => each !== false).join(' ')}"
      ${isWrong ? html`aria-invalid="true"${isFirst ? ' autofocus' : ''}` : ''}`
  return html`<div class="field">
    <label for="${id}">${words?.keyLabels?.[name] ?? inEnglish(texts, label)}${optional ? ` ${texts.key.optional}` : ''}</label>
    ${multiline ? html`<textarea rows="6" maxlength="20000" ${attributes}></textarea>` : html`<input type="${secret ? 'password' : 'text'}" maxlength="5000" ${attributes} />`}
    ${help === undefined ? '' : html`<p class="hint" id="help-${name}">${words?.keyHelp?.[name] ?? inEnglish(texts, help)}</p>`}
  </div>`
}
