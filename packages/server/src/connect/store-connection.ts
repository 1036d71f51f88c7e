import { randomUUID } from 'node:crypto'
import { KeywellError, type ProviderAccount, type ProviderDefinition } from '@keywell/protocol'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import { writeChange } from '../changes/changes.ts'
import type { MakeId } from '../ids.ts'
import type { TokenOutcome } from '../oauth/token-answer.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import { planLife, planProbe } from '../refresh/schedule.ts'
import {
  type ConnectionRow,
  findConnection,
  findConnectionByName,
  insertConnection,
  replaceConnection,
} from '../store/connections.ts'
import { deleteCredential, insertCredential } from '../store/credentials.ts'
import { type Database, type Sql, UniqueViolation } from '../store/database.ts'
import { endFlow, type FlowRow, hintFlow } from '../store/flows.ts'
import { moveToRevocations } from '../store/revocations.ts'
import { settleUpkeep } from '../store/upkeep.ts'

export interface NewGrant {
  flow: FlowRow
  provider: ProviderDefinition
  account: ProviderAccount
  granted: Extract<TokenOutcome, { kind: 'tokens' }>
  scopes: readonly string[]
  allowAccountChange: boolean
  entry: Omit<AuditEntry, 'result'>
}

export type StoreConnection = (grant: NewGrant) => Promise<void>

/** Two browsers of one user may finish at the same time; the loser of a race looks again. */
const maxAttempts = 5

/**
 * The end of step 8, in one transaction: connection, sealed credential, upkeep, change, audit row and
 * the flow's end. A connection under that name is replaced in place, by the same account only.
 */
export function createStoreConnection(parts: {
  database: Database
  box: TokenBox
  audit: Audit
  makeId: MakeId
  random: () => number
}): StoreConnection {
  const { database, box, audit } = parts

  async function tryOnce(grant: NewGrant): Promise<void> {
    const { flow, granted } = grant
    const existing = await findExisting(database, flow)
    requireSameAccount(existing, grant)
    const connectionId = existing?.id ?? parts.makeId('connection')
    const generation = (existing?.generation ?? 0) + 1
    const owner = { ...flow, connectionId, generation }
    const sealed = await box.seal(owner, granted.tokens)
    const life = planLife(grant.provider, granted.expiresInMs, parts.random)
    await database.transaction(flow.tenantId, async (sql) => {
      if (existing !== undefined) {
        // The grant that is replaced goes the way of a disconnected one: it is withdrawn upstream.
        // Moved first, while the row still names the integration that it was sealed to.
        await moveToRevocations(sql, flow.tenantId, connectionId)
        await deleteCredential(sql, flow.tenantId, connectionId)
      }
      await insertCredential(sql, {
        ...sealed,
        tenantId: flow.tenantId,
        connectionId,
        type: 'oauth_token',
        generation,
        lifeMs: life.lifeMs,
        committedBy: randomUUID(),
      })
      await settleUpkeep(sql, {
        tenantId: flow.tenantId,
        connectionId,
        integrationId: flow.integrationId,
        host: flow.host,
        refreshInMs: granted.tokens.refreshToken === null ? null : life.refreshInMs,
        probeInMs: planProbe({ hasEnd: life.lifeMs !== null, readAgoMs: 0 }, parts.random),
        generation,
      })
      const connection = await writeConnection(sql, grant, existing, connectionId)
      await endFlow(sql, { ...flow, status: 'connected', connectionId })
      await hintFlow(sql, flow.id)
      await writeChange(sql, { kind: 'connected', connection })
      const { entry } = grant
      await audit.write(sql, {
        ...entry,
        action: 'connection.connect',
        connectionId,
        generation,
        result: 'ok',
      })
    })
  }

  return async (grant) => {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      try {
        await tryOnce(grant)
        return
      } catch (error) {
        if (!(error instanceof UniqueViolation || error instanceof GenerationMoved)) throw error
      }
    }
    throw new KeywellError('unavailable', 'The connection is being changed elsewhere right now.')
  }
}

async function findExisting(sql: Sql, flow: FlowRow): Promise<ConnectionRow | undefined> {
  if (flow.connectionId === null) {
    return findConnectionByName(sql, { ...flow, name: flow.connectionName })
  }
  const mended = await findConnection(sql, flow.tenantId, flow.connectionId)
  if (mended !== undefined && mended.status !== 'disconnected') return mended
  throw new KeywellError('not_found', 'The connection to mend was removed in the meantime.')
}

function requireSameAccount(existing: ConnectionRow | undefined, grant: NewGrant): void {
  if (existing === undefined || grant.allowAccountChange) return
  if (existing.account.id === grant.account.id) return
  throw new KeywellError(
    'account_mismatch',
    `This is another ${grant.provider.title} account than the one that is connected. Nothing was changed.`,
  )
}

/** The connection was replaced or refreshed after it was read; what was prepared is stale. */
class GenerationMoved extends Error {}

async function writeConnection(
  sql: Sql,
  { flow, account, scopes }: NewGrant,
  existing: ConnectionRow | undefined,
  connectionId: string,
): Promise<ConnectionRow> {
  const row = {
    tenantId: flow.tenantId,
    id: connectionId,
    integrationOwner: flow.integrationOwner,
    integrationId: flow.integrationId,
    account: { ...account },
    askedScopes: flow.scopes,
    grantedScopes: [...scopes],
  }
  if (existing !== undefined) {
    const replaced = await replaceConnection(sql, { ...row, fromGeneration: existing.generation })
    if (replaced === undefined) throw new GenerationMoved()
    return replaced
  }
  const { userId, provider, host, connectionName: name } = flow
  return insertConnection(sql, { ...row, userId, provider, host, name })
}
