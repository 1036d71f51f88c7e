import { createHmac } from 'node:crypto'
import type { Method, ProviderAccount, ProviderDefinition, Secret } from '@keywell/protocol'
import { isTenantsOwn, revocationOf } from '@keywell/providers'
import type { TokenSet } from '../oauth/token-set.ts'
import type { Database } from '../store/database.ts'
import { insertInstallKey, listInstallKeys } from '../store/install-keys.ts'
import { installation } from '../store/scope.ts'
import { lengthPrefixed } from '../vault/bytes.ts'
import type { RecordContext, Vault } from '../vault/vault.ts'

const keyName = 'account-uses'
const keyBytes = 32

/** A credential that is about to be stored as a connection. */
export interface StoredCredential {
  tenantId: string
  provider: ProviderDefinition
  method: Method
  host: string
  account: Pick<ProviderAccount, 'id'>
  tokens: Pick<TokenSet, 'accessToken'>
}

export interface AccountUses {
  /**
   * Names what a withdrawal of the credential, or another consent, would end at its provider: the grant of an account
   * for an app, or the key itself. Null: nothing that another connection could need. Not to be called inside a transaction.
   */
  macOf(credential: StoredCredential): Promise<Uint8Array | null>
  /** In place of an account's id: the same for the same secrets of one tenant alone, and never to be read back. */
  hashOf(key: TypedKey): Promise<string>
}

/** A key whose provider names no account. */
export interface TypedKey {
  tenantId: string
  provider: Pick<ProviderDefinition, 'name'>
  host: string
  secrets: readonly Secret[]
}

/**
 * Which connections share what a withdrawal ends is known by MACs, so that it is told without looking at another
 * tenant. Their key is one for the installation, kept sealed: a new key of the installation seals it again.
 */
export function createAccountUses(parts: {
  database: Database
  vault: Vault
  randomBytes: (bytes: number) => Uint8Array
}): AccountUses {
  let loaded: Promise<Uint8Array> | undefined
  const loadOnce = () => {
    loaded ??= loadKey(parts).catch((error: unknown) => {
      loaded = undefined
      throw error
    })
    return loaded
  }
  return {
    async macOf(credential) {
      const named = nameOf(credential)
      return named === null ? null : macUnder(await loadOnce(), named)
    },
    async hashOf({ tenantId, provider, host, secrets }) {
      const values = secrets.map((secret) => secret.expose())
      const mac = macUnder(await loadOnce(), ['hash', tenantId, provider.name, host, ...values])
      return mac.toString('base64url')
    },
  }
}

function macUnder(key: Uint8Array, parts: readonly string[]): Buffer {
  return createHmac('sha256', key)
    .update(lengthPrefixed(...parts))
    .digest()
}

function nameOf(credential: StoredCredential): string[] | null {
  const { tenantId, provider, method, host, account, tokens } = credential
  const revocation = revocationOf(method)
  // What a tenant's own provider says of accounts concerns nobody else.
  const own = isTenantsOwn(provider) ? [tenantId] : []
  if (revocation?.kills === 'user_and_app' || replacesGrants(method)) {
    return ['account', ...own, provider.name, host, account.id]
  }
  if (revocation === undefined || method.kind !== 'key') return null
  return ['key', ...own, provider.name, host, tokens.accessToken.expose()]
}

/** Whether a consent ends the earlier grants of its account for the app. */
export function replacesGrants(method: Method): boolean {
  return method.kind === 'oauth2' && method.consentReplaces !== undefined
}

async function loadKey({
  database,
  vault,
  randomBytes,
}: Parameters<typeof createAccountUses>[0]): Promise<Uint8Array> {
  const sql = database.of(installation)
  const [row] = await listInstallKeys(sql, keyName)
  if (row !== undefined) return vault.open(contextOf(row.version), row.sealed)
  const { sealed, keyVersion } = await vault.seal(contextOf(1), randomBytes(keyBytes))
  await insertInstallKey(sql, { name: keyName, version: 1, keyVersion, sealed, publicJwk: {} })
  // Another process may have been first: the row that is there now counts.
  const [stored] = await listInstallKeys(sql, keyName)
  if (stored === undefined) throw new Error(`there is no key "${keyName}"`)
  return vault.open(contextOf(stored.version), stored.sealed)
}

function contextOf(version: number): RecordContext {
  return {
    type: 'install',
    tenantId: installation,
    recordId: keyName,
    field: 'private_key',
    generation: version,
    schema: 1,
    bound: [],
  }
}
