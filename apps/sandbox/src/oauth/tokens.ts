import { randomBytes } from 'node:crypto'
import type { Instance } from '../instance.ts'
import type { Token } from '../store/state.ts'

/** 64 hexadecimal characters, as Doorkeeper makes them. */
export function opaqueToken(): string {
  return randomBytes(32).toString('hex')
}

export interface TokenRequest {
  clientId: string
  userId: number | null
  scopes: readonly string[]
  /** The grant that it belongs to. Default: a new one. */
  grantId?: string
  /** Client credentials get none. */
  refreshable?: boolean
}

export function issueToken({ store, settings, now }: Instance, request: TokenRequest): Token {
  const { clientId, userId, scopes, grantId, refreshable = true } = request
  const token: Token = {
    id: store.nextId(),
    accessToken: opaqueToken(),
    refreshToken: refreshable ? opaqueToken() : null,
    grantId: grantId ?? randomBytes(8).toString('hex'),
    clientId,
    userId,
    scopes: [...scopes],
    createdAt: now(),
    expiresInSeconds: settings.tokenLifetimeSeconds,
    revokedAt: null,
    spentAt: null,
    childId: null,
    previousId: null,
  }
  store.addToken(token)
  return token
}

/**
 * Answers the pair that a refresh gives, or undefined if the refresh token cannot be used any more.
 * Nothing is awaited in here: of requests that come together, one rotates and the others see it.
 */
export function rotate(
  instance: Instance,
  token: Token,
  scopes: readonly string[],
): Token | undefined {
  const { store, settings, now } = instance
  const { rotation } = settings
  if (token.revokedAt !== null || token.spentAt !== null) {
    return reuse(instance, token, scopes)
  }
  markUsed(instance, token)

  const child = issueToken(instance, {
    clientId: token.clientId,
    userId: token.userId,
    scopes,
    grantId: token.grantId,
    refreshable: rotation.mode !== 'none' || rotation.newEachTime === true,
  })
  switch (rotation.mode) {
    case 'strict':
    case 'strict_family':
      token.spentAt = now()
      revokeToken(instance, token)
      break
    case 'until_used':
      child.previousId = token.id
      break
    case 'grace':
    case 'grace_then_family':
      token.spentAt = now()
      break
    case 'none':
      if (rotation.newEachTime !== true) store.moveRefreshToken(token, child)
      break
    default:
      rotation satisfies never
  }
  token.childId = child.id
  store.touch()
  return child
}

/** What a refresh token gives that has been used before, or was revoked. */
function reuse(instance: Instance, token: Token, scopes: readonly string[]): Token | undefined {
  const { store, settings, now } = instance
  const { rotation } = settings
  if (token.spentAt === null) return undefined
  if (rotation.mode === 'strict_family') revokeGrant(instance, token.grantId)
  if (!('graceSeconds' in rotation) || token.revokedAt !== null) return undefined
  if (now() >= token.spentAt + rotation.graceSeconds * 1_000) {
    if (rotation.mode === 'grace_then_family') revokeGrant(instance, token.grantId)
    return undefined
  }
  const child = store.token(token.childId)
  if (child === undefined || child.revokedAt !== null) return undefined
  if (rotation.graceAnswer === 'same') return child
  const { clientId, userId, grantId } = token
  return issueToken(instance, { clientId, userId, scopes, grantId })
}

/** Kills a pair. */
export function revokeToken({ store, now }: Instance, token: Token): void {
  token.revokedAt ??= now()
  store.touch()
}

/** Kills every pair that descends from one authorisation; answers how many lived. */
export function revokeGrant(instance: Instance, grantId: string): number {
  return revokeWhere(instance, (token) => token.grantId === grantId)
}

/** Kills the living pairs that the question picks; answers how many. */
export function revokeWhere(instance: Instance, picks: (token: Token) => boolean): number {
  const living = [...instance.store.tokens()].filter(
    (token) => token.revokedAt === null && picks(token),
  )
  for (const token of living) revokeToken(instance, token)
  return living.length
}

export function isExpired({ now }: Instance, token: Token): boolean {
  return now() >= token.createdAt + token.expiresInSeconds * 1_000
}

export function secondsLeft({ now }: Instance, token: Token): number {
  const left = token.createdAt / 1_000 + token.expiresInSeconds - now() / 1_000
  return Math.max(0, Math.ceil(left))
}

/** Notes that a token of a pair was used: with `until_used` its predecessor dies now. */
export function markUsed(instance: Instance, token: Token): void {
  const previous = instance.store.token(token.previousId)
  if (previous === undefined) return
  token.previousId = null
  revokeToken(instance, previous)
}

/** The access token that a request brings: header first, then the two parameters that GitLab takes. */
export function bearerOf(
  authorization: string | undefined,
  query: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return (
    /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1] ??
    query.access_token ??
    query.bearer_token
  )
}
