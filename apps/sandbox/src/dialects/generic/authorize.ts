// https://datatracker.ietf.org/doc/html/rfc6749#section-4.1.1
// https://datatracker.ietf.org/doc/html/rfc9700#section-2.1.1
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { type Parameters, readForm, readQuery } from '../../oauth/form.ts'
import type { Client } from '../core/client.ts'
import { consentPage, problemPage } from '../core/pages.ts'
import { withQuery } from '../core/visit.ts'
import { scopes as known, type State } from './state.ts'

const provider = 'Generic'

interface Request {
  client: Client
  redirectUri: string
  scopes: readonly string[]
  challenge: string
  parameters: Parameters
}

export function authorizePage(c: Context<Env>, state: State): Response | Promise<Response> {
  const request = read(c, state, readQuery(c))
  if (!('client' in request)) return request
  const { client, redirectUri, scopes, parameters } = request
  return consentPage(c, {
    provider,
    title: `Authorize ${client.name}`,
    account: state.signedIn,
    permissions: scopes,
    action: '/authorize',
    fields: parameters,
    target: redirectUri,
  })
}

export async function decide(c: Context<Env>, state: State): Promise<Response> {
  const request = read(c, state, await readForm(c))
  if (!('client' in request)) return await request
  const { client, redirectUri, scopes, challenge, parameters } = request
  if (parameters.decision !== 'approve') return back(c, state, request, { error: 'access_denied' })
  const { clientId } = client
  const { nonce } = parameters
  const username = state.signedIn
  const code = state.codes.issue({ clientId, username, scopes, redirectUri, challenge, nonce })
  return back(c, state, request, { code })
}

function read(
  c: Context<Env>,
  state: State,
  parameters: Parameters,
): Request | Response | Promise<Response> {
  // "MUST NOT automatically redirect the user-agent to the invalid redirection URI."
  const problem = (text: string) =>
    problemPage(c, { provider, title: 'Invalid request', text }, 400)
  const client = state.clients.get(parameters.client_id ?? '')
  if (client === undefined) return problem('unknown client')
  const { redirect_uri: redirectUri = '' } = parameters
  if (!client.redirectUris.includes(redirectUri)) return problem('unknown redirect URI')
  const refuse = (error: string) => back(c, state, { redirectUri, parameters }, { error })
  if (parameters.response_type !== 'code') return refuse('unsupported_response_type')
  const separator = state.options.scopeSeparator
  const scopes = (parameters.scope ?? '').split(separator).filter((scope) => scope !== '')
  if (!scopes.every((scope) => known.includes(scope))) return refuse('invalid_scope')
  const { code_challenge: challenge, code_challenge_method: method } = parameters
  if (challenge === undefined || method !== 'S256') return refuse('invalid_request')
  return { client, redirectUri, scopes, challenge, parameters }
}

/** With `iss`, as RFC 9207 asks for: https://datatracker.ietf.org/doc/html/rfc9207 */
function back(
  c: Context<Env>,
  { wire }: State,
  { redirectUri, parameters }: Pick<Request, 'redirectUri' | 'parameters'>,
  answer: Readonly<Record<string, string>>,
): Response {
  const more = { state: parameters.state, iss: wire.url('issuer') }
  return c.redirect(withQuery(redirectUri, { ...answer, ...more }))
}
