// https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
// https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { type Parameters, readForm } from '../../oauth/form.ts'
import { hasSecret, shownClient } from '../core/client.ts'
import type { CodeRefusal } from '../core/codes.ts'
import type { Grant, RefreshRefusal } from '../core/grants.ts'
import { consentedTo, isTenant } from './authorize.ts'
import { type ErrorNumber, refuse } from './errors.ts'
import { idToken } from './id-token.ts'
import { isCovered, keyOf, type Resource, readScopes, type Scope } from './scopes.ts'
import type { Policy, Registration, State } from './state.ts'

/** 60 to 90 minutes at random, at the real one. */
const accessSeconds = 4_500
/** "90 days for all other scenarios", of each token: it counts from when it was made. */
const refreshSeconds = 90 * 86_400

const policyNumbers = {
  use_multi_factor: 50076,
  enroll_multi_factor: 50079,
  blocked: 53003,
} as const satisfies Record<Policy, ErrorNumber>

const codeNumbers = {
  unknown: 9002313,
  expired: 70008,
  used: 54005,
  other_client: 70008,
  redirect_uri: 500112,
  verifier: 501481,
} as const satisfies Record<CodeRefusal, ErrorNumber>

const refreshNumbers = {
  unknown: 9002313,
  other_client: 70008,
  expired: 700082,
  revoked: 50173,
  used: 70008,
} as const satisfies Record<RefreshRefusal, ErrorNumber>

/** `POST /{tenant}/oauth2/v2.0/token`. */
export async function tokenEndpoint(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  if (!isTenant(state, c.req.param('tenant') ?? '')) return refuse(c, state, 90002)
  // "Prevents the use of client credentials in all flows in the presence of an Origin header."
  if (c.req.header('origin') !== undefined) {
    state.wire.unexpected(c, 'an Origin beside the secret of a client')
    return refuse(c, state, 9002326)
  }
  const client = shownClient(c.req.header('authorization'), form)
  const registration = state.registrations.get(client?.clientId ?? '')
  if (registration === undefined) return refuse(c, state, 700016)
  if (client?.clientSecret === undefined) return refuse(c, state, 7000218)
  if (!hasSecret(registration, client.clientSecret)) return refuse(c, state, 7000215)
  if (state.clock.isPast(registration.secretExpiresAt)) return refuse(c, state, 7000222)
  if (form.grant_type === 'authorization_code') return await exchange(c, state, registration, form)
  if (form.grant_type === 'refresh_token') return await refresh(c, state, registration, form)
  return refuse(c, state, 70003)
}

async function exchange(
  c: Context<Env>,
  state: State,
  { clientId }: Registration,
  form: Parameters,
): Promise<Response> {
  const asked = readScopes(form.scope ?? '')
  if (asked === undefined) return refuse(c, state, 70011)
  // "The scopes must all be from a single resource."
  if (resourcesOf(asked).length > 1) return refuse(c, state, 28000)
  const use = { clientId, redirectUri: form.redirect_uri, verifier: form.code_verifier }
  const consent = state.codes.take(form.code ?? '', use)
  if (typeof consent === 'string') return refuse(c, state, codeNumbers[consent])
  const { username, scopes, nonce } = consent
  const grant = state.grants.create({ clientId, username, scopes })
  return await give(c, state, { grant, asked, nonce })
}

async function refresh(
  c: Context<Env>,
  state: State,
  { clientId }: Registration,
  form: Parameters,
): Promise<Response> {
  const asked = readScopes(form.scope ?? '')
  if (asked === undefined) return refuse(c, state, 70011)
  const shown = state.grants.find(form.refresh_token ?? '')
  const policy = state.policies.get(shown?.grant.username ?? '')
  if (policy !== undefined) return refuse(c, state, policyNumbers[policy])
  // "Doesn't revoke old refresh tokens when used to fetch new access tokens."
  const pair = state.grants.use(form.refresh_token ?? '', clientId, { kind: 'additional' })
  if (typeof pair === 'string') return refuse(c, state, refreshNumbers[pair])
  const last = state.resources.get(pair.accessToken)
  return await give(c, state, { grant: pair.grant, asked, last })
}

interface Given {
  grant: Grant
  /** Of the request itself. */
  asked: readonly Scope[]
  /** What the token before this one was for. */
  last?: Resource | undefined
  nonce?: string | undefined
}

/** One resource per token: the first that is asked for, else the one before, else the first consented to. */
async function give(c: Context<Env>, state: State, given: Given): Promise<Response> {
  const { grant, asked, last, nonce } = given
  const { clientId, username } = grant
  const consented = consentedTo(state, clientId, username)
  if (consented === undefined || !asked.every((scope) => isCovered(consented, scope))) {
    return refuse(c, state, 65001)
  }
  const own = readScopes(grant.scopes.join(' ')) ?? []
  const resource = resourcesOf(asked)[0] ?? last ?? resourcesOf(own)[0] ?? 'graph'
  const wanted = asked.some((scope) => scope.resource !== undefined) ? asked : own
  const scopes = wanted.filter((scope) => scope.resource === resource).map(keyOf)
  const offline = own.some(({ name }) => name === 'offline_access')
  const pair = state.grants.issue(
    grant,
    { accessSeconds, refreshSeconds: offline ? refreshSeconds : undefined },
    scopes,
  )
  state.resources.set(pair.accessToken, resource)
  const openid = own.some(({ name }) => name === 'openid')
  return c.json({
    token_type: 'Bearer',
    scope: scopes.join(' '),
    expires_in: accessSeconds - 1,
    ext_expires_in: accessSeconds - 1,
    access_token: pair.accessToken,
    // "Only provided if offline_access scope was requested."
    ...(pair.refreshToken === null ? {} : { refresh_token: pair.refreshToken }),
    ...(openid ? { id_token: await idToken(state, grant, nonce) } : {}),
  })
}

function resourcesOf(scopes: readonly Scope[]): Resource[] {
  const resources = scopes.map(({ resource }) => resource)
  return [...new Set(resources.filter((resource) => resource !== undefined))]
}
