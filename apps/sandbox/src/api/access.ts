import type { Context, MiddlewareHandler } from 'hono'
import type { Env, Instance } from '../instance.ts'
import { readQuery } from '../oauth/form.ts'
import { bearerOf, isExpired, markUsed } from '../oauth/tokens.ts'

/** Lets a request through whose token has one of the scopes, and says who is behind it. */
export function needs(instance: Instance, ...scopes: string[]): MiddlewareHandler<Env> {
  return async (c, next) => {
    const refusal = refuseAccess(c, instance, scopes)
    if (refusal !== undefined) return refusal
    return await next()
  }
}

function refuseAccess(
  c: Context<Env>,
  instance: Instance,
  scopes: readonly string[],
): Response | undefined {
  const value = bearerOf(c.req.header('authorization'), readQuery(c))
  if (value === undefined) return c.json({ message: '401 Unauthorized' }, 401)

  const token = instance.store.byAccessToken(value)
  if (token === undefined) return invalidToken(c, 'Bad Access Token.')
  if (isExpired(instance, token)) {
    return invalidToken(c, 'Token is expired. You can either do re-authorization or token refresh.')
  }
  if (token.revokedAt !== null) {
    return invalidToken(c, 'Token was revoked. You have to re-authorize from the user.')
  }
  if (!scopes.some((scope) => token.scopes.includes(scope))) {
    // GitLab sends no WWW-Authenticate with this one.
    return c.json(
      {
        error: 'insufficient_scope',
        error_description:
          'The request requires higher privileges than provided by the access token.',
        scope: scopes.join(' '),
      },
      403,
    )
  }
  const user = token.userId === null ? undefined : instance.store.users.get(token.userId)
  if (user === undefined) return c.json({ message: '401 Unauthorized' }, 401)
  if (user.blocked) {
    return c.json({ message: '403 Forbidden - Your account has been blocked.' }, 403)
  }
  markUsed(instance, token)
  c.set('user', user)
  return undefined
}

function invalidToken(c: Context, sentence: string): Response {
  c.header(
    'WWW-Authenticate',
    `Bearer realm="Protected by OAuth 2.0", error="invalid_token", error_description="${sentence}"`,
  )
  return c.json({ error: 'invalid_token', error_description: sentence }, 401)
}
