// https://learn.microsoft.com/en-us/rest/api/azure/devops/
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { readBasic } from '../../oauth/client.ts'
import type { MicrosoftUser, State } from './state.ts'

/** What is served at `app.vssps.visualstudio.com` and at `dev.azure.com`. */
export function azureDevOps(state: State): void {
  state.wire
    .app('vssps', notFound)
    // https://learn.microsoft.com/en-us/rest/api/azure/devops/profile/profiles/get
    .get('/_apis/profile/profiles/me', (c) => asUser(c, state, (user) => c.json(profile(user))))
  state.wire
    .app('dev', notFound)
    .get('/:organization/_apis/connectionData', (c) =>
      asUser(c, state, (user) => c.json(connectionData(user))),
    )
    // https://learn.microsoft.com/en-us/rest/api/azure/devops/core/projects/list
    .on(['GET', 'PATCH', 'POST'], '/:organization/_apis/projects', (c) =>
      asUser(c, state, () => c.json({ count: 1, value: [{ name: 'Harbour' }] })),
    )
}

function asUser(c: Context<Env>, state: State, work: (user: MicrosoftUser) => Response): Response {
  const authorization = c.req.header('authorization') ?? ''
  const basic = readBasic(authorization)
  if (basic !== undefined) return asOwner(c, state, basic.clientSecret ?? '', work)
  const [scheme = '', token = ''] = authorization.split(' ')
  // "aud matters": one for Graph is refused here.
  const found = scheme.toLowerCase() === 'bearer' ? state.bearer(token, 'azure_devops') : undefined
  return found === undefined ? signIn(c, state) : work(found.user)
}

/**
 * A personal access token is the password of HTTP Basic; the user name may be anything, or nothing.
 * https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate
 */
function asOwner(
  c: Context<Env>,
  state: State,
  value: string,
  work: (user: MicrosoftUser) => Response,
): Response {
  const token = state.personalAccessTokens.get(value)
  const user = state.user(token?.email ?? '')
  if (token === undefined || token.revoked || user === undefined) return signIn(c, state)
  if (!state.clock.isPast(token.expiresAt)) return work(user)
  // https://github.com/microsoft/azure-pipelines-tasks/issues/18732, https://github.com/microsoft/azure-pipelines-agent/issues/1559
  const message = 'Access Denied: The Personal Access Token used has expired.'
  c.header('X-TFS-ServiceError', encodeURIComponent(message))
  return c.json(serverError(message, 'AccessCheckException'), 401)
}

/**
 * A page to sign in with, and no error: reading answers 203 or 302, writing 401.
 * https://github.com/microsoft/azure-devops-auth-samples/issues/52, https://github.com/MicrosoftDocs/azure-devops-docs/issues/13661
 */
function signIn(c: Context<Env>, { refusesWith, wire }: State): Response {
  if (!['GET', 'POST'].includes(c.req.method)) {
    const message = "TF400813: The user '' is not authorized to access this resource."
    return c.json(serverError(message, 'UnauthorizedRequestException'), 401)
  }
  if (refusesWith === 302) return c.redirect(`${wire.url('vssps')}/_signin`)
  c.status(203)
  return c.html('<html><head><title>Azure DevOps Services | Sign In</title></head></html>')
}

function serverError(message: string, typeKey: string) {
  return { $id: '1', innerException: null, message, typeKey, errorCode: 0, eventId: 3000 }
}

function notFound(c: Context<Env>): Response {
  return c.html(
    '<html><head><title>Azure DevOps Services | Page not found</title></head></html>',
    404,
  )
}

function profile({ name, email, profileId }: MicrosoftUser) {
  return {
    displayName: name,
    publicAlias: profileId,
    emailAddress: email,
    coreRevision: 1,
    id: profileId,
    revision: 1,
  }
}

function connectionData({ name, profileId }: MicrosoftUser) {
  const user = { id: profileId, providerDisplayName: name, isActive: true }
  return { authenticatedUser: user, authorizedUser: user }
}
