// https://learn.microsoft.com/en-us/graph/api/user-get
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import type { State } from './state.ts'

/** What is served at `graph.microsoft.com`. */
export function graph(state: State): void {
  state.wire
    .app('graph', (c) => refuse(c, 404, 'ResourceNotFound', 'Resource not found.'))
    .get('/v1.0/me', (c) => me(c, state))
}

// https://learn.microsoft.com/en-us/graph/errors
function me(c: Context<Env>, state: State): Response {
  const [, token = ''] = (c.req.header('authorization') ?? '').split(' ')
  const found = state.bearer(token, 'graph')
  if (found !== undefined) {
    const { oid, name, email } = found.user
    return c.json({ id: oid, displayName: name, userPrincipalName: email, mail: email })
  }
  const why =
    state.resources.get(token) === 'azure_devops'
      ? 'Access token validation failure. Invalid audience.'
      : 'Lifetime validation failed, the token is expired.'
  return refuse(c, 401, 'InvalidAuthenticationToken', why)
}

function refuse(c: Context, status: 401 | 404, code: string, message: string): Response {
  return c.json({ error: { code, message } }, status)
}
