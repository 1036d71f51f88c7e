// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { type Parameters, readForm, readQuery } from '../../oauth/form.ts'
import { hasSecret } from '../core/client.ts'
import type { Grant, Pair } from '../core/grants.ts'
import { answer, refuse } from './answer.ts'
import type { GitHubApp, OAuthApp, State } from './state.ts'

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
/** "A limit of ten tokens that are issued per user/application/scope combination". */
const maxTokens = 10
/** 8 hours and 6 months: .../refreshing-user-access-tokens */
const expiring = { accessSeconds: 28_800, refreshSeconds: 15_811_200 }
const lasting = { accessSeconds: null }

type App = OAuthApp | GitHubApp

/** `POST /login/oauth/access_token`: parameters stand in the body, or in the query. */
export async function tokenEndpoint(c: Context<Env>, state: State): Promise<Response> {
  const form: Parameters = { ...readQuery(c), ...(await readForm(c)) }
  if (c.req.header('authorization') !== undefined) {
    state.wire.unexpected(c, 'the client is named in the body here, not in HTTP Basic')
  }
  const app = state.apps.get(form.client_id ?? '')
  if (app === undefined) return refuse(c, 'incorrect_client_credentials')
  if (form.grant_type === deviceGrant) return pollDevice(c, state, app, form)
  if (form.grant_type === 'refresh_token') return refresh(c, state, app, form)
  const { grant_type = 'authorization_code' } = form
  if (grant_type !== 'authorization_code') return refuse(c, 'unsupported_grant_type')
  return exchange(c, state, app, form)
}

function exchange(c: Context, state: State, app: App, form: Parameters): Response {
  if (!hasSecret(app, form.client_secret)) return refuse(c, 'incorrect_client_credentials')
  const consent = state.codes.take(form.code ?? '', {
    clientId: app.clientId,
    redirectUri: form.redirect_uri,
    verifier: form.code_verifier,
  })
  if (consent === 'redirect_uri') return refuse(c, 'redirect_uri_mismatch')
  if (typeof consent === 'string') return refuse(c, 'bad_verification_code')
  if (state.user(consent.username)?.emailVerified === false) {
    return refuse(c, 'unverified_user_email')
  }
  const { clientId, username, scopes } = consent
  return give(c, state, app, state.grants.create({ clientId, username, scopes }))
}

/** The secret may be left out when the token came from a device: .../refreshing-user-access-tokens */
function refresh(c: Context<Env>, state: State, app: App, form: Parameters): Response {
  if (form.scope !== undefined) state.wire.unexpected(c, 'a refresh has no scope')
  const shown = state.grants.find(form.refresh_token ?? '')
  const mayOmit = shown?.grant.device === true && form.client_secret === undefined
  if (!mayOmit && !hasSecret(app, form.client_secret)) {
    return refuse(c, 'incorrect_client_credentials')
  }
  const pair = state.grants.use(form.refresh_token ?? '', app.clientId, { kind: 'strict' })
  if (typeof pair === 'string') return refuse(c, 'bad_refresh_token')
  return give(c, state, app, pair.grant)
}

function pollDevice(c: Context, state: State, app: App, form: Parameters): Response {
  if (!app.deviceFlow) return refuse(c, 'device_flow_disabled')
  const poll = state.devices.poll(form.device_code ?? '', app.clientId)
  switch (poll.state) {
    case 'approved': {
      const { scopes, clientId } = poll.device
      const { username } = poll
      const grant = state.grants.create({ clientId, username, scopes, device: true })
      return give(c, state, app, grant)
    }
    case 'pending':
      return refuse(c, 'authorization_pending')
    case 'slow_down':
      return refuse(c, 'slow_down', { interval: poll.intervalSeconds })
    case 'denied':
      return refuse(c, 'access_denied')
    case 'expired':
      return refuse(c, 'expired_token')
    case 'unknown':
    case 'used':
      return refuse(c, 'incorrect_device_code')
    default:
      return poll satisfies never
  }
}

function give(c: Context, state: State, app: App, grant: Grant): Response {
  const expires = app.kind === 'github_app' && app.expiringUserTokens
  const pair = state.grants.issue(grant, expires ? expiring : lasting)
  if (app.kind === 'oauth_app') revokeOldest(state, pair)
  return answer(c, {
    access_token: pair.accessToken,
    ...(pair.refreshToken === null
      ? {}
      : {
          expires_in: expiring.accessSeconds,
          refresh_token: pair.refreshToken,
          refresh_token_expires_in: expiring.refreshSeconds,
        }),
    token_type: 'bearer',
    // Commas; empty for a GitHub App.
    scope: grant.scopes.join(','),
  })
}

// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#creating-multiple-tokens-for-oauth-apps
function revokeOldest({ grants }: State, { grant }: Pair): void {
  const key = (scopes: readonly string[]): string => [...scopes].sort().join()
  const same = grants
    .pairsOf(grant.clientId, grant.username)
    .filter(({ scopes }) => key(scopes) === key(grant.scopes))
  for (const pair of same.slice(0, -maxTokens)) grants.revokePair(pair)
}
