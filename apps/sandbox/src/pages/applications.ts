import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Env, Instance } from '../instance.ts'
import { revokeWhere } from '../oauth/tokens.ts'
import type { Application, User } from '../store/state.ts'
import { type Html, page } from './layout.ts'
import { askToSignIn } from './sign-in.ts'

/** `GET /-/user_settings/applications`: what the user has let in. */
export function applicationsPage(
  c: Context<Env>,
  instance: Instance,
): Response | Promise<Response> {
  const user = c.get('user')
  if (user === undefined) return askToSignIn(c, instance)
  const { root } = instance
  const revoked = c.req.query('revoked') !== undefined
  const body = applicationsList(root, authorizedBy(instance, user), revoked)
  return c.html(page({ title: 'Authorized applications', root, user, body }))
}

/** `POST /-/user_settings/applications/:clientId/revoke`: kills every token it has of this user. */
export function revokeApplication(c: Context<Env>, instance: Instance): Response {
  const user = c.get('user')
  if (user === undefined) return c.redirect(`${instance.root}/users/sign_in`)
  const clientId = c.req.param('clientId')
  revokeWhere(instance, (token) => token.userId === user.id && token.clientId === clientId)
  return c.redirect(`${instance.root}/-/user_settings/applications?revoked`)
}

interface Authorized {
  application: Application
  scopes: string[]
  since: number
}

function authorizedBy({ store }: Instance, user: User): Authorized[] {
  const found = new Map<string, Authorized>()
  for (const token of store.tokens()) {
    const application = store.applications.get(token.clientId)
    if (token.userId !== user.id || token.revokedAt !== null || !application) continue
    const { scopes, since } = found.get(token.clientId) ?? { scopes: [], since: token.createdAt }
    found.set(token.clientId, {
      application,
      scopes: [...new Set([...scopes, ...token.scopes])],
      since: Math.min(since, token.createdAt),
    })
  }
  return [...found.values()]
}

function applicationsList(root: string, authorized: readonly Authorized[], revoked: boolean): Html {
  return html`
      <h1>Authorized applications</h1>
      <p>These applications may use your account. Revoking one ends its access at once.</p>
      ${revoked ? html`<p class="done" role="status">The application’s access was revoked.</p>` : ''}
      ${
        authorized.length === 0
          ? html`<p class="card empty">No application has access to your account.</p>`
          : html`<ul class="applications">${authorized.map((entry) => applicationItem(root, entry))}</ul>`
      }`
}

function applicationItem(root: string, { application, scopes, since }: Authorized): Html {
  const day = new Date(since).toISOString().slice(0, 10)
  return html`
        <li class="card">
          <div>
            <h2>${application.name}</h2>
            <p class="quiet">Authorized <time datetime="${day}">${day}</time></p>
            <p>${scopes.map((scope) => html`<code>${scope}</code> `)}</p>
          </div>
          <form method="post" action="${root}/-/user_settings/applications/${application.clientId}/revoke">
            <button class="danger" aria-label="Revoke ${application.name}">Revoke</button>
          </form>
        </li>`
}
