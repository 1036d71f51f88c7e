import { type AuditCall, KeywellError, type RouteAuditAction } from '@keywell/protocol'
import { type After, after as defaultAfter } from '../clock.ts'
import { type Metrics, silentMetrics } from '../metrics/metrics.ts'
import { type AuditRow, insertAudit, type SealedAuditRow } from '../store/audit.ts'
import { type Database, DatabaseUnavailable, type Sql } from '../store/database.ts'
import { installation } from '../store/scope.ts'
import { codeOf } from '../store/sqlstate.ts'
import type { AuditKeys } from './audit-keys.ts'
import { createGroupCommit } from './group-commit.ts'
import { macOfEntry } from './seal.ts'

/** When to try again while the log cannot be written, in milliseconds. */
const retryAfterMs = 1_000
/** An earlier statement of the transaction has failed; its error is the one to report. */
const transactionAborted = '25P02'

/** The actions of the routes, and those without a call. A new action is a reviewed change here. */
export type AuditAction =
  | RouteAuditAction
  | 'approval.request'
  | 'approval.expire'
  | 'connection.refresh'
  | 'connection.probe'
  | 'connection.revoke_upstream'
  | 'integration.suspend'
  | 'integration.resume'
  | 'incident.open'
  | 'provider.reseal'
  | 'flow.callback'
  | 'flow.submit_key'
  | 'device.answer'
  | 'webhook.disable'
  | 'key.rotate_root'
  | 'key.rotate'
  | 'key.enable'
  | 'key.disable'
  | 'key.destroy'
  | 'call.refuse'
  | 'audit.probe'

/** One act. Never holds a secret, nor the hash of one. */
export interface AuditEntry {
  tenantId: string
  /** `key:key_…`, `user:…` or `service`. */
  actor: string
  action: AuditAction
  userId?: string | undefined
  connectionId?: string | undefined
  generation?: number | undefined
  /** A call to a provider has two entries: `intent` before it, and its outcome. */
  result: 'ok' | 'denied' | 'failed' | 'intent'
  /** A stable word, e.g. an error code. */
  reason?: string | undefined
  requestId?: string | undefined
  /** Of a call to a provider. */
  call?: AuditCall | undefined
}

/** The append-only log of all acts. It fails closed: no row, no act. */
export interface Audit {
  /**
   * Writes in the caller's transaction, so that the act and its row are committed together or not at all.
   *
   * @throws KeywellError `unavailable` when the row could not be written; the act must not happen
   */
  write(sql: Sql, entry: AuditEntry): Promise<void>
  /**
   * Proves that an entry can be written now, and leaves none. For a transaction that spends something for
   * good, such as a one-time code: the acts that follow need an entry each, and must not begin without one.
   *
   * @throws KeywellError `unavailable`; the transaction is rolled back
   */
  requireWritable(sql: Sql): Promise<void>
  /**
   * Records that a secret is about to be returned, or was refused, and resolves when the row is
   * committed. The answer must not be sent before. Rows of many callers share a commit.
   *
   * @throws KeywellError `unavailable` when the row could not be written; the secret must not be returned
   */
  commit(entry: AuditEntry): Promise<void>
  /**
   * Writes an entry that no answer waits for. Such rows share commits with each other, and never with
   * `commit`, which they could delay. Rejects when the row could not be written.
   */
  record(entry: AuditEntry): Promise<void>
  /** Refuses new rows, and waits for those that are being written. */
  close(): Promise<void>
}

/**
 * Creates the audit log.
 *
 * ```ts
 * const audit = createAudit({ database, keys, makeId: () => makeId('auditEntry') })
 * await audit.commit({ tenantId, actor: 'key:key_…', action: 'credential.read', result: 'ok' })
 * return credential
 * ```
 */
export function createAudit(options: {
  database: Database
  keys: Pick<AuditKeys, 'current'>
  /** A new id of an audit entry. */
  makeId: () => string
  metrics?: Pick<Metrics, 'auditUnwritable'>
  after?: After
}): Audit {
  const { database, keys, makeId, metrics = silentMetrics, after = defaultAfter } = options
  const parts: WriteParts = { keys, makeId, metrics }
  const insert = (rows: readonly SealedAuditRow[]) =>
    insertAudit(database.of([...new Set(rows.map((row) => row.tenant_id))]), rows)
  const commits = createGroupCommit({ commit: insert, after })
  const records = createGroupCommit({ commit: insert, after })

  return {
    write: (sql, entry) => write(parts, sql, entry),
    requireWritable: (sql) => requireWritable(parts, sql),
    async commit(entry) {
      try {
        await commits.add(seal(parts, entry))
      } catch (cause) {
        throw unwritable(parts, cause)
      }
    },
    record: async (entry) => records.add(seal(parts, entry)),
    async close() {
      await Promise.all([commits.close(), records.close()])
    },
  }
}

interface WriteParts {
  keys: Pick<AuditKeys, 'current'>
  makeId: () => string
  metrics: Pick<Metrics, 'auditUnwritable'>
}

async function write(parts: WriteParts, sql: Sql, entry: AuditEntry): Promise<void> {
  try {
    await insertAudit(sql, [seal(parts, entry)])
  } catch (cause) {
    // An error of a trigger, or of a transaction that an earlier statement has aborted, is not one of the log.
    if (cause instanceof KeywellError || codeOf(cause) === transactionAborted) throw cause
    const error = unwritable(parts, cause)
    // A caller that holds a new token pair retries until the database is available again.
    throw cause instanceof DatabaseUnavailable ? cause : error
  }
}

async function requireWritable(parts: WriteParts, sql: Sql): Promise<void> {
  const entry = { tenantId: installation, actor: 'service', action: 'audit.probe' } as const
  await sql.query('savepoint probe')
  await write(parts, sql, { ...entry, result: 'ok' })
  await sql.query('rollback to savepoint probe')
}

function seal({ keys, makeId }: WriteParts, entry: AuditEntry): SealedAuditRow {
  const row = toRow(makeId(), entry)
  const key = keys.current()
  return { ...row, mac_version: key.version, mac: macOfEntry(key, row).toString('base64') }
}

function unwritable({ metrics }: WriteParts, cause: unknown): KeywellError {
  metrics.auditUnwritable()
  return new KeywellError('unavailable', 'The audit log cannot be written.', {
    retryAfterMs,
    nextStep: 'Try again; nothing was done and nothing is spent. Tell the operator when it lasts.',
    cause,
  })
}

function toRow(id: string, entry: AuditEntry): AuditRow {
  return {
    tenant_id: entry.tenantId,
    id,
    actor: entry.actor,
    action: entry.action,
    // The connection of a tenant is no user's.
    user_id: entry.userId || null,
    connection_id: entry.connectionId ?? null,
    generation: entry.generation ?? null,
    result: entry.result,
    reason: entry.reason ?? null,
    request_id: entry.requestId ?? null,
    call: entry.call === undefined ? null : JSON.stringify(entry.call),
  }
}
