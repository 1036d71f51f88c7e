import * as jose from 'jose'
import type { Database } from '../store/database.ts'
import { insertInstallKey, listInstallKeys } from '../store/install-keys.ts'
import { installation } from '../store/scope.ts'
import type { RecordContext, Vault } from '../vault/vault.ts'

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
  name: string
}): SigningKey {
  const { database, vault, name } = options
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

  return {
    async start() {
      let rows = await listInstallKeys(database.of(installation), name)
      if (rows.length === 0) {
        await makeFirst() // another process may have been first: whichever row is there now counts
        rows = await listInstallKeys(database.of(installation), name)
      }
      const [newest] = rows
      if (newest === undefined) throw new Error(`there is no signing key "${name}"`)
      const body = await vault.open(contextOf(name, newest.version), newest.sealed)
      const jwk: jose.JWK = JSON.parse(new TextDecoder().decode(body))
      publicKeys = await Promise.all(rows.map(({ publicJwk }) => toPublicKey(publicJwk)))
      const kid = await jose.calculateJwkThumbprint(newest.publicJwk)
      current = { kid, key: await jose.importJWK(jwk, algorithm) }
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

async function toPublicKey(jwk: jose.JWK): Promise<PublicKey> {
  const { kty = '', crv, x } = jwk // and nothing else, whatever the row holds
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
