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
/** Days for which entries are kept without a setting. */
export const defaultAuditDays = 90
/** The database refuses to delete entries that are younger than a day, and weeks that are younger than two. */
const minAuditDays = 2
/** Weeks that are made ahead: for so long all workers may be stopped. */
const weeksAhead = 4
/** How much later an entry that was not dropped with its week is deleted by itself, in milliseconds. */
const rowsLaterMs = 14 * dayMs
/** Chains, or entries, of one transaction. */
const batchRows = 2_000

/**
 * Removes entries that are older than a number of days from the old end of each chain. The rest can still be
 * proved: a cut records the position and the link after which a chain begins, with a MAC under the key of the log.
 *
 * Old entries are dropped in whole weeks, so an entry is kept for its days and up to a week more. A week stays
 * while a chain has an entry in it behind a younger one, which happens only after a jump of the clock.
 * The old entries of such a week, and entries outside of all weeks, are deleted one by one two weeks later.
 */
export interface AuditRetention {
  /** Makes the weeks that entries will soon be written to. */
  makeWeeks(): Promise<void>
  /** Returns the weeks that were dropped, and the number of entries that were deleted one by one. */
  trim(): Promise<{ weeks: string[]; entries: number }>
}

interface RetentionParts {
  database: Database
  keys: Pick<AuditKeys, 'current'>
  /** Age in milliseconds at which a week is dropped. */
  keptMs: number
  /** Age in milliseconds at which an entry is deleted by itself. */
  rowsMs: number
}

export function createAuditRetention(options: {
  database: Database
  keys: Pick<AuditKeys, 'current'>
  days: number
}): AuditRetention {
  const { database, keys, days } = options
  if (!(days >= minAuditDays)) {
    throw new TypeError(`The audit log is kept for ${minAuditDays} days or more, not ${days}.`)
  }
  const keptMs = days * dayMs
  const parts: RetentionParts = { database, keys, keptMs, rowsMs: keptMs + rowsLaterMs }
  return {
    makeWeeks: () => makeWeeks(database.of(everyTenant), weeksAhead),
    trim: async () => ({ weeks: await dropOldWeeks(parts), entries: await trimChains(parts) }),
  }
}

async function dropOldWeeks(parts: RetentionParts): Promise<string[]> {
  const dropped: string[] = []
  for (const week of await findOldWeeks(parts.database.of(everyTenant), parts.keptMs)) {
    if (await retireWeek(parts, week)) dropped.push(week.name)
  }
  return dropped
}

/** Cuts every chain behind its last link in a week, then drops the week. False: it stays for now. */
async function retireWeek(parts: RetentionParts, week: Week): Promise<boolean> {
  const { database } = parts
  let after = ''
  let ends: WeekEnd[] | undefined
  do {
    ends = await underLock(database, (sql) => cutInWeek(parts, sql, week, after))
    if (ends === undefined || ends.some(hasReferences)) return false
    after = ends.at(-1)?.tenantId ?? after
  } while (ends.length === batchRows)
  // The database checks again that every chain was cut.
  const isDropped = await underLock(database, async (sql) => {
    await dropWeek(sql, week.name)
    return true
  })
  return isDropped === true
}

/**
 * The verification of a chain begins behind its cut, so a cut may be committed before its links are deleted.
 * This work may therefore stop at any point, and the next turn continues it.
 */
async function cutInWeek(
  { keys, keptMs }: RetentionParts,
  sql: Sql,
  week: Week,
  after: string,
): Promise<WeekEnd[]> {
  const ends = await findWeekEnds(sql, { ...week, after, youngerThanMs: keptMs, limit: batchRows })
  const cuts = ends
    .filter((end) => !end.isCut && !hasReferences(end))
    .map((end) => sealCut(keys, end))
  await cutChains(sql, cuts)
  return ends
}

/** Returns the number of entries that were deleted. */
async function trimChains(parts: RetentionParts): Promise<number> {
  const { database, rowsMs } = parts
  const sql = database.of(everyTenant)
  let entries = 0
  let tenantId = await findNextOldChain(sql, { after: '', olderThanMs: rowsMs })
  while (tenantId !== undefined) {
    entries += await trimChain(parts, tenantId)
    tenantId = await findNextOldChain(sql, { after: tenantId, olderThanMs: rowsMs })
  }
  return entries
}

async function trimChain(parts: RetentionParts, tenantId: string): Promise<number> {
  let removed = 0
  let batch: number
  do {
    batch = (await underLock(parts.database, (sql) => trimBatch(parts, sql, tenantId))) ?? 0
    removed += batch
  } while (batch === batchRows)
  return removed
}

async function trimBatch(
  { keys, rowsMs }: RetentionParts,
  sql: Sql,
  tenantId: string,
): Promise<number> {
  const last = await findLastOldLink(sql, { tenantId, olderThanMs: rowsMs, limit: batchRows })
  if (last === undefined) return 0
  if (!last.isCut) await cutChains(sql, [sealCut(keys, { tenantId, ...last })])
  return deleteLinks(sql, { tenantId, upTo: last.position })
}

function sealCut(
  keys: Pick<AuditKeys, 'current'>,
  { tenantId, position, link }: Omit<NewCut, 'macVersion' | 'mac'>,
): NewCut {
  const key = keys.current()
  const cut = { tenantId, position, link }
  return { ...cut, macVersion: key.version, mac: macOfCut(key, cut) }
}

/** Undefined: another process has the lock of the chains. */
function underLock<Result>(
  database: Database,
  work: (sql: Sql) => Promise<Result>,
): Promise<Result | undefined> {
  return database.transaction(everyTenant, async (sql) =>
    (await tryLockChains(sql)) ? work(sql) : undefined,
  )
}

/** The links of this chain in the week must stay, because a link before them has to. */
function hasReferences({ isCut, hasYounger }: WeekEnd): boolean {
  return hasYounger && !isCut
}
