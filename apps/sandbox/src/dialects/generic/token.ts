// https://datatracker.ietf.org/doc/html/rfc6749#section-5
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { type Parameters, readForm } from '../../oauth/form.ts'
import type { Client } from '../core/client.ts'
import type { Grant } from '../core/grants.ts'
import { authenticate, refuse } from './client.ts'
import { idToken } from './openid.ts'
import { assertion, clientCredentials, jwtBearer } from './services.ts'
import type { State } from './state.ts'

/** `POST /token`. */
export async function tokenEndpoint(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  if (form.grant_type === jwtBearer) return await assertion(c, state, form)
  if (form.grant_type === 'client_credentials') return clientCredentials(c, state, form)
  const client = authenticate(c, state, form)
  if (client === undefined) return refuse(c, 'invalid_client')
  if (form.grant_type === 'authorization_code') return await exchange(c, state, client, form)
  if (form.grant_type === 'refresh_token') return await refresh(c, state, client, form)
  return refuse(c, 'unsupported_grant_type')
}

async function exchange(
  c: Context,
  state: State,
  { clientId }: Client,
  form: Parameters,
): Promise<Response> {
  const use = { clientId, redirectUri: form.redirect_uri, verifier: form.code_verifier }
  const consent = state.codes.take(form.code ?? '', use)
  if (typeof consent === 'string') return refuse(c, 'invalid_grant')
  const { username, scopes, nonce } = consent
  const grant = state.grants.create({ clientId, username, scopes })
  return await give(c, state, grant, { nonce, scopes })
}

async function refresh(
  c: Context,
  state: State,
  { clientId }: Client,
  form: Parameters,
): Promise<Response> {
  const { rotation, scopeSeparator } = state.options
  const shown = state.grants.find(form.refresh_token ?? '')
  const scopes = form.scope?.split(scopeSeparator) ?? shown?.grant.scopes ?? []
  // "MUST NOT include any scope not originally granted": before the token is used up.
  if (shown !== undefined && !scopes.every((scope) => shown.grant.scopes.includes(scope))) {
    return refuse(c, 'invalid_scope')
  }
  const pair = state.grants.use(form.refresh_token ?? '', clientId, rotation)
  if (typeof pair === 'string') return refuse(c, 'invalid_grant')
  return await give(c, state, pair.grant, { scopes, isRefresh: true })
}

interface Given {
  scopes: readonly string[]
  nonce?: string | undefined
  /** There was a refresh token before. */
  isRefresh?: boolean
}

async function give(c: Context, state: State, grant: Grant, given: Given): Promise<Response> {
  const { accessSeconds, refreshSeconds, alwaysRefreshable, rotation, scopeSeparator } =
    state.options
  const { scopes, nonce, isRefresh = false } = given
  const refreshable = alwaysRefreshable || grant.scopes.includes('offline_access')
  const keeps = isRefresh && rotation.kind === 'none'
  const lifetimes = {
    accessSeconds,
    refreshSeconds: refreshable && !keeps ? refreshSeconds : undefined,
  }
  const pair = state.grants.issue(grant, lifetimes, scopes)
  const openid = scopes.includes('openid')
  c.header('Cache-Control', 'no-store')
  return c.json({
    access_token: pair.accessToken,
    token_type: 'Bearer',
    ...(accessSeconds === null ? {} : { expires_in: accessSeconds }),
    // A server that does not replace it does not send it again.
    ...(pair.refreshToken === null ? {} : { refresh_token: pair.refreshToken }),
    scope: scopes.join(scopeSeparator),
    ...(openid ? { id_token: await idToken(state, grant, nonce) } : {}),
  })
}
