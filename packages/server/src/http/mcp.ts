/** Tokens of MCP, and the endpoints that take them. */
import { KeywellError, routes } from '@keywell/protocol'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { requireWithinLimits, withinLimits } from '../auth/access.ts'
import type { RateLimits } from '../auth/rate-limits.ts'
import type { Catalogue } from '../catalogue.ts'
import { endpointUrl, metadataUrl } from '../mcp/addresses.ts'
import type { McpEndpoint } from '../mcp/endpoint.ts'
import type { McpTokens } from '../mcp/tokens.ts'
import type { Environment } from './context.ts'
import { bearerOf, fromOf, limitByAddress } from './guards.ts'
import { callerOf, principalOf } from './principal.ts'
import { serve } from './serve.ts'

const endpointPath = '/mcp/:provider'
const metadataPath = '/.well-known/oauth-protected-resource/mcp/:provider'

interface Parts {
  publicUrl: string
  catalogue: Catalogue
  rateLimits: RateLimits
  mcpTokens: McpTokens
  mcpAuthorizationServers: readonly string[]
  mcpEndpoint: McpEndpoint
}

export function mcpTokenRoutes(
  app: Hono<Environment>,
  { catalogue, mcpTokens }: Pick<Parts, 'catalogue' | 'mcpTokens'>,
): void {
  serve(app, routes.mcpTokens.create, async ({ body, access, caller }) => {
    const { tenantId, userId = null, provider, connectionName, host, tools } = body
    requireWithinLimits(access, { tenantId, providers: [provider] })
    catalogue.get(tenantId, provider)
    const { readOnly = false, expiresInSeconds: lifeSeconds } = body
    const { expiresAt, ...made } = await mcpTokens.create(
      { tenantId, userId, provider, connectionName, host, tools, readOnly },
      { apiKeyId: access.id, lifeSeconds, caller },
    )
    return { ...made, expiresAt: expiresAt.toISOString() }
  })
  serve(
    app,
    routes.mcpTokens.revoke,
    async ({ params: { mcpTokenId: id }, query, access, caller }) => {
      const { tenantId } = withinLimits(access, query)
      await mcpTokens.revoke({ tenantId, id }, caller)
      return { id, revoked: true as const }
    },
  )
}

export function mcpRoutes(app: Hono<Environment>, parts: Parts): void {
  app.use(metadataPath, limitByAddress(parts.rateLimits))
  app.get(metadataPath, (c) => c.json(metadataOf(parts, c.req.param('provider'))))
  app.use(endpointPath, requireMcpToken(parts))
  app.all(endpointPath, (c) => {
    const { grant } = principalOf(c, 'mcp_token')
    return parts.mcpEndpoint.answer(c.req.raw, { grant, caller: callerOf(c) })
  })
}

/** RFC 9728. Without an authorisation server, the bearer is put into the client by hand. */
function metadataOf({ publicUrl, mcpAuthorizationServers }: Parts, provider: string) {
  return {
    resource: endpointUrl(publicUrl, provider),
    ...(mcpAuthorizationServers.length > 0 && { authorization_servers: mcpAuthorizationServers }),
    bearer_methods_supported: ['header'],
  }
}

/**
 * `/mcp/:provider`: an agent with a token for this very endpoint. Nothing is answered to a page of another site, and an
 * API key, a connect token or a provider's own token opens nothing.
 */
function requireMcpToken(parts: Parts): MiddlewareHandler<Environment> {
  const { publicUrl, rateLimits } = parts
  const own = new URL(publicUrl)
  return async (c, next) => {
    const provider = c.req.param('provider') ?? ''
    const violation = foreignHost(c, own) ?? foreignOrigin(c, own)
    if (violation !== undefined) {
      rateLimits.request(fromOf(c).address)
      throw violation
    }
    c.set('challenge', `Bearer resource_metadata="${metadataUrl(publicUrl, provider)}"`)
    const token = bearerOf(c)
    if (token === undefined) {
      rateLimits.request(fromOf(c).address)
      throw new KeywellError('unauthorized', 'No token was sent.', {
        nextStep:
          "Send one in the header Authorization. The app's backend makes it: POST /v1/mcp-tokens.",
      })
    }
    const grant = await verified(c, token, provider, parts)
    rateLimits.call(grant.tokenId)
    c.set('principal', { kind: 'mcp_token', grant })
    await next()
  }
}

/**
 * A page reaches a service in an inner network, without a foreign `Origin`, by a name of its own that it has pointed
 * there. So the name is the service's own: which one it is, no request says.
 */
function foreignHost(c: Context<Environment>, own: URL): KeywellError | undefined {
  const host = (c.req.header('host') ?? new URL(c.req.url).host).toLowerCase()
  const port = own.port || (own.protocol === 'https:' ? '443' : '80')
  if (host === own.host || host === `${own.hostname}:${port}`) return undefined
  return new KeywellError('origin_not_allowed', 'The service has another name than this Host.', {
    nextStep: `Call ${own.origin}. A proxy in front of the service has to leave Host as it is.`,
  })
}

function foreignOrigin(c: Context<Environment>, own: URL): KeywellError | undefined {
  const origin = c.req.header('origin')
  if (origin === undefined || origin === own.origin) return undefined
  return new KeywellError('origin_not_allowed', 'No page of a browser may call this.', {
    nextStep: 'Call from a process, without the header Origin.',
  })
}

/** Only wrong tokens count, so that callers who share an address with an attacker are let in. */
async function verified(
  c: Context<Environment>,
  token: string,
  provider: string,
  { mcpTokens, rateLimits }: Parts,
) {
  try {
    return await mcpTokens.verify(token, provider)
  } catch (error) {
    if (error instanceof KeywellError && error.code === 'unauthorized') {
      rateLimits.failedAuth(fromOf(c).address)
      c.set('challenge', `${c.get('challenge')}, error="invalid_token"`)
    }
    throw error
  }
}
