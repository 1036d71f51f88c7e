// https://buildkite.com/docs/apis/managing-api-tokens
import type { Hono } from 'hono'
import type { Env } from '../../instance.ts'
import { signedInAs } from '../core/accounts.ts'
import { keyPage, madePage } from '../core/key-page.ts'
import { type State, scopes } from './state.ts'

const [provider, what] = ['Buildkite', 'API access token']
/** So that a person with nothing else in mind finds something to read. */
const ticked = ['read_user', 'read_organizations']

/** The page on which a person makes a token, for all organisations that they are in. */
export function addTokenPage(app: Hono<Env>, state: State, path: string): void {
  app.get(path, (c) => keyPage(c, { provider, what, action: path, scopes, ticked }))
  app.post(path, async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const email = signedInAs(c, state)
    const token = state.create({
      email,
      scopes: form.getAll('scope').filter((scope) => scopes.includes(scope)),
      organizations: state.user(email)?.organizations ?? [],
      description: 'Made on this page',
      expiresAt: null,
    })
    return await madePage(c, { provider, what }, { 'API access token': token })
  })
}
