import { z } from 'zod'
import {
  connectionNameSchema,
  hasOneOwner,
  mcpTokenIdSchema,
  oneOwner,
  ownerFields,
  providerNameSchema,
  tenantIdSchema,
} from './ids.ts'
import { knownFields } from './known-fields.ts'

/** How long a token of MCP lives at most, in seconds. */
const maxLifeSeconds = 86_400

/** `POST /v1/mcp-tokens`: a bearer for one agent, which runs the tools of one provider as one owner. */
export const createMcpTokenSchema = knownFields({
  ...ownerFields,
  provider: providerNameSchema,
  /** The only connection that it uses. Default: whichever the client names. */
  connectionName: connectionNameSchema.optional(),
  /** Needed only where the owner has connected the provider on more than one host. */
  host: z.string().max(2000).optional(),
  /** The only tools. Default: all that the tenant's policy allows. They travel in the token. */
  tools: z.array(z.string().min(1).max(100)).min(1).max(50).optional(),
  /** Only tools that change nothing. Default: false. */
  readOnly: z.boolean().optional(),
  /** 60 to 86,400. Default: 3,600. */
  expiresInSeconds: z.int().min(60).max(maxLifeSeconds).default(3_600),
}).refine(hasOneOwner, oneOwner)
export type CreateMcpToken = z.input<typeof createMcpTokenSchema>

export const mcpTokenSchema = z.object({
  id: mcpTokenIdSchema,
  /** Shown once. A client sends it as `Authorization: Bearer`. */
  token: z.string(),
  /** The endpoint that takes it, and no other does. */
  url: z.string(),
  expiresAt: z.iso.datetime(),
})
export type McpToken = z.infer<typeof mcpTokenSchema>

export const revokeMcpTokenSchema = z.object({ tenantId: tenantIdSchema })

export const revokedMcpTokenSchema = z.object({ id: mcpTokenIdSchema, revoked: z.literal(true) })
export type RevokedMcpToken = z.infer<typeof revokedMcpTokenSchema>
