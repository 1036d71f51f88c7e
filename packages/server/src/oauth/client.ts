import {
  type AppMethod,
  KeywellError,
  type OAuth2Method,
  type ProviderDefinition,
  type Secret,
} from '@keywell/protocol'
import {
  addressOf,
  commonReach,
  isTenantsOwn,
  type Reach,
  scopesGranted,
  scopesSent,
  type Variables,
} from '@keywell/providers'
import * as oauth from 'oauth4webapi'
import type { Outbound, OutboundInit } from '../outbound/outbound.ts'
import { basicOf } from './send.ts'
import { classifyTokenAnswer, type TokenOutcome } from './token-answer.ts'

/** An OAuth app as it is used for one host, with its secret opened. */
export interface Registration {
  readonly provider: ProviderDefinition
  /** How users consent with it. */
  readonly method: OAuth2Method
  /** What it is registered for: `method`, or one that installs it and asks for that consent beside it. */
  readonly appMethod: AppMethod
  readonly host: string
  /** Of the host and of the integration. */
  readonly variables: Variables
  /** What the client's secret was stored for. */
  readonly reach: Reach
  readonly clientId: string
  readonly clientSecret: Secret
  /** PEM, of an app that signs; null: it does not. */
  readonly privateKey: Secret | null
  /** Which client it is: a refusal of one that was replaced since says nothing. */
  readonly revision: number
}

type App = Pick<Registration, 'method' | 'variables'>

/** RFC 8414 metadata, made of the provider's data and the connection's variables. */
export function metadata({ method, variables }: App): oauth.AuthorizationServer {
  const { authorize, device, token, revocation } = method
  const at = (template: string) => addressOf(template, variables).href
  const { value: issuer } = authorize.issuer
  return {
    // As it is written: an issuer is compared character by character (RFC 9207 section 2.4).
    issuer: issuer.endsWith('/') ? at(issuer) : at(issuer).replace(/\/$/, ''),
    ...(authorize.url !== undefined && { authorization_endpoint: at(authorize.url) }),
    ...(device !== undefined && { device_authorization_endpoint: at(device.url) }),
    token_endpoint: at(token.url),
    ...(revocation.style === 'rfc7009' && { revocation_endpoint: at(revocation.url) }),
    authorization_response_iss_parameter_supported: authorize.issuer.inCallback === 'required',
  }
}

export function authentication({ method, clientSecret }: Registration): oauth.ClientAuth {
  return authenticationBy(method.token.client, clientSecret)
}

/** How a client names itself (RFC 6749 section 2.3.1). */
export function authenticationBy(
  way: OAuth2Method['token']['client'],
  clientSecret: Secret,
): oauth.ClientAuth {
  return way === 'client_secret_basic'
    ? plainBasic(clientSecret)
    : oauth.ClientSecretPost(clientSecret.expose())
}

/**
 * The pair as it is. RFC 6749 section 2.3.1 asks for form encoding first, which servers do not undo: a `-` would
 * arrive as `%2D`.
 */
function plainBasic(clientSecret: Secret): oauth.ClientAuth {
  return (_server, { client_id: clientId }, _body, headers) => {
    headers.set('authorization', basicOf(clientId, clientSecret.expose()))
  }
}

/** How a call leaves, beside what it says; see `OutboundInit`. A host may be for some tenants alone. */
export type Sending = { tenantId: string } & Pick<
  OutboundInit,
  'background' | 'ready' | 'timeoutMs'
>

/** A request with the client's secret, and perhaps a token: each within what it was stored for. */
export function requestOptions(
  outbound: Outbound,
  sending: Sending,
  { provider, reach: ofClient }: Pick<Registration, 'provider' | 'reach'>,
  ofToken: Reach = ofClient,
): Pick<
  oauth.TokenEndpointRequestOptions,
  typeof oauth.customFetch | typeof oauth.allowInsecureRequests
> {
  const reach = commonReach([ofClient, ofToken])
  const isOwn = isTenantsOwn(provider)
  return {
    [oauth.customFetch]: (url: string, init: RequestInit) =>
      outbound.fetch(url, { ...init, ...sending, isOwn, within: { reach, side: 'client' } }),
    // Which hosts may be plain http is decided by `outbound`, for every call alike.
    [oauth.allowInsecureRequests]: true,
  }
}

/**
 * Where the browser is sent to consent (RFC 6749 section 4.1.1, RFC 7636).
 *
 * @throws KeywellError `method_not_offered` where the definition has no such page any more
 */
export async function authorizationUrl(options: {
  provider: ProviderDefinition
  method: OAuth2Method
  variables: Variables
  clientId: string
  redirectUri: string
  scopes: readonly string[]
  state: string
  verifier: Secret
}): Promise<URL> {
  const { authorize } = options.method
  if (authorize.url === undefined) {
    throw new KeywellError('method_not_offered', `${options.provider.title} has no page for it.`)
  }
  const url = addressOf(authorize.url, options.variables)
  const { pkce, scopes } = authorize
  const parameters = {
    ...authorize.parameters,
    response_type: 'code',
    client_id: options.clientId,
    redirect_uri: options.redirectUri,
    ...(scopes && {
      [scopes.parameter]: scopesSent(options.provider, options.method, options.scopes),
    }),
    state: options.state,
    ...(pkce === 'S256' && {
      code_challenge: await oauth.calculatePKCECodeChallenge(options.verifier.expose()),
      code_challenge_method: 'S256',
    }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url
}

/** What a callback says, once `state` has been found and spent. */
export type CallbackAnswer =
  | { kind: 'code'; code: string }
  | { kind: 'denied' }
  | { kind: 'error'; error: string }
  | { kind: 'invalid'; detail: string }

/** Reads a callback: `iss` (RFC 9207), then either `code` or `error`, each once, never both. */
export function readCallback(options: {
  method: OAuth2Method
  variables: Variables
  clientId: string
  parameters: URLSearchParams
}): CallbackAnswer {
  const parameters = new URLSearchParams(options.parameters)
  // RFC 6749 section 3.1: no parameter more than once. Which of two would count is not ours to guess.
  if ([...parameters.keys()].some((name) => parameters.getAll(name).length > 1)) {
    return { kind: 'invalid', detail: 'the callback carries a parameter more than once' }
  }
  if (parameters.has('code') && parameters.has('error')) {
    return { kind: 'invalid', detail: 'the callback carries both a code and an error' }
  }
  parameters.delete('state') // found and spent by its hash, which is stricter than comparing it
  try {
    const checked = oauth.validateAuthResponse(
      metadata(options),
      { client_id: options.clientId },
      parameters,
      oauth.expectNoState,
    )
    const code = checked.get('code')
    if (code === null || code === '') return { kind: 'invalid', detail: 'the callback has no code' }
    return { kind: 'code', code }
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError) {
      return error.error === 'access_denied'
        ? { kind: 'denied' }
        : { kind: 'error', error: /^\w{1,60}$/.test(error.error) ? error.error : 'unknown error' }
    }
    return {
      kind: 'invalid',
      detail: error instanceof Error ? error.message : 'unreadable callback',
    }
  }
}

/** Code for tokens (RFC 6749 section 4.1.3), with the verifier of the flow. */
export async function exchangeCode(
  outbound: Outbound,
  registration: Registration,
  grant: { code: Secret; verifier: Secret; redirectUri: string; sending: Sending },
): Promise<TokenOutcome> {
  const { authorize, token } = registration.method
  const server = metadata(registration)
  const client = { client_id: registration.clientId }
  // The library takes only parameters that it has checked itself; ours were, when they arrived.
  const parameters = oauth.validateAuthResponse(
    { ...server, authorization_response_iss_parameter_supported: false },
    client,
    new URLSearchParams({ code: grant.code.expose() }),
    oauth.expectNoState,
  )
  const outcome = await classifyTokenAnswer({
    send: () =>
      oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication(registration),
        parameters,
        grant.redirectUri,
        authorize.pkce === 'none' ? oauth.nopkce : grant.verifier.expose(),
        {
          ...requestOptions(outbound, grant.sending, registration),
          headers: new Headers({ ...token.headers }),
        },
      ),
    process: (response) => oauth.processAuthorizationCodeResponse(server, client, response),
    endpoint: token,
  })
  return withOurNames(registration, outcome)
}

/** The next pair (RFC 6749 section 6). Without a scope the grant's own stay; some providers want them named. */
export async function refreshTokens(
  outbound: Outbound,
  registration: Registration,
  {
    refreshToken,
    reach,
    scopes,
    sending,
  }: { refreshToken: Secret; reach: Reach; scopes: readonly string[]; sending: Sending },
): Promise<TokenOutcome> {
  const { authorize, token } = registration.method
  const named = token.sendScopeOnRefresh ? authorize.scopes : null
  const server = metadata(registration)
  const client = { client_id: registration.clientId }
  const outcome = await classifyTokenAnswer({
    send: () =>
      oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication(registration),
        refreshToken.expose(),
        {
          ...requestOptions(outbound, sending, registration, reach),
          headers: new Headers({ ...token.headers }),
          ...(named && {
            additionalParameters: {
              [named.parameter]: scopesSent(registration.provider, registration.method, scopes),
            },
          }),
        },
      ),
    process: (response) => oauth.processRefreshTokenResponse(server, client, response),
    endpoint: token,
  })
  return withOurNames(registration, outcome)
}

/** With the names of scopes that are used here. */
export function withOurNames(
  { provider, method }: Registration,
  outcome: TokenOutcome,
): TokenOutcome {
  if (outcome.kind !== 'tokens' || outcome.scopes === null) return outcome
  return { ...outcome, scopes: scopesGranted(provider, method, outcome.scopes) }
}
