import { z } from 'zod'
import { accountReaderSchema } from './account.ts'
import { anyOfSchema } from './condition.ts'
import { parameterSchema, secondsSchema } from './oauth.ts'
import { requestSchema } from './request.ts'
import {
  headersSchema,
  nameSchema,
  patternSchema,
  pointerSchema,
  pointersSchema,
  templateSchema,
} from './texts.ts'

/** Where an answer says what the app may do at an installation. */
const detailsShape = {
  /** An object of names and levels. */
  permissions: pointersSchema.optional(),
  /** A word for which repositories, or other parts, it is for. */
  repositories: pointersSchema.optional(),
}

/** The user's own list of installations. Whoever comes back from the install page may name one that is in it. */
const listSchema = z.strictObject({
  /** With the user's own token. */
  request: requestSchema,
  /** Pages are counted from 1 by `parameter`; one with fewer than `size` items is the last. Absent: there is but one. */
  pages: z.strictObject({ parameter: parameterSchema, size: z.int().min(1).max(1_000) }).optional(),
  /** Where the answer has the list. */
  items: pointerSchema,
  /** In an item: its id, a number or a text. */
  id: pointersSchema,
  /** In an item: on whose account the app is installed. It is the account of the connection. */
  account: accountReaderSchema,
  ...detailsShape,
})

/** How an administrator of an account there installs the app, and how it is known that they may. */
export const installSchema = z.strictObject({
  /** The page where they do so. `state` is added to it (RFC 6749 section 4.1.1). */
  url: templateSchema,
  /**
   * The method by consent whose authorisation that page asks for as well. The token that it brings shows which
   * installations the user may name; then it is withdrawn.
   */
  consent: nameSchema,
  /** Where the callback has the id of the installation, and what it must match as a whole. Anybody can type one. */
  id: z.strictObject({ parameter: parameterSchema, pattern: patternSchema }),
  /** What a callback has when an administrator has to approve the installation first. Absent: there is no such step. */
  pending: z
    .strictObject({ parameter: parameterSchema, value: z.string().min(1).max(100) })
    .optional(),
  list: listSchema,
})

/** What the app signs about itself with the integration's private key, and shows as a bearer (RFC 7519). */
export const appAssertionSchema = z.strictObject({
  algorithm: z.enum(['RS256']),
  /** From `iat` to `exp`. `iss` is the client's id. */
  lifeSeconds: z.int().min(60).max(600),
})

const errorSchema = z.enum([
  'rejected',
  'suspended',
  'client_rejected',
  'request_rejected',
  'not_processed',
  'ambiguous',
])

/** Where the app asks for an access token of an installation. In addresses `{installation}` is its id. */
export const installationTokenSchema = z.strictObject({
  url: templateSchema,
  headers: headersSchema,
  answer: z.strictObject({
    accessToken: pointersSchema,
    expiresIn: pointersSchema.optional(),
    /** In place of `expiresIn`: a time (RFC 3339). */
    expiresAt: pointersSchema.optional(),
    ...detailsShape,
  }),
  /** Looked through in order, at any status, before the errors of RFC 6749 section 5.2. */
  errors: z.array(z.strictObject({ if: anyOfSchema, is: errorSchema })).max(20),
})

/** How the app is removed from the account there. Only `DELETE /v1/installations/:connectionId` sends it. */
export const removalSchema = z.strictObject({
  request: requestSchema,
  /** What an answer is like after which it is removed. */
  done: anyOfSchema,
})

export const installationRenewalSchema = z.strictObject({
  by: z.literal('mint'),
  /** Seconds an access token lives when the answer does not say. */
  defaultExpiresIn: secondsSchema,
  /** Seconds that a request may still be worked on at their side after we stopped waiting. */
  maxRequestSeconds: secondsSchema,
})
