import { KeywellError, type ProviderReason } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Sleep } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { untilCommitted } from '../refresh/until-committed.ts'
import { type Database, DatabaseUnavailable, type Sql } from '../store/database.ts'
import * as store from '../store/flows.ts'

/** Ends flows. */
export interface EndFlow {
  /**
   * The good end, inside the transaction that stores the connection: the flow must still be open and in time,
   * otherwise the transaction is rolled back.
   *
   * @throws KeywellError `flow_expired`
   */
  connected(sql: Sql, flow: store.FlowRow, connectionId: string): Promise<void>
  /** A flow that has ended already keeps its status, and gets an audit entry. */
  failed(flow: store.FlowRow, error: KeywellError, actor: Actor): Promise<void>
  /**
   * The same after a credential was to be stored, even if the outcome of that transaction is unknown. The flow's
   * row decides: if it can still be ended, that transaction did not commit and cannot commit any more, because
   * it requires an open flow. Returns whether nothing was connected: a grant is then to be withdrawn.
   *
   * @param thrown the error of that transaction
   */
  unlessStored(flow: store.FlowRow, thrown: unknown, actor: Actor): Promise<boolean>
}

export function createEndFlow(parts: {
  database: Database
  audit: Audit
  logger: Logger
  sleep: Sleep
}): EndFlow {
  const { database, audit, logger } = parts

  async function record(sql: Sql, flow: store.FlowRow, error: KeywellError, actor: Actor) {
    const reason = error.code
    await audit.write(sql, { ...confirmEntryOf(flow, actor), result: 'denied', reason })
    await store.notifyFlow(sql, flow.id)
  }

  const tryEnd = (sql: Sql, flow: store.FlowRow, error: KeywellError) =>
    store.endFlow(sql, { ...flow, status: 'failed', error: flowErrorOf(error) })

  return {
    async connected(sql, flow, connectionId) {
      if (!(await store.connectFlow(sql, { ...flow, connectionId }))) {
        throw new KeywellError(
          'flow_expired',
          'This attempt was cancelled or expired before the account could be stored.',
        )
      }
      await store.notifyFlow(sql, flow.id)
    },

    async failed(flow, error, actor) {
      await database.transaction(flow.tenantId, async (sql) => {
        await tryEnd(sql, flow, error)
        await record(sql, flow, error, actor)
      })
    },

    unlessStored(flow, thrown, actor) {
      const error = codedError(thrown, logger, actor.requestId)
      return untilCommitted(
        parts,
        () =>
          database.transaction(flow.tenantId, async (sql) => {
            const isEnded = await tryEnd(sql, flow, error)
            if (!isEnded && (await isConnected(sql, flow))) return false
            await record(sql, flow, error, actor)
            return true
          }),
        'end of a flow',
      )
    },
  }
}

async function isConnected(sql: Sql, { tenantId, id }: store.FlowRow): Promise<boolean> {
  return (await store.findFlow(sql, tenantId, id))?.status === 'connected'
}

/** The error for the app. An error that is not a `KeywellError` is written to the log only. */
function codedError(thrown: unknown, logger: Logger, requestId: Actor['requestId']): KeywellError {
  if (thrown instanceof KeywellError) return thrown
  logger.error({ requestId, reason: String(thrown) }, 'connection storing failed')
  return thrown instanceof DatabaseUnavailable
    ? new KeywellError(
        'unavailable',
        'The account could not be stored: the database was unavailable.',
      )
    : new KeywellError('internal', 'The account could not be stored.')
}

export function confirmEntryOf(
  flow: store.FlowRow,
  { actor, requestId }: Actor,
): Omit<AuditEntry, 'result'> {
  const { tenantId, userId } = flow
  const action = flow.mode === 'device' ? 'device.confirm' : 'flow.confirm'
  return { tenantId, userId, actor, requestId, action }
}

const retryableCodes: readonly string[] = [
  'provider_error',
  'flow_expired',
  'flow_mismatch',
  'account_mismatch',
  'key_refused',
  'unavailable',
  'internal',
]

/** After the other reasons a retry fails until an administrator has acted. */
const retryableReasons: readonly ProviderReason[] = [
  'provider_unavailable',
  'answer_unusable',
  'terms_not_accepted',
  'two_factor_required',
]

/** As the flow keeps it, and the app reads it. */
export function flowErrorOf(error: KeywellError): store.FlowError {
  const { code, detail: message, nextStep, providerReason } = error
  const retryable = providerReason
    ? retryableReasons.includes(providerReason)
    : retryableCodes.includes(code)
  return { code, message, nextStep, providerReason, retryable }
}
