// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { type Parameters, readForm, readQuery } from '../../oauth/form.ts'
import { signedInAs } from '../core/accounts.ts'
import { consentPage, problemPage } from '../core/pages.ts'
import { withQuery } from '../core/visit.ts'
import { normalize, readScopes } from './scopes.ts'
import type { GitHubApp, OAuthApp, State } from './state.ts'

const provider = 'GitHub'
const help =
  '/apps/building-integrations/setting-up-and-registering-oauth-apps/troubleshooting-authorization-request-errors/#'

interface Request {
  app: OAuthApp | GitHubApp
  username: string
  redirectUri: string
  scopes: readonly string[]
  state: string | undefined
  challenge: string | null
}

export function authorizePage(c: Context<Env>, state: State): Response | Promise<Response> {
  const parameters = readQuery(c)
  const request = read(c, state, parameters)
  if (request instanceof Response || request instanceof Promise) return request
  const { app, username } = request
  if (maySkip(state, request, parameters)) return c.redirect(grant(state, request))
  return consentPage(c, {
    provider,
    title: `Authorize ${app.name}`,
    account: username,
    permissions: app.kind === 'github_app' ? ['Act on your behalf'] : request.scopes,
    action: '/login/oauth/authorize',
    fields: parameters,
    approve: `Authorize ${app.name}`,
    target: request.redirectUri,
  })
}

export async function decide(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  const request = read(c, state, form)
  if (request instanceof Response || request instanceof Promise) return await request
  if (form.decision === 'approve') return c.redirect(grant(state, request))
  return c.redirect(
    refusal(
      request.redirectUri,
      'access_denied',
      form.state,
      'The user has denied your application access.',
    ),
  )
}

/** The request, or what is answered instead. */
function read(
  c: Context<Env>,
  state: State,
  parameters: Parameters,
): Request | Response | Promise<Response> {
  const app = state.apps.get(parameters.client_id ?? '')
  const registered = app?.redirectUris[0]
  if (app === undefined || registered === undefined) {
    return problemPage(
      c,
      { provider, title: '404', text: 'This is not the page you are looking for.' },
      404,
    )
  }
  // https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-authorization-request-errors
  if (app.suspended) {
    const text = 'Your application has been suspended. Contact support@github.com.'
    return c.redirect(refusal(registered, 'application_suspended', parameters.state, text))
  }
  const redirectUri = parameters.redirect_uri ?? registered
  if (!isAllowed(app, redirectUri)) {
    const text = 'The redirect_uri MUST match the registered callback URL for this application.'
    return c.redirect(refusal(registered, 'redirect_uri_mismatch', parameters.state, text))
  }
  // "Only the S256 code challenge method is accepted."
  // https://github.blog/changelog/2025-07-14-pkce-support-for-oauth-and-github-app-authentication
  const { code_challenge, code_challenge_method: method } = parameters
  if (code_challenge !== undefined && method !== 'S256') {
    state.wire.unexpected(c, 'a code challenge without S256')
    return problemPage(
      c,
      { provider, title: 'Invalid request', text: 'Only S256 is accepted.' },
      400,
    )
  }
  const username = signedInAs(c, state)
  return {
    app,
    username,
    redirectUri,
    // A GitHub App has permissions, and no scopes.
    scopes: app.kind === 'github_app' ? [] : scopesOf(state, app, username, parameters.scope),
    state: parameters.state,
    challenge: code_challenge ?? null,
  }
}

/** Without `scope`, those that the person has authorised before. */
function scopesOf(
  state: State,
  app: OAuthApp,
  username: string,
  scope: string | undefined,
): string[] {
  if (scope !== undefined) return readScopes(scope)
  return normalize([...(state.grants.authorized(app.clientId, username) ?? [])])
}

/** Consent is asked once for each scope; `prompt=select_account` brings the page in any case. */
function maySkip(
  { grants }: State,
  { app, username, scopes }: Request,
  parameters: Parameters,
): boolean {
  if (parameters.prompt === 'select_account') return false
  const authorized = grants.authorized(app.clientId, username)
  return authorized !== undefined && scopes.every((scope) => authorized.has(scope))
}

function grant(
  state: State,
  { app, username, redirectUri, scopes, state: sent, challenge }: Request,
): string {
  const code = state.codes.issue({
    clientId: app.clientId,
    username,
    scopes,
    redirectUri,
    challenge,
  })
  return withQuery(redirectUri, { code, state: sent })
}

function refusal(uri: string, error: string, state: string | undefined, text: string): string {
  const error_uri = `${help}${error.replaceAll('_', '-')}`
  return withQuery(uri, { error, error_description: text, error_uri, state })
}

/** ".../authorizing-oauth-apps#redirect-urls"; of a GitHub App it is an exact match. */
function isAllowed(app: OAuthApp | GitHubApp, uri: string): boolean {
  if (app.kind === 'github_app') return app.redirectUris.includes(uri)
  if (!URL.canParse(uri)) return false
  return app.redirectUris.some((registered) => isBelow(new URL(uri), new URL(registered)))
}

function isBelow(uri: URL, registered: URL): boolean {
  const loopback = registered.hostname === '127.0.0.1' && uri.hostname === '127.0.0.1'
  const host =
    uri.hostname === registered.hostname || uri.hostname.endsWith(`.${registered.hostname}`)
  const path = registered.pathname.endsWith('/') ? registered.pathname : `${registered.pathname}/`
  return (
    uri.protocol === registered.protocol &&
    host &&
    (loopback || uri.port === registered.port) &&
    (uri.pathname === registered.pathname || uri.pathname.startsWith(path))
  )
}
