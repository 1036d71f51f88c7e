import type { Context } from 'hono'

const defaultPerPage = 20
const maxPerPage = 100

/** One page of the rows, with GitLab's headers. A number that makes no sense becomes the default. */
export function paged<Row>(c: Context, rows: readonly Row[], url: string): Row[] {
  const page = positive(c.req.query('page'), 1)
  const perPage = Math.min(positive(c.req.query('per_page'), defaultPerPage), maxPerPage)
  const pages = Math.max(1, Math.ceil(rows.length / perPage))
  const previous = page > 1 && page - 1 <= pages ? page - 1 : undefined
  const next = page < pages ? page + 1 : undefined

  c.header('x-page', String(page))
  c.header('x-per-page', String(perPage))
  c.header('x-prev-page', String(previous ?? ''))
  c.header('x-next-page', String(next ?? ''))
  c.header('x-total', String(rows.length))
  c.header('x-total-pages', String(pages))
  const link = (number: number | undefined, rel: string) =>
    number === undefined ? [] : `<${pageUrl(c, url, number, perPage)}>; rel="${rel}"`
  c.header(
    'link',
    [link(previous, 'prev'), link(next, 'next'), link(1, 'first'), link(pages, 'last')]
      .flat()
      .join(', '),
  )
  return rows.slice((page - 1) * perPage, page * perPage)
}

function pageUrl(c: Context, url: string, page: number, perPage: number): string {
  const query = new URLSearchParams(new URL(c.req.url).search)
  // A token that came in the query must not go out in a header.
  for (const secret of ['access_token', 'bearer_token']) query.delete(secret)
  query.set('page', String(page))
  query.set('per_page', String(perPage))
  return `${url}?${query}`
}

function positive(text: string | undefined, otherwise: number): number {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 ? number : otherwise
}
