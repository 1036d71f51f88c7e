import { z } from 'zod'
import { identitySchema } from './account.ts'
import { healthSchema } from './health.ts'
import { keyFieldsSchema } from './key-field.ts'
import { authorizeSchema, renewalSchema, tokenEndpointSchema } from './oauth.ts'
import { keyRevocationSchema, revocationSchema } from './revocation.ts'
import { scopeNameSchema } from './scopes.ts'
import { sendSchema } from './send.ts'
import { lineSchema, nameSchema, templateSchema } from './texts.ts'

const common = {
  id: nameSchema,
  /** What people call it there, such as `personal access token`. */
  title: lineSchema,
  send: sendSchema,
  identity: identitySchema,
  health: healthSchema,
  /** Where a person withdraws it by hand. */
  manualUrl: templateSchema,
}

/** Where and how an app is registered, as steps for people. */
export const registrationGuideShape = {
  url: templateSchema,
  steps: z.array(lineSchema).min(1).max(20),
}

/** The user consents at the provider (RFC 6749). */
export const oauth2MethodSchema = z.strictObject({
  ...common,
  kind: z.literal('oauth2'),
  authorize: authorizeSchema,
  /** Asked for when neither the session nor the button names scopes. */
  defaultScopes: z.array(scopeNameSchema).max(100),
  token: tokenEndpointSchema,
  renewal: renewalSchema,
  /**
   * A new consent ends all earlier grants of the account for the app, so that their connections are probed at once.
   * Absent: they live on.
   */
  consentReplaces: z.literal('user_and_app').optional(),
  revocation: revocationSchema,
  /** How its apps are registered. Default: as the definition's `registration` says. */
  registration: z.strictObject(registrationGuideShape).optional(),
})

/** A person makes a key at the provider by hand, and pastes it. */
export const keyMethodSchema = z.strictObject({
  ...common,
  kind: z.literal('key'),
  /** What is typed; kept together, as one sealed record. */
  fields: keyFieldsSchema,
  identity: identitySchema.optional(),
  /** In place of `identity`, where no request names an account: it is one that was typed, or the key itself. */
  typedAccount: z
    .strictObject({
      /**
       * The field with the provider's stable id, or the variable of the host. `$hash`: a keyed hash of the secrets,
       * which nobody can read back.
       */
      id: z
        .string()
        .regex(/^(\$hash|[a-z][A-Za-z0-9_]{0,49})$/, 'must be $hash or the name of a field'),
      /** The same for a name for people. */
      name: nameSchema.optional(),
    })
    .optional(),
  /** How to make a key, as sentences for people; they follow the link to the page at `manualUrl`. */
  steps: z.array(lineSchema).min(1).max(10),
  /** Names of the query parameters that fill that page in beforehand. Absent: it takes none. */
  prefill: z
    .strictObject({ name: z.string(), scopes: z.string(), scopeSeparator: z.enum([' ', ',']) })
    .optional(),
  /** How a disconnect withdraws it. Absent: only its user does, since a key may be used elsewhere too. */
  revocation: keyRevocationSchema.optional(),
})

/** One way to a credential. */
export const methodSchema = z.discriminatedUnion('kind', [oauth2MethodSchema, keyMethodSchema])
