import type { Instance } from '../instance.ts'
import { defaultScope, isWithin, splitScopes, unknownScopes } from '../scopes.ts'
import type { Application, Code } from '../store/state.ts'
import type { Parameters } from './form.ts'

/** A request of `/oauth/authorize` in which everything has been checked. */
export interface AuthorizationRequest {
  application: Application
  redirectUri: string
  scopes: string[]
  state: string | undefined
  challenge: Code['challenge']
  nonce: string | undefined
}

export type Checked = { request: AuthorizationRequest } | { problem: string }

/**
 * Checks the parameters. A problem is shown on a page and never sent to the redirect URI: GitLab
 * renders its own error page for all of them, a bad scope included.
 */
export function checkAuthorization({ store }: Instance, parameters: Parameters): Checked {
  const { client_id, redirect_uri, response_type, scope, state, nonce } = parameters
  const application = client_id === undefined ? undefined : store.applications.get(client_id)
  if (application === undefined) return { problem: 'No application has this client id.' }
  if (redirect_uri === undefined || !application.redirectUris.includes(redirect_uri)) {
    return { problem: 'The redirect URI is not one that the application was registered with.' }
  }
  if (response_type === undefined) {
    return { problem: 'Missing required parameter: response_type.' }
  }
  if (response_type !== 'code') {
    return { problem: 'This server supports the response type “code” only.' }
  }

  const asked = splitScopes(scope)
  const scopes = asked.length > 0 ? asked : [defaultScope]
  if (unknownScopes(scopes).length > 0 || !isWithin(scopes, application.scopes)) {
    return { problem: 'The scope is unknown, malformed, or more than the application may ask for.' }
  }

  const { code_challenge: value, code_challenge_method: method = 'plain' } = parameters
  if (!isChallengeMethod(method)) {
    return { problem: 'The code challenge method must be plain or S256.' }
  }
  const challenge = value === undefined ? null : { method, value }
  return { request: { application, redirectUri: redirect_uri, scopes, state, challenge, nonce } }
}

function isChallengeMethod(method: string): method is 'plain' | 'S256' {
  return method === 'plain' || method === 'S256'
}

/** The redirect URI with the answer in its query; what stood there before stays. */
export function redirectWith(
  request: AuthorizationRequest,
  answer: Readonly<Record<string, string>>,
): string {
  const url = new URL(request.redirectUri)
  for (const [name, value] of Object.entries(answer)) url.searchParams.append(name, value)
  if (request.state !== undefined) url.searchParams.append('state', request.state)
  return url.href
}
