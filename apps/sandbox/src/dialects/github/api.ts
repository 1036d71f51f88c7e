// https://docs.github.com/en/rest
import type { Context, Hono, MiddlewareHandler } from 'hono'
import type { Env } from '../../instance.ts'
import { applications } from './applications.ts'
import { asAnyone, asUser, type UserCaller } from './as-caller.ts'
import { type Caller, scopesOf } from './caller.ts'
import { installationRoutes } from './installations.ts'
import { notFound, restError } from './rest-error.ts'
import { covers } from './scopes.ts'
import type { GitHubOrganization, GitHubRepository, State } from './state.ts'
import { workRoutes } from './work-api.ts'

/** What is served at `api.github.com`. */
export function api(state: State): Hono<Env> {
  const app = state.wire.app('api', notFound)
  app.use(userAgentRequired)
  app.get('/user', (c) => asUser(c, state, (caller) => c.json(describeUser(caller))))
  app.get('/user/repos', (c) =>
    asUser(c, state, (caller) => c.json(repositoriesOf(state, caller).map(describeRepository))),
  )
  app.get('/repos/:owner/:repo', (c) =>
    asAnyone(c, state, (caller) => repository(c, state, caller)),
  )
  workRoutes(app, state)
  applications(app, state)
  installationRoutes(app, state)
  return app
}

// https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent
const userAgentRequired: MiddlewareHandler<Env> = async (c, next) => {
  if ((c.req.header('user-agent') ?? '') !== '') return await next()
  return c.text(
    'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
    403,
  )
}

// https://docs.github.com/en/rest/users/users#get-the-authenticated-user
function describeUser({ user }: UserCaller) {
  const { id, login, name } = user
  return { login, id, type: 'User', site_admin: false, name, email: null }
}

// https://docs.github.com/en/rest/repos/repos#get-a-repository
function repository(c: Context<Env>, state: State, caller: Caller): Response {
  const { owner = '', repo = '' } = c.req.param()
  const found = state.repositories.find((each) => each.owner === owner && each.name === repo)
  if (found === undefined) return notFound(c)
  const full = describeRepository(found)
  if (!found.private) return c.json(full)
  const organization = state.organization(owner)
  if (organization !== undefined) {
    const refused = refuseByPolicy(c, caller, organization)
    if (refused !== undefined) return refused
  }
  const scopes = scopesOf(caller)
  // What a token may not see is not there.
  if (scopes !== undefined && !covers(scopes, 'repo')) return notFound(c)
  return c.json(full)
}

function describeRepository({ id, owner, name, private: isPrivate }: GitHubRepository) {
  return { id, name, full_name: `${owner}/${name}`, private: isPrivate }
}

// https://docs.github.com/en/rest/repos/repos#list-repositories-for-the-authenticated-user
function repositoriesOf(state: State, caller: UserCaller): GitHubRepository[] {
  const accounts = state.accountsOf(caller.user.login)
  const scopes = scopesOf(caller)
  const mayAll = scopes === undefined || covers(scopes, 'repo')
  return state.repositories.filter(
    (each) => accounts.includes(each.owner) && (mayAll || !each.private),
  )
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
