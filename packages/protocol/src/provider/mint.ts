import { z } from 'zod'
import { anyOfSchema } from './condition.ts'
import { parameterSchema, secondsSchema } from './oauth.ts'
import {
  headersSchema,
  nameSchema,
  pointerSchema,
  pointersSchema,
  templateSchema,
} from './texts.ts'

/**
 * `{name}` in it stands for a field by its name, or for a part of one; `{scopes}` for the scopes of the method, with
 * blanks between. A value with an optional field that was left empty is left out.
 */
const valueSchema = z.string().min(1).max(500)

const valuesSchema = z
  .record(parameterSchema, valueSchema)
  .refine((values) => Object.keys(values).length <= 20, 'has more than 20 values')

/** What an answer that brings no token means; see `TokenOutcome` of the service. */
const mintErrorSchema = z.enum([
  'rejected',
  'sign_in_again',
  'suspended',
  'request_rejected',
  'not_processed',
  'ambiguous',
])

/** Where an access token comes from, whatever is sent there. */
const endpoint = {
  /** Without values of fields: addresses are logged, secrets never. */
  url: templateSchema,
  headers: headersSchema,
  /** Where an answer holds what. */
  answer: z.strictObject({
    accessToken: pointersSchema,
    expiresIn: pointersSchema.optional(),
    /** In place of `expiresIn`: a time (RFC 3339). */
    expiresAt: pointersSchema.optional(),
    /** In place of both: the access token is a JWT, and ends at its `exp` (RFC 7519 section 4.1.4). */
    expiresAtFromJwt: z.literal(true).optional(),
    /** A list, or a text with blanks or commas between. Absent: no answer says it. */
    scope: pointersSchema.optional(),
  }),
  /** Looked through in order, at any status, before the errors of RFC 6749 section 5.2. */
  errors: z.array(z.strictObject({ if: anyOfSchema, is: mintErrorSchema })).max(20),
}

/** A request of the provider's own, with the fields in its body. */
export const keyExchangeTokenSchema = z.strictObject({
  ...endpoint,
  method: z.enum(['POST', 'PUT']),
  body: z.union([z.strictObject({ json: valuesSchema }), z.strictObject({ form: valuesSchema })]),
})

/** RFC 6749 section 4.4. */
export const clientCredentialsTokenSchema = z.strictObject({
  ...endpoint,
  /** How the client names itself (RFC 6749 section 2.3.1). */
  client: z.enum(['client_secret_basic', 'client_secret_post']),
  /** The fields with its id and its secret. */
  clientId: nameSchema,
  clientSecret: nameSchema,
  /** Default: `client_credentials`. */
  grantType: z.string().min(1).max(200).optional(),
  /** Sent with each request, beside those of OAuth. */
  parameters: valuesSchema,
})

/** RFC 7523 section 2.1: a statement that is signed with a private key. */
export const jwtBearerTokenSchema = z.strictObject({
  ...endpoint,
  /** Default: `urn:ietf:params:oauth:grant-type:jwt-bearer`. */
  grantType: z.string().min(1).max(200).optional(),
  /** Sent with each request, beside those of OAuth. */
  parameters: valuesSchema,
  assertion: z.strictObject({
    algorithm: z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA']),
    /** The field, or the part of one, with the private key: PEM of PKCS #8 or PKCS #1. */
    privateKey: nameSchema,
    /** The `kid` of the header. Absent: there is none. */
    keyId: valueSchema.optional(),
    issuer: valueSchema,
    subject: valueSchema.optional(),
    /** Default: the address of the token endpoint. */
    audience: valueSchema.optional(),
    /** Beside those, `iat`, `exp` and `jti`. */
    claims: valuesSchema,
    lifeSeconds: z.int().min(30).max(3600),
  }),
})

/** Values inside of fields that hold JSON, such as a file with the key of a service account. */
export const partsSchema = z
  .record(nameSchema, z.strictObject({ field: nameSchema, at: pointerSchema }))
  .refine((parts) => Object.keys(parts).length <= 10, 'has more than 10 parts')

/** Each renewal is the first request again, with what was typed. */
export const mintRenewalSchema = z.strictObject({
  by: z.literal('mint'),
  /** Seconds an access token lives when the answer does not say; null: it has no end. */
  defaultExpiresIn: secondsSchema.nullable(),
  /** Seconds that a request may still be worked on at their side after we stopped waiting. */
  maxRequestSeconds: secondsSchema,
})
