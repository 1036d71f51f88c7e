import type { ApiCall } from './route.ts'

const defaultPerPage = 20
const maxPerPage = 100
/** With more rows than this GitLab counts none. */
const maxCounted = 10_000

/**
 * One page of the rows, with GitLab's headers. A number that makes no sense becomes the default.
 * `counted: false`: the list never says how long it is, as that of jobs.
 */
export function page<Row>(
  call: ApiCall,
  rows: readonly Row[],
  view: (row: Row) => unknown,
  { counted = rows.length <= maxCounted }: { counted?: boolean } = {},
): Response {
  const { number, perPage } = pageOf(call)
  const pages = Math.max(1, Math.ceil(rows.length / perPage))
  const previous = number > 1 && number - 1 <= pages ? number - 1 : undefined
  const next = number < pages ? number + 1 : undefined
  const headers: Record<string, string> = {
    'x-page': String(number),
    'x-per-page': String(perPage),
    'x-prev-page': String(previous ?? ''),
    'x-next-page': String(next ?? ''),
    ...(counted ? { 'x-total': String(rows.length), 'x-total-pages': String(pages) } : {}),
    link: links(call, perPage, {
      prev: previous,
      next,
      first: 1,
      last: counted ? pages : undefined,
    }),
  }
  const part = rows.slice((number - 1) * perPage, number * perPage)
  return Response.json(part.map(view), { headers })
}

/**
 * One page behind a cursor, which is `cursorOf` of the last row that was seen: only a link leads on, and nothing is
 * counted.
 */
export function keysetPage<Row>(
  call: ApiCall,
  rows: readonly Row[],
  view: (row: Row) => unknown,
  { name, cursorOf }: { name: string; cursorOf: (row: Row) => string },
): Response {
  const { perPage } = pageOf(call)
  const seen = call.context.req.query(name)
  const start = seen === undefined ? 0 : rows.findIndex((row) => cursorOf(row) === seen) + 1
  const part = rows.slice(start, start + perPage)
  const last = part.at(-1)
  const goesOn = last !== undefined && start + perPage < rows.length
  const link = goesOn
    ? {
        link: `<${address(call, { [name]: cursorOf(last), per_page: String(perPage) })}>; rel="next"`,
      }
    : undefined
  return Response.json(part.map(view), link === undefined ? {} : { headers: link })
}

function pageOf({ context }: ApiCall): { number: number; perPage: number } {
  const perPage = Math.min(positive(context.req.query('per_page'), defaultPerPage), maxPerPage)
  return { number: positive(context.req.query('page'), 1), perPage }
}

function links(call: ApiCall, perPage: number, to: Record<string, number | undefined>): string {
  return Object.entries(to)
    .filter(([, number]) => number !== undefined)
    .map(([rel, number]) => {
      const query = { page: String(number), per_page: String(perPage) }
      return `<${address(call, query)}>; rel="${rel}"`
    })
    .join(', ')
}

/** The address of the call with other parameters. */
function address({ context, instance, url }: ApiCall, parameters: Record<string, string>): string {
  const { pathname, searchParams } = new URL(context.req.url)
  // A token that came in the query must not go out in a header.
  for (const secret of ['access_token', 'bearer_token', 'private_token'])
    searchParams.delete(secret)
  for (const [name, value] of Object.entries(parameters)) searchParams.set(name, value)
  return `${url(pathname.slice(instance.root.length))}?${searchParams}`
}

function positive(text: string | undefined, otherwise: number): number {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 ? number : otherwise
}
