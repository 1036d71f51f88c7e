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
import { findProvider, handlingOf, missingScopes } from '@keywell/providers'
import { LRUCache } from 'lru-cache'
import type { z } from 'zod'
import type { Audit } from '../audit/audit.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tracing } from '../metrics/tracing.ts'
import { parseHost, requireProvider } from '../oauth/integrations.ts'
import { probeToken } from '../oauth/probe.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { auditEntryOf } from '../refresh/audit-entry.ts'
import type { Refresher } from '../refresh/refresh.ts'
import { planProbe } from '../refresh/schedule.ts'
import type { Timing } from '../refresh/timing.ts'
import { type CredentialReadRow, findCredential } from '../store/credentials.ts'
import { type Database, DatabaseUnavailable } from '../store/database.ts'
import { findUpkeep, hastenUpkeep, touchUpkeep } from '../store/upkeep.ts'
import type { Sleep } from '../timers.ts'
import { createLookUp } from './look-up.ts'
import { createPolicyCheck } from './policy-check.ts'

/** How long a read waits for a refresh, its own or another process's. */
const maxWaitMs = 5_000
/** How often at most it is written down that a connection is in use. */
const touchPauseMs = 10 * 60_000

type Query = z.output<typeof readCredentialSchema>
type Caller = { actor: string; requestId: string }

export type ReadCredentials = (query: Query, caller: Caller) => Promise<ReadCredentialAnswer>

/**
 * Hands a backend its user's credential. A valid one is served whatever becomes of its refresh; only
 * one that has ended waits. The answer leaves after its audit row is durable, or not at all.
 */
export function createReadCredential(parts: {
  database: Database
  box: TokenBox
  refresher: Refresher
  outbound: Outbound
  audit: Audit
  metrics: Pick<Metrics, 'credentialRead' | 'probed'>
  tracing: Tracing
  /** A page of the app where its user can connect; answered with `not_connected` and `needs_reauth`. */
  connectUrl: string | undefined
  sleep: Sleep
  random: () => number
  timing: Timing
}): ReadCredentials {
  const { database, box, refresher, audit, metrics, tracing } = parts
  const lookUp = createLookUp(database)
  const checkPolicy = createPolicyCheck({ audit })
  const probed = new LRUCache<string, true>({ max: 10_000, ttl: parts.timing.doubtPauseMs })
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

  async function read(query: Query, caller: Caller): Promise<ReadCredentialAnswer> {
    let row = await find(query)
    let policy = await checkPolicy(row, caller, connectUrl(query))
    if (await wantsRefresh(row, query)) {
      row = await refreshed(row)
      policy = await checkPolicy(row, caller, connectUrl(query))
    }
    requireUsable(row, query)
    if (query.ifNewerThan !== undefined && row.generation <= query.ifNewerThan) {
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

  /** Off the path of the read: what is in use is looked at more often. */
  function touch(row: CredentialReadRow): void {
    const key = keyOf(row)
    if (touched.has(key)) return
    touched.set(key, true)
    const { type, expiresInMs: endsInMs } = row
    const hotProbeInMs = planProbe({ type, endsInMs, readAgoMs: 0 }, parts.random)
    void touchUpkeep(database.of(row.tenantId), {
      ...row,
      connectionId: row.id,
      hotProbeInMs,
    }).catch(() => {})
  }

  async function find(query: Query): Promise<CredentialReadRow> {
    const host = query.host === undefined ? null : parseHost(query.host)
    const rows = await lookUp({
      tenantId: query.tenantId,
      userId: query.userId,
      provider: query.provider,
      name: query.connection,
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

  /** Ended; due, when the reader only asks for something newer; or dead at the provider before its time. */
  async function wantsRefresh(row: CredentialReadRow, query: Query): Promise<boolean> {
    if (row.status !== 'active' || row.sealed === null) return false
    if (hasEnded(row)) return row.renewable
    if (query.ifNewerThan !== undefined && row.refreshDue)
      return row.generation <= query.ifNewerThan
    if (query.minGeneration === undefined || row.generation >= query.minGeneration) return false
    return isDead(row)
  }

  /**
   * A caller's 401 is a question, and the provider is asked before it is believed. A token that nothing
   * renews is handed to the keeper, who looks twice before it is given up.
   */
  async function isDead(row: CredentialReadRow): Promise<boolean> {
    const key = keyOf(row)
    if (row.sealed === null || probed.has(key)) return false
    probed.set(key, true)
    const provider = requireProvider(row.provider)
    const { accessToken } = await box.open({ ...row, connectionId: row.id }, row.sealed)
    const sending = { tenantId: row.tenantId }
    const asked = { provider, host: row.host, type: row.type, accessToken, sending }
    if ((await probeToken(parts, asked)).news !== 'dead') return false
    await hastenUpkeep(database.of(row.tenantId), { ...row, connectionId: row.id })
    return row.renewable
  }

  /** Refreshes here or waits for whoever does; comes back with the row as it is then. */
  async function refreshed(before: CredentialReadRow): Promise<CredentialReadRow> {
    const key = { tenantId: before.tenantId, connectionId: before.id }
    let row = before
    let waitedMs = 0
    for (let pauseMs = 100; ; pauseMs *= 2) {
      const attempt = await Promise.race([refresher.refresh(key), parts.sleep(maxWaitMs)])
      if (attempt === undefined) waitedMs = maxWaitMs
      // In this order: a lease that is gone by now has left its result in the row that is read next.
      const upkeep = await findUpkeep(database.of(key.tenantId), key.tenantId, key.connectionId)
      row =
        (await findCredential(database.of(key.tenantId), key.tenantId, key.connectionId)) ?? before
      if (row.generation > before.generation || row.status !== 'active') return row
      if (!hasEnded(row)) return row // served until it is over, whatever became of its refresh
      const othersAreAtIt = attempt !== 'attempted' && upkeep?.leased === true
      if (!othersAreAtIt || waitedMs >= maxWaitMs) throw notYet(upkeep)
      await parts.sleep(pauseMs)
      waitedMs += pauseMs
    }
  }

  function requireUsable(row: CredentialReadRow, query: Query): void {
    const title = requireProvider(row.provider).title
    const isOver = row.status === 'active' && !row.renewable && hasEnded(row)
    if (isOver || row.reason === 'token_expired') {
      const what = row.type === 'api_key' ? 'key' : 'token'
      const detail = `The ${title} ${what} of this connection has expired, and nothing renews it.`
      throw new KeywellError('needs_reauth', detail, {
        reason: 'token_expired',
        connectUrl: connectUrl(query),
        nextStep:
          row.type === 'api_key'
            ? askForKey
            : 'Ask the user to connect again; the provider gave nothing to renew it with.',
      })
    }
    if (row.status === 'expired' || row.status === 'revoked') {
      throw new KeywellError('needs_reauth', `${title} no longer accepts this connection.`, {
        reason: row.reason ?? undefined,
        connectUrl: connectUrl(query),
        nextStep: row.type === 'api_key' ? askForKey : undefined,
      })
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
    const { name, prefix } = handlingOf(provider, row.type).header
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
    url.searchParams.set('connection', query.connection)
    return url.href
  }
}

const askForKey = 'Ask the user for a new key, and store it with POST /v1/connections.'

/** Whatever else a caller writes as its provider is no word of ours, so it is not told. */
const factsOf = ({ provider }: Query) => ({
  'keywell.provider': findProvider(provider)?.name ?? 'unknown',
})

/** As the caller will be told, see `toKeywellError`. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof KeywellError) return error.code
  return error instanceof DatabaseUnavailable ? 'unavailable' : 'internal'
}

const keyOf = (row: CredentialReadRow) => `${row.tenantId.length}:${row.tenantId}${row.id}`

function hasEnded(row: CredentialReadRow): boolean {
  return row.expiresInMs !== null && row.expiresInMs <= 0
}

function notYet(upkeep: Awaited<ReturnType<typeof findUpkeep>>): KeywellError {
  const retryAfterMs = Math.max(1_000, Math.ceil(upkeep?.retryInMs ?? 0))
  const doubt = upkeep?.leased || upkeep?.state === 'suspect' || upkeep?.state === 'ambiguous'
  return doubt
    ? new KeywellError('refresh_in_progress', 'The token has ended and is being renewed.', {
        retryAfterMs,
      })
    : new KeywellError(
        'unavailable',
        'The token has ended, and the provider cannot renew it now.',
        {
          retryAfterMs,
          nextStep:
            'Try again after retryAfterMs; nothing was lost, and the user need not connect again.',
        },
      )
}

// Ids were parsed when they came in; the row is the proof.
const connectionIdOf = (row: CredentialReadRow) => row.id as ConnectionId

const wholeMs = (ms: number | null) => (ms === null ? null : Math.floor(ms))
