import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Env, Instance } from '../instance.ts'
import {
  type AuthorizationRequest,
  checkAuthorization,
  redirectWith,
} from '../oauth/authorization-request.ts'
import { errorSentences } from '../oauth/errors.ts'
import { type Parameters, readForm, readQuery } from '../oauth/form.ts'
import { opaqueToken } from '../oauth/tokens.ts'
import { sameScopes, scopeSentences } from '../scopes.ts'
import type { User } from '../store/state.ts'
import { avatar, type Html, page } from './layout.ts'
import { askToSignIn } from './sign-in.ts'

/** `GET /oauth/authorize`: shows the consent page, or skips it where settings allow that. */
export function authorizePage(c: Context<Env>, instance: Instance): Response | Promise<Response> {
  const user = c.get('user')
  if (user === undefined) return askToSignIn(c, instance)
  const parameters = readQuery(c)
  const checked = checkAuthorization(instance, parameters)
  if ('problem' in checked) return problemPage(c, instance, checked.problem)
  if (maySkip(instance, checked.request, user))
    return c.redirect(grant(instance, checked.request, user))

  c.set('formTarget', checked.request.redirectUri)
  const title = `Authorize ${checked.request.application.name}`
  const body = consentForm(instance.root, checked.request, user, parameters)
  return c.html(page({ title, root: instance.root, user, body }))
}

/** `POST /oauth/authorize`: the user has decided. Everything is checked again. */
export async function decide(c: Context<Env>, instance: Instance): Promise<Response> {
  const user = c.get('user')
  if (user === undefined) return c.redirect(`${instance.root}/users/sign_in`)
  const form = await readForm(c)
  const checked = checkAuthorization(instance, form)
  if ('problem' in checked) return await problemPage(c, instance, checked.problem)
  if (form.decision === 'authorize') return c.redirect(grant(instance, checked.request, user))
  const error = 'access_denied'
  const answer = { error, error_description: errorSentences[error] }
  return c.redirect(redirectWith(checked.request, answer))
}

/** Makes a code and answers where the browser takes it. */
function grant({ store, now }: Instance, request: AuthorizationRequest, user: User): string {
  const code = opaqueToken()
  store.addCode({
    code,
    clientId: request.application.clientId,
    userId: user.id,
    redirectUri: request.redirectUri,
    scopes: request.scopes,
    challenge: request.challenge,
    nonce: request.nonce ?? null,
    createdAt: now(),
    usedAt: null,
  })
  return redirectWith(request, { code })
}

function maySkip(
  { settings, store }: Instance,
  { application, scopes }: AuthorizationRequest,
  user: User,
): boolean {
  if (application.trusted || settings.skipConsent === 'always') return true
  if (settings.skipConsent === 'never' || !application.confidential) return false
  return [...store.tokens()].some(
    (token) =>
      token.revokedAt === null &&
      token.userId === user.id &&
      token.clientId === application.clientId &&
      sameScopes(token.scopes, scopes),
  )
}

function problemPage(
  c: Context<Env>,
  { root }: Instance,
  problem: string,
): Response | Promise<Response> {
  const body = html`
      <div class="card narrow">
        <h1>This request cannot be authorized</h1>
        <p class="problem" role="alert">${problem}</p>
        <p>Go back to the application that sent you here, and tell the people who run it.</p>
      </div>`
  // 200, as at GitLab: the client gets no answer, and its flow ends by timeout.
  return c.html(page({ title: 'Cannot authorize', root, user: c.get('user'), body }))
}

const carried = [
  'client_id',
  'redirect_uri',
  'response_type',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
  'nonce',
] as const

function consentForm(
  root: string,
  { application, redirectUri, scopes }: AuthorizationRequest,
  user: User,
  parameters: Parameters,
): Html {
  return html`
      <div class="card narrow">
        <h1>Authorize <em>${application.name}</em> to use your account?</h1>
        <p class="account">${avatar(user)}<span>Signed in as <strong>${user.name}</strong> (@${user.username})</span></p>
        <h2>${application.name} will be able to</h2>
        <ul class="scopes">${scopes.map(
          (scope) => html`
          <li><span>${scopeSentences[scope]}</span> <code>${scope}</code></li>`,
        )}
        </ul>
        <p class="quiet">Afterwards you go back to <strong>${new URL(redirectUri).host || redirectUri}</strong>.
          You can withdraw this at any time on your <a href="${root}/-/user_settings/applications">Applications page</a>.</p>
        <form method="post" action="${root}/oauth/authorize" class="actions">
          ${carried.map((name) =>
            parameters[name] === undefined
              ? ''
              : html`<input type="hidden" name="${name}" value="${parameters[name]}">`,
          )}
          <button class="primary" name="decision" value="authorize">Authorize ${application.name}</button>
          <button name="decision" value="deny">Deny</button>
        </form>
      </div>`
}
