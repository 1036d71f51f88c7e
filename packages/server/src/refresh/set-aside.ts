import type { Secret } from '@keywell/protocol'
import type { Reach } from '@keywell/providers'
import type { Audit } from '../audit/audit.ts'
import type { Logger } from '../logger.ts'
import { heldTokens, type KeptTokenSet, type TokenBox } from '../oauth/token-set.ts'
import { findKeptCredential, type KeptCredentialRow } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { insertOrphan } from '../store/orphans.ts'
import { insertRevocation } from '../store/revocations.ts'
import { auditEntryOf } from './audit-entry.ts'

/** Tokens that a refresh brought and that do not become the next generation. */
export interface SetAsidePair {
  /** The connection as it was when the request was sent. */
  row: KeptCredentialRow
  attemptId: string
  tokens: {
    readonly accessToken: Secret | null
    readonly refreshToken: Secret | null
    readonly reach: Reach
  }
}

export interface SetAsideParts {
  database: Database
  box: TokenBox
  audit: Audit
}

/**
 * Sets a pair aside whose generation had moved when it came.
 *
 * @returns `committed_before`: an earlier commit of the same attempt went through, and its reply was lost;
 *   `withdrawn`: the connection was removed or connected again, so the grant waits for its revocation;
 *   `orphaned`: the pair is kept for a day; `superseded`: there is nothing in it that could be renewed or revoked
 */
export async function setAside(
  parts: SetAsideParts & { logger: Logger },
  { row, attemptId, tokens }: SetAsidePair & { tokens: KeptTokenSet },
): Promise<'committed_before' | 'superseded' | 'withdrawn' | 'orphaned'> {
  const { tenantId, id: connectionId } = row
  const now = await findKeptCredential(parts.database.of(tenantId), tenantId, connectionId)
  if (now?.committedBy === attemptId) return 'committed_before'
  // It was minted: what it came from is kept elsewhere, and brings another.
  if (tokens.refreshToken === null) return 'superseded'
  if (isGrantGone(row, now)) {
    await queueRevocation(parts, { row, attemptId, tokens })
    return 'withdrawn'
  }
  await storeOrphan(parts, { row, attemptId, tokens })
  const generation = row.generation + 1
  const facts = { tenantId, connectionId, generation }
  parts.logger.warn(facts, 'refresh orphaned')
  return 'orphaned'
}

/** Removed, or connected again after this request had begun. */
function isGrantGone(row: KeptCredentialRow, now: KeptCredentialRow | undefined): boolean {
  if (now === undefined || now.sealed === null || now.connectedGeneration === null) return true
  return row.generation < now.connectedGeneration
}

/** Keeps tokens sealed for a day. Before their connection ends, their refresh token is tried. */
export async function storeOrphan(
  { database, box, audit }: SetAsideParts,
  { row, attemptId, tokens }: SetAsidePair,
): Promise<void> {
  const { key, generation, entry } = placeOf(row)
  const owner = { ...row, ...key, generation }
  const sealed = await box.sealOrphan(owner, attemptId, {
    ...heldTokens(tokens),
    reach: tokens.reach,
  })
  await database.transaction(row.tenantId, async (sql) => {
    await insertOrphan(sql, { ...key, ...sealed, attemptId, generation })
    await audit.write(sql, { ...entry, reason: 'orphaned' })
  })
}

/** The grant of these tokens is to be revoked at the provider, as that of a removed connection is. */
export async function queueRevocation(
  { database, box, audit }: SetAsideParts,
  { row, attemptId, tokens }: SetAsidePair,
): Promise<void> {
  const { key, generation, entry } = placeOf(row)
  const sealed = await box.seal(
    { ...row, ...key, generation },
    { ...heldTokens(tokens), reach: tokens.reach },
  )
  await database.transaction(row.tenantId, async (sql) => {
    await insertRevocation(sql, { ...row, ...key, ...sealed, attemptId, generation })
    await audit.write(sql, { ...entry, reason: 'withdrawn' })
  })
}

function placeOf(row: KeptCredentialRow) {
  const generation = row.generation + 1
  return {
    key: { tenantId: row.tenantId, connectionId: row.id },
    generation,
    entry: { ...auditEntryOf(row), generation, result: 'ok' } as const,
  }
}
