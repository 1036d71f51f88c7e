import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Env } from '../../instance.ts'
import { show } from './pages.ts'

export interface HomePage {
  /** `GitHub`. */
  provider: string
  /** Usernames of those who may sign in. Default: nobody does. */
  usernames?: readonly string[]
  /** What a person can do here. */
  links?: readonly { path: string; text: string }[]
  /** What stands where of the real one, for a program: `Token`, and the URL. */
  addresses: Readonly<Record<string, string>>
}

/** `GET /`: what this is, and what one can do here. */
export function homePage(
  c: Context<Env>,
  { provider, usernames = [], links = [], addresses }: HomePage,
): Response | Promise<Response> {
  const username = c.get('username')
  const list = usernames.map((each, index) => html`${index === 0 ? '' : ', '}<code>${each}</code>`)
  const signIn =
    username === undefined
      ? html`<li><a href="/sign_in">Sign in</a> as ${list}; the password is on the page.</li>`
      : html`<li>You are signed in as <strong>${username}</strong>.</li>`
  const body = html`
      <h1>A stand-in for ${provider}</h1>
      <p class="lead">This server answers as ${provider} does, as far as an integration meets it, so that one can be
        built and tested without an account. Its people and all that they have are made up.</p>
      <div class="card">
        <h2>For you</h2>
        <ul>
          ${usernames.length === 0 ? '' : signIn}
          ${links.map(({ path, text }) => html`<li><a href="${path}">${text}</a></li>`)}
        </ul>
      </div>
      <div class="card">
        <h2>For your program</h2>
        <dl>${Object.entries(addresses).map(
          ([name, url]) => html`
          <dt>${name}</dt><dd><code>${url}</code></dd>`,
        )}
        </dl>
      </div>`
  return show(c, { provider, title: 'Home', body })
}
