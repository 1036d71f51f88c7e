import { z } from 'zod'
import { identitySchema } from './account.ts'
import { healthSchema } from './health.ts'
import {
  appAssertionSchema,
  installationRenewalSchema,
  installationTokenSchema,
  installSchema,
  removalSchema,
} from './installation.ts'
import { keyFieldsSchema } from './key-field.ts'
import {
  clientCredentialsTokenSchema,
  jwtBearerTokenSchema,
  keyExchangeTokenSchema,
  mintRenewalSchema,
  partsSchema,
} from './mint.ts'
import { authorizeSchema, deviceSchema, renewalSchema, tokenEndpointSchema } from './oauth.ts'
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
  /** Device authorisation. Absent: the provider, or this method, has none. */
  device: deviceSchema.optional(),
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

/** What a person makes at the provider by hand, and types. */
const typed = {
  ...common,
  /** What is typed; kept together, as one sealed record. */
  fields: keyFieldsSchema,
  identity: identitySchema.optional(),
  /** In place of `identity`, where no request names an account: it is one that was typed, or the key itself. */
  typedAccount: z
    .strictObject({
      /**
       * The field with the provider's stable id, the part of one, or the variable of the host. `$hash`: a keyed hash of
       * the secrets, which nobody can read back.
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
}

/** A key that is sent as it was pasted. */
export const keyMethodSchema = z.strictObject({
  ...typed,
  kind: z.literal('key'),
  /** How a disconnect withdraws it. Absent: only its user does, since a key may be used elsewhere too. */
  revocation: keyRevocationSchema.optional(),
})

/**
 * What was typed is never sent with a call: it brings access tokens, which end soon. Only its user withdraws it, since
 * it may be used elsewhere too.
 */
const minted = {
  ...typed,
  /** Asked for with each access token. An answer that names no scopes has granted these. */
  defaultScopes: z.array(scopeNameSchema).max(100),
  renewal: mintRenewalSchema,
}

/** By a request of the provider's own. */
export const keyExchangeMethodSchema = z.strictObject({
  ...minted,
  kind: z.literal('key_exchange'),
  token: keyExchangeTokenSchema,
})

/** By a client that acts for itself (RFC 6749 section 4.4), with its id and secret. */
export const clientCredentialsMethodSchema = z.strictObject({
  ...minted,
  kind: z.literal('client_credentials'),
  token: clientCredentialsTokenSchema,
})

/** By a statement that is signed with a private key (RFC 7523). */
export const jwtBearerMethodSchema = z.strictObject({
  ...minted,
  kind: z.literal('jwt_bearer'),
  token: jwtBearerTokenSchema,
  /** Absent: there are none. */
  parts: partsSchema.optional(),
})

/**
 * An administrator installs the app on an account there, and the app mints access tokens for its installation. It
 * belongs to a tenant, and to none of its users.
 */
export const installationMethodSchema = z.strictObject({
  ...common,
  kind: z.literal('installation'),
  /** The account is the one of `install.list`. */
  identity: z.never().optional(),
  install: installSchema,
  assertion: appAssertionSchema,
  token: installationTokenSchema,
  renewal: installationRenewalSchema,
  /** How a disconnect withdraws the access token. The app stays installed. */
  revocation: keyRevocationSchema.optional(),
  removal: removalSchema,
  /** How its apps are registered. Default: as the definition's `registration` says. */
  registration: z.strictObject(registrationGuideShape).optional(),
})

/** One way to a credential. */
export const methodSchema = z.discriminatedUnion('kind', [
  oauth2MethodSchema,
  keyMethodSchema,
  keyExchangeMethodSchema,
  clientCredentialsMethodSchema,
  jwtBearerMethodSchema,
  installationMethodSchema,
])
