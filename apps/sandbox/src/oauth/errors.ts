import type { Context } from 'hono'

/** What each error says. Clients may read the code only: `invalid_grant` never says why. */
export const errorSentences = {
  invalid_request:
    'The request lacks a parameter, or one of them has a value that is not supported.',
  invalid_client:
    'The client is not known, or it did not authenticate itself in a way that is supported.',
  invalid_grant:
    'The grant is not valid: it has expired, was used or revoked, belongs to another client, or was asked for with another redirect URI.',
  invalid_scope: 'The scope is unknown, malformed, or more than is allowed.',
  invalid_token: 'The access token is not valid.',
  unsupported_grant_type: 'This server does not support the grant type.',
  unauthorized_client: 'You are not authorized to revoke this token',
  insufficient_scope: 'The access token lacks a scope that this needs.',
  access_denied: 'The resource owner denied the request.',
} as const

export type OAuthErrorCode = keyof typeof errorSentences

const statuses: Readonly<Partial<Record<OAuthErrorCode, 401 | 403>>> = {
  invalid_client: 401,
  invalid_token: 401,
  unauthorized_client: 403,
  insufficient_scope: 403,
}

/** An error of the OAuth endpoints: status 400, and another for some codes. */
export function refuse(
  c: Context,
  error: OAuthErrorCode,
  sentence: string = errorSentences[error],
): Response {
  c.header('Cache-Control', 'no-store')
  c.header('WWW-Authenticate', challenge(error, sentence))
  return c.json({ error, error_description: sentence }, statuses[error] ?? 400)
}

/** What stands in WWW-Authenticate, at every endpoint and whatever the status. */
export function challenge(error: OAuthErrorCode, sentence: string = errorSentences[error]): string {
  return `Bearer realm="Doorkeeper", error="${error}", error_description="${sentence}"`
}

export function refuseMissing(c: Context, parameter: string): Response {
  return refuse(c, 'invalid_request', `Missing required parameter: ${parameter}.`)
}
