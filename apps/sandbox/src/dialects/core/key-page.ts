import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Env } from '../../instance.ts'
import type { Html } from '../../pages/layout.ts'
import { show } from './pages.ts'

/** A page on which a person makes a key. */
export interface KeyPage {
  /** `Buildkite`. */
  provider: string
  /** `API access token`. */
  what: string
  /** Where the form goes: the page itself. */
  action: string
  /** What a key may be allowed to do; none: it is not asked. */
  scopes: readonly string[]
  /** Those that are ticked at first. */
  ticked: readonly string[]
}

/** What is copied, by its label. */
export type Made = Readonly<Record<string, string>>

export function keyPage(c: Context<Env>, page: KeyPage): Response | Promise<Response> {
  const { provider, what, action, scopes, ticked } = page
  const body = html`
      <div class="card narrow">
        <h1>New ${what}</h1>
        <p>Whoever has it may use your account as far as it is allowed below.</p>
        <form method="post" action="${action}">
          <fieldset>
            <legend>What it may do</legend>
            <ul class="boxes">${scopes.map(
              (scope) => html`
              <li><label><input type="checkbox" name="scope" value="${scope}"${ticked.includes(scope) ? ' checked' : ''}> <code>${scope}</code></label></li>`,
            )}
            </ul>
          </fieldset>
          <button class="primary wide">Make it</button>
        </form>
      </div>`
  return show(c, { provider, title: `New ${what}`, body })
}

/** The key, to be copied: a person with the keyboard comes to a field, and all of it is selected. */
export function madePage(
  c: Context<Env>,
  { provider, what }: Pick<KeyPage, 'provider' | 'what'>,
  made: Made,
): Response | Promise<Response> {
  const body = html`
      <div class="card narrow">
        <h1>Your new ${what}</h1>
        <p class="done" role="status">Copy it now: it is shown only once.</p>
        ${copyFields(made)}
      </div>`
  return show(c, { provider, title: `Your new ${what}`, body })
}

/** @param id begins the ids of the fields. */
export function copyFields(made: Made, id = 'made'): Html[] {
  return Object.entries(made).map(
    ([label, value], index) => html`
        <div class="field">
          <label for="${id}-${index}">${label}</label>
          <input id="${id}-${index}" class="copied" value="${value}" readonly>
        </div>`,
  )
}
