// https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens
import type { Hono } from 'hono'
import type { Env } from '../../instance.ts'
import { signedInAs } from '../core/accounts.ts'
import { keyPage, madePage } from '../core/key-page.ts'
import { randomText } from '../core/random.ts'
import { normalize } from './scopes.ts'
import type { State } from './state.ts'

export interface PersonalAccessTokenInput {
  login: string
  /** Null: it is fine-grained. */
  scopes: readonly string[] | null
  lifetimeSeconds?: number
}

const [provider, what] = ['GitHub', 'personal access token']
/** Some of those that there are. */
const offered = ['repo', 'public_repo', 'gist', 'notifications', 'read:user', 'user', 'read:org']

/** The page on which a person makes a classic token; an app names what it needs in the address. */
export function addTokenPage(app: Hono<Env>, state: State, path: string): void {
  app.get(path, (c) => {
    const ticked = (c.req.query('scopes') ?? '').split(',').filter((scope) => scope !== '')
    const scopes = [...new Set([...offered, ...ticked])]
    return keyPage(c, { provider, what, action: path, scopes, ticked })
  })
  app.post(path, async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const login = signedInAs(c, state)
    const scopes = normalize(form.getAll('scope'))
    const token = createPersonalAccessToken(state, { login, scopes })
    return await madePage(c, { provider, what }, { 'Personal access token': token })
  })
}

export function createPersonalAccessToken(state: State, input: PersonalAccessTokenInput): string {
  const { login, scopes, lifetimeSeconds = null } = input
  const token = scopes === null ? `github_pat_${randomText(82)}` : `ghp_${randomText(36)}`
  const expiresAt = state.clock.after(lifetimeSeconds)
  state.personalAccessTokens.set(token, { login, scopes, expiresAt, revoked: false })
  return token
}
