import type { Context, MiddlewareHandler } from 'hono'
import type { Env, Instance } from '../instance.ts'
import { readQuery } from '../oauth/form.ts'
import { bearerOf, isExpired, markUsed } from '../oauth/tokens.ts'
import type { PersonalAccessToken } from '../store/state.ts'
import { endOf } from './personal-access-tokens.ts'

/** Lets a request through whose token has one of the scopes, and says who is behind it. */
export function needs(instance: Instance, ...scopes: string[]): MiddlewareHandler<Env> {
  return admits(instance, scopes)
}

/** The same for a token of whatever scopes. */
export function needsAnyToken(instance: Instance): MiddlewareHandler<Env> {
  return admits(instance, 'any')
}

function admits(instance: Instance, scopes: readonly string[] | 'any'): MiddlewareHandler<Env> {
  return async (c, next) => {
    const refusal = refuseAccess(c, instance, scopes)
    if (refusal !== undefined) return refusal
    return await next()
  }
}

/** What a request shows: a token of either kind, as far as the API cares. */
interface Shown {
  userId: number | null
  scopes: readonly string[]
  end: 'revoked' | 'expired' | undefined
  personal: PersonalAccessToken | undefined
  markUsed: () => void
}

function refuseAccess(
  c: Context<Env>,
  instance: Instance,
  scopes: readonly string[] | 'any',
): Response | undefined {
  const query = readQuery(c)
  // This header is for tokens made by hand alone, and says less of why it is refused.
  const privateToken = c.req.header('private-token') ?? query.private_token
  const value = privateToken ?? bearerOf(c.req.header('authorization'), query)
  if (value === undefined) return c.json({ message: '401 Unauthorized' }, 401)

  const personal = findPersonal(instance, value)
  const token = personal ?? (privateToken === undefined ? findGranted(instance, value) : undefined)
  if (token === undefined) {
    return privateToken === undefined
      ? invalidToken(c, 'Bad Access Token.')
      : c.json({ message: '401 Unauthorized' }, 401)
  }
  if (token.end === 'expired') {
    return invalidToken(c, 'Token is expired. You can either do re-authorization or token refresh.')
  }
  if (token.end === 'revoked') {
    return invalidToken(c, 'Token was revoked. You have to re-authorize from the user.')
  }
  if (scopes !== 'any' && !scopes.some((scope) => token.scopes.includes(scope))) {
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
  token.markUsed()
  c.set('user', user)
  c.set('personalAccessToken', token.personal)
  return undefined
}

function findGranted(instance: Instance, value: string): Shown | undefined {
  const token = instance.store.byAccessToken(value)
  if (token === undefined) return undefined
  const whenRevoked = token.revokedAt === null ? undefined : 'revoked'
  return {
    userId: token.userId,
    scopes: token.scopes,
    end: isExpired(instance, token) ? 'expired' : whenRevoked,
    personal: undefined,
    markUsed: () => markUsed(instance, token),
  }
}

function findPersonal(instance: Instance, value: string): Shown | undefined {
  const { store, now } = instance
  const token = [...store.personalAccessTokens.values()].find((each) => each.value === value)
  if (token === undefined) return undefined
  return {
    userId: token.userId,
    scopes: token.scopes,
    end: endOf(instance, token),
    personal: token,
    markUsed: () => {
      token.lastUsedAt = now()
      store.touch()
    },
  }
}

function invalidToken(c: Context, sentence: string): Response {
  c.header(
    'WWW-Authenticate',
    `Bearer realm="Protected by OAuth 2.0", error="invalid_token", error_description="${sentence}"`,
  )
  return c.json({ error: 'invalid_token', error_description: sentence }, 401)
}
