// https://datatracker.ietf.org/doc/html/rfc7009, https://datatracker.ietf.org/doc/html/rfc7662
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { readForm } from '../../oauth/form.ts'
import { authenticate, refuse } from './client.ts'
import type { State } from './state.ts'

/** An access token ends alone; a refresh token takes the grant along. One that is not known is well. */
export async function revokeEndpoint(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  const client = authenticate(c, state, form)
  if (client === undefined) return refuse(c, 'invalid_client')
  const pair = state.grants.find(form.token ?? '')
  if (pair === undefined || pair.grant.clientId !== client.clientId) return c.body(null, 200)
  if (pair.accessToken === form.token) pair.accessRevoked = true
  else pair.grant.revoked = true
  return c.body(null, 200)
}

export async function introspectEndpoint(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  const client = authenticate(c, state, form)
  if (client === undefined) return refuse(c, 'invalid_client')
  const pair = state.grants.active(form.token ?? '')
  if (pair?.grant.clientId !== client.clientId) return c.json({ active: false })
  const { accessExpiresAt, scopes, grant } = pair
  return c.json({
    active: true,
    client_id: client.clientId,
    sub: state.user(grant.username)?.sub,
    scope: scopes.join(state.options.scopeSeparator),
    ...(accessExpiresAt === null ? {} : { exp: Math.floor(accessExpiresAt / 1_000) }),
  })
}
