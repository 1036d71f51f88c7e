import * as jose from 'jose'
import type { Logger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import { type InstallKeyRow, insertInstallKey, listInstallKeys } from '../store/install-keys.ts'
import { installation } from '../store/scope.ts'
import { type RecordContext, type Vault, VaultError } from '../vault/vault.ts'

const algorithm = 'EdDSA'

/** A key pair of the installation: all replicas sign with the same one. */
export interface SigningKey {
  /** Loads the pair, or creates the first one. */
  start(): Promise<void>
  /** Returns a compact JWT of these claims; it adds no time of its own. */
  sign(claims: jose.JWTPayload, type: string): Promise<string>
  /** The public keys of present and earlier signatures, the newest first. */
  readonly publicKeys: readonly PublicKey[]
}

export interface PublicKey extends jose.JWK {
  kty: string
  /** Thumbprint of the key (RFC 7638): no two keys have the same one. */
  kid: string
}

interface Parts {
  database: Database
  vault: Vault
  logger: Logger
  /** Distinguishes the signing keys of an installation; the private key is sealed for it. */
  name: string
}

export function createSigningKey(parts: Parts): SigningKey {
  const { name } = parts
  let publicKeys: readonly PublicKey[] = []
  let current: { kid: string; key: jose.CryptoKey | Uint8Array } | undefined

  return {
    async start() {
      const pairs = await loadPairs(parts)
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

/** The pairs of all versions that can be opened, the newest first. */
async function loadPairs(parts: Parts): Promise<Pair[]> {
  const { database, name } = parts
  let rows = await listInstallKeys(database.of(installation), name)
  if (rows.length === 0) {
    await insertFirstPair(parts) // another process may have been first: the row that is there now counts
    rows = await listInstallKeys(database.of(installation), name)
  }
  const pairs = await Promise.all(rows.map((row) => openPair(parts, row)))
  return pairs.filter((pair) => pair !== undefined)
}

async function insertFirstPair({ database, vault, name }: Parts): Promise<void> {
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
 * The pair of a row, from its sealed private key: the public key is derived from it, because the column in
 * clear could have been altered. A row whose private key does not open is skipped.
 */
async function openPair(parts: Parts, row: InstallKeyRow): Promise<Pair | undefined> {
  const { vault, name } = parts
  try {
    const body = await vault.open(contextOf(name, row.version), row.sealed)
    const privateJwk: jose.JWK = JSON.parse(new TextDecoder().decode(body))
    const publicKey = await toPublicKey(privateJwk)
    if (publicKey.x !== row.publicJwk.x) raiseAlarm(parts, row, 'public_key_mismatch')
    return { publicKey, privateJwk }
  } catch (error) {
    // Without the encryption key it is not known whether the row was altered.
    if (!(error instanceof VaultError) || error.reason === 'key_unavailable') throw error
    raiseAlarm(parts, row, error.reason)
    return undefined
  }
}

function raiseAlarm({ logger, name }: Parts, { version }: InstallKeyRow, reason: string): void {
  logger.error({ alarm: 'signing_key_altered', name, version, reason }, 'signing key altered')
}

/** The public part of a private JWK. */
async function toPublicKey(jwk: jose.JWK): Promise<PublicKey> {
  const { kty = '', crv, x } = jwk // the private `d` must not be copied
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
