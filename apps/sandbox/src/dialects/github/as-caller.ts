import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { type Caller, callerOf, scopesOf, shownToken } from './caller.ts'
import { badCredentials, restError } from './rest-error.ts'
import type { State } from './state.ts'

/** Does what a living token of any kind may ask for. */
export function asAnyone(
  c: Context<Env>,
  state: State,
  work: (caller: Caller) => Response,
): Response {
  const token = shownToken(c)
  if (token === undefined) return restError(c, 401, 'Requires authentication')
  const caller = callerOf(state, token)
  if (caller === undefined) return badCredentials(c)
  // https://github.com/octokit/octokit.rb/pull/1307 has the text
  if (caller.kind === 'installation' && caller.installation.suspendedAt !== null) {
    return restError(c, 403, 'This installation has been suspended')
  }
  describeToken(c, caller)
  return work(caller)
}

export type UserCaller = Exclude<Caller, { kind: 'installation' }>

/** An installation is no user: "Resource not accessible by integration". */
export function asUser(
  c: Context<Env>,
  state: State,
  work: (caller: UserCaller) => Response,
): Response {
  return asAnyone(c, state, (caller) =>
    caller.kind === 'installation'
      ? restError(c, 403, 'Resource not accessible by integration')
      : work(caller),
  )
}

/** Headers about the token: scopes of a classic one, and the end of a personal one that has an end. */
function describeToken(c: Context<Env>, caller: Caller): void {
  const scopes = scopesOf(caller)
  // .../scopes-for-oauth-apps: `X-OAuth-Scopes: repo, user`
  if (scopes !== undefined) c.header('X-OAuth-Scopes', scopes.join(', '))
  c.header('X-Accepted-OAuth-Scopes', '')
  if (caller.kind !== 'personal' || caller.expiresAt === null) return
  // https://github.blog/changelog/2021-07-26-expiration-options-for-personal-access-tokens
  const ends = new Date(caller.expiresAt).toISOString()
  c.header(
    'GitHub-Authentication-Token-Expiration',
    `${ends.slice(0, 10)} ${ends.slice(11, 19)} UTC`,
  )
}
