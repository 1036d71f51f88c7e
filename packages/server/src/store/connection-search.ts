import type { Sql } from './database.ts'

/** What is searched for. An empty list of a kind is impossible; null: whatever it is. Times are of milliseconds. */
export interface ConnectionSearch {
  tenantId: string
  /** Those that the caller may see. */
  providers: readonly string[] | null
  /** Beginnings of words. */
  words: readonly string[] | null
  texts: Record<TextField, { in: readonly string[] | null; ne: readonly string[] | null }>
  scopes: readonly string[] | null
  times: Record<TimeField, { from: Date | null; before: Date | null }>
  endsAtExists: boolean | null
  checkedAtExists: boolean | null
  sort: readonly { by: string; desc: boolean }[]
  after: SearchKey | null
  limit: number
}

export const textFields = [
  'userId',
  'provider',
  'host',
  'name',
  'status',
  'reason',
  'health',
  'accountId',
  'method',
] as const
export type TextField = (typeof textFields)[number]
export const timeFields = ['createdAt', 'updatedAt', 'endsAt', 'checkedAt'] as const
export type TimeField = (typeof timeFields)[number]

/** Where a connection stands in the order of a search. */
export interface SearchKey {
  first: string
  second: string
  id: string
}

/** A connection that is not there any more is in no search. */
const matches = `c.status <> 'disconnected'
  and ($2::text[] is null or c.provider = any($2))
  and ($3::text[] is null or not exists (
    select from unnest($3::text[]) as word where strpos(' ' || translate(lower(
      coalesce(c.account->>'name', '') || ' ' || coalesce(c.account->>'username', '')), '-_.@/', '     '),
      ' ' || lower(word)) = 0))
  and ($4::text[] is null or c.user_id = any($4)) and ($5::text[] is null or not coalesce(c.user_id = any($5), false))
  and ($6::text[] is null or c.provider = any($6)) and ($7::text[] is null or not c.provider = any($7))
  and ($8::text[] is null or c.host = any($8)) and ($9::text[] is null or not c.host = any($9))
  and ($10::text[] is null or c.name = any($10)) and ($11::text[] is null or not c.name = any($11))
  and ($12::text[] is null or c.status = any($12)) and ($13::text[] is null or not c.status = any($13))
  and ($14::text[] is null or c.reason = any($14)) and ($15::text[] is null or not coalesce(c.reason = any($15), false))
  and ($16::text[] is null or c.health = any($16)) and ($17::text[] is null or not c.health = any($17))
  and ($18::text[] is null or c.account->>'id' = any($18)) and ($19::text[] is null or not c.account->>'id' = any($19))
  and ($20::text[] is null or c.method = any($20)) and ($21::text[] is null or not c.method = any($21))
  and ($22::text[] is null or c.granted_scopes @> $22)
  and ($23::timestamptz is null or c.created_at >= $23) and ($24::timestamptz is null or c.created_at < $24)
  and ($25::timestamptz is null or c.updated_at >= $25) and ($26::timestamptz is null or c.updated_at < $26)
  and ($27::timestamptz is null or c.ends_at >= $27) and ($28::timestamptz is null or c.ends_at < $28)
  and ($29::timestamptz is null or c.health_checked_at >= $29)
  and ($30::timestamptz is null or c.health_checked_at < $30)
  and ($31::boolean is null or (c.ends_at is not null) = $31)
  and ($32::boolean is null or (c.health_checked_at is not null) = $32)`

/** Times of one width, and behind all of them what has none. */
const firstKey = `case $33::text
    when 'createdAt' then to_char(c.created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'updatedAt' then to_char(c.updated_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'endsAt' then coalesce(to_char(c.ends_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS'), '~')
    when 'checkedAt' then coalesce(to_char(c.health_checked_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS'), '~')
    when 'name' then c.name else c.provider end collate "C"`
const secondKey = `case $35::text
    when 'createdAt' then to_char(c.created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'updatedAt' then to_char(c.updated_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'endsAt' then coalesce(to_char(c.ends_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS'), '~')
    when 'checkedAt' then coalesce(to_char(c.health_checked_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS'), '~')
    when 'name' then c.name when 'provider' then c.provider else '' end collate "C"`

/** The places of a page of connections, in the order of the search. */
export async function searchConnectionKeys(
  sql: Sql,
  search: ConnectionSearch,
): Promise<SearchKey[]> {
  const { sort, after, limit } = search
  const [first, second] = sort
  if (first === undefined) return searchById(sql, search)
  return sql.query<SearchKey>(
    `select id, first, second from (
       select c.id, ${firstKey} as first, ${secondKey} as second from connections c
       where c.tenant_id = $1 and ${matches}
     ) as found
     where $37::text is null or case
       when first <> $37 then case when $34::boolean then first < $37 else first > $37 end
       when second <> $38::text then case when $36::boolean then second < $38 else second > $38 end
       else id > $39::text end
     order by case when not $34 then first end, case when $34 then first end desc,
       case when not $36 then second end, case when $36 then second end desc, id
     limit $40`,
    [
      ...conditionsOf(search),
      first.by,
      first.desc,
      second?.by ?? null,
      second?.desc ?? false,
      after?.first ?? null,
      after?.second ?? null,
      after?.id ?? null,
      limit,
    ],
  )
}

/** In the order of the primary key, so that no more is read than the page needs. */
async function searchById(sql: Sql, search: ConnectionSearch): Promise<SearchKey[]> {
  return sql.query<SearchKey>(
    `select c.id, '' as first, '' as second from connections c
     where c.tenant_id = $1 and ${matches} and ($33::text is null or c.id > $33)
     order by c.id limit $34`,
    [...conditionsOf(search), search.after?.id ?? null, search.limit],
  )
}

/** As `matches` numbers them. */
function conditionsOf(search: ConnectionSearch) {
  const { texts, times } = search
  return [
    search.tenantId,
    search.providers,
    search.words,
    ...textFields.flatMap((field) => [texts[field].in, texts[field].ne]),
    search.scopes,
    ...timeFields.flatMap((field) => [times[field].from, times[field].before]),
    search.endsAtExists,
    search.checkedAtExists,
  ]
}
