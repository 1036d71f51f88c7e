import { z } from 'zod'
import { integrationIdSchema, providerNameSchema, scopeNameSchema, tenantIdSchema } from './ids.ts'
import { knownFields } from './known-fields.ts'
import { pastedText } from './pasted.ts'

const clientId = pastedText(500)
const clientSecret = pastedText(2000)

/** `POST /v1/integrations`. Without `clientId` it is a draft that names the redirect URI to register. */
export const createIntegrationSchema = knownFields({
  provider: providerNameSchema,
  /** Base URL of the instance, relative root included. Default: the provider's own. */
  host: z.string().max(2000).optional(),
  /** What makes the provider's addresses whole beside the host, such as the tenant of an identity provider. Default: none. */
  variables: z.record(z.string().max(50), z.string().max(200)).default({}),
  /** The tenant that owns it. Default: none, all tenants share it. */
  tenantId: tenantIdSchema.optional(),
  clientId: clientId.optional(),
  clientSecret: clientSecret.optional(),
  /** The scopes that were ticked when the app was registered: a ceiling for every connection. */
  scopes: z.array(scopeNameSchema).min(1).max(100),
}).refine((value) => (value.clientId === undefined) === (value.clientSecret === undefined), {
  error: 'clientId and clientSecret come together',
})
export type CreateIntegration = z.input<typeof createIntegrationSchema>

/** `PUT /v1/integrations/:integrationId/client`: completes a draft, or replaces a client secret that was renewed. */
export const setClientSchema = knownFields({
  tenantId: tenantIdSchema.optional(),
  clientId,
  clientSecret,
})
export type SetClient = z.input<typeof setClientSchema>

export const integrationSchema = z.object({
  id: integrationIdSchema,
  provider: providerNameSchema,
  /** Where one app serves every host of a provider, their template: `https://{shop}.example`. */
  host: z.string(),
  variables: z.record(z.string(), z.string()),
  /** Null: shared by all tenants. */
  tenantId: tenantIdSchema.nullable(),
  status: z.enum(['draft', 'active']),
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
