import type { Sql } from './database.ts'

/** Makes the week of now and so many after it; those that are there stay as they are. */
export async function makeWeeks(sql: Sql, ahead: number): Promise<void> {
  await sql.query(
    `select audit_make_week(now() + n * interval '168 hours') from generate_series(0, $1::int) as n`,
    [ahead],
  )
}

/** A week of the log, as a table of its own. */
export interface Week {
  /** As 2026w47, by ISO 8601. */
  name: string
  starts: Date
  ends: Date
}

/** Weeks that ended at least `olderThanMs` ago, oldest first. */
export async function findOldWeeks(sql: Sql, olderThanMs: number): Promise<Week[]> {
  // The first may begin at no time at all.
  return sql.query<Week>(
    `select week as name, greatest(starts, timestamptz 'epoch') as starts, ends from audit_weeks()
     where ends <= now() - $1 * interval '1 millisecond' order by ends`,
    [olderThanMs],
  )
}

/** The last link that a chain has in a week. */
export interface WeekEnd {
  tenantId: string
  position: number
  link: Uint8Array
  /** The chain was cut there, or behind it. */
  isCut: boolean
  /** A link before it in the chain is younger than `youngerThanMs`. */
  hasYounger: boolean
}

/** Where chains end in a week: those of some tenants after another. */
export async function findWeekEnds(
  sql: Sql,
  week: Week & { after: string; youngerThanMs: number; limit: number },
): Promise<WeekEnd[]> {
  return sql.query<WeekEnd>(
    `with recursive chain as (
       select min(tenant_id) as tenant_id from audit_chain
       where tenant_id > $3 and at >= $1 and at < $2
       union all
       select (
         select min(l.tenant_id) from audit_chain l
         where l.tenant_id > chain.tenant_id and l.at >= $1 and l.at < $2
       ) from chain where tenant_id is not null
     ), page as materialized (
       select tenant_id from chain where tenant_id is not null limit $4
     )
     select page.tenant_id as "tenantId", last.position::float8 as position, last.link,
       exists (
         select from audit_cuts cut
         where cut.tenant_id = page.tenant_id and cut.position >= last.position
       ) as "isCut",
       exists (
         select from audit_chain l
         where l.tenant_id = page.tenant_id and l.position < last.position
           and l.at >= now() - $5 * interval '1 millisecond'
       ) as "hasYounger"
     from page
     cross join lateral (
       select position, link from audit_chain
       where tenant_id = page.tenant_id and at >= $1 and at < $2
       order by position desc limit 1
     ) as last
     order by page.tenant_id`,
    [week.starts, week.ends, week.after, week.limit, week.youngerThanMs],
  )
}

/** Only inside of a transaction that has the lock of the chains, after each chain in it was cut. */
export async function dropWeek(sql: Sql, name: string): Promise<void> {
  await sql.query('select audit_drop_week($1)', [name])
}
