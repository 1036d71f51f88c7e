import { z } from 'zod'
import type { JobPatch } from '../api/job-rows.ts'
import { scopeSentences, unknownScopes } from '../scopes.ts'

/** An application to register. An id that exists already is replaced. */
export interface ApplicationInput {
  name: string
  /** Default: a random one. */
  clientId?: string
  clientSecret?: string
  redirectUris: string[]
  /** The scopes that it may ask for. Default: all. */
  scopes?: string[]
  /** Whether it must send its secret. Default: true. */
  confidential?: boolean
  /** Whether it skips the consent page. Default: false. */
  trusted?: boolean
}

export interface UserInput {
  username: string
  name?: string
  email?: string
  password?: string
}

/** A pair to issue without a browser. */
export interface TokenInput {
  clientId: string
  username: string
  scopes?: string[]
}

/** A pair as the sandbox holds it, secrets in clear. */
export interface IssuedToken {
  accessToken: string
  refreshToken: string | null
  grantId: string
  clientId: string
  username: string | null
  scopes: string[]
  createdAt: string
  expiresAt: string
  /** Null while it lives. */
  revokedAt: string | null
}

/** A personal access token to make. */
export interface PersonalAccessTokenInput {
  username: string
  name?: string
  /** Default: `api`. */
  scopes?: string[]
  /** `YYYY-MM-DD`. Default: no end. */
  expiresOn?: string
}

/** A personal access token as the sandbox holds it, in clear. */
export interface IssuedPersonalAccessToken {
  id: number
  value: string
  username: string
  scopes: string[]
  expiresOn: string | null
  /** Null while it lives. */
  revokedAt: string | null
}

/** Which grants to withdraw. A field that is missing selects all. */
export interface GrantSelector {
  username?: string
  clientId?: string
  grantId?: string
}

const maxLogPaddingBytes = 64 * 1_048_576
const maxArtifactBytes = 64 * 1_048_576

const scopes = z.array(z.string()).refine((names) => unknownScopes(names).length === 0, {
  error: `scopes are ${Object.keys(scopeSentences).join(', ')}`,
})

// GitLab refuses these three; plain http is fine.
const forbiddenSchemes = ['data:', 'vbscript:', 'javascript:']
const redirectUri = z
  .string()
  .refine((text) => URL.canParse(text) && !text.includes('#'), {
    error: 'must be an absolute URI without a fragment',
  })
  .refine((text) => !URL.canParse(text) || !forbiddenSchemes.includes(new URL(text).protocol), {
    error: `must not begin with ${forbiddenSchemes.join(', ')}`,
  })

export const applicationInputSchema: z.ZodType<ApplicationInput> = z.strictObject({
  name: z.string().min(1).max(200),
  clientId: z.string().min(1).max(200).exactOptional(),
  clientSecret: z.string().min(1).max(200).exactOptional(),
  redirectUris: z.array(redirectUri).min(1),
  scopes: scopes.exactOptional(),
  confidential: z.boolean().exactOptional(),
  trusted: z.boolean().exactOptional(),
})

export const userInputSchema: z.ZodType<UserInput> = z.strictObject({
  username: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'lower-case letters, digits, dot, dash'),
  name: z.string().min(1).exactOptional(),
  email: z.email().exactOptional(),
  password: z.string().min(1).exactOptional(),
})

/** What changes about a user. */
export interface UserPatch {
  blocked?: boolean
  /** Default of a user: true. */
  identityVerified?: boolean
}

export const userPatchSchema: z.ZodType<UserPatch> = z.strictObject({
  blocked: z.boolean().exactOptional(),
  identityVerified: z.boolean().exactOptional(),
})

export const tokenInputSchema: z.ZodType<TokenInput> = z.strictObject({
  clientId: z.string(),
  username: z.string(),
  scopes: scopes.exactOptional(),
})

export const personalAccessTokenInputSchema: z.ZodType<PersonalAccessTokenInput> = z.strictObject({
  username: z.string(),
  name: z.string().min(1).max(200).exactOptional(),
  scopes: scopes.exactOptional(),
  expiresOn: z.iso.date().exactOptional(),
})

export const grantSelectorSchema: z.ZodType<GrantSelector> = z
  .strictObject({
    username: z.string().exactOptional(),
    clientId: z.string().exactOptional(),
    grantId: z.string().exactOptional(),
  })
  .refine((selector) => Object.keys(selector).length > 0, {
    error: 'name a username, a clientId or a grantId; reset the sandbox to withdraw everything',
  })

export const jobPatchSchema: z.ZodType<JobPatch> = z.strictObject({
  status: z
    .enum(['created', 'pending', 'running', 'success', 'failed', 'canceled', 'skipped', 'manual'])
    .exactOptional(),
  log: z.string().exactOptional(),
  logPaddingBytes: z.int().nonnegative().max(maxLogPaddingBytes).exactOptional(),
  artifactBytes: z.int().nonnegative().max(maxArtifactBytes).nullable().exactOptional(),
})
