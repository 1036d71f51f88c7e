import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { Env } from '../../instance.ts'
import { readForm } from '../../oauth/form.ts'
import type { Html } from '../../pages/layout.ts'
import { signedInAs } from './accounts.ts'
import type { Client } from './client.ts'
import type { Grants } from './grants.ts'
import { show } from './pages.ts'

export interface AuthorizationsPage {
  provider: string
  path: string
  /** Who may be signed in, the apps by their client ids, and what was given to them. */
  state: { signedIn: string; grants: Grants }
  apps: ReadonlyMap<string, Client>
}

/** The page on which a person sees which apps may use the account, and takes that back. */
export function addAuthorizations(app: Hono<Env>, page: AuthorizationsPage): void {
  const { path, state } = page
  app.get(path, (c) => render(c, page))
  app.post(path, async (c) => {
    const { client_id: clientId = '' } = await readForm(c)
    state.grants.revokeGrants({ clientId, username: signedInAs(c, state) })
    return c.redirect(path)
  })
}

function render(
  c: Context<Env>,
  { provider, path, state, apps }: AuthorizationsPage,
): Response | Promise<Response> {
  const username = signedInAs(c, state)
  const authorized = [...apps.values()].flatMap((client) => {
    const scopes = state.grants.authorized(client.clientId, username)
    return scopes === undefined ? [] : [item(path, client, [...scopes])]
  })
  const body = html`
      <h1>Authorized applications</h1>
      <p>These applications may use your account. Revoking one ends its access.</p>
      ${
        authorized.length === 0
          ? html`<p class="card">No application has access to your account.</p>`
          : html`<ul class="applications">${authorized}</ul>`
      }`
  return show(c, { provider, title: 'Authorized applications', body })
}

function item(path: string, { clientId, name }: Client, scopes: readonly string[]): Html {
  return html`
        <li class="card">
          <div>
            <h2>${name}</h2>
            <p>${scopes.map((scope) => html`<code>${scope}</code> `)}</p>
          </div>
          <form method="post" action="${path}">
            <input type="hidden" name="client_id" value="${clientId}">
            <button class="danger" aria-label="Revoke ${name}">Revoke</button>
          </form>
        </li>`
}
