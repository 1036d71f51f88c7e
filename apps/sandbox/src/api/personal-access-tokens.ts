import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import type { PersonalAccessTokenInput } from '../control/protocol.ts'
import type { Env, Instance } from '../instance.ts'
import type { PersonalAccessToken, User } from '../store/state.ts'

/** Made by hand in the user's settings at GitLab; here by the control port. */
export function issuePersonalAccessToken(
  { store, now }: Instance,
  user: User,
  { name = 'Made by hand', scopes = ['api'], expiresOn }: PersonalAccessTokenInput,
): PersonalAccessToken {
  const token: PersonalAccessToken = {
    id: store.nextId(),
    value: `glpat-${randomBytes(15).toString('base64url')}`,
    name,
    userId: user.id,
    scopes: [...scopes],
    createdAt: now(),
    expiresOn: expiresOn ?? null,
    revokedAt: null,
    lastUsedAt: null,
  }
  store.personalAccessTokens.set(token.id, token)
  store.touch()
  return token
}

/** How it came to its end; undefined while it lives, which is until the first moment of its last day. */
export function endOf(
  { now }: Instance,
  { revokedAt, expiresOn }: PersonalAccessToken,
): 'revoked' | 'expired' | undefined {
  if (revokedAt !== null) return 'revoked'
  return expiresOn !== null && now() >= Date.parse(expiresOn) ? 'expired' : undefined
}

/** `GET /personal_access_tokens/self`: everything but the token. */
function personalAccessTokenView(
  instance: Instance,
  token: PersonalAccessToken,
): Record<string, unknown> {
  const { id, name, scopes, userId, createdAt, lastUsedAt, expiresOn, revokedAt } = token
  return {
    id,
    name,
    description: null,
    revoked: revokedAt !== null,
    created_at: new Date(createdAt).toISOString(),
    scopes,
    user_id: userId,
    last_used_at: lastUsedAt === null ? null : new Date(lastUsedAt).toISOString(),
    active: endOf(instance, token) === undefined,
    expires_at: expiresOn,
  }
}

export function showSelf(c: Context<Env>, instance: Instance): Response {
  const token = c.get('personalAccessToken')
  if (token === undefined) {
    return c.json({ message: '400 Bad request - this is not a personal access token' }, 400)
  }
  return c.json(personalAccessTokenView(instance, token))
}
