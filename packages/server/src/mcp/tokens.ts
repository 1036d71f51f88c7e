/** Bearers of MCP: each is for one endpoint, one owner, and what its maker allows. */
import { KeywellError, type McpTokenId } from '@keywell/protocol'
import * as jose from 'jose'
import { z } from 'zod'
import type { RequestActor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { ApiKeys } from '../auth/api-keys.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import { createSigningKey } from '../signing/signing-key.ts'
import type { Database } from '../store/database.ts'
import * as store from '../store/mcp-tokens.ts'
import type { Vault } from '../vault/vault.ts'
import { endpointUrl } from './addresses.ts'

const algorithm = 'EdDSA'
const type = 'mcp+jwt'

/** What a token says, and its signature holds. */
const claimsSchema = z.object({
  jti: z.string(),
  tenant: z.string(),
  /** Absent: the tenant's own connection. */
  user: z.string().optional(),
  provider: z.string(),
  connection: z.string().optional(),
  host: z.string().optional(),
  tools: z.array(z.string()).optional(),
  read_only: z.literal(true).optional(),
})

/** Who calls with a token, and what it allows beside the policy of the tenant. */
export interface McpGrant {
  readonly tokenId: string
  readonly tenantId: string
  readonly userId: string | null
  readonly provider: string
  readonly connectionName: string | undefined
  readonly host: string | undefined
  readonly tools: readonly string[] | undefined
  readonly readOnly: boolean
}

export interface McpTokens {
  /** Loads the signing key, or makes the first one. */
  start(): Promise<void>
  create(
    grant: Omit<McpGrant, 'tokenId'>,
    maker: { apiKeyId: string; lifeSeconds: number; caller: RequestActor },
  ): Promise<{ id: McpTokenId; token: string; url: string; expiresAt: Date }>
  /**
   * @throws KeywellError `unauthorized`, the same for whatever is wrong: it is no token, for another endpoint, ended,
   * or revoked
   */
  verify(token: string, provider: string): Promise<McpGrant>
  /** @throws KeywellError `unauthorized`: the token that was verified has ended since, or was revoked */
  requireCurrent(grant: Pick<McpGrant, 'tenantId' | 'tokenId'>): Promise<void>
  /** @throws KeywellError `not_found` */
  revoke(token: { tenantId: string; id: string }, caller: RequestActor): Promise<void>
}

interface Parts {
  database: Database
  vault: Vault
  logger: Logger
  audit: Audit
  apiKeys: Pick<ApiKeys, 'current'>
  makeId: MakeId
  publicUrl: string
  /** Milliseconds since 1970. */
  now: () => number
}

export function createMcpTokens(parts: Parts): McpTokens {
  const { database, audit, publicUrl, now } = parts
  const key = createSigningKey({ ...parts, name: 'mcp_token' })
  /** Ours alone, by their id. */
  let find = jose.createLocalJWKSet({ keys: [] })

  async function requireCurrent({
    tenantId,
    tokenId,
  }: Pick<McpGrant, 'tenantId' | 'tokenId'>): Promise<void> {
    const apiKeyId = await store.findMcpTokenKey(database.of(tenantId), tenantId, tokenId)
    // A token is worth no more than the key that made it.
    const keys = apiKeyId === undefined ? undefined : await parts.apiKeys.current([apiKeyId])
    if (apiKeyId === undefined || keys?.has(apiKeyId) !== true) throw refused()
  }

  return {
    async start() {
      await key.start()
      find = jose.createLocalJWKSet({ keys: [...key.publicKeys] })
    },

    async create(grant, { apiKeyId, lifeSeconds, caller }) {
      const { tenantId, provider, userId } = grant
      const id = parts.makeId('mcpToken')
      const url = endpointUrl(publicUrl, provider)
      const issuedAt = Math.floor(now() / 1000)
      const expiresAt = new Date((issuedAt + lifeSeconds) * 1000)
      await database.transaction(tenantId, async (sql) => {
        await store.insertMcpToken(sql, { tenantId, id, apiKeyId, expiresAt })
        await audit.write(sql, {
          ...caller,
          tenantId,
          action: 'mcp_token.create',
          userId: userId ?? undefined,
          result: 'ok',
          reason: id,
        })
      })
      const standard = { iss: publicUrl, aud: url, iat: issuedAt, exp: issuedAt + lifeSeconds }
      const token = await key.sign({ ...standard, ...claimsOf(grant, id) }, type)
      return { id, token, url, expiresAt }
    },

    async verify(token, provider) {
      const audience = endpointUrl(publicUrl, provider)
      const grant = await readToken(token, find, {
        audience,
        issuer: publicUrl,
        currentDate: new Date(now()),
      })
      await requireCurrent(grant)
      return grant
    },

    requireCurrent,

    async revoke({ tenantId, id }, caller) {
      await database.transaction(tenantId, async (sql) => {
        if (!(await store.deleteMcpToken(sql, tenantId, id))) {
          throw new KeywellError('not_found', 'There is no such token, or it has ended.')
        }
        const entry = { ...caller, tenantId, result: 'ok', reason: id } as const
        await audit.write(sql, { ...entry, action: 'mcp_token.revoke' })
      })
    },
  }
}

function claimsOf(
  grant: Omit<McpGrant, 'tokenId'>,
  id: string,
): z.input<typeof claimsSchema> & jose.JWTPayload {
  const { tenantId, userId, provider, connectionName, host, tools, readOnly } = grant
  return {
    jti: id,
    tenant: tenantId,
    ...(userId !== null && { user: userId }),
    provider,
    ...(connectionName !== undefined && { connection: connectionName }),
    ...(host !== undefined && { host }),
    ...(tools !== undefined && { tools: [...tools] }),
    ...(readOnly && { read_only: true as const }),
  }
}

/** One algorithm, one audience, keys found by `kid` among our own and never through a header of the token (RFC 8725). */
async function readToken(
  token: string,
  find: ReturnType<typeof jose.createLocalJWKSet>,
  expected: { audience: string; issuer: string; currentDate: Date },
): Promise<McpGrant> {
  try {
    const { payload } = await jose.jwtVerify(token, find, {
      ...expected,
      algorithms: [algorithm],
      typ: type,
      requiredClaims: ['exp', 'jti'],
    })
    const claims = claimsSchema.parse(payload)
    return {
      tokenId: claims.jti,
      tenantId: claims.tenant,
      userId: claims.user ?? null,
      provider: claims.provider,
      connectionName: claims.connection,
      host: claims.host,
      tools: claims.tools,
      readOnly: claims.read_only === true,
    }
  } catch (cause) {
    throw refused(cause)
  }
}

function refused(cause?: unknown): KeywellError {
  return new KeywellError('unauthorized', 'This token opens nothing here.', {
    cause,
    nextStep: "Get a token for this address from the app's backend: POST /v1/mcp-tokens.",
  })
}
