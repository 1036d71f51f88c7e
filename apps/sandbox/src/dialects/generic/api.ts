// https://datatracker.ietf.org/doc/html/rfc6750, https://datatracker.ietf.org/doc/html/rfc7617
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { readBasic } from '../../oauth/client.ts'
import { invalidToken } from './openid.ts'
import type { State } from './state.ts'

/** An API at an origin of its own, which takes a token, a key, or a user name and a password. */
export function api(state: State): void {
  state.wire
    .app('api', (c) => c.json({ error: 'not_found' }, 404))
    .get('/account', (c) => account(c, state))
}

function account(c: Context<Env>, state: State): Response {
  const username = callerOf(c, state)
  if (username instanceof Response) return username
  const user = state.user(username)
  return c.json({ id: user?.sub, name: user?.name })
}

/** The name of the user, or why there is none. */
function callerOf(c: Context<Env>, { grants, keys, passwords, options }: State): string | Response {
  const key = c.req.header(options.keyHeader)
  if (key !== undefined) return keys.get(key) ?? c.json({ error: 'invalid_key' }, 401)
  const authorization = c.req.header('authorization') ?? ''
  const basic = readBasic(authorization)
  if (basic !== undefined) {
    const { clientId: username, clientSecret: password } = basic
    if (password !== undefined && passwords.get(username) === password) return username
    c.header('WWW-Authenticate', 'Basic realm="generic"')
    return c.json({ error: 'invalid_password' }, 401)
  }
  const [, token = ''] = authorization.split(' ')
  return grants.active(token)?.grant.username ?? invalidToken(c)
}
