// https://www.algolia.com/doc/guides/security/api-keys#where-to-find-your-api-keys
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Env } from '../../instance.ts'
import type { Html } from '../../pages/layout.ts'
import { homePage } from '../core/home.ts'
import { copyFields } from '../core/key-page.ts'
import { problemPage, show } from '../core/pages.ts'
import type { Application, State } from './state.ts'

const provider = 'Algolia'
const keysPath = '/account/api-keys'

/** What is served at `dashboard.algolia.com`. Everybody here is an administrator, so nobody signs in. */
export function dashboard(state: State): void {
  const text = 'Page not found'
  state.wire
    .app('dashboard', (c) => problemPage(c, { provider, title: '404', text }, 404))
    .get('/', (c) =>
      homePage(c, {
        provider,
        links: [{ path: keysPath, text: 'Copy an application ID and an API key' }],
        addresses: Object.fromEntries(
          state.applications.map(({ id, origin }) => [id, state.wire.url(origin)]),
        ),
      }),
    )
    .get(keysPath, (c) => keysPage(c, state))
}

function keysPage(c: Context<Env>, { applications }: State): Response | Promise<Response> {
  const body = html`
      <h1>API keys</h1>
      <p class="lead">Each application has its own. The search key may search and list indices.</p>
      ${applications.map(keysOf)}`
  return show(c, { provider, title: 'API keys', body })
}

function keysOf({ id, keys }: Application, index: number): Html {
  const search = [...keys.values()].find(({ admin }) => !admin)?.value ?? ''
  return html`
      <section class="card" aria-labelledby="application-${index}">
        <h2 id="application-${index}">${id}</h2>
        ${copyFields({ 'Application ID': id, 'Search API key': search }, id)}
      </section>`
}
