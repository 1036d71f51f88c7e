import type { Context } from 'hono'
import type { Instance } from '../instance.ts'
import { isWithin, splitScopes, unknownScopes } from '../scopes.ts'
import type { Application, Token } from '../store/state.ts'
import { authenticateClient } from './client.ts'
import { refuse, refuseMissing } from './errors.ts'
import { type Parameters, readForm } from './form.ts'
import { signIdToken } from './id-token.ts'
import { verifies } from './pkce.ts'
import { issueToken, rotate, secondsLeft } from './tokens.ts'

/** `POST /oauth/token`. */
export async function tokenEndpoint(c: Context, instance: Instance): Promise<Response> {
  const form = await readForm(c)
  if (form.grant_type === undefined) return refuseMissing(c, 'grant_type')
  const grant = grants.get(form.grant_type)
  if (grant === undefined) return refuse(c, 'unsupported_grant_type')
  const application = authenticateClient(instance, c.req.header('authorization'), form)
  if (application === undefined) return refuse(c, 'invalid_client')
  return await grant(c, instance, application, form)
}

type Grant = (
  c: Context,
  instance: Instance,
  application: Application,
  form: Parameters,
) => Response | Promise<Response>

const grants: ReadonlyMap<string, Grant> = new Map([
  ['authorization_code', exchangeCode],
  ['refresh_token', refresh],
  ['client_credentials', clientCredentials],
])

async function exchangeCode(
  c: Context,
  instance: Instance,
  application: Application,
  form: Parameters,
): Promise<Response> {
  const { store, now } = instance
  if (form.code === undefined) return refuseMissing(c, 'code')
  const code = store.codes.get(form.code)
  if (code?.challenge && form.code_verifier === undefined) return refuseMissing(c, 'code_verifier')
  if (form.redirect_uri === undefined) return refuseMissing(c, 'redirect_uri')

  const usable =
    code !== undefined &&
    code.usedAt === null &&
    now() < code.createdAt + instance.settings.codeLifetimeSeconds * 1_000 &&
    code.clientId === application.clientId &&
    code.redirectUri === form.redirect_uri &&
    // A wrong verifier does not burn the code: that is how Doorkeeper behaves.
    verifies(code.challenge, form.code_verifier)
  if (!usable) return refuse(c, 'invalid_grant')

  code.usedAt = now()
  const { clientId, userId, scopes } = code
  const token = issueToken(instance, { clientId, userId, scopes })
  return await answer(c, instance, token, code.nonce)
}

async function refresh(
  c: Context,
  instance: Instance,
  application: Application,
  form: Parameters,
): Promise<Response> {
  if (form.refresh_token === undefined) return refuseMissing(c, 'refresh_token')
  const token = instance.store.byRefreshToken(form.refresh_token)
  if (token === undefined || token.clientId !== application.clientId) {
    return refuse(c, 'invalid_grant')
  }
  const scopes = form.scope === undefined ? token.scopes : splitScopes(form.scope)
  if (!isWithin(scopes, token.scopes)) {
    // An invalid token is reported first, whatever else is wrong.
    return refuse(c, token.revokedAt === null ? 'invalid_scope' : 'invalid_grant')
  }
  const child = rotate(instance, token, scopes)
  if (child === undefined) return refuse(c, 'invalid_grant')
  return await answer(c, instance, child, null)
}

/** A token without a user and without a refresh token. */
async function clientCredentials(
  c: Context,
  instance: Instance,
  application: Application,
  form: Parameters,
): Promise<Response> {
  if (!application.confidential) return refuse(c, 'invalid_client')
  const scopes = splitScopes(form.scope ?? 'api')
  if (unknownScopes(scopes).length > 0 || !isWithin(scopes, application.scopes)) {
    return refuse(c, 'invalid_scope')
  }
  const { clientId } = application
  const token = issueToken(instance, { clientId, userId: null, scopes, refreshable: false })
  return await answer(c, instance, token, null)
}

async function answer(
  c: Context,
  instance: Instance,
  token: Token,
  nonce: string | null,
): Promise<Response> {
  c.header('Cache-Control', 'no-store')
  c.header('Pragma', 'no-cache')
  return c.json({
    access_token: token.accessToken,
    token_type: 'Bearer',
    expires_in: secondsLeft(instance, token),
    ...(token.refreshToken === null ? {} : { refresh_token: token.refreshToken }),
    scope: token.scopes.join(' '),
    created_at: Math.floor(token.createdAt / 1_000),
    ...(token.scopes.includes('openid')
      ? { id_token: await signIdToken(instance, token, nonce) }
      : {}),
  })
}
