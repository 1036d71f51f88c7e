import { randomUUID } from 'node:crypto'
import {
  type CredentialType,
  KeywellError,
  type ProviderAccount,
  type ProviderDefinition,
} from '@keywell/protocol'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import { writeChange } from '../changes/changes.ts'
import type { MakeId } from '../ids.ts'
import type { TokenBox, TokenSet } from '../oauth/token-set.ts'
import { requireAllowedFor } from '../policy/tenant-policies.ts'
import { planLife, planProbe } from '../refresh/schedule.ts'
import {
  type ConnectionRow,
  findConnection,
  findConnectionByName,
  insertConnection,
  type NewConnection,
  replaceConnection,
} from '../store/connections.ts'
import { deleteCredential, holdCredential, insertCredential } from '../store/credentials.ts'
import { type Database, type Sql, UniqueViolation } from '../store/database.ts'
import { reschedule } from '../store/refresh-schedule.ts'
import { moveToRevocations } from '../store/revocations.ts'
import { withInstallation } from '../store/scope.ts'

/** Whose connection it is, where, and under which name. */
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
  type: Extract<CredentialType, 'oauth_token' | 'api_key'>
  tokens: TokenSet
  /** Milliseconds, as the provider said; null: it did not. */
  expiresInMs: number | null
  askedScopes: readonly string[]
  scopes: readonly string[]
  allowAccountChange: boolean
  entry: Omit<AuditEntry, 'result'>
  /** What else is to be written in the same transaction. */
  also?: (sql: Sql, connection: ConnectionRow) => Promise<void>
}

export type StoreConnection = (credential: NewCredential) => Promise<ConnectionRow>

/** Two browsers of one user may finish at the same time; the loser of a race looks again. */
const maxAttempts = 5

/**
 * Where every way of connecting ends, in one transaction: connection, sealed credential, schedule, change
 * and audit row. A connection under that name is replaced in place, by the same account only.
 */
export function createStoreConnection(parts: {
  database: Database
  box: TokenBox
  audit: Audit
  makeId: MakeId
  random: () => number
}): StoreConnection {
  const { database, box, audit, random } = parts

  async function tryOnce(credential: NewCredential): Promise<ConnectionRow> {
    const { place, type, tokens, provider, scopes } = credential
    const { tenantId, host } = place
    const existing = await findExisting(database.of(tenantId), credential)
    requireSameAccount(existing, credential)
    const connectionId = existing?.id ?? parts.makeId('connection')
    const generation = (existing?.generation ?? 0) + 1
    const sealed = await box.seal({ ...place, type, connectionId, generation }, tokens)
    const life = lifeOf(credential, random)
    const renewable = life.refreshInMs !== null
    return database.transaction(withInstallation(tenantId), async (sql) => {
      // Known only now: what the provider granted. Should the policy change beside this, the read sees it.
      await requireAllowedFor(sql, tenantId, { provider, host, scopes })
      if (existing !== undefined) {
        // The grant that is replaced goes the way of a disconnected one: it is withdrawn upstream.
        // Moved first, while the row still names the integration that it was sealed to.
        await holdCredential(sql, tenantId, connectionId)
        await moveToRevocations(sql, { tenantId, connectionId, claimed: false })
        await deleteCredential(sql, tenantId, connectionId)
      }
      await insertCredential(sql, {
        ...sealed,
        tenantId,
        connectionId,
        type,
        generation,
        lifeMs: life.lifeMs,
        committedBy: randomUUID(),
      })
      await reschedule(sql, {
        ...place,
        connectionId,
        refreshInMs: life.refreshInMs,
        probeInMs: planProbe({ type, renewable, endsInMs: life.lifeMs, readAgoMs: 0 }, random),
        generation,
      })
      const connection = await writeConnection(sql, credential, existing, {
        id: connectionId,
        renewable,
        endsInMs: renewable ? null : life.lifeMs,
      })
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

  return async (credential) => {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      try {
        return await tryOnce(credential)
      } catch (error) {
        if (!(error instanceof UniqueViolation || error instanceof GenerationMoved)) throw error
      }
    }
    throw new KeywellError('unavailable', 'The connection is being changed elsewhere right now.')
  }
}

/** An API key lives as long as it was made for, and nothing renews it. */
function lifeOf(
  { type, provider, tokens, expiresInMs }: NewCredential,
  random: () => number,
): { lifeMs: number | null; refreshInMs: number | null } {
  if (type === 'api_key') return { lifeMs: expiresInMs, refreshInMs: null }
  const life = planLife(provider, expiresInMs, random)
  return tokens.refreshToken === null ? { ...life, refreshInMs: null } : life
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
  const mended = await findConnection(sql, place.tenantId, place.connectionId)
  if (mended !== undefined && mended.status !== 'disconnected') return mended
  throw new KeywellError('not_found', 'The connection to reconnect was removed in the meantime.')
}

function requireSameAccount(existing: ConnectionRow | undefined, credential: NewCredential): void {
  if (existing === undefined || credential.allowAccountChange) return
  if (existing.account.id === credential.account.id) return
  throw new KeywellError(
    'account_mismatch',
    `This is another ${credential.provider.title} account than the one that is connected. Nothing was changed.`,
  )
}

/** The connection was replaced or refreshed after it was read; what was prepared is stale. */
class GenerationMoved extends Error {}

async function writeConnection(
  sql: Sql,
  { place, provider, account, askedScopes, scopes }: NewCredential,
  existing: ConnectionRow | undefined,
  of: Pick<NewConnection, 'id' | 'renewable' | 'endsInMs'>,
): Promise<ConnectionRow> {
  const row = {
    tenantId: place.tenantId,
    ...of,
    integrationOwner: place.integrationOwner,
    integrationId: place.integrationId,
    account: { ...account },
    askedScopes: [...askedScopes],
    grantedScopes: [...scopes],
  }
  if (existing !== undefined) {
    const replaced = await replaceConnection(sql, { ...row, fromGeneration: existing.generation })
    if (replaced === undefined) throw new GenerationMoved()
    return replaced
  }
  const { userId, host, connectionName: name } = place
  return insertConnection(sql, { ...row, userId, provider: provider.name, host, name })
}
