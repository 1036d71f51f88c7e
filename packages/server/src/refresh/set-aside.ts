import type { Secret } from '@keywell/protocol'
import type { Audit } from '../audit/audit.ts'
import { heldTokens, type TokenBox } from '../oauth/token-set.ts'
import type { KeptCredentialRow } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { insertOrphan } from '../store/orphans.ts'
import { insertRevocation } from '../store/revocations.ts'
import { auditEntryOf } from './audit-entry.ts'

/** Tokens that a refresh brought and that do not become the next generation. */
export interface SetAsidePair {
  /** The connection as it was when the request was sent. */
  row: KeptCredentialRow
  attemptId: string
  tokens: { readonly accessToken: Secret | null; readonly refreshToken: Secret | null }
}

/** Where such tokens go: none is left behind at the provider. */
export interface SetAside {
  /** Kept for a day: before its connection is given up, its refresh token is tried. */
  orphan(pair: SetAsidePair): Promise<void>
  /** Its grant waits to be withdrawn at the provider, as that of a removed connection does. */
  withdraw(pair: SetAsidePair): Promise<void>
}

export function createSetAside(parts: {
  database: Database
  box: TokenBox
  audit: Audit
}): SetAside {
  const { database, box, audit } = parts
  return {
    async orphan({ row, attemptId, tokens }) {
      const { key, generation, entry } = placeOf(row)
      const sealed = await box.sealOrphan(
        { ...row, ...key, generation },
        attemptId,
        heldTokens(tokens),
      )
      await database.transaction(row.tenantId, async (sql) => {
        await insertOrphan(sql, { ...key, ...sealed, attemptId, generation })
        await audit.write(sql, { ...entry, reason: 'orphaned' })
      })
    },

    async withdraw({ row, attemptId, tokens }) {
      const { key, generation, entry } = placeOf(row)
      const sealed = await box.seal({ ...row, ...key, generation }, heldTokens(tokens))
      await database.transaction(row.tenantId, async (sql) => {
        await insertRevocation(sql, { ...row, ...key, ...sealed, attemptId, generation })
        await audit.write(sql, { ...entry, reason: 'withdrawn' })
      })
    },
  }
}

function placeOf(row: KeptCredentialRow) {
  const generation = row.generation + 1
  return {
    key: { tenantId: row.tenantId, connectionId: row.id },
    generation,
    entry: { ...auditEntryOf(row), generation, result: 'ok' } as const,
  }
}
