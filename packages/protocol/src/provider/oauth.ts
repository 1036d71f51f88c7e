import { z } from 'zod'
import { anyOfSchema } from './condition.ts'
import { scopeNameSchema } from './scopes.ts'
import { headersSchema, pointersSchema, templateSchema } from './texts.ts'

export const parameterSchema = z
  .string()
  .regex(/^[A-Za-z][\w.-]{0,99}$/, 'must be the name of a parameter')
const parametersSchema = z.record(parameterSchema, z.string().max(500))
export const secondsSchema = z
  .int()
  .positive()
  .max(10 * 366 * 86_400)

/** What a callback has beside the parameters of RFC 6749. It is checked before any of them is used. */
const callbackSchema = z.strictObject({
  /**
   * A parameter with the HMAC of all others under the client's secret. They are sorted by name and form-encoded, with
   * `%20` for a blank.
   */
  signature: z.strictObject({
    parameter: parameterSchema,
    algorithm: z.literal('sha256'),
    encoding: z.literal('hex'),
  }),
  /** Parameters that have exactly this value, in which `{name}` stands for a variable. */
  mustEqual: z
    .record(parameterSchema, templateSchema)
    .refine((values) => Object.keys(values).length <= 10, 'has more than 10 values')
    .optional(),
})

/** The authorisation request (RFC 6749 section 4.1.1). */
export const authorizeSchema = z.strictObject({
  /** Absent: the provider has no such page, and the method is by `device` alone. */
  url: templateSchema.optional(),
  /** RFC 7636. `none`: the provider does not know it, and nothing is sent. */
  pkce: z.enum(['S256', 'none']),
  /** Sent with each request, beside those of OAuth. */
  parameters: parametersSchema,
  /** How scopes are sent; null: the provider has none. */
  scopes: z
    .strictObject({
      parameter: parameterSchema,
      separator: z.enum([' ', ',']),
      /** Sent with each request beside those that are asked for, such as what a refresh token needs. Default: none. */
      always: z.array(scopeNameSchema).max(10).optional(),
    })
    .nullable(),
  /** Seconds that a code lives, which bounds how long it may be parked; null: not known, and 60 is assumed. */
  codeLifetimeSeconds: secondsSchema.nullable(),
  /** RFC 9207: who the callback must come from, and whether it must say so. `optional`: compared if it is there. */
  issuer: z.strictObject({ value: templateSchema, inCallback: z.enum(['required', 'optional']) }),
  /** Absent: the callback has what RFC 6749 and RFC 9207 say. */
  callback: callbackSchema.optional(),
})

/** Where a code for a person begins (RFC 8628 section 3.1). It is polled for at the token endpoint. */
export const deviceSchema = z.strictObject({ url: templateSchema, headers: headersSchema })

/** What an answer of the token endpoint that brings no token means; see `TokenOutcome` of the service. */
const tokenErrorSchema = z.enum([
  'rejected',
  'sign_in_again',
  'client_rejected',
  'request_rejected',
  'not_processed',
  'ambiguous',
])

/** The token endpoint (RFC 6749 sections 4.1.3 and 6). */
export const tokenEndpointSchema = z.strictObject({
  url: templateSchema,
  /** How the client names itself (RFC 6749 section 2.3.1). */
  client: z.enum(['client_secret_basic', 'client_secret_post']),
  headers: headersSchema,
  /** Whether a refresh names the granted scopes again. */
  sendScopeOnRefresh: z.boolean(),
  /** Where an answer holds what. */
  answer: z.strictObject({
    accessToken: pointersSchema,
    refreshToken: pointersSchema,
    expiresIn: pointersSchema,
    /** Seconds that the refresh token lives. Absent: no answer says it. */
    refreshExpiresIn: pointersSchema.optional(),
    /** A list, or a text with blanks or commas between. */
    scope: pointersSchema,
    /** Where the account lives, for the `origin` variable of `api.base`, which needs it. */
    origin: pointersSchema.optional(),
  }),
  /** Looked through in order, at any status, before the errors of RFC 6749 section 5.2. */
  errors: z.array(z.strictObject({ if: anyOfSchema, is: tokenErrorSchema })).max(20),
})

/**
 * What becomes of a refresh token that was used. `none`: it stays good. `until_used`: it works until its successor,
 * or the new access token, is used. `grace`: it works again for `graceSeconds`, then it is refused.
 * `grace_then_family`: the same, and then using it again revokes everything. `strict`: it is refused, and the newer
 * pair lives. `strict_family`: using it again revokes everything.
 */
const rotationSchema = z.enum([
  'none',
  'until_used',
  'grace',
  'grace_then_family',
  'strict',
  'strict_family',
])

const refreshTokenRenewalSchema = z
  .strictObject({
    by: z.literal('refresh_token'),
    rotation: rotationSchema,
    /**
     * With `none`: each answer brings another refresh token, and the older ones stay good. Without it, another
     * refresh token is a rotation that nobody declared, and the connection is treated as `strict_family`.
     */
    newEachTime: z.boolean().optional(),
    /** With `grace` and `grace_then_family`, how long. */
    graceSeconds: secondsSchema.optional(),
    /** A dead old access token is then evidence that a rotation happened. */
    revokesOldAccessToken: z.boolean(),
    /**
     * Seconds an access token lives when the answer does not say; null: it has no end, and is renewed when a probe
     * finds it inactive.
     */
    defaultExpiresIn: secondsSchema.nullable(),
    /**
     * Seconds that a refresh token lives; null: there is no such end. What an answer says counts before both. `idle`
     * counts from its last use: a connection is renewed after half of it at the latest, even if it is not read.
     * `absolute` counts from the consent, and no refresh moves it.
     */
    refreshTokenLifetime: z.strictObject({
      idle: secondsSchema.nullable(),
      absolute: secondsSchema.nullable(),
    }),
    /** Seconds that a request may still be worked on at their side after we stopped waiting. */
    maxRequestSeconds: secondsSchema,
  })
  .refine(({ rotation, graceSeconds }) => hasGrace(rotation) === (graceSeconds !== undefined), {
    path: ['graceSeconds'],
    message: 'belongs to a rotation with a grace, which needs it',
  })
  .refine(({ rotation, newEachTime }) => newEachTime === undefined || rotation === 'none', {
    path: ['newEachTime'],
    message: 'belongs to the rotation none',
  })

const hasGrace = (rotation: string) => rotation === 'grace' || rotation === 'grace_then_family'

/** Nothing renews the access token: its user connects again at its end. */
const noRenewalSchema = z.strictObject({
  by: z.literal('none'),
  /** Seconds an access token lives when the answer does not say; null: it has no end. */
  defaultExpiresIn: secondsSchema.nullable(),
})

/** How a credential stays fresh. */
export const renewalSchema = z.discriminatedUnion('by', [
  refreshTokenRenewalSchema,
  noRenewalSchema,
])
