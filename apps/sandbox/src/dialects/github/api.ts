// https://docs.github.com/en/rest
import type { Context, Hono, MiddlewareHandler } from 'hono'
import type { Env } from '../../instance.ts'
import { applications } from './applications.ts'
import { asAnyone, asUser, type UserCaller } from './as-caller.ts'
import { type Caller, scopesOf } from './caller.ts'
import { installationRoutes } from './installations.ts'
import { repositoryFor } from './repository-access.ts'
import { notFound } from './rest-error.ts'
import { covers } from './scopes.ts'
import type { GitHubRepository, State } from './state.ts'
import { workRoutes } from './work-api.ts'

/** What is served at `api.github.com`. */
export function api(state: State): Hono<Env> {
  const app = state.wire.app('api', notFound)
  app.use(userAgentRequired)
  app.get('/user', (c) => asUser(c, state, (caller) => c.json(describeUser(caller))))
  app.get('/user/repos', (c) =>
    asUser(c, state, (caller) => c.json(repositoriesOf(state, caller).map(describeRepository))),
  )
  app.on('GET', ['/repos/:owner/:repo', '/repositories/:id'], (c) =>
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
  const found = repositoryFor(c, state, caller, { permission: 'metadata', writes: false })
  return found instanceof Response ? found : c.json(describeRepository(found))
}

function describeRepository({ id, owner, name, private: isPrivate }: GitHubRepository) {
  const full_name = `${owner}/${name}`
  return { id, name, full_name, private: isPrivate, default_branch: 'main' }
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
