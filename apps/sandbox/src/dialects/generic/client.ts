// https://datatracker.ietf.org/doc/html/rfc6749#section-2.3.1
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import type { Parameters } from '../../oauth/form.ts'
import { type Client, hasSecret, shownClient } from '../core/client.ts'
import type { State } from './state.ts'

/** Only in a way that the server lists. */
export function authenticate(c: Context<Env>, state: State, form: Parameters): Client | undefined {
  const shown = shownClient(c.req.header('authorization'), form)
  const client = state.clients.get(shown?.clientId ?? '')
  if (shown === undefined || client === undefined) return undefined
  const method = shown.by === 'basic' ? 'client_secret_basic' : 'client_secret_post'
  if (!state.options.clientAuthentication.includes(method)) {
    state.wire.unexpected(c, `the client shows itself by ${method}`)
    return undefined
  }
  return hasSecret(client, shown.clientSecret) ? client : undefined
}

export function refuse(c: Context, error: string): Response {
  c.header('Cache-Control', 'no-store')
  return c.json({ error }, error === 'invalid_client' ? 401 : 400)
}
