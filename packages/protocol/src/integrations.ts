import { z } from 'zod'
import {
  integrationIdSchema,
  methodIdSchema,
  providerNameSchema,
  scopeNameSchema,
  tenantIdSchema,
} from './ids.ts'
import { knownFields } from './known-fields.ts'
import { pastedLines, pastedText } from './pasted.ts'

const clientId = pastedText(500)
const clientSecret = pastedText(2000)
/** Of an app that signs: PEM of PKCS #1 or PKCS #8, without a password. */
const privateKey = pastedLines(16_384)

/** `POST /v1/integrations`. Without `clientId` it is a draft that names the redirect URI to register. */
export const createIntegrationSchema = knownFields({
  provider: providerNameSchema,
  /** The provider's method that the app is for. Default: its first by consent. */
  method: methodIdSchema.optional(),
  /** Base URL of the instance, relative root included. Default: the provider's own. */
  host: z.string().max(2000).optional(),
  /** What makes the provider's addresses whole beside the host, such as the tenant of an identity provider. Default: none. */
  variables: z.record(z.string().max(50), z.string().max(200)).default({}),
  /** The tenant that owns it. Default: none, all tenants share it. */
  tenantId: tenantIdSchema.optional(),
  clientId: clientId.optional(),
  clientSecret: clientSecret.optional(),
  /** Of an app that is installed, and signs: the content of its key file. Never answered. */
  privateKey: privateKey.optional(),
  /** The scopes that were ticked when the app was registered: a ceiling for every connection. None where the method has none. */
  scopes: z.array(scopeNameSchema).max(100).default([]),
})
  .refine((value) => (value.clientId === undefined) === (value.clientSecret === undefined), {
    error: 'clientId and clientSecret come together',
  })
  .refine((value) => value.privateKey === undefined || value.clientId !== undefined, {
    error: 'privateKey comes with clientId and clientSecret',
  })
export type CreateIntegration = z.input<typeof createIntegrationSchema>

/** `PUT /v1/integrations/:integrationId/client`: completes a draft, or replaces a client secret that was renewed. */
export const setClientSchema = knownFields({
  tenantId: tenantIdSchema.optional(),
  clientId,
  clientSecret,
  /** Of an app that is installed, and signs: with each change. */
  privateKey: privateKey.optional(),
})
export type SetClient = z.input<typeof setClientSchema>

/** `PATCH /v1/integrations/:integrationId`: what is left out stays. */
export const updateIntegrationSchema = knownFields({
  tenantId: tenantIdSchema.optional(),
  /** In place of those of before. Connections keep what their users granted. */
  scopes: z.array(scopeNameSchema).min(1).max(100).optional(),
  /** False: nobody can connect by it. The connections that there are stay, and are renewed. */
  enabled: z.boolean().optional(),
})
export type UpdateIntegration = z.input<typeof updateIntegrationSchema>

/** `DELETE /v1/integrations/:integrationId`. */
export const removeIntegrationSchema = z.object({
  tenantId: tenantIdSchema.optional(),
  /**
   * What becomes of its connections: all are disconnected. With `disconnect` the integration is removed when the last
   * grant was withdrawn at the provider; with `abandon` at once, and the grants that could not be withdrawn live on there.
   * Default: while there are connections, or grants to withdraw, nothing is removed.
   */
  force: z.enum(['disconnect', 'abandon']).optional(),
})

/** `POST /v1/integrations/:integrationId/validate`. */
export const validateIntegrationSchema = knownFields({
  tenantId: tenantIdSchema.optional(),
  /** The host to ask. Needed where one app serves all hosts of a provider. Default: that of the integration. */
  host: z.string().max(2000).optional(),
})

export const integrationValidationSchema = z.object({
  /**
   * `accepted`: the provider knows the client and its secret. `refused`: it does not. `unknown`: it gave another answer,
   * which `detail` names.
   */
  result: z.enum(['accepted', 'refused', 'unknown']),
  /** Where it was asked. */
  tokenUrl: z.string(),
  detail: z.string(),
})
export type IntegrationValidation = z.infer<typeof integrationValidationSchema>

export const integrationSchema = z.object({
  id: integrationIdSchema,
  provider: providerNameSchema,
  /** The provider's method that the app is for. */
  method: methodIdSchema,
  /** Where one app serves every host of a provider, their template: `https://{shop}.example`. */
  host: z.string(),
  variables: z.record(z.string(), z.string()),
  /** Null: shared by all tenants. */
  tenantId: tenantIdSchema.nullable(),
  status: z.enum(['draft', 'active']),
  /** False: nobody can connect by it. */
  enabled: z.boolean(),
  /** Counts its changes, for `If-Match`. */
  revision: z.int().positive(),
  clientId: z.string().nullable(),
  /**
   * The provider refuses the client (`client_rejected`), or what is asked of it (`request_rejected`): connections
   * wait, and living tokens are served on. Ends by itself when the provider takes it again.
   */
  suspended: z
    .object({ since: z.iso.datetime(), reason: z.enum(['client_rejected', 'request_rejected']) })
    .nullable(),
  scopes: z.array(z.string()),
  /** To be registered at the provider, exactly. */
  redirectUri: z.string(),
  /** Where at the provider, and how. */
  registerUrl: z.string(),
  steps: z.array(z.string()),
})
export type Integration = z.infer<typeof integrationSchema>
export const integrationListSchema = z.object({ integrations: z.array(integrationSchema) })
export type IntegrationList = z.infer<typeof integrationListSchema>

export const removeIntegrationAnswerSchema = z.object({
  /** As it is now, or was. */
  integration: integrationSchema,
  /** False: there is more to do, and the integration is disabled meanwhile. Ask again. */
  removed: z.boolean(),
  /** Connections that this call has disconnected. */
  disconnected: z.int().nonnegative(),
  /** What is left: connections, and grants that wait to be withdrawn. */
  connectionsLeft: z.int().nonnegative(),
  grantsLeft: z.int().nonnegative(),
})
export type RemoveIntegrationAnswer = z.infer<typeof removeIntegrationAnswerSchema>
