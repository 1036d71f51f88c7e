// https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { State } from './state.ts'

interface Kind {
  error: string
  text: string
  status?: 400 | 401
  suberror?: string
  claims?: string
}

const needsMore =
  'Due to a configuration change made by your administrator, or because you moved to a new location, you must'

/** AADSTS numbers. */
export type ErrorNumber =
  | 28000
  | 50011
  | 50020
  | 50076
  | 50079
  | 50173
  | 53003
  | 54005
  | 65001
  | 70003
  | 70008
  | 70011
  | 90002
  | 500112
  | 501481
  | 700016
  | 700082
  | 7000215
  | 7000218
  | 7000222
  | 9002313
  | 9002326

const kinds: Readonly<Record<ErrorNumber, Kind>> = {
  50011: {
    error: 'invalid_request',
    text: 'The redirect URI specified in the request does not match the redirect URIs configured for the application.',
  },
  50020: {
    error: 'invalid_request',
    text: 'User account from identity provider does not exist in tenant and cannot access the application in that tenant.',
  },
  // https://github.com/microsoftgraph/microsoft-graph-docs/issues/6311: of a refresh
  50076: {
    error: 'invalid_grant',
    text: `${needsMore} use multi-factor authentication to access the resource.`,
    suberror: 'basic_action',
  },
  // https://github.com/AzureAD/azure-activedirectory-library-for-nodejs/issues/151
  50079: {
    error: 'interaction_required',
    text: `${needsMore} enroll in multi-factor authentication to access the resource.`,
    claims:
      '{"access_token":{"polids":{"essential":true,"Values":["bd8d9305-ee44-4c9e-87a9-45bc878db6e1"]}}}',
  },
  50173: {
    error: 'invalid_grant',
    text: 'The provided grant has expired due to it being revoked, a fresh auth token is needed.',
  },
  53003: {
    error: 'invalid_grant',
    text: 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  },
  54005: {
    error: 'invalid_grant',
    text: 'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
  },
  // https://github.com/stevenmaguire/oauth2-microsoft/issues/31
  65001: {
    error: 'invalid_grant',
    text: 'The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource.',
    suberror: 'consent_required',
  },
  70003: { error: 'unsupported_grant_type', text: 'The app returned an unsupported grant type.' },
  70008: {
    error: 'invalid_grant',
    text: 'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
  },
  // .../v2-oauth2-auth-code-flow#error-response-1
  70011: {
    error: 'invalid_scope',
    text: "The provided value for the input parameter 'scope' is not valid.",
  },
  28000: {
    error: 'invalid_grant',
    text: 'Provided value for the input parameter scope is not valid because it contains more than one resource.',
  },
  90002: {
    error: 'invalid_request',
    text: 'Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.',
  },
  500112: {
    error: 'invalid_grant',
    text: 'The reply address does not match the reply address provided when requesting Authorization code.',
  },
  501481: {
    error: 'invalid_grant',
    text: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  },
  700016: { error: 'unauthorized_client', text: 'Application was not found in the directory.' },
  // https://github.com/Azure/azure-sdk-for-python/issues/26729
  700082: { error: 'invalid_grant', text: 'The refresh token has expired due to inactivity.' },
  7000215: {
    error: 'invalid_client',
    text: 'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.',
    status: 401,
  },
  7000218: {
    error: 'invalid_client',
    text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    status: 401,
  },
  7000222: {
    error: 'invalid_client',
    text: 'The provided client secret keys are expired.',
    status: 401,
  },
  // https://github.com/AzureAD/microsoft-authentication-library-for-android/issues/558
  9002313: { error: 'invalid_grant', text: 'Invalid request. Request is malformed or invalid.' },
  9002326: {
    error: 'invalid_request',
    text: "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.",
  },
}

/** An error whose number says more than its code. */
export function refuse(c: Context, { clock }: State, number: ErrorNumber): Response {
  const { error, text, status = 400, suberror, claims } = kinds[number]
  const [trace_id, correlation_id] = [randomUUID(), randomUUID()]
  const timestamp = `${new Date(clock.now()).toISOString().slice(0, 19).replace('T', ' ')}Z`
  const trace = `Trace ID: ${trace_id} Correlation ID: ${correlation_id} Timestamp: ${timestamp}`
  return c.json(
    {
      error,
      error_description: `AADSTS${number}: ${text} ${trace}`,
      error_codes: [number],
      timestamp,
      trace_id,
      correlation_id,
      error_uri: `${new URL(c.req.url).origin}/error?code=${number}`,
      ...(suberror === undefined ? {} : { suberror }),
      ...(claims === undefined ? {} : { claims }),
    },
    status,
  )
}

export function textOf(number: ErrorNumber): string {
  return `AADSTS${number}: ${kinds[number].text}`
}
