// https://developer.atlassian.com/cloud/bitbucket/oauth-2
// https://community.developer.atlassian.com/t/oauth-2-0-and-api-authentication-changes-for-bitbucket-cloud/99003
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { type Parameters, readForm, readQuery } from '../../oauth/form.ts'
import { signedInAs } from '../core/accounts.ts'
import { hasSecret, shownClient } from '../core/client.ts'
import type { Pair, Rotation } from '../core/grants.ts'
import { consentPage, problemPage } from '../core/pages.ts'
import { withQuery } from '../core/visit.ts'
import type { Consumer, State } from './state.ts'

const provider = 'Bitbucket'
/** "Access tokens expire in two hours." */
const accessSeconds = 7_200
/** "Unused refresh tokens will expire after 3 months." */
const refreshSeconds = 90 * 86_400
/** "Immediately expired (~10 minutes) after their first usage": git-credential-manager/pull/2433. */
const graceSeconds = 600

export function authorizePage(c: Context<Env>, state: State): Response | Promise<Response> {
  const parameters = readQuery(c)
  const request = read(c, state, parameters)
  if (!('consumer' in request)) return request
  const { consumer, redirectUri } = request
  return consentPage(c, {
    provider,
    title: `${consumer.name} is requesting access`,
    account: signedInAs(c, state),
    permissions: consumer.scopes,
    action: '/site/oauth2/authorize',
    fields: parameters,
    approve: 'Grant access',
    target: redirectUri,
  })
}

export async function decide(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  const request = read(c, state, form)
  if (!('consumer' in request)) return await request
  const { consumer, redirectUri } = request
  if (form.decision !== 'approve') {
    const error_description = 'The resource owner or authorization server denied the request.'
    const answer = { error: 'access_denied', error_description, state: form.state }
    return c.redirect(withQuery(redirectUri, answer))
  }
  const code = state.codes.issue({
    clientId: consumer.clientId,
    username: signedInAs(c, state),
    // Those of the consumer: its page has the boxes that are ticked.
    scopes: consumer.scopes,
    redirectUri,
    challenge: form.code_challenge_method === 'S256' ? (form.code_challenge ?? null) : null,
  })
  return c.redirect(withQuery(redirectUri, { code, state: form.state }))
}

function read(
  c: Context<Env>,
  state: State,
  parameters: Parameters,
): { consumer: Consumer; redirectUri: string } | Response | Promise<Response> {
  const problem = (text: string) =>
    problemPage(c, { provider, title: 'Invalid request', text }, 400)
  const consumer = state.consumers.get(parameters.client_id ?? '')
  if (consumer === undefined) return problem('Invalid client_id')
  if (parameters.response_type !== 'code') return problem('Unsupported response type')
  // https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/: "Required for OAuth 2.0 consumers."
  const [callback] = consumer.redirectUris
  if (callback === undefined) return problem('No callback uri defined for the OAuth client.')
  const redirectUri = parameters.redirect_uri ?? callback
  // "It must be appended to the same URL configured in the consumer."
  const isBelow = redirectUri === callback || redirectUri.startsWith(`${callback}/`)
  return isBelow ? { consumer, redirectUri } : problem('redirect_uri does not match')
}

/** `POST /site/oauth2/access_token`. */
export async function tokenEndpoint(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  // HTTP Basic is what the page shows; git-credential-manager names the client in the body.
  const client = shownClient(c.req.header('authorization'), form)
  const consumer = state.consumers.get(client?.clientId ?? '')
  if (consumer === undefined || !hasSecret(consumer, client?.clientSecret)) {
    // https://github.com/p2/OAuth2/issues/96 has this answer
    const text = 'Requests must be authenticated using OAuth client credentials'
    return refuse(c, 'unauthorized_client', text)
  }
  if (form.grant_type === 'authorization_code') return exchange(c, state, consumer, form)
  if (form.grant_type === 'refresh_token') return refresh(c, state, consumer, form)
  // https://bitbucket.org/site/master/issues/16249: the code of a dead grant, for a mistake of the client
  return refuse(c, 'invalid_grant', 'Unsupported grant type')
}

function exchange(c: Context, state: State, { clientId }: Consumer, form: Parameters): Response {
  const consent = state.codes.take(form.code ?? '', {
    clientId,
    redirectUri: form.redirect_uri,
    verifier: form.code_verifier,
  })
  if (typeof consent === 'string') {
    return refuse(c, 'invalid_grant', 'The specified code is not valid.')
  }
  const { username, scopes } = consent
  const grant = state.grants.create({ clientId, username, scopes })
  return answer(c, state, 'authorization_code', issue(state, grant))
}

function refresh(c: Context, state: State, { clientId }: Consumer, form: Parameters): Response {
  const rotation: Rotation = state.rotates
    ? { kind: 'grace', seconds: graceSeconds }
    : { kind: 'none' }
  const pair = state.grants.use(form.refresh_token ?? '', clientId, rotation)
  // https://github.com/readthedocs/readthedocs.org/issues/2992: of a dead grant it is not said by `invalid_grant`
  if (typeof pair === 'string') return refuse(c, 'invalid_request', 'Invalid refresh_token')
  const fresh = issue(state, pair.grant)
  if (!state.rotates) state.grants.move(pair, fresh)
  return answer(c, state, 'refresh_token', fresh)
}

function issue({ grants, rotates }: State, grant: Pair['grant']): Pair {
  // Until 2026 they did not end: https://github.com/ktrysmt/go-bitbucket/pull/218
  return grants.issue(grant, { accessSeconds, refreshSeconds: rotates ? refreshSeconds : null })
}

function answer(c: Context, { rotates }: State, grantType: string, pair: Pair): Response {
  const scopes = pair.scopes.join(' ')
  return c.json({
    // "Token response payloads will return “scope" instead of “scopes"."
    ...(rotates ? { scope: scopes } : { scopes }),
    access_token: pair.accessToken,
    expires_in: accessSeconds,
    token_type: 'bearer',
    // The grant type, not the state of the request: https://github.com/terrakube-io/terrakube/issues/47
    state: grantType,
    refresh_token: pair.refreshToken,
  })
}

function refuse(c: Context, error: string, error_description: string): Response {
  return c.json({ error_description, error }, 400)
}
