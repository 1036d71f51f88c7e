import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Env, Instance } from '../instance.ts'
import { page } from './layout.ts'

export function notFoundPage(c: Context<Env>, { root }: Instance): Response | Promise<Response> {
  const body = html`
      <div class="card narrow">
        <h1>Nothing is here</h1>
        <p><a href="${root}/">Go to the home page</a></p>
      </div>`
  return c.html(page({ title: 'Not found', root, user: c.get('user'), body }), 404)
}
