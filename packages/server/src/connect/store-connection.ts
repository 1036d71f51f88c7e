import { randomUUID } from 'node:crypto'
import {
  KeywellError,
  type Method,
  type ProviderAccount,
  type ProviderDefinition,
} from '@keywell/protocol'
import { credentialTypeOf, isMinted, oauthMethods } from '@keywell/providers'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import { describeConnection, writeChange } from '../changes/changes.ts'
import { type AccountUses, replacesGrants } from '../credentials/account-uses.ts'
import type { DefinitionVersions } from '../definition-versions/definition-versions.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import type { KeptTokenSet, TokenBox } from '../oauth/token-set.ts'
import { requireAllowedFor } from '../policy/tenant-policies.ts'
import { type GrantEnd, noEnd, planEnd } from '../refresh/grant-end.ts'
import { renewalOf } from '../refresh/renewal-of.ts'
import { planLife, planProbe } from '../refresh/schedule.ts'
import {
  deleteAccountUse,
  listOthersOfAccount,
  lockAccount,
  recordAccountUse,
} from '../store/account-uses.ts'
import {
  type ConnectionRow,
  findConnection,
  findConnectionByName,
  insertConnection,
  type NewConnection,
  replaceConnection,
  type StoredInstallation,
} from '../store/connections.ts'
import { deleteCredential, holdCredential, insertCredential } from '../store/credentials.ts'
import { type Database, type Sql, UniqueViolation } from '../store/database.ts'
import { probeSoon, reschedule } from '../store/refresh-schedule.ts'
import { moveToRevocations } from '../store/revocations.ts'
import { withInstallation } from '../store/scope.ts'

/** The user, host, name and integration of a connection. */
export interface Place {
  tenantId: string
  userId: string
  host: string
  connectionName: string
  /** The connection to reconnect; null: the one under that name, or a new one. */
  connectionId: string | null
  integrationOwner: string
  integrationId: string
}

export interface NewCredential {
  place: Place
  provider: ProviderDefinition
  account: ProviderAccount
  method: Method
  tokens: KeptTokenSet
  /** Milliseconds, from the provider; null: it did not say. */
  expiresInMs: number | null
  /** The same of the refresh token. */
  refreshExpiresInMs: number | null
  askedScopes: readonly string[]
  scopes: readonly string[]
  /** Of an installation. Default: it is none. */
  installation?: StoredInstallation | null
  allowAccountChange: boolean
  entry: Omit<AuditEntry, 'result'>
  /** Writes more in the same transaction. */
  also?: (sql: Sql, connection: ConnectionRow) => Promise<void>
}

export type StoreConnection = (credential: NewCredential) => Promise<ConnectionRow>

/** Two browsers of one user may finish at the same time; the loser of a race tries again. */
const maxAttempts = 5

interface StoreParts {
  versions: Pick<DefinitionVersions, 'digestOf'>
  database: Database
  accountUses: AccountUses
  box: TokenBox
  audit: Audit
  logger: Logger
  makeId: MakeId
  jitter: () => number
}

/**
 * The last step of every way to connect. One transaction writes connection, sealed credential, schedule, change
 * and audit entry. A connection under that name is replaced in place, by the same account only.
 */
export function createStoreConnection(parts: StoreParts): StoreConnection {
  return async (credential) => {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      try {
        const stored = await storeOnce(parts, credential)
        parts.logger.info(describeConnection(stored), 'connection connected')
        return stored
      } catch (error) {
        if (!isLostRace(error)) throw error
      }
    }
    throw new KeywellError('unavailable', 'Other requests are changing this connection right now.')
  }
}

function isLostRace(error: unknown): boolean {
  return (
    error instanceof UniqueViolation ||
    error instanceof GenerationMoved ||
    error instanceof AnotherConsent
  )
}

async function storeOnce(
  { versions, database, accountUses, box, audit, makeId, jitter }: StoreParts,
  credential: NewCredential,
): Promise<ConnectionRow> {
  const { place, method, tokens, provider, scopes } = credential
  const type = credentialTypeOf(method)
  const { tenantId, host } = place
  const existing = await findExisting(database.of(tenantId), credential)
  requireSameAccount(existing, credential)
  const connectionId = existing?.id ?? makeId('connection')
  const generation = (existing?.generation ?? 0) + 1
  const sealed = await box.seal(
    { ...place, provider: provider.name, method: method.id, type, connectionId, generation },
    tokens,
  )
  const accountMac = await accountUses.macOf({ ...credential, tenantId, host })
  const { lifeMs, refreshInMs, renewable, end } = lifeOf(credential, jitter)
  const replaced = await listReplaced(database, credential, { connectionId, accountMac })
  const scope = [...withInstallation(tenantId), ...replaced.map((other) => other.tenantId)]
  return database.transaction(scope, async (sql) => {
    // Only now are the granted scopes known. If the policy changes at the same time, the next read checks it.
    await requireAllowedFor(sql, tenantId, { provider, host, scopes })
    await requireReplaced(sql, credential, { connectionId, accountMac }, replaced)
    if (existing !== undefined) await withdrawReplaced(sql, tenantId, { provider, connectionId })
    const committedBy = randomUUID()
    const key = { tenantId, connectionId, type, generation }
    await insertCredential(sql, { ...sealed, ...key, lifeMs, ...end, committedBy })
    const probeInMs = planProbe({ type, renewable, endsInMs: lifeMs, readAgoMs: 0 }, jitter)
    const due = { refreshInMs, probeInMs, ...end }
    await reschedule(sql, { ...place, connectionId, ...due, generation })
    const connection = await writeConnection(sql, credential, existing, {
      id: connectionId,
      renewable,
      endsInMs: renewable ? null : lifeMs,
      definitionDigest: versions.digestOf(provider),
    })
    await writeAccountUse(sql, { ...place, connectionId, accountMac })
    for (const other of replaced) await probeSoon(sql, other)
    // The consents may have come in another order than they are stored in.
    if (replaced.length > 0) await probeSoon(sql, { tenantId, connectionId })
    await credential.also?.(sql, connection)
    await writeChange(sql, { kind: 'connected', connection })
    await audit.write(sql, {
      ...credential.entry,
      action: 'connection.connect',
      connectionId,
      generation,
      result: 'ok',
    })
    return connection
  })
}

/** The connections whose grant the provider has ended by this consent: it tells nobody, so they are asked. */
async function listReplaced(
  database: Database,
  { place, method }: NewCredential,
  { connectionId, accountMac }: { connectionId: string; accountMac: Uint8Array | null },
): Promise<{ tenantId: string; connectionId: string }[]> {
  if (accountMac === null || !replacesGrants(method)) return []
  const sql = database.of(withInstallation(place.tenantId))
  return listOthersOfAccount(sql, { ...place, connectionId, accountMac })
}

/**
 * Whether they are still all: two consents at the same moment would otherwise not see each other. The others' tenants
 * are named before the transaction begins.
 *
 * @throws AnotherConsent when one more was stored meanwhile
 */
async function requireReplaced(
  sql: Sql,
  { place, method }: NewCredential,
  { connectionId, accountMac }: { connectionId: string; accountMac: Uint8Array | null },
  replaced: readonly { tenantId: string; connectionId: string }[],
): Promise<void> {
  if (accountMac === null || !replacesGrants(method)) return
  const used = { ...place, connectionId, accountMac }
  await lockAccount(sql, used)
  const known = new Set(replaced.map((other) => other.connectionId))
  const others = await listOthersOfAccount(sql, used)
  if (others.some((other) => !known.has(other.connectionId))) throw new AnotherConsent()
}

/** The one that was stored meanwhile is to be probed as well. */
class AnotherConsent extends Error {}

async function writeAccountUse(
  sql: Sql,
  { accountMac, ...use }: Place & { connectionId: string; accountMac: Uint8Array | null },
): Promise<void> {
  if (accountMac !== null) return recordAccountUse(sql, { ...use, accountMac })
  await deleteAccountUse(sql, use.tenantId, use.connectionId)
}

/**
 * The replaced grant is withdrawn at the provider, as that of a disconnected connection is. It is moved first,
 * while the row still names the integration that it was sealed for. A replaced key is not: it may be the same one.
 */
async function withdrawReplaced(
  sql: Sql,
  tenantId: string,
  { provider, connectionId }: { provider: ProviderDefinition; connectionId: string },
): Promise<void> {
  await holdCredential(sql, tenantId, connectionId)
  const methods = oauthMethods(provider).map(({ id }) => id)
  await moveToRevocations(sql, { tenantId, connectionId, methods, claimed: false })
  await deleteCredential(sql, tenantId, connectionId)
}

/** An API key lives until its own end, and is never renewed. */
function lifeOf(
  { method, tokens, expiresInMs, refreshExpiresInMs }: NewCredential,
  jitter: () => number,
): { lifeMs: number | null; refreshInMs: number | null; renewable: boolean; end: GrantEnd } {
  const lasting = { refreshInMs: null, renewable: false, end: noEnd }
  if (method.kind === 'key') return { lifeMs: expiresInMs, ...lasting }
  const renewal = renewalOf(method, { rotates: false })
  const { lifeMs, refreshInMs } = planLife(
    renewal ?? method.renewal,
    expiresInMs,
    jitter,
    refreshExpiresInMs,
  )
  const canRenew = isMinted(method) || tokens.refreshToken !== null
  if (renewal === null || !canRenew) return { lifeMs, ...lasting }
  const end = planEnd(renewal, { grantedForMs: 0, toldMs: refreshExpiresInMs })
  return { lifeMs, refreshInMs, renewable: true, end }
}

async function findExisting(
  sql: Sql,
  { place, provider }: NewCredential,
): Promise<ConnectionRow | undefined> {
  if (place.connectionId === null) {
    return findConnectionByName(sql, {
      ...place,
      provider: provider.name,
      name: place.connectionName,
    })
  }
  const reconnected = await findConnection(sql, place.tenantId, place.connectionId)
  if (reconnected !== undefined && reconnected.status !== 'disconnected') return reconnected
  throw new KeywellError('not_found', 'The connection to reconnect was removed in the meantime.')
}

function requireSameAccount(existing: ConnectionRow | undefined, credential: NewCredential): void {
  if (existing === undefined || credential.allowAccountChange) return
  if (existing.account.id === credential.account.id) return
  throw new KeywellError(
    'account_mismatch',
    `This ${credential.provider.title} account is not the one that is connected. The connection was not changed.`,
  )
}

/** The connection was replaced or refreshed after it was read, so the prepared credential is stale. */
class GenerationMoved extends Error {}

async function writeConnection(
  sql: Sql,
  { place, provider, method, account, askedScopes, scopes, installation = null }: NewCredential,
  existing: ConnectionRow | undefined,
  of: Pick<NewConnection, 'id' | 'renewable' | 'endsInMs' | 'definitionDigest'>,
): Promise<ConnectionRow> {
  const row = {
    tenantId: place.tenantId,
    ...of,
    method: method.id,
    integrationOwner: place.integrationOwner,
    integrationId: place.integrationId,
    account: { ...account },
    askedScopes: [...askedScopes],
    grantedScopes: [...scopes],
    installation,
  }
  if (existing !== undefined) {
    const replaced = await replaceConnection(sql, { ...row, fromGeneration: existing.generation })
    if (replaced === undefined) throw new GenerationMoved()
    return replaced
  }
  const { userId, host, connectionName: name } = place
  return insertConnection(sql, { ...row, userId, provider: provider.name, host, name })
}
