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
 * Whoever writes an entry seals it with a MAC of its own, and that is all: no read waits for a chain,
 * and no change holds a lock that another change needs, so that nothing can wait for each other here.
 * The chain follows in a short transaction of its own, by one process at a time.
 *
 * That is as strong as a chain that each writer extends. What an entry says is sealed before it is
 * acted upon; with it changed at any time, its MAC does not fit. What the MAC alone does not show is an
 * entry that is gone, and until it is linked one can be removed unnoticed. But so can the end of any
 * chain, until its head has been signed and told to somebody else: that happens once a minute, and
 * linking follows writing within about a second. With the rights of the service alone none is removed even
 * then: what waits leaves the tail by a function that moves it to its chain. The order of a chain is that
 * of linking.
 */
export interface Chainer {
  /** Links what there is now, 50,000 at most. Answers how many; none if another process is at it. */
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
