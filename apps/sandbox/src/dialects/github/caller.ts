// https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
import type { Context } from 'hono'
import type { Pair } from '../core/grants.ts'
import type {
  GitHubApp,
  GitHubUser,
  Installation,
  InstallationToken,
  OAuthApp,
  State,
} from './state.ts'

/** Who calls the API. */
export type Caller =
  | { kind: 'oauth'; user: GitHubUser; app: OAuthApp | GitHubApp; pair: Pair }
  | {
      kind: 'personal'
      user: GitHubUser
      scopes: readonly string[] | null
      expiresAt: number | null
    }
  | { kind: 'installation'; installation: Installation; token: InstallationToken }

/** `Authorization: Bearer` and `Authorization: token` are the same. */
export function shownToken(c: Context): string | undefined {
  const [scheme = '', token] = (c.req.header('authorization') ?? '').split(' ')
  return ['bearer', 'token'].includes(scheme.toLowerCase()) ? token : undefined
}

/** Undefined: the token is not, or no longer, one of a caller. */
export function callerOf(state: State, token: string): Caller | undefined {
  return (
    oauthCaller(state, token) ?? personalCaller(state, token) ?? installationCaller(state, token)
  )
}

function oauthCaller(state: State, token: string): Caller | undefined {
  const pair = state.grants.active(token)
  if (pair === undefined) return undefined
  const user = state.user(pair.grant.username)
  const app = state.apps.get(pair.grant.clientId)
  return user === undefined || app === undefined ? undefined : { kind: 'oauth', user, app, pair }
}

function personalCaller(state: State, token: string): Caller | undefined {
  const found = state.personalAccessTokens.get(token)
  if (found === undefined || found.revoked || state.clock.isPast(found.expiresAt)) return undefined
  const user = state.user(found.login)
  const { scopes, expiresAt } = found
  return user === undefined ? undefined : { kind: 'personal', user, scopes, expiresAt }
}

function installationCaller(state: State, value: string): Caller | undefined {
  const token = state.installationTokens.get(value)
  if (token === undefined || token.revoked || state.clock.isPast(token.expiresAt)) return undefined
  // A token of an app that was uninstalled is as one that never was.
  const installation = state.installations.get(token.installationId)
  return installation === undefined ? undefined : { kind: 'installation', installation, token }
}

/** Scopes of a classic token; undefined: it has permissions instead. */
export function scopesOf(caller: Caller): readonly string[] | undefined {
  if (caller.kind === 'personal') return caller.scopes ?? undefined
  return caller.kind === 'oauth' && caller.app.kind === 'oauth_app' ? caller.pair.scopes : undefined
}
