import {
  type ChainEnd,
  findChainEnds,
  linkEntries,
  type NewLink,
  readTail,
  type TailRow,
  tryLockChains,
} from '../store/audit-chain.ts'
import type { Database } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'
import type { AuditKeys } from './audit-keys.ts'
import { linkOf } from './seal.ts'

/** Entries of one transaction. */
const batchRows = 1_000
/** Transactions of one turn, so that a stop does not wait for a long backlog. */
const maxBatches = 50

/**
 * Links entries into the chains of their tenants.
 *
 * A writer seals its entry with a MAC, and does not touch the chain: no read waits for a chain, and no change
 * holds a lock that another change needs, so there can be no deadlock. The entries are linked later, in short
 * transactions, by one process at a time.
 *
 * This is as strong as a chain that each writer extends. An entry is sealed before its act happens; if it is
 * altered at any time, its MAC does not match. The MAC does not show that an entry is gone, so an entry can be
 * removed unnoticed until it is linked. But so can the end of any chain, until its head has been signed and
 * sent outside: that happens once a minute, and an entry is linked within about a second. With the rights
 * of the service alone no entry can be removed even then: entries leave the tail only by a function that moves
 * them to their chain. The order of a chain is the order of linking.
 */
export interface Chainer {
  /** Links the entries that there are now, at most 50,000. Returns their number; 0 if another process does it. */
  link(): Promise<number>
}

export function createChainer(parts: {
  database: Database
  keys: Pick<AuditKeys, 'current'>
}): Chainer {
  const { database, keys } = parts

  async function linkBatch(): Promise<number> {
    return database.transaction(everyTenant, async (sql) => {
      if (!(await tryLockChains(sql))) return 0
      const tail = await readTail(sql, batchRows)
      if (tail.length === 0) return 0
      const ends = await findChainEnds(sql, [...new Set(tail.map(({ tenantId }) => tenantId))])
      await linkEntries(sql, linksOf(tail, ends))
      return tail.length
    })
  }

  function linksOf(tail: readonly TailRow[], ends: readonly ChainEnd[]): NewLink[] {
    const key = keys.current()
    const places = new Map(ends.map(({ tenantId, ...place }) => [tenantId, place]))
    return tail.map((row) => {
      const end = places.get(row.tenantId)
      const position = (end?.position ?? 0) + 1
      const link = linkOf(key, { ...row, position, previous: end?.link ?? null })
      places.set(row.tenantId, { position, link })
      return {
        place: row.place,
        position,
        link_version: key.version,
        link: link.toString('base64'),
      }
    })
  }

  return {
    async link() {
      let linked = 0
      for (let batches = 0; batches < maxBatches; batches += 1) {
        const batch = await linkBatch()
        linked += batch
        if (batch < batchRows) break
      }
      return linked
    },
  }
}
