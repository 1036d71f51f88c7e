import type { Audit } from '../audit/audit.ts'
import { writeChange } from '../changes/changes.ts'
import type { Jitter } from '../clock.ts'
import { auditEntryOf } from '../refresh/audit-entry.ts'
import type { IncidentGuard } from '../refresh/incident-guard.ts'
import { type Recorded, recordOutcome } from '../refresh/record-outcome.ts'
import { isDormant, planProbe } from '../refresh/schedule.ts'
import type { Timing } from '../refresh/timing.ts'
import { markAccountChecked, updateDetails } from '../store/connections.ts'
import type { KeptCredentialRow } from '../store/credentials.ts'
import type { Sql } from '../store/database.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { endProbe } from '../store/refresh-outcomes.ts'
import { accountMismatch } from './check-account.ts'
import { judge, type Verdict } from './judge.ts'
import type { Look } from './look.ts'

export interface RecordLookParts {
  audit: Audit
  incidentGuard: IncidentGuard
  jitter: Jitter
  timing: Pick<Timing, 'confirmAfterMs' | 'dormantAfterMs'>
}

export interface Probed {
  claim: Claim
  row: KeptCredentialRow
  found: Look
  background: boolean
  elapsedMs: () => number
}

/**
 * Writes what a probe found, in one transaction: schedule, audit log, connection.
 *
 * @returns null: another process holds the row
 */
export async function recordLook(
  sql: Sql,
  parts: RecordLookParts,
  probed: Probed,
): Promise<{ verdict: Verdict; recorded: Recorded | null } | null> {
  const { claim, row, found } = probed
  const verdict = await decide(sql, parts, probed)
  const { generation } = row
  if (!(await endProbe(sql, claim, { ...verdict, generation }))) return null
  const entry = { ...auditEntryOf(row), action: 'connection.probe', result: 'failed' } as const
  if (found.status !== 'active') {
    await parts.audit.write(sql, { ...entry, reason: found.detail ?? found.status })
  }
  if (isNewMismatch(row, found)) {
    await parts.audit.write(sql, { ...entry, reason: accountMismatch })
  }
  const recorded = await recordOutcome(sql, row, verdict)
  await recordDetails(sql, row, found)
  if (verdict.answer === 'good' && (await parts.incidentGuard.isHeld(sql, row))) {
    await parts.incidentGuard.answeredWell(sql, row)
  }
  return { verdict, recorded }
}

/** Judges, and asks the incident guard before the provider's word ends a connection. */
async function decide(
  sql: Sql,
  { incidentGuard, jitter, timing }: RecordLookParts,
  { claim, row, found, background, elapsedMs }: Probed,
): Promise<Verdict> {
  const options = {
    jitter,
    confirmAfterMs: timing.confirmAfterMs,
    hastens: background || claim.previousState === 'idle',
    pauseMs: planPause({ jitter, timing }, { claim, row, found }),
  }
  const verdict = judge(claim, found, options)
  if (verdict.death === null || found.isOver) return verdict
  const decision = await incidentGuard.decide(sql, row, { claim, elapsedMs: elapsedMs() })
  return judge(claim, found, { ...options, decision })
}

/** A dormant connection is checked by its daily refresh: between two, its access token has usually ended. */
function planPause(
  { jitter, timing }: Pick<RecordLookParts, 'jitter' | 'timing'>,
  { claim, row, found }: Pick<Probed, 'claim' | 'row' | 'found'>,
): number | null {
  const isRenewed = found.canRefresh && row.expiresInMs !== null
  if (isRenewed && isDormant(claim, timing)) return null
  return planProbe({ ...claim, ...row, endsInMs: row.expiresInMs }, jitter)
}

/** Scopes and account, where the provider names others than are stored. */
async function recordDetails(sql: Sql, row: KeptCredentialRow, found: Look): Promise<void> {
  if (found.account !== null) await markAccountChecked(sql, row)
  const { scopes: named } = found
  const scopes = named !== null && !isSame(named, row.grantedScopes) ? named : null
  const account = found.account?.is === 'changed' ? found.account.account : null
  if (scopes === null && account === null) return
  const { tenantId, id, generation } = row
  const connection = await updateDetails(sql, { tenantId, id, generation, scopes, account })
  if (connection !== undefined) await writeChange(sql, { kind: 'updated', connection })
}

/** A mismatch is reported once, and not at each probe. */
export function isNewMismatch(row: KeptCredentialRow, found: Look): boolean {
  return found.account?.is === 'another' && row.healthReason !== accountMismatch
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  const held = new Set(others)
  return some.length === others.length && some.every((scope) => held.has(scope))
}
