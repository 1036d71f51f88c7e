import { refreshTokens } from '../oauth/client.ts'
import { deleteOrphan, findOrphan } from '../store/orphans.ts'
import type { Attempt, AttemptParts } from './attempt-context.ts'
import { type Committed, commitPair } from './commit.ts'
import { endsFamilies } from './renewal-of.ts'
import { queueRevocation, storeOrphan } from './set-aside.ts'
import { untilCommitted } from './until-committed.ts'

/**
 * Tries a pair that once came too late: it may be the one that lives. Called after a refusal, before the
 * connection can end.
 *
 * @returns undefined: there is none, or it is refused too
 */
export async function tryOrphan(
  parts: AttemptParts,
  attempt: Attempt,
): Promise<Committed | undefined> {
  const { claim, row, source, renewal } = attempt
  const { tenantId } = row
  // With the reply to its commit lost, a pair can have been committed, used, and set aside after all. Where
  // a token that comes twice revokes its family, the risk is too high; and only one pair of it can live.
  if (source.by !== 'refresh_token' || endsFamilies(renewal)) return undefined
  const orphan = await findOrphan(parts.database.of(tenantId), tenantId, row.id)
  if (orphan === undefined) return undefined
  const { attemptId, generation } = orphan
  const owner = { ...row, connectionId: row.id, generation }
  const tokens = await parts.box.openOrphan(owner, attemptId, orphan.sealed)
  await deleteOrphan(parts.database.of(tenantId), orphan)
  const { refreshToken } = tokens
  if (refreshToken === null) {
    await untilCommitted(parts, () => queueRevocation(parts, { row, attemptId, tokens }))
    return undefined
  }
  const sending = { tenantId, timeoutMs: parts.timing.detachedMs }
  const answer = await refreshTokens(parts.outbound, source.registration, {
    refreshToken,
    reach: tokens.reach,
    scopes: row.grantedScopes,
    sending,
  })
  if (answer.kind === 'tokens') {
    return commitPair(parts, { ...attempt, tokens, audited: true }, answer)
  }
  if (answer.kind === 'unusable') {
    const brought = {
      row,
      attemptId: claim.attemptId,
      tokens: { ...answer.tokens, reach: tokens.reach },
    }
    await untilCommitted(parts, () => storeOrphan(parts, brought))
  }
  return undefined
}
