import { KeywellError } from '@keywell/protocol'
import { type Metrics, silentMetrics } from '../metrics/metrics.ts'
import { type AuditRow, insertAudit, type SealedAuditRow } from '../store/audit.ts'
import type { Database, Sql } from '../store/database.ts'
import { type After, after } from '../timers.ts'
import type { AuditKeys } from './audit-keys.ts'
import { createGroupCommit } from './group-commit.ts'
import { macOfEntry } from './seal.ts'

/** What is recorded. The union is closed: a new action is a reviewed change here. */
export type AuditAction =
  | 'credential.read'
  | 'connection.connect'
  | 'connection.disconnect'
  | 'connection.refresh'
  | 'connection.probe'
  | 'integration.suspend'
  | 'integration.resume'
  | 'connection.revoke_upstream'
  | 'session.create'
  | 'flow.start'
  | 'flow.callback'
  | 'flow.confirm'
  | 'flow.cancel'
  | 'integration.create'
  | 'integration.set_client'
  | 'api_key.create'
  | 'api_key.revoke'
  | 'api_key.rotate'
  | 'webhook.create'
  | 'webhook.update'
  | 'webhook.delete'
  | 'webhook.rotate_secret'
  | 'webhook.replay'
  | 'webhook.test'
  | 'webhook.disable'
  | 'key.rotate_root'
  | 'key.rotate'
  | 'key.enable'
  | 'key.disable'
  | 'key.destroy'
  | 'tenant.erase'
  | 'tenant.export'
  | 'tenant.policy.update'
  | 'call.refuse'

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
  /** Writes in the caller's transaction, so that the act and its row are there together or not at all. */
  write(sql: Sql, entry: AuditEntry): Promise<void>
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

  return {
    write: async (sql, entry) => insertAudit(sql, [seal(entry)]),
    async handOut(entry) {
      try {
        await handOuts.add(seal(entry))
      } catch (cause) {
        metrics.auditUnwritable()
        throw new KeywellError('unavailable', 'The audit log cannot be written.', { cause })
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
