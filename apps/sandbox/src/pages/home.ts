import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Env, Instance } from '../instance.ts'
import { page } from './layout.ts'

/** `GET /`: what this is, and what one can do here. */
export function homePage(
  c: Context<Env>,
  { root, url, store }: Instance,
): Response | Promise<Response> {
  const user = c.get('user')
  const people = [...store.users.values()]
  const body = html`
      <h1>A stand-in for GitLab</h1>
      <p class="lead">This server behaves like GitLab’s OAuth server and a small part of its API, so that an
        integration can be built and tested without an account. Its people and projects are made up.</p>
      <div class="card">
        <h2>For you</h2>
        <ul>
          ${
            user === undefined
              ? html`<li><a href="${root}/users/sign_in">Sign in</a> as ${people.map((person, index) => html`${index === 0 ? '' : ', '}<code>${person.username}</code>`)}; the password is on the page.</li>`
              : html`<li>You are signed in as <strong>${user.name}</strong> (@${user.username}).</li>`
          }
          <li>See which applications have access, and revoke them, on the <a href="${root}/-/user_settings/applications">Applications page</a>.</li>
        </ul>
      </div>
      <div class="card">
        <h2>For your program</h2>
        <dl>
          <dt>Authorize</dt><dd><code>${url()}/oauth/authorize</code></dd>
          <dt>Token</dt><dd><code>${url()}/oauth/token</code></dd>
          <dt>API</dt><dd><code>${url()}/api/v4</code></dd>
          <dt>Discovery</dt><dd><a href="${root}/.well-known/openid-configuration"><code>${url()}/.well-known/openid-configuration</code></a></dd>
        </dl>
      </div>`
  return c.html(page({ title: 'Home', root, user, body }))
}
