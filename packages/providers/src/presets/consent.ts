import type { Discovered, OAuth2Method, Preset, ProviderDefinition } from '@keywell/protocol'
import { definitionOf, healthOf, identityOf, look, manualUrlOf } from './common.ts'

type OAuth2 = Extract<Preset, { preset: 'oauth2' }>
type Oidc = Extract<Preset, { preset: 'oidc' }>
type Consent = OAuth2 | Oidc

export function expandOAuth2(preset: OAuth2): ProviderDefinition {
  return withConsent(preset, preset.base, {
    identity: identityOf(preset.identity),
    health: healthOf(preset.health, [{ status: [401], at: '/error', equals: 'invalid_token' }]),
    authorizeUrl: preset.authorizeUrl,
    tokenUrl: preset.tokenUrl,
    revokeUrl: preset.revokeUrl,
    pkce: preset.pkce ?? 'S256',
    client: preset.client ?? 'client_secret_post',
    issuer: { value: preset.issuer ?? originOf(preset.authorizeUrl), inCallback: 'optional' },
    always: [],
  })
}

export function expandOidc(preset: Oidc, discovered: Discovered): ProviderDefinition {
  const base = preset.base ?? preset.issuer.replace(/\/$/, '')
  const supported = discovered.scopes_supported
  const isSure = discovered.authorization_response_iss_parameter_supported
  return withConsent({ ...preset, ...scopesOf(preset, supported) }, base, {
    identity: {
      request: look(discovered.userinfo_endpoint),
      account: {
        id: { at: ['/sub'], type: 'text' },
        name: ['/name', '/preferred_username', '/email'],
        username: ['/preferred_username'],
        avatarUrl: ['/picture'],
      },
      scopes: [],
    },
    health: {
      request: look(discovered.userinfo_endpoint),
      active: [{ status: [200], at: '/sub', type: 'string' }],
      inactive: [{ status: [401] }],
      details: {},
    },
    authorizeUrl: discovered.authorization_endpoint,
    tokenUrl: discovered.token_endpoint,
    revokeUrl: discovered.revocation_endpoint,
    pkce: 'S256',
    client: discovered.client,
    issuer: { value: preset.issuer, inCallback: isSure ? 'required' : 'optional' },
    always: ['openid', ...supported.filter((scope) => scope === 'offline_access')],
  })
}

const standardScopes = [
  { name: 'profile', sentence: 'See your name and your picture.', risk: 'low', readOnly: true },
  { name: 'email', sentence: 'See your e-mail address.', risk: 'low', readOnly: true },
] as const

/** Those of the standard that the issuer has, and those that the preset names; by default, all of the first are asked for. */
function scopesOf(
  { scopes = [], defaultScopes }: Oidc,
  supported: Discovered['scopes_supported'],
): Pick<Oidc, 'scopes' | 'defaultScopes'> {
  const own = scopes.map(({ name }) => name)
  const standard = standardScopes.filter(
    ({ name }) => supported.includes(name) && !own.includes(name),
  )
  return {
    scopes: [...scopes, ...standard],
    defaultScopes: defaultScopes ?? standard.map(({ name }) => name),
  }
}

interface Endpoints extends Pick<OAuth2Method, 'identity' | 'health'> {
  authorizeUrl: string
  tokenUrl: string
  revokeUrl: string | undefined
  pkce: OAuth2Method['authorize']['pkce']
  client: OAuth2Method['token']['client']
  issuer: OAuth2Method['authorize']['issuer']
  always: readonly string[]
}

function withConsent(preset: Consent, base: string, endpoints: Endpoints): ProviderDefinition {
  const { scopes = [], appsUrl } = preset
  return definitionOf(preset, {
    base,
    appsUrl,
    steps: [`Register an OAuth app at ${preset.title} with the redirect URI that is shown here.`],
    scopes: scopes.map(({ name, sentence, risk = 'high', readOnly }) => ({
      name,
      sentence,
      risk,
      group: 'all',
      implies: [],
      ...(readOnly !== undefined && { readOnly }),
    })),
    scopeGroups: scopes.length > 0 ? [{ name: 'all', title: preset.title }] : [],
    method: methodOf(preset, endpoints),
  })
}

function methodOf(preset: Consent, endpoints: Endpoints): OAuth2Method {
  const { parameters = {}, scopes = [], defaultScopes = [], scopeSeparator = ' ' } = preset
  const { name, value } = preset.header ?? { name: 'Authorization', value: 'Bearer {token}' }
  const { authorizeUrl, tokenUrl, identity, health, pkce, client, issuer, always } = endpoints
  const sent = { parameter: 'scope', separator: scopeSeparator, always }
  return {
    id: 'oauth',
    kind: 'oauth2',
    title: 'OAuth app',
    authorize: {
      url: authorizeUrl,
      pkce,
      parameters,
      scopes: scopes.length + always.length > 0 ? sent : null,
      codeLifetimeSeconds: null,
      issuer,
    },
    defaultScopes,
    token: {
      url: tokenUrl,
      client,
      headers: {},
      sendScopeOnRefresh: false,
      answer: {
        accessToken: ['/access_token'],
        refreshToken: ['/refresh_token'],
        expiresIn: ['/expires_in'],
        scope: ['/scope'],
      },
      errors: [],
    },
    renewal: renewalOf(preset),
    revocation: revocationOf(preset, endpoints),
    send: [{ in: 'header', name, value }],
    identity,
    health,
    manualUrl: manualUrlOf(preset),
  }
}

function renewalOf({
  rotation = 'strict_family',
  defaultExpiresIn = 3_600,
}: Consent): OAuth2Method['renewal'] {
  if (rotation === null) return { by: 'none', defaultExpiresIn }
  return {
    by: 'refresh_token',
    rotation,
    revokesOldAccessToken: false,
    defaultExpiresIn,
    refreshTokenLifetime: { idle: null, absolute: null },
    maxRequestSeconds: 120,
  }
}

/** That it ends all grants of the account is the case in which sending it at the wrong time would harm. */
function revocationOf(
  { rotation }: Consent,
  { revokeUrl: url }: Endpoints,
): OAuth2Method['revocation'] {
  if (url === undefined) return { style: 'none' }
  const send = rotation === null ? 'access_token' : 'refresh_token'
  return { style: 'rfc7009', url, send, hint: send, kills: 'user_and_app' }
}

function originOf(template: string): string {
  const [origin = template] = /^(https?:\/\/)?[^/?]*/.exec(template) ?? []
  return origin
}
