import { KeywellError, type SessionId, type TenantId } from '@keywell/protocol'
import * as jose from 'jose'
import type { Logger } from '../logger.ts'
import { createSigningKey } from '../signing/signing-key.ts'
import type { Database } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'

/** How long a connect session and its token live, in milliseconds. */
export const sessionLifeMs: number = 10 * 60_000

const algorithm = 'EdDSA'
const audience = 'connect'
const type = 'connect+jwt'

export interface ConnectTokens {
  /** Loads the signing key, or makes the first one. */
  start(): Promise<void>
  sign(session: { id: SessionId; tenantId: TenantId; expiresAt: Date }): Promise<string>
  /** @throws KeywellError `session_expired` or `unauthorized` */
  verify(token: string): Promise<{ sessionId: string; tenantId: string }>
}

/**
 * Connect tokens: JWTs for one browser and one connect session. One algorithm, one audience, keys
 * found by `kid` among our own and never through a header of the token (RFC 8725).
 */
export function createConnectTokens(options: {
  database: Database
  vault: Vault
  logger: Logger
  /** Issuer: the service's public URL. */
  issuer: string
}): ConnectTokens {
  const { issuer } = options
  const key = createSigningKey({ ...options, name: 'connect_token' })
  /** Ours alone, by their id. */
  let find = jose.createLocalJWKSet({ keys: [] })

  return {
    async start() {
      await key.start()
      find = jose.createLocalJWKSet({ keys: [...key.publicKeys] })
    },

    sign: ({ id, tenantId, expiresAt }) =>
      key.sign(
        {
          iss: issuer,
          aud: audience,
          sub: id,
          iat: Math.floor(Date.now() / 1000),
          exp: Math.floor(expiresAt.getTime() / 1000),
          tenant: tenantId,
        },
        type,
      ),

    async verify(token) {
      try {
        const { payload } = await jose.jwtVerify(token, find, {
          algorithms: [algorithm],
          audience,
          issuer,
          typ: type,
        })
        if (typeof payload.sub !== 'string' || typeof payload.tenant !== 'string') {
          throw new Error('claims are missing')
        }
        return { sessionId: payload.sub, tenantId: payload.tenant }
      } catch (cause) {
        if (cause instanceof jose.errors.JWTExpired) {
          throw new KeywellError('session_expired', 'This connect session has expired.', { cause })
        }
        throw new KeywellError('unauthorized', 'The connect token is not valid.', {
          cause,
          nextStep: "Get a new connect session from the app's backend.",
        })
      }
    },
  }
}
