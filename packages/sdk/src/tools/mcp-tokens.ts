import { type CreateMcpToken, type McpToken, type RevokedMcpToken, routes } from '@keywell/protocol'
import type { CallOptions, Service } from '../service.ts'

export interface McpTokenReference {
  /** `id` of the token. */
  readonly mcpTokenId: string
  readonly tenantId: string
}

/**
 * Tokens with which agents that speak MCP run the tools of one provider as one user. Such a token opens the endpoint that
 * comes with it, and nothing else: no agent gets an API key.
 *
 *     const { url, token } = await keywell.tools.mcpTokens.create({ tenantId, userId, provider: 'gitlab' })
 */
export class McpTokens {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /** The token is shown once. It lives an hour unless `expiresInSeconds` says otherwise, and a day at most. */
  create(token: CreateMcpToken, options?: CallOptions): Promise<McpToken> {
    return this.#service.request(
      routes.mcpTokens.create,
      'mcpTokens.create',
      { body: token },
      options,
    )
  }

  /** No further request with it is answered. @throws KeywellError `not_found` */
  revoke(
    { mcpTokenId, tenantId }: McpTokenReference,
    options?: CallOptions,
  ): Promise<RevokedMcpToken> {
    return this.#service.request(
      routes.mcpTokens.revoke,
      'mcpTokens.revoke',
      { params: { mcpTokenId }, query: { tenantId } },
      options,
    )
  }
}
