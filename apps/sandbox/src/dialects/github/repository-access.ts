/** Which repository a request is about, and whether its caller may do there what it asks for. */
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { type Caller, scopesOf } from './caller.ts'
import { notFound, restError } from './rest-error.ts'
import { covers } from './scopes.ts'
import type { GitHubOrganization, GitHubRepository, State } from './state.ts'

export interface Access {
  /** Of an app: https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps */
  readonly permission: 'metadata' | 'issues' | 'pull_requests' | 'actions' | 'contents'
  readonly writes: boolean
}

/** The repository, or the answer that refuses it. */
export function repositoryFor(
  c: Context<Env>,
  state: State,
  caller: Caller,
  access: Access,
): GitHubRepository | Response {
  // https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
  c.header('X-Accepted-OAuth-Scopes', access.writes ? 'public_repo, repo' : 'repo')
  const { id, owner = '', repo = '' } = c.req.param()
  const found = state.repositories.find(
    (each) => `${each.id}` === id || (each.owner === owner && each.name === repo),
  )
  if (found === undefined) return redirect(c, state, { owner, repo }) ?? notFound(c)
  return refuseHidden(c, state, caller, found) ?? refuseUse(c, caller, found, access) ?? found
}

/** "If you use an old name": https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects */
function redirect(
  c: Context<Env>,
  state: State,
  { owner, repo }: { owner: string; repo: string },
): Response | undefined {
  const moved = state.repositories.find((each) => each.owner === owner && each.formerName === repo)
  if (moved === undefined) return undefined
  const rest = c.req.path.split('/').slice(4)
  const path = ['repositories', moved.id, ...rest].join('/')
  const url = `${state.wire.url('api')}/${path}${new URL(c.req.url).search}`
  c.header('Location', url)
  const isRead = c.req.method === 'GET'
  const message = isRead ? 'Moved Permanently' : 'Temporary Redirect'
  return c.json(
    { message, url, documentation_url: 'https://docs.github.com/rest' },
    isRead ? 301 : 307,
  )
}

/** What a token may not see is not there. */
function refuseHidden(
  c: Context<Env>,
  state: State,
  caller: Caller,
  repository: GitHubRepository,
): Response | undefined {
  if (!repository.private) return undefined
  const organization = state.organization(repository.owner)
  const refused = organization && refuseByPolicy(c, caller, organization)
  if (refused !== undefined) return refused
  const scopes = scopesOf(caller)
  return scopes !== undefined && !covers(scopes, 'repo') ? notFound(c) : undefined
}

function refuseUse(
  c: Context<Env>,
  caller: Caller,
  repository: GitHubRepository,
  { permission, writes }: Access,
): Response | undefined {
  if (repository.blocked) return refuseBlocked(c)
  const scopes = scopesOf(caller)
  if (writes && scopes !== undefined && !covers(scopes, 'public_repo')) return notFound(c)
  const needsPermission = permission !== 'metadata' && (writes || repository.private)
  if (caller.kind === 'installation' && needsPermission) {
    const granted = caller.token.permissions[permission]
    if (granted === undefined || (writes && granted === 'read')) {
      c.header('X-Accepted-GitHub-Permissions', `${permission}=${writes ? 'write' : 'read'}`)
      return restError(c, 403, 'Resource not accessible by integration')
    }
  }
  if (permission === 'issues' && repository.hasNoIssues) {
    return restError(c, 410, 'Issues are disabled for this repo')
  }
  return writes && repository.archived
    ? restError(c, 403, 'Repository was archived so is read-only.')
    : undefined
}

// https://github.blog/changelog/2016-03-17-the-451-status-code-is-now-supported
function refuseBlocked(c: Context<Env>): Response {
  const block = {
    reason: 'dmca',
    created_at: '2026-11-01T00:00:00Z',
    html_url: 'https://github.com/github/dmca',
  }
  return c.json({ message: 'Repository access blocked', block }, 451)
}

/** A living token that an organisation does not let in. */
function refuseByPolicy(
  c: Context<Env>,
  caller: Caller,
  { login, restrictsOAuthApps, enforcesSaml }: GitHubOrganization,
): Response | undefined {
  const isOAuthApp = caller.kind === 'oauth' && caller.app.kind === 'oauth_app'
  // https://docs.github.com/en/organizations/managing-oauth-access-to-your-organizations-data/about-oauth-app-access-restrictions
  if (restrictsOAuthApps && isOAuthApp) {
    const text = `Although you appear to have the correct authorization credentials, the \`${login}\` organization has enabled OAuth App access restrictions, meaning that data access to third-parties is limited.`
    return restError(c, 403, text, 'articles/restricting-access-to-your-organization-s-data/')
  }
  // https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#authenticating-with-saml-single-sign-on
  if (enforcesSaml && caller.kind !== 'installation') {
    c.header('X-GitHub-SSO', `required; url=https://github.com/orgs/${login}/sso`)
    const text =
      'Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization.'
    return restError(
      c,
      403,
      text,
      'articles/authenticating-to-a-github-organization-with-saml-single-sign-on/',
    )
  }
  return undefined
}
