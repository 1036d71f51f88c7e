import { KeywellError, type SessionId, type TenantId } from '@keywell/protocol'
import * as jose from 'jose'
import type { Database } from '../store/database.ts'
import { insertInstallKey, listInstallKeys } from '../store/install-keys.ts'
import type { RecordContext, Vault } from '../vault/vault.ts'

/** How long a connect session and its token live, in milliseconds. */
export const sessionLifeMs: number = 10 * 60_000

const algorithm = 'EdDSA'
const audience = 'connect'
const keyName = 'connect_token'

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
  /** Issuer: the service's public URL. */
  issuer: string
}): ConnectTokens {
  const { database, vault, issuer } = options
  const publicKeys = new Map<string, jose.CryptoKey | Uint8Array>()
  let current: { kid: string; key: jose.CryptoKey | Uint8Array } | undefined

  async function makeFirst(): Promise<void> {
    const pair = await jose.generateKeyPair(algorithm, { extractable: true })
    const privateJwk = await jose.exportJWK(pair.privateKey)
    const body = new TextEncoder().encode(JSON.stringify(privateJwk))
    const { sealed, keyVersion } = await vault.seal(keyContext(1), body)
    const publicJwk = { ...(await jose.exportJWK(pair.publicKey)) }
    await insertInstallKey(database, { name: keyName, version: 1, keyVersion, sealed, publicJwk })
  }

  return {
    async start() {
      let rows = await listInstallKeys(database, keyName)
      if (rows.length === 0) {
        await makeFirst() // another process may have been first: whichever row is there now counts
        rows = await listInstallKeys(database, keyName)
      }
      for (const row of rows) {
        publicKeys.set(kidOf(row.version), await jose.importJWK(row.publicJwk, algorithm))
      }
      const [newest] = rows
      if (newest === undefined) throw new Error('no signing key for connect tokens')
      const body = await vault.open(keyContext(newest.version), newest.sealed)
      const jwk: jose.JWK = JSON.parse(new TextDecoder().decode(body))
      current = { kid: kidOf(newest.version), key: await jose.importJWK(jwk, algorithm) }
    },

    async sign(session) {
      if (current === undefined) throw new Error('connect tokens were not started')
      return new jose.SignJWT({ tenant: session.tenantId })
        .setProtectedHeader({ alg: algorithm, kid: current.kid, typ: 'connect+jwt' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(session.id)
        .setIssuedAt()
        .setExpirationTime(session.expiresAt)
        .sign(current.key)
    },

    async verify(token) {
      try {
        const { payload } = await jose.jwtVerify(
          token,
          ({ kid }) => {
            const key = publicKeys.get(kid ?? '')
            if (key === undefined) throw new Error('unknown key id')
            return key
          },
          { algorithms: [algorithm], audience, issuer, typ: 'connect+jwt' },
        )
        if (typeof payload.sub !== 'string' || typeof payload.tenant !== 'string') {
          throw new Error('claims are missing')
        }
        return { sessionId: payload.sub, tenantId: payload.tenant }
      } catch (cause) {
        if (cause instanceof jose.errors.JWTExpired) {
          throw new KeywellError('session_expired', 'This connect session has run out.', { cause })
        }
        throw new KeywellError('unauthorized', 'The connect token is not valid.', {
          cause,
          nextStep: "Get a new connect session from the app's backend.",
        })
      }
    },
  }
}

const kidOf = (version: number) => `connect-${version}`

function keyContext(version: number): RecordContext {
  return {
    type: 'install',
    tenantId: '@install',
    recordId: keyName,
    field: 'private_key',
    generation: version,
    schema: 1,
    bound: [],
  }
}
