import { KeywellError, type RouteAuditAction } from '@keywell/protocol'
import { type After, after } from '../clock.ts'
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
/** A statement before this one has failed: its error is the one to tell. */
const transactionAborted = '25P02'

/** What is recorded: what the routes name, and what happens without a call. A new action is a reviewed change here. */
export type AuditAction =
  | RouteAuditAction
  | 'connection.refresh'
  | 'connection.probe'
  | 'connection.revoke_upstream'
  | 'integration.suspend'
  | 'integration.resume'
  | 'incident.open'
  | 'flow.callback'
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
  /** An act outside has two entries: `intent` before it, and what came of it. */
  result: 'ok' | 'denied' | 'failed' | 'intent'
  /** A stable word, e.g. an error code. */
  reason?: string | undefined
  requestId?: string | undefined
}

/** The append-only log of who did what. It fails closed: no row, no act. */
export interface Audit {
  /**
   * Writes in the caller's transaction, so that the act and its row are there together or not at all.
   *
   * @throws KeywellError `unavailable` when the row could not be written; nothing may be done
   */
  write(sql: Sql, entry: AuditEntry): Promise<void>
  /**
   * Shows that an entry could be written now, and leaves none. For a transaction that spends what cannot
   * be given back: the acts that follow each have their entry, and none of them must begin without.
   *
   * @throws KeywellError `unavailable`; the transaction is taken back
   */
  requireWritable(sql: Sql): Promise<void>
  /**
   * Records that a secret is about to be handed out, or was refused, and resolves when the row is
   * committed: only then may the answer leave. Rows of many callers share a commit.
   *
   * @throws KeywellError `unavailable` when the row could not be written; nothing may be handed out
   */
  handOut(entry: AuditEntry): Promise<void>
  /**
   * Writes what no answer waits for. Such rows share commits with each other, and never with a hand-out,
   * which they could hold up. Rejects when it could not be written.
   */
  record(entry: AuditEntry): Promise<void>
  /** Takes nothing more, and waits for what is on its way. */
  close(): Promise<void>
}

/**
 * Creates the audit log.
 *
 * ```ts
 * const audit = createAudit({ database, keys, makeId: () => makeId('auditEntry') })
 * await audit.handOut({ tenantId, actor: 'key:key_…', action: 'credential.read', result: 'ok' })
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
  const { database, keys, makeId, metrics = silentMetrics } = options
  const commits = {
    commit: (rows: readonly SealedAuditRow[]) =>
      insertAudit(database.of([...new Set(rows.map((row) => row.tenant_id))]), rows),
    after: options.after ?? after,
  }
  const handOuts = createGroupCommit(commits)
  const records = createGroupCommit(commits)

  function seal(entry: AuditEntry): SealedAuditRow {
    const row = toRow(makeId(), entry)
    const key = keys.current()
    return { ...row, mac_version: key.version, mac: macOfEntry(key, row).toString('base64') }
  }

  function unwritable(cause: unknown): KeywellError {
    metrics.auditUnwritable()
    return new KeywellError('unavailable', 'The audit log cannot be written.', {
      retryAfterMs,
      nextStep:
        'Try again; nothing was done and nothing is spent. Tell the operator when it lasts.',
      cause,
    })
  }

  /** Appends to the transaction of an act, which is taken back with it. */
  async function append(sql: Sql, entry: AuditEntry): Promise<void> {
    try {
      await insertAudit(sql, [seal(entry)])
    } catch (cause) {
      // Said by a trigger, or of a transaction that another statement has broken: neither is the log's.
      if (cause instanceof KeywellError || codeOf(cause) === transactionAborted) throw cause
      const error = unwritable(cause)
      // Whoever holds what must not be lost waits for the database, however long.
      throw cause instanceof DatabaseUnavailable ? cause : error
    }
  }

  return {
    write: append,
    async requireWritable(sql) {
      const entry = { tenantId: installation, actor: 'service', action: 'audit.probe' } as const
      await sql.query('savepoint probe')
      await append(sql, { ...entry, result: 'ok' })
      await sql.query('rollback to savepoint probe')
    },
    async handOut(entry) {
      try {
        await handOuts.add(seal(entry))
      } catch (cause) {
        throw unwritable(cause)
      }
    },
    record: async (entry) => records.add(seal(entry)),
    async close() {
      await Promise.all([handOuts.close(), records.close()])
    },
  }
}

function toRow(id: string, entry: AuditEntry): AuditRow {
  return {
    tenant_id: entry.tenantId,
    id,
    actor: entry.actor,
    action: entry.action,
    user_id: entry.userId ?? null,
    connection_id: entry.connectionId ?? null,
    generation: entry.generation ?? null,
    result: entry.result,
    reason: entry.reason ?? null,
    request_id: entry.requestId ?? null,
  }
}
