import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Env } from '../../instance.ts'
import { avatar, type Html } from '../../pages/layout.ts'
import { contentSecurityPolicy } from '../../pages/security.ts'

export interface ConsentPage {
  /** `GitHub`. */
  provider: string
  /** The heading. */
  title: string
  /** Who is signed in. */
  account: string
  /** What the app will be able to do, one line each. */
  permissions: readonly string[]
  /** Where the form goes, and what goes with it. */
  action: string
  fields: Readonly<Record<string, string | undefined>>
  /** Something to pick with the decision. */
  choice?: { label: string; name: string; options: readonly string[] }
  /** Default: `Authorize`. */
  approve?: string
  /** Where the answer leads. */
  target?: string | undefined
}

/** The page on which a person decides. */
export function consentPage(c: Context<Env>, page: ConsentPage): Response | Promise<Response> {
  const { title, account, permissions, action, fields, choice, target } = page
  const { approve = 'Authorize' } = page
  const body = html`
      <div class="card narrow">
        <h1>${title}</h1>
        <p class="account">${avatar({ name: account })}<span>Signed in as <strong>${account}</strong></span></p>
        <ul class="scopes">${permissions.map(
          (line) => html`
          <li><code>${line}</code></li>`,
        )}
        </ul>
        ${target === undefined ? '' : html`<p class="quiet">Afterwards you go back to <strong>${new URL(target).host}</strong>.</p>`}
        <form method="post" action="${action}" class="actions">
          ${Object.entries(fields).map(([name, value]) =>
            value === undefined ? '' : html`<input type="hidden" name="${name}" value="${value}">`,
          )}
          ${choice === undefined ? '' : picker(choice)}
          <button class="primary" name="decision" value="approve">${approve}</button>
          <button name="decision" value="deny">Cancel</button>
        </form>
      </div>`
  return show(c, { provider: page.provider, title, body, target })
}

function picker({ label, name, options }: NonNullable<ConsentPage['choice']>): Html {
  return html`<label>${label} <select name="${name}">${options.map(
    (option) => html`<option>${option}</option>`,
  )}</select></label>`
}

/** A page with one field, for the code that a device shows. */
export function codePage(
  c: Context<Env>,
  { provider, action, code }: { provider: string; action: string; code: string | undefined },
): Response | Promise<Response> {
  const body = html`
      <div class="card narrow">
        <h1>Connect a device</h1>
        <form method="post" action="${action}" class="actions">
          <label>Code <input name="user_code" value="${code ?? ''}" autocomplete="off" required></label>
          <button class="primary">Continue</button>
        </form>
      </div>`
  return show(c, { provider, title: 'Connect a device', body })
}

export interface MessagePage {
  provider: string
  title: string
  text: string
}

/** A page that says something and asks nothing. */
export function messagePage(
  c: Context<Env>,
  { provider, title, text }: MessagePage,
): Response | Promise<Response> {
  const body = html`
      <div class="card narrow">
        <h1>${title}</h1>
        <p role="status">${text}</p>
      </div>`
  return show(c, { provider, title, body })
}

/** So too, when a request cannot be answered otherwise. */
export function problemPage(
  c: Context<Env>,
  { provider, title, text }: MessagePage,
  status: 200 | 400 | 404 = 200,
): Response | Promise<Response> {
  c.status(status)
  const body = html`
      <div class="card narrow">
        <h1>${title}</h1>
        <p class="problem" role="alert">${text}</p>
      </div>`
  return show(c, { provider, title, body })
}

export interface Page {
  provider: string
  title: string
  body: Html
  /** Where a form of the page may lead in the end. */
  target?: string | undefined
}

/** The frame that every page has: whose stand-in it is, who is signed in, one column, a note on what this is. */
export function show(
  c: Context<Env>,
  { provider, title, body, target }: Page,
): Response | Promise<Response> {
  c.header('Content-Security-Policy', contentSecurityPolicy(target))
  c.header('X-Frame-Options', 'DENY')
  c.header('X-Content-Type-Options', 'nosniff')
  c.header('Referrer-Policy', 'same-origin')
  c.header('Cache-Control', 'no-store')
  return c.html(html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · ${provider} stand-in</title>
    <link rel="stylesheet" href="/assets/sandbox.css">
    <link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
  </head>
  <body>
    <header class="bar">
      <a class="brand" href="/"><img src="/assets/mark.svg" alt="" width="28" height="28">${provider} stand-in</a>
      ${signOut(c.get('username'))}
    </header>
    <main>${body}</main>
    <footer class="foot">
      <p>A stand-in for development and tests. It is not ${provider}, and nothing here is real.</p>
    </footer>
  </body>
</html>`)
}

function signOut(username: string | undefined): Html | string {
  if (username === undefined) return ''
  return html`<nav aria-label="Account">
        <form method="post" action="/sign_out"><button class="link">Sign out ${username}</button></form>
      </nav>`
}
