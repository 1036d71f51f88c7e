import * as jose from 'jose'
import type { Logger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import { type InstallKeyRow, insertInstallKey, listInstallKeys } from '../store/install-keys.ts'
import { installation } from '../store/scope.ts'
import { type RecordContext, type Vault, VaultError } from '../vault/vault.ts'

const algorithm = 'EdDSA'

/** A key pair of the installation: all replicas sign with the same one. */
export interface SigningKey {
  /** Loads the pair, or makes the first one. */
  start(): Promise<void>
  /** Answers a compact JWT. Time takes no part: the claims are all that it says. */
  sign(claims: jose.JWTPayload, type: string): Promise<string>
  /** What checks the signatures of now and before, the newest first. */
  readonly publicKeys: readonly PublicKey[]
}

export interface PublicKey extends jose.JWK {
  kty: string
  /** Thumbprint of the key (RFC 7638), so that another key never has the same one. */
  kid: string
}

/** @param options `name` tells the keys of an installation apart; the private one is sealed for it */
export function createSigningKey(options: {
  database: Database
  vault: Vault
  logger: Logger
  name: string
}): SigningKey {
  const { database, vault, logger, name } = options
  let publicKeys: readonly PublicKey[] = []
  let current: { kid: string; key: jose.CryptoKey | Uint8Array } | undefined

  async function makeFirst(): Promise<void> {
    const pair = await jose.generateKeyPair(algorithm, { extractable: true })
    const privateJwk = await jose.exportJWK(pair.privateKey)
    const body = new TextEncoder().encode(JSON.stringify(privateJwk))
    const { sealed, keyVersion } = await vault.seal(contextOf(name, 1), body)
    const publicJwk = { ...(await jose.exportJWK(pair.publicKey)) }
    await insertInstallKey(database.of(installation), {
      name,
      version: 1,
      keyVersion,
      sealed,
      publicJwk,
    })
  }

  /**
   * A pair by its sealed half, which says what the public one is. What stands beside it in clear is not
   * believed, and a row whose private half does not open is nobody's.
   */
  async function openPair(row: InstallKeyRow): Promise<Pair | undefined> {
    try {
      const body = await vault.open(contextOf(name, row.version), row.sealed)
      const privateJwk: jose.JWK = JSON.parse(new TextDecoder().decode(body))
      const publicKey = await toPublicKey(privateJwk)
      if (publicKey.x !== row.publicJwk.x) alarm(row, 'another public half')
      return { publicKey, privateJwk }
    } catch (error) {
      // Without its key nothing can be said of a row.
      if (!(error instanceof VaultError) || error.reason === 'key_unavailable') throw error
      alarm(row, error.reason)
      return undefined
    }
  }

  function alarm({ version }: InstallKeyRow, reason: string): void {
    const fields = { alarm: 'signing_key_altered', name, version, reason }
    logger.error(fields, 'a signing key was changed or planted')
  }

  return {
    async start() {
      let rows = await listInstallKeys(database.of(installation), name)
      if (rows.length === 0) {
        await makeFirst() // another process may have been first: whichever row is there now counts
        rows = await listInstallKeys(database.of(installation), name)
      }
      const pairs = (await Promise.all(rows.map(openPair))).filter((pair) => pair !== undefined)
      const [newest] = pairs
      if (newest === undefined) throw new Error(`there is no signing key "${name}"`)
      publicKeys = pairs.map(({ publicKey }) => publicKey)
      const { publicKey, privateJwk } = newest
      current = { kid: publicKey.kid, key: await jose.importJWK(privateJwk, algorithm) }
    },
    async sign(claims, type) {
      if (current === undefined) throw new Error(`the signing key "${name}" was not started`)
      return new jose.SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, kid: current.kid, typ: type })
        .sign(current.key)
    },
    get publicKeys() {
      return publicKeys
    },
  }
}

interface Pair {
  publicKey: PublicKey
  privateJwk: jose.JWK
}

/** @param jwk of which the public half is taken */
async function toPublicKey(jwk: jose.JWK): Promise<PublicKey> {
  const { kty = '', crv, x } = jwk // and nothing else, least of all the private half
  const kid = await jose.calculateJwkThumbprint(jwk)
  return { kty, ...(crv && { crv }), ...(x && { x }), alg: algorithm, use: 'sig', kid }
}

function contextOf(name: string, version: number): RecordContext {
  return {
    type: 'install',
    tenantId: '@install',
    recordId: name,
    field: 'private_key',
    generation: version,
    schema: 1,
    bound: [],
  }
}
