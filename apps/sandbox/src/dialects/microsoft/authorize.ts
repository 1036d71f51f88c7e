// https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { type Parameters, readForm, readQuery } from '../../oauth/form.ts'
import { signedInAs } from '../core/accounts.ts'
import { consentPage, problemPage } from '../core/pages.ts'
import { withQuery } from '../core/visit.ts'
import { type ErrorNumber, textOf } from './errors.ts'
import { isCovered, keyOf, readScopes, type Scope } from './scopes.ts'
import type { MicrosoftUser, Registration, State } from './state.ts'

const provider = 'Microsoft'
const anyTenant = ['common', 'organizations']

interface Request {
  registration: Registration
  user: MicrosoftUser
  redirectUri: string
  scopes: readonly Scope[]
  parameters: Parameters
}

export function authorizePage(c: Context<Env>, state: State): Response | Promise<Response> {
  const request = read(c, state, readQuery(c))
  if (!('registration' in request)) return request
  const { registration, user, redirectUri, scopes, parameters } = request
  if (maySkip(state, request)) return c.redirect(grant(state, request))
  if (parameters.prompt === 'none') {
    return c.redirect(
      withQuery(redirectUri, { error: 'interaction_required', state: parameters.state }),
    )
  }
  return consentPage(c, {
    provider,
    title: `Permissions requested by ${registration.name}`,
    account: user.email,
    permissions: scopes.map(keyOf),
    action: c.req.path,
    fields: parameters,
    approve: 'Accept',
    target: redirectUri,
  })
}

export async function decide(c: Context<Env>, state: State): Promise<Response> {
  const request = read(c, state, await readForm(c))
  if (!('registration' in request)) return await request
  if (request.parameters.decision === 'approve') return c.redirect(grant(state, request))
  const answer = {
    error: 'access_denied',
    error_description: 'AADSTS65004: User declined to consent to access the app.',
    error_subcode: 'cancel',
    state: request.parameters.state,
  }
  return c.redirect(withQuery(request.redirectUri, answer))
}

/** A problem of these is shown on a page of Microsoft's, and not sent to the app. */
function read(
  c: Context<Env>,
  state: State,
  parameters: Parameters,
): Request | Response | Promise<Response> {
  const problem = (number: ErrorNumber) =>
    problemPage(
      c,
      { provider, title: 'Sorry, but we’re having trouble', text: textOf(number) },
      400,
    )
  const tenant = c.req.param('tenant') ?? ''
  const user = state.user(signedInAs(c, state))
  if (!isTenant(state, tenant) || user === undefined) return problem(90002)
  const registration = state.registrations.get(parameters.client_id ?? '')
  if (registration === undefined) return problem(700016)
  const { redirect_uri: redirectUri = '' } = parameters
  if (!registration.redirectUris.includes(redirectUri)) return problem(50011)
  if (!anyTenant.includes(tenant) && user.tenantId !== tenant) return problem(50020)
  const refuse = (error: string) =>
    c.redirect(withQuery(redirectUri, { error, state: parameters.state }))
  if (parameters.response_type !== 'code') return refuse('unsupported_response_type')
  const scopes = readScopes(parameters.scope ?? '')
  if (scopes === undefined) return refuse('invalid_scope')
  if (scopes.length === 0) return refuse('invalid_request')
  return { registration, user, redirectUri, scopes, parameters }
}

export function isTenant(state: State, tenant: string): boolean {
  return anyTenant.includes(tenant) || state.users.some(({ tenantId }) => tenantId === tenant)
}

/** Consent is asked once for each scope. */
function maySkip(state: State, { registration, user, scopes, parameters }: Request): boolean {
  if (['consent', 'select_account', 'login'].includes(parameters.prompt ?? '')) return false
  if (state.policies.has(user.email)) return false
  const consented = consentedTo(state, registration.clientId, user.email)
  return consented !== undefined && scopes.every((scope) => isCovered(consented, scope))
}

export function consentedTo(
  state: State,
  clientId: string,
  email: string,
): Set<string> | undefined {
  return state.withdrawn.has(`${clientId} ${email}`)
    ? undefined
    : state.grants.authorized(clientId, email)
}

function grant(
  state: State,
  { registration, user, redirectUri, scopes, parameters }: Request,
): string {
  const { clientId } = registration
  // A sign-in here satisfies every policy, and a consent is given anew.
  state.policies.delete(user.email)
  state.withdrawn.delete(`${clientId} ${user.email}`)
  const { code_challenge, code_challenge_method, nonce, state: sent } = parameters
  const code = state.codes.issue({
    clientId,
    username: user.email,
    scopes: scopes.map(keyOf),
    redirectUri,
    challenge: code_challenge_method === 'S256' ? (code_challenge ?? null) : null,
    nonce,
  })
  return withQuery(redirectUri, { code, state: sent })
}
