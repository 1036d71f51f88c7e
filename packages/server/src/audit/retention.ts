import { tryLockChains } from '../store/audit-chain.ts'
import {
  cutChains,
  deleteLinks,
  findLastOldLink,
  findNextOldChain,
  type NewCut,
} from '../store/audit-retention.ts'
import {
  dropWeek,
  findOldWeeks,
  findWeekEnds,
  makeWeeks,
  type Week,
  type WeekEnd,
} from '../store/audit-weeks.ts'
import type { Database, Sql } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'
import type { AuditKeys } from './audit-keys.ts'
import { macOfCut } from './seal.ts'

const dayMs = 86_400_000
/** For how many days entries are kept where no setting says otherwise. */
export const defaultAuditDays = 90
/** The database lets nothing go that is younger than a day, nor a week that is younger than two. */
const minAuditDays = 2
/** Weeks that are made ahead: so long may every worker be away. */
const weeksAhead = 4
/** How much later what did not go with its week goes by itself. */
const rowsLaterMs = 14 * dayMs
/** Chains, or entries, of one transaction. */
const batchRows = 2_000

/**
 * Removes what is older than so many days from the old end of each chain. What stays can still be
 * proved: a cut says at which position and after which link a chain begins, under the key of the log.
 *
 * What is old goes in whole weeks, so an entry is kept for its days and up to a week more. A week stays
 * for as long as a chain has something in it behind a younger entry, which only a clock that jumped
 * brings about. What such a week holds for others, and what stands in no week, goes entry by entry, two
 * weeks later.
 */
export interface AuditRetention {
  /** Makes the weeks that entries will soon be written to. */
  makeWeeks(): Promise<void>
  /** Answers the weeks that were dropped, and how many entries went by themselves. */
  trim(): Promise<{ weeks: string[]; entries: number }>
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
  const keptMs = days * dayMs
  const rowsMs = keptMs + rowsLaterMs

  /** Cuts every chain behind its last link in a week, then drops the week; false: not at this turn. */
  async function retireWeek(week: Week): Promise<boolean> {
    let after = ''
    let ends: WeekEnd[] | undefined
    do {
      ends = await inTurn((sql) => cutInWeek(sql, week, after))
      if (ends === undefined || ends.some(hasReferences)) return false
      after = ends.at(-1)?.tenantId ?? after
    } while (ends.length === batchRows)
    // The database looks once more whether every chain was cut.
    const isDropped = await inTurn(async (sql) => {
      await dropWeek(sql, week.name)
      return true
    })
    return isDropped === true
  }

  /**
   * Whoever verifies a chain begins behind its cut, so a cut may stand before its links are gone. What
   * was begun here may therefore end anywhere, and goes on at the next turn.
   */
  async function cutInWeek(sql: Sql, week: Week, after: string): Promise<WeekEnd[]> {
    const ends = await findWeekEnds(sql, {
      ...week,
      after,
      youngerThanMs: keptMs,
      limit: batchRows,
    })
    await cutChains(sql, ends.filter((end) => !end.isCut && !hasReferences(end)).map(sealCut))
    return ends
  }

  async function trimChain(tenantId: string): Promise<number> {
    let removed = 0
    let batch: number
    do {
      batch = (await inTurn((sql) => trimBatch(sql, tenantId))) ?? 0
      removed += batch
    } while (batch === batchRows)
    return removed
  }

  async function trimBatch(sql: Sql, tenantId: string): Promise<number> {
    const last = await findLastOldLink(sql, { tenantId, olderThanMs: rowsMs, limit: batchRows })
    if (last === undefined) return 0
    if (!last.isCut) await cutChains(sql, [sealCut({ tenantId, ...last })])
    return deleteLinks(sql, { tenantId, upTo: last.position })
  }

  function sealCut({ tenantId, position, link }: Omit<NewCut, 'macVersion' | 'mac'>): NewCut {
    const key = keys.current()
    const cut = { tenantId, position, link }
    return { ...cut, macVersion: key.version, mac: macOfCut(key, cut) }
  }

  /** Undefined: another process is at it. */
  function inTurn<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result | undefined> {
    return database.transaction(everyTenant, async (sql) =>
      (await tryLockChains(sql)) ? work(sql) : undefined,
    )
  }

  return {
    makeWeeks: () => makeWeeks(database.of(everyTenant), weeksAhead),

    async trim() {
      const every = database.of(everyTenant)
      const weeks: string[] = []
      for (const week of await findOldWeeks(every, keptMs)) {
        if (await retireWeek(week)) weeks.push(week.name)
      }
      let entries = 0
      let tenantId = await findNextOldChain(every, { after: '', olderThanMs: rowsMs })
      while (tenantId !== undefined) {
        entries += await trimChain(tenantId)
        tenantId = await findNextOldChain(every, { after: tenantId, olderThanMs: rowsMs })
      }
      return { weeks, entries }
    },
  }
}

/** Its links in a week cannot go yet, since one before them has to stay. */
function hasReferences({ isCut, hasYounger }: WeekEnd): boolean {
  return hasYounger && !isCut
}
