import type { KeyField } from '@keywell/protocol'
import { html } from 'hono/html'
import { type KeyFormView, keyFormPath } from '../connect/key-form-view.ts'

/**
 * What differs from the headers of every answer: the page may post its form here, and says to this service that it
 * did. Without a referrer policy that allows it, browsers send `Origin: null`.
 */
export const keyPageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
}

/**
 * The form for a key. It works without a script, and holds no key: after one that will not do, the field is empty.
 */
export function keyPage(view: KeyFormView): ReturnType<typeof html> {
  const { provider, keys, error } = view
  const title = `Connect ${provider.title} with a ${keys.title}`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${error === null ? title : `Not accepted: ${title}`}</title>
        <link rel="stylesheet" href="/connect/style.css" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>For <strong>${view.app}</strong>, at <strong>${instanceOf(view.host)}</strong>.</p>
          ${howTo(view)} ${scopeList(view)} ${error === null ? '' : problem(error)}
          <form method="post" action="${keyFormPath}" autocomplete="off">
            <input type="hidden" name="state" value="${view.state}" />
            ${keys.form.fields.map((field) => keyField(field, error !== null))}
            <p class="hint" id="hint">
              It is checked at ${instanceOf(view.host)} and kept encrypted. The page of ${view.app}
              does not see it.
            </p>
            <p class="acts">
              <button>Connect</button>
              <button name="cancel" value="yes" formnovalidate>Cancel</button>
            </p>
          </form>
        </main>
      </body>
    </html>`
}

function howTo({ keys, keysPage, host, account }: KeyFormView) {
  const [first, ...more] = keys.form.steps
  const which =
    account === null
      ? ''
      : html`The account that is connected already is <strong>${account}</strong>.`
  return html`<ol>
    <li>
      <a href="${keysPage.href}" target="_blank" rel="noopener noreferrer"
        >Make a ${keys.title} at ${instanceOf(host)}</a
      >
      (opens in a new tab). ${first} ${which}
    </li>
    ${more.map((step) => html`<li>${step}</li>`)}
    <li>Paste it here.</li>
  </ol>`
}

function scopeList({ scopes }: KeyFormView) {
  return html`<h2>Scopes to tick</h2>
    <ul>
      ${scopes.map(({ name, sentence }) => html`<li><code>${name}</code>: ${sentence}</li>`)}
    </ul>`
}

function problem({ detail, nextStep }: NonNullable<KeyFormView['error']>) {
  return html`<div class="error" role="alert" id="error">
    <p>${detail}</p>
    <p>${nextStep}</p>
  </div>`
}

function keyField({ name, label }: KeyField, isRefused: boolean) {
  const id = `field-${name}`
  return html`<label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${name}"
      type="password"
      required
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      maxlength="5000"
      aria-describedby="${isRefused ? 'error hint' : 'hint'}"
      ${isRefused ? html`aria-invalid="true" autofocus` : ''}
    />`
}

/** Host and relative root, without the scheme. */
function instanceOf(host: string): string {
  return host.replace(/^https?:\/\//, '')
}
