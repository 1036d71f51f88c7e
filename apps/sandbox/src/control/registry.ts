import { randomBytes } from 'node:crypto'
import type { Instance } from '../instance.ts'
import { scopeSentences } from '../scopes.ts'
import { newUser } from '../store/seed.ts'
import type { Application, PersonalAccessToken, Token, User } from '../store/state.ts'
import type {
  ApplicationInput,
  IssuedPersonalAccessToken,
  IssuedToken,
  UserInput,
} from './protocol.ts'

/** Registers an application, or replaces the one with the same id; its tokens stay. */
export function registerApplication({ store }: Instance, input: ApplicationInput): Application {
  const application: Application = {
    clientId: input.clientId ?? randomBytes(32).toString('hex'),
    clientSecret: input.clientSecret ?? newSecret(),
    name: input.name,
    redirectUris: [...input.redirectUris],
    scopes: [...(input.scopes ?? Object.keys(scopeSentences))],
    confidential: input.confidential ?? true,
    trusted: input.trusted ?? false,
  }
  store.applications.set(application.clientId, application)
  store.touch()
  return application
}

/** With the prefix that GitLab gives them: its hyphen trips clients that form-encode it for Basic. */
export function newSecret(): string {
  return `gloas-${randomBytes(32).toString('hex')}`
}

/** Undefined if the username is taken. */
export function addUser({ store }: Instance, input: UserInput): User | undefined {
  if (store.userByName(input.username) !== undefined) return undefined
  const user = newUser(store.nextId(), input)
  store.users.set(user.id, user)
  store.touch()
  return user
}

export function describeToken({ store }: Instance, token: Token): IssuedToken {
  const user = token.userId === null ? undefined : store.users.get(token.userId)
  return {
    accessToken: token.accessToken,
    refreshToken: token.refreshToken,
    grantId: token.grantId,
    clientId: token.clientId,
    username: user?.username ?? null,
    scopes: [...token.scopes],
    createdAt: new Date(token.createdAt).toISOString(),
    expiresAt: new Date(token.createdAt + token.expiresInSeconds * 1_000).toISOString(),
    revokedAt: token.revokedAt === null ? null : new Date(token.revokedAt).toISOString(),
  }
}

export function describePersonalAccessToken(
  { store }: Instance,
  { id, value, userId, scopes, expiresOn, revokedAt }: PersonalAccessToken,
): IssuedPersonalAccessToken {
  return {
    id,
    value,
    username: store.users.get(userId)?.username ?? '',
    scopes: [...scopes],
    expiresOn,
    revokedAt: revokedAt === null ? null : new Date(revokedAt).toISOString(),
  }
}
