import { z } from 'zod'
import { anyOfSchema } from './condition.ts'
import { requestSchema } from './request.ts'
import { templateSchema } from './texts.ts'

/** Addresses are logged, tokens never. */
const addressSchema = templateSchema.refine(
  (template) => !template.includes('{token}'),
  'would put the token into an address',
)

/**
 * How far a withdrawal goes. `token`: it ends the token that is sent. `pair`: both tokens of the grant. `user_and_app`:
 * all grants of the account for the app, so it is sent only when the last connection goes. `installation`: the app
 * itself at a customer, so no disconnect sends it.
 */
const killsSchema = z.enum(['token', 'pair', 'user_and_app', 'installation'])

/**
 * Values of a body, with `{client_id}` and `{token}` in them; for a key with its fields, by their names. A variable of
 * the connection's host has a value there as well.
 */
const valuesSchema = z
  .record(z.string().min(1).max(100), z.string().max(500))
  .refine((values) => Object.keys(values).length <= 10, 'has more than 10 values')

/** A request of the provider's own, in place of RFC 7009. */
const ownRequest = {
  style: z.literal('request'),
  /** In its address `{client_id}` stands for the client's id, beside the variables. */
  request: requestSchema.extend({ url: addressSchema }),
  /**
   * `client_basic`: the client names itself by HTTP Basic. `credential`: the credential itself, as the `send` of its
   * method says.
   */
  authenticate: z.enum(['client_basic', 'credential', 'none']),
  body: z
    .union([z.strictObject({ json: valuesSchema }), z.strictObject({ form: valuesSchema })])
    .optional(),
  /** What an answer is like after which the grant is withdrawn. */
  done: anyOfSchema,
  kills: killsSchema,
}

/** Which token ends the grant. */
const sentTokenSchema = z.enum(['refresh_token', 'access_token'])

/** How a grant is withdrawn. `none`: only by a person. */
export const revocationSchema = z.discriminatedUnion('style', [
  z.strictObject({
    style: z.literal('rfc7009'),
    url: addressSchema,
    send: sentTokenSchema,
    /** `token_type_hint`; null: none is sent. */
    hint: z.enum(['refresh_token', 'access_token']).nullable(),
    kills: killsSchema,
  }),
  z.strictObject({ ...ownRequest, send: sentTokenSchema }),
  z.strictObject({ style: z.literal('none') }),
])

/** How a key is withdrawn; there is no client. */
export const keyRevocationSchema = z.strictObject({
  ...ownRequest,
  authenticate: z.enum(['credential', 'none']),
})
