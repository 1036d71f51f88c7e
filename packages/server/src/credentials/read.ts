import {
  type ConnectionId,
  type CredentialAnswer,
  type ErrorCode,
  KeywellError,
  type ReadCredentialAnswer,
  type readCredentialSchema,
  type TenantPolicy,
  toolLimitsOf,
} from '@keywell/protocol'
import { credentialSchemeOf, findProvider, missingScopes } from '@keywell/providers'
import { LRUCache } from 'lru-cache'
import type { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { requireProvider } from '../catalogue.ts'
import type { After, Jitter, Sleep } from '../clock.ts'
import type { Health } from '../health/health.ts'
import { parseHost } from '../host.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tracing } from '../metrics/tracing.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import { auditEntryOf } from '../refresh/audit-entry.ts'
import type { Refresher } from '../refresh/refresh.ts'
import { planProbe, planRest } from '../refresh/schedule.ts'
import type { Timing } from '../refresh/timing.ts'
import type { CredentialReadRow } from '../store/credentials.ts'
import { type Database, DatabaseUnavailable } from '../store/database.ts'
import { recordUse } from '../store/refresh-schedule.ts'
import { createLookUp } from './look-up.ts'
import { needsReauth } from './needs-reauth.ts'
import { createPolicyCheck } from './policy-check.ts'
import { createRenewal, hasEnded, type RenewalReason } from './renewal.ts'

/** How long a read waits for a refresh, its own or another process's, when its request does not say. */
const defaultWaitMs = 5_000
/** How often at most it is written down that a connection is in use. */
const touchPauseMs = 10 * 60_000

type Query = z.output<typeof readCredentialSchema>

export type ReadCredentials = (query: Query, caller: Actor) => Promise<ReadCredentialAnswer>

/**
 * Hands a backend its user's credential. A valid one is served whatever becomes of its refresh; only
 * one that has ended waits. The answer leaves after its audit row is durable, or not at all.
 */
export function createReadCredential(parts: {
  database: Database
  box: TokenBox
  refresher: Refresher
  health: Health
  audit: Audit
  metrics: Pick<Metrics, 'credentialRead'>
  tracing: Tracing
  /** A page of the app where its user can connect; answered with `not_connected` and `needs_reauth`. */
  connectUrl: string | undefined
  sleep: Sleep
  after: After
  monotonic: () => number
  jitter: Jitter
  timing: Timing
  processId: string
}): ReadCredentials {
  const { database, box, audit, metrics, tracing } = parts
  const lookUp = createLookUp(database)
  const checkPolicy = createPolicyCheck({ audit })
  const renewed = createRenewal(parts)
  const touched = new LRUCache<string, true>({ max: 100_000, ttl: touchPauseMs })

  return (query, caller) =>
    tracing.span('keywell.credential.read', factsOf(query), async () => {
      const ended = metrics.credentialRead()
      try {
        const answer = await read(query, caller)
        ended(answer.unchanged ? 'unchanged' : 'ok')
        return answer
      } catch (error) {
        ended(codeOf(error))
        throw error
      }
    })

  async function read(query: Query, caller: Actor): Promise<ReadCredentialAnswer> {
    let row = await find(query)
    let policy = await checkPolicy(row, caller, connectUrl(query))
    const reason = reasonToRenew(row, query)
    if (reason !== null) {
      row = await renewed(row, reason, query.waitMs ?? defaultWaitMs)
      policy = await checkPolicy(row, caller, connectUrl(query))
    }
    requireUsable(row, query)
    if (query.ifNewerThan !== undefined && row.generation <= query.ifNewerThan) {
      touch(row)
      return {
        unchanged: true,
        connectionId: connectionIdOf(row),
        generation: row.generation,
        expiresInMs: wholeMs(row.expiresInMs),
      }
    }
    const answer = await open(row, query, policy)
    await audit.handOut({
      ...auditEntryOf(row),
      ...caller,
      action: 'credential.read',
      result: 'ok',
    })
    touch(row)
    return answer
  }

  /**
   * Off the path of the read: what is in use is looked at more often, and renewed ahead of its expiry. Use
   * is every read that is answered. An SDK asks by itself only for what its backend has used of late, so
   * that a credential which it merely holds is not in use.
   */
  function touch(row: CredentialReadRow): void {
    const key = keyOf(row)
    if (touched.has(key)) return
    touched.set(key, true)
    const { type, expiresInMs: endsInMs } = row
    void recordUse(database.of(row.tenantId), {
      ...row,
      connectionId: row.id,
      hotProbeInMs: planProbe({ type, endsInMs, readAgoMs: 0 }, parts.jitter),
      refreshInMs: planRest(endsInMs, parts.jitter),
      dormantAfterMs: parts.timing.dormantAfterMs,
    }).catch(() => touched.delete(key))
  }

  async function find(query: Query): Promise<CredentialReadRow> {
    const host = query.host === undefined ? null : parseHost(query.host)
    const rows = await lookUp({
      tenantId: query.tenantId,
      userId: query.userId,
      provider: query.provider,
      name: query.connectionName,
      host,
      askDue: query.ifNewerThan !== undefined,
    })
    const [row] = rows
    if (row === undefined) {
      const provider = requireProvider(query.provider)
      throw new KeywellError('not_connected', `This user has not connected ${provider.title}.`, {
        connectUrl: connectUrl(query),
      })
    }
    if (rows.length > 1) {
      throw new KeywellError(
        'invalid_request',
        `This user has connected ${query.provider} on ${rows.map((each) => each.host).join(' and ')}.`,
        { nextStep: 'Say which one with `host`.' },
      )
    }
    return row
  }

  function requireUsable(row: CredentialReadRow, query: Query): void {
    const title = requireProvider(row.provider).title
    if (row.status === 'active' && !row.renewable && hasEnded(row)) {
      const over = { ...row, reason: 'token_expired' } as const
      throw needsReauth(over, { title, connectUrl: connectUrl(query) })
    }
    if (row.status === 'expired' || row.status === 'revoked') {
      throw needsReauth(row, { title, connectUrl: connectUrl(query) })
    }
    if (row.sealed === null || row.status !== 'active') {
      throw new KeywellError('not_connected', `This user has disconnected ${title}.`, {
        connectUrl: connectUrl(query),
      })
    }
  }

  async function open(
    row: CredentialReadRow,
    query: Query,
    policy: TenantPolicy,
  ): Promise<CredentialAnswer> {
    const provider = findProvider(row.provider)
    if (row.sealed === null || row.type === null || provider === undefined)
      throw new TypeError('checked by requireUsable')
    const { accessToken } = await box.open({ ...row, connectionId: row.id }, row.sealed)
    const { name, prefix } = credentialSchemeOf(provider, row.type).header
    const toolLimits = toolLimitsOf(policy, row.provider)
    return {
      unchanged: false,
      connectionId: connectionIdOf(row),
      generation: row.generation,
      type: row.type,
      credential: accessToken.expose(),
      header: { name, value: `${prefix}${accessToken.expose()}` },
      expiresAt: row.expiresAt?.toISOString() ?? null,
      expiresInMs: wholeMs(row.expiresInMs),
      scopes: row.grantedScopes,
      missingScopes: query.scopes
        ? [...missingScopes(provider, query.scopes, row.grantedScopes)]
        : [],
      host: row.host,
      account: row.account,
      ...(toolLimits && { toolLimits }),
    }
  }

  function connectUrl(query: Query): string | undefined {
    if (parts.connectUrl === undefined) return undefined
    const url = new URL(parts.connectUrl)
    url.searchParams.set('provider', query.provider)
    url.searchParams.set('connectionName', query.connectionName)
    return url.href
  }
}

/** Whatever else a caller writes as its provider is no word of ours, so it is not told. */
const factsOf = ({ provider }: Query) => ({
  'keywell.provider': findProvider(provider)?.name ?? 'unknown',
})

/**
 * Ended; refused by the provider, and there is nothing newer; or due, when the reader only asks for
 * something newer. A caller's 401 is a question: the provider is asked before it is believed.
 */
function reasonToRenew(row: CredentialReadRow, query: Query): RenewalReason | null {
  if (row.status !== 'active' || row.sealed === null) return null
  if (hasEnded(row)) return row.renewable ? 'ended' : null
  if (query.minGeneration !== undefined && row.generation < query.minGeneration) return 'refused'
  const { ifNewerThan } = query
  return ifNewerThan !== undefined && row.refreshDue && row.generation <= ifNewerThan ? 'due' : null
}

/** As the caller will be told, see `toKeywellError`. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof KeywellError) return error.code
  return error instanceof DatabaseUnavailable ? 'unavailable' : 'internal'
}

const keyOf = (row: CredentialReadRow) => `${row.tenantId.length}:${row.tenantId}${row.id}`

// Ids were parsed when they came in; the row is the proof.
const connectionIdOf = (row: CredentialReadRow) => row.id as ConnectionId

const wholeMs = (ms: number | null) => (ms === null ? null : Math.floor(ms))
