import { randomUUID } from 'node:crypto'
import type { DisconnectAnswer, ProviderDefinition, RevocationDefinition } from '@keywell/protocol'
import { findMethod, methodOf, revocationOf } from '@keywell/providers'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Sleep } from '../clock.ts'
import type { DefinitionVersions } from '../definition-versions/definition-versions.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Registration } from '../oauth/client.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { type RevokeOutcome, revokeCredential } from '../oauth/revoke.ts'
import type { Suspension } from '../oauth/suspension.ts'
import type { KeptTokenSet, TokenBox } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { isAccountInUse } from '../store/account-uses.ts'
import type { Database } from '../store/database.ts'
import {
  claimRevocations,
  deleteRevocation,
  insertRevocation,
  listTenantsToRevoke,
  markIrrevocable,
  type RevocationRow,
} from '../store/revocations.ts'
import { everyTenant, withInstallation } from '../store/scope.ts'

/** How long a caller waits for the provider, in milliseconds. */
const maxWaitMs = 3_000
/** Grants that are withdrawn side by side. */
const sweepSize = 16

/** The connection of a grant, and the OAuth client that it was given to. */
export type UnkeptGrant = Pick<
  RevocationRow,
  'tenantId' | 'userId' | 'provider' | 'method' | 'host' | 'integrationOwner' | 'integrationId'
>

export interface WithdrawalParts {
  catalogue: Catalogue
  versions: Pick<DefinitionVersions, 'usedBy'>
  database: Database
  box: TokenBox
  integrations: Integrations
  outbound: Outbound
  audit: Audit
  suspension: Suspension
  logger: Logger
  metrics: Pick<Metrics, 'withdrawalTried'>
  makeId: MakeId
  sleep: Sleep
}

/** What is not known of a grant without a connection. */
const unkept = {
  type: 'oauth_token',
  accountMac: null,
  definitionDigest: null,
  attempts: 1,
} as const

/** What a withdrawal came to, for the answer to a disconnect. */
type Upstream = DisconnectAnswer['upstream']

/** Withdraws grants that wait in the outbox of revocations, each at its provider. */
export class Withdrawals {
  readonly #parts: WithdrawalParts
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(parts: WithdrawalParts) {
    this.#parts = parts
  }

  /** Tries a grant that the caller has claimed. With a slow provider it goes on behind; then: undefined. */
  async tryNow(row: RevocationRow, client?: Registration): Promise<Upstream | undefined> {
    const slow = this.#parts.sleep(maxWaitMs).then(() => undefined)
    return Promise.race([this.#withdraw(row, client), slow])
  }

  /**
   * A grant that is not kept as a connection. That it is to be withdrawn is durable before the provider is
   * called, now or later. If it cannot be stored, the provider is called once. One that only a person withdraws
   * stays there.
   */
  async withdrawGrant(
    grant: UnkeptGrant,
    client: Registration,
    tokens: KeptTokenSet,
  ): Promise<void> {
    const { database, box, makeId, logger, outbound } = this.#parts
    const { tenantId, userId, provider, method, host, integrationOwner, integrationId } = grant
    const revocation = revocationOf(client.method)
    if (revocation === undefined || revocation.kills === 'installation') return
    const owner = { tenantId, userId, provider, method, host, integrationOwner, integrationId }
    // There is no connection: this id names nothing but the withdrawal.
    const place = { connectionId: makeId('connection'), generation: 1 }
    try {
      const sealed = await box.seal({ ...owner, ...place }, tokens)
      const row = { ...owner, ...place, ...sealed, attemptId: randomUUID() }
      await insertRevocation(database.of(tenantId), row)
      await this.tryNow({ ...row, ...unkept }, client)
    } catch (error) {
      logger.error({ tenantId, reason: String(error) }, 'revocation storing failed')
      // Whether others need it cannot be known now.
      if (revocation.kills === 'user_and_app') return
      await revokeCredential(outbound, { ...client, tokens, client }, { tenantId })
    }
  }

  /** Tries all grants of a tenant that wait. With a slow provider it goes on behind. */
  async withdrawOf(tenantId: string): Promise<void> {
    const { logger, sleep } = this.#parts
    const logged = this.#withdrawAll(tenantId).catch((error: unknown) => {
      logger.error({ tenantId, reason: String(error) }, 'revocation failed')
    })
    await Promise.race([logged, sleep(maxWaitMs)])
  }

  /** Tries grants of all tenants again. What is due again meanwhile waits for the next sweep. */
  async sweep(): Promise<void> {
    const { database } = this.#parts
    let isMore: boolean
    do {
      const due = await listTenantsToRevoke(database.of(everyTenant), sweepSize)
      const left = await Promise.all(due.map((tenantId) => this.#withdrawSome(tenantId)))
      isMore = due.length === sweepSize || left.includes(true)
    } while (isMore)
  }

  /** Waits for the withdrawals under way, so that what the provider answered is stored. */
  async drain(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  async #withdrawAll(tenantId: string): Promise<void> {
    while (await this.#withdrawSome(tenantId)) {}
  }

  /** @returns whether there may be more */
  async #withdrawSome(tenantId: string): Promise<boolean> {
    const { database } = this.#parts
    const claimed = await claimRevocations(database.of(tenantId), tenantId, sweepSize)
    await Promise.all(claimed.map((row) => this.#withdraw(row)))
    return claimed.length === sweepSize
  }

  /** Never rejects: a grant whose withdrawal failed waits in the outbox. */
  async #withdraw(row: RevocationRow, client?: Registration): Promise<Upstream> {
    const { logger, metrics } = this.#parts
    const withdrawing = withdraw(this.#parts, row, client)
    this.#underWay.add(withdrawing)
    try {
      return await withdrawing
    } catch (error) {
      const { tenantId, connectionId } = row
      const reason = error instanceof Error ? error.message : 'unknown'
      metrics.withdrawalTried('broken_off')
      logger.error({ tenantId, connectionId, reason }, 'revocation failed')
      return 'pending'
    } finally {
      this.#underWay.delete(withdrawing)
    }
  }
}

/**
 * Opens, revokes, deletes.
 *
 * @param given the client that the grant was given to. Default: the integration's client of now
 */
async function withdraw(
  parts: WithdrawalParts,
  row: RevocationRow,
  given?: Registration,
): Promise<Upstream> {
  const { catalogue, versions, database, box, outbound, audit, metrics } = parts
  const { tenantId, host } = row
  const now = findMethod(catalogue.get(tenantId, row.provider), row.method)
  if (now === undefined || revocationOf(now) === undefined) {
    await deleteRevocation(database.of(tenantId), row)
    return 'manual'
  }
  const tokens = await box.open(row, row.sealed)
  const { provider } = await versions.usedBy(row, tokens.reach)
  const method = methodOf(provider, row.method)
  const kills = revocationOf(method)?.kills
  if (kills !== undefined && (await isNeeded(parts, row, kills))) return keep(parts, row)
  const client = given ?? (await clientOf(parts, row, provider))
  await audit.write(database.of(tenantId), { ...entryOf(row), result: 'intent' })
  const credential = { provider, host, method, tokens, client }
  const outcome = await revokeCredential(outbound, credential, { tenantId })
  await recordWithdrawal(parts, row, { outcome, client })
  metrics.withdrawalTried(outcome)
  return upstreamOf[outcome]
}

/**
 * Whether a withdrawal would end what another connection needs, of whichever tenant. It is asked right before it is
 * sent: since the disconnect the account may have been connected again.
 */
async function isNeeded(
  { database }: WithdrawalParts,
  row: RevocationRow,
  kills: Exclude<RevocationDefinition, { style: 'none' }>['kills'],
): Promise<boolean> {
  if (kills === 'installation') return true
  if (kills !== 'user_and_app' && (row.type !== 'api_key' || row.accountMac === null)) return false
  return isAccountInUse(database.of(withInstallation(row.tenantId)), row)
}

/** The grant lives on, and is withdrawn with the last connection that needs it. */
async function keep({ database, audit, metrics }: WithdrawalParts, row: RevocationRow) {
  await database.transaction(row.tenantId, async (sql) => {
    await deleteRevocation(sql, row)
    await audit.write(sql, { ...entryOf(row), result: 'ok', reason: 'kept' })
  })
  metrics.withdrawalTried('kept')
  return 'kept' as const
}

/** A key was given to no client. */
async function clientOf(
  { integrations }: WithdrawalParts,
  row: RevocationRow,
  definition: ProviderDefinition,
): Promise<Registration | undefined> {
  return row.type === 'api_key' ? undefined : integrations.registration({ ...row, definition })
}

async function recordWithdrawal(
  { database, audit, suspension }: WithdrawalParts,
  row: RevocationRow,
  { outcome, client }: { outcome: RevokeOutcome; client: Registration | undefined },
): Promise<void> {
  const entry = entryOf(row)
  await database.transaction(withInstallation(row.tenantId), async (sql) => {
    if (outcome === 'revoked') await deleteRevocation(sql, row)
    if (outcome === 'refused') await markIrrevocable(sql, row)
    // The answer concerns the client, so the row waits until the client is corrected.
    if (outcome === 'client_rejected' && client !== undefined) {
      const { revision } = client
      const { actor } = entry
      await suspension.suspend(sql, row, { reason: 'client_rejected', revision, actor })
    }
    await audit.write(sql, {
      ...entry,
      result: outcome === 'revoked' ? 'ok' : 'failed',
      ...(outcome === 'revoked' ? {} : { reason: outcome }),
    })
  })
}

const entryOf = (row: RevocationRow) =>
  ({ ...row, actor: 'service', action: 'connection.revoke_upstream' }) as const

const upstreamOf = {
  revoked: 'revoked',
  refused: 'manual',
  client_rejected: 'pending',
  retry: 'pending',
} as const satisfies Record<RevokeOutcome, Upstream>
