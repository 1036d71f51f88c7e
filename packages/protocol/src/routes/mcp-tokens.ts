import { z } from 'zod'
import { mcpTokenIdSchema } from '../ids.ts'
import {
  createMcpTokenSchema,
  mcpTokenSchema,
  revokedMcpTokenSchema,
  revokeMcpTokenSchema,
} from '../mcp-tokens.ts'
import { needs, route } from './route.ts'

export const mcpTokenRoutes = {
  create: route({
    method: 'POST',
    path: '/v1/mcp-tokens',
    summary: 'Make a token with which an agent runs the tools of one provider as one user, by MCP',
    description:
      'It opens `/mcp/{provider}` and nothing else. It ends at its time, when it is revoked, and with the API key that made it.',
    access: needs('mcp_tokens:write'),
    body: createMcpTokenSchema,
    answer: { status: 201, description: 'The token, shown once', schema: mcpTokenSchema },
    errors: ['unknown_provider', 'tenant_erased'],
    answersSecret: true,
    audit: 'mcp_token.create',
  }),
  revoke: route({
    method: 'DELETE',
    path: '/v1/mcp-tokens/:mcpTokenId',
    summary: 'Revoke a token of MCP; no further request with it is answered',
    access: needs('mcp_tokens:write'),
    params: z.object({ mcpTokenId: mcpTokenIdSchema }),
    query: revokeMcpTokenSchema,
    answer: { status: 200, description: 'It is revoked', schema: revokedMcpTokenSchema },
    errors: ['not_found', 'tenant_erased'],
    audit: 'mcp_token.revoke',
  }),
}
