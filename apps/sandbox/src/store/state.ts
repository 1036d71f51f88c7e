import { z } from 'zod'

/**
 * Everything the sandbox remembers, as plain data: this is what the data file holds.
 * Times are epoch milliseconds by the sandbox's clock.
 */
export interface State {
  version: 2
  users: User[]
  applications: Application[]
  codes: Code[]
  tokens: Token[]
  personalAccessTokens: PersonalAccessToken[]
  sessions: Session[]
  /** The resources of the API, by table; see `tables.ts`. */
  rows: Record<string, { id: number }[]>
  /** Signs id tokens; made when the first one is asked for. */
  signingKey: Record<string, unknown> | null
  lastId: number
}

export interface User {
  id: number
  username: string
  name: string
  email: string
  password: string
  blocked: boolean
  /** Has shown who they are, which GitLab.com wants before it runs jobs for them. */
  identityVerified: boolean
}

/** An OAuth application. `trusted` ones never show a consent page. */
export interface Application {
  clientId: string
  clientSecret: string
  name: string
  redirectUris: string[]
  /** The ceiling of what it may ask for. */
  scopes: string[]
  confidential: boolean
  trusted: boolean
}

/** An authorisation code. */
export interface Code {
  code: string
  clientId: string
  userId: number
  redirectUri: string
  scopes: string[]
  challenge: { method: 'plain' | 'S256'; value: string } | null
  nonce: string | null
  createdAt: number
  usedAt: number | null
}

/**
 * One pair, in one row with one `revokedAt`, as Doorkeeper keeps it: revoking either token kills
 * both.
 */
export interface Token {
  id: number
  accessToken: string
  refreshToken: string | null
  /** Shared by all pairs that descend from one authorisation. */
  grantId: string
  clientId: string
  /** Null with client credentials: the token has no user. */
  userId: number | null
  scopes: string[]
  createdAt: number
  expiresInSeconds: number
  revokedAt: number | null
  /** When the refresh token was used up; with some rotations the access token outlives it. */
  spentAt: number | null
  /** The pair that a refresh of this one gave. */
  childId: number | null
  /** The pair that dies when a token of this one is first used (rotation `until_used`). */
  previousId: number | null
}

/** What a user has made by hand, to use in place of a password. */
export interface PersonalAccessToken {
  id: number
  value: string
  name: string
  userId: number
  scopes: string[]
  createdAt: number
  /** `YYYY-MM-DD`: the day, in UTC, at whose beginning it ends; null: it does not. */
  expiresOn: string | null
  revokedAt: number | null
  lastUsedAt: number | null
}

export interface Session {
  id: string
  userId: number
  createdAt: number
}

const time = z.number()
const maybeTime = time.nullable()
const names = z.array(z.string())

/** Reads a data file. */
export const stateSchema: z.ZodType<State> = z.object({
  version: z.literal(2),
  users: z.array(
    z.object({
      id: z.int(),
      username: z.string(),
      name: z.string(),
      email: z.string(),
      password: z.string(),
      blocked: z.boolean(),
      identityVerified: z.boolean(),
    }),
  ),
  applications: z.array(
    z.object({
      clientId: z.string(),
      clientSecret: z.string(),
      name: z.string(),
      redirectUris: names,
      scopes: names,
      confidential: z.boolean(),
      trusted: z.boolean(),
    }),
  ),
  codes: z.array(
    z.object({
      code: z.string(),
      clientId: z.string(),
      userId: z.int(),
      redirectUri: z.string(),
      scopes: names,
      challenge: z.object({ method: z.enum(['plain', 'S256']), value: z.string() }).nullable(),
      nonce: z.string().nullable(),
      createdAt: time,
      usedAt: maybeTime,
    }),
  ),
  tokens: z.array(
    z.object({
      id: z.int(),
      accessToken: z.string(),
      refreshToken: z.string().nullable(),
      grantId: z.string(),
      clientId: z.string(),
      userId: z.int().nullable(),
      scopes: names,
      createdAt: time,
      expiresInSeconds: z.number(),
      revokedAt: maybeTime,
      spentAt: maybeTime,
      childId: z.int().nullable(),
      previousId: z.int().nullable(),
    }),
  ),
  personalAccessTokens: z.array(
    z.object({
      id: z.int(),
      value: z.string(),
      name: z.string(),
      userId: z.int(),
      scopes: names,
      createdAt: time,
      expiresOn: z.string().nullable(),
      revokedAt: maybeTime,
      lastUsedAt: maybeTime,
    }),
  ),
  sessions: z.array(z.object({ id: z.string(), userId: z.int(), createdAt: time })),
  rows: z.record(z.string(), z.array(z.looseObject({ id: z.int() }))),
  signingKey: z.record(z.string(), z.unknown()).nullable(),
  lastId: z.int(),
})
