import { tryLockChains } from '../store/audit-chain.ts'
import { cutChain, findLastOldLink, findNextChain } from '../store/audit-retention.ts'
import type { Database } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'
import type { AuditKeys } from './audit-keys.ts'
import { macOfCut } from './seal.ts'

const dayMs = 86_400_000
/** How long entries are kept unless told. */
export const defaultAuditDays = 90
/** The database lets nothing go that is younger than a day. */
const minAuditDays = 2
/** Entries of one transaction. */
const batchRows = 2_000

/**
 * Removes what is older than so many days from the old end of each chain. What stays can still be
 * proved: the cut says at which position and after which link it begins, under the key of the log.
 */
export interface AuditRetention {
  /** Answers how many entries went. */
  trim(): Promise<number>
}

export function createAuditRetention(parts: {
  database: Database
  keys: Pick<AuditKeys, 'current'>
  days: number
}): AuditRetention {
  const { database, keys, days } = parts
  if (!(days >= minAuditDays)) {
    throw new TypeError(`The audit log is kept for ${minAuditDays} days or more, not ${days}.`)
  }

  async function trimChain(tenantId: string): Promise<number> {
    let removed = 0
    let batch: number
    do {
      batch = await trimBatch(tenantId)
      removed += batch
    } while (batch === batchRows)
    return removed
  }

  async function trimBatch(tenantId: string): Promise<number> {
    return database.transaction(everyTenant, async (sql) => {
      if (!(await tryLockChains(sql))) return 0
      const olderThanMs = days * dayMs
      const last = await findLastOldLink(sql, { tenantId, olderThanMs, limit: batchRows })
      if (last === undefined) return 0
      const key = keys.current()
      const cut = { tenantId, ...last }
      return cutChain(sql, { ...cut, macVersion: key.version, mac: macOfCut(key, cut) })
    })
  }

  return {
    async trim() {
      let removed = 0
      let tenantId = await findNextChain(database.of(everyTenant), '')
      while (tenantId !== undefined) {
        removed += await trimChain(tenantId)
        tenantId = await findNextChain(database.of(everyTenant), tenantId)
      }
      return removed
    },
  }
}
