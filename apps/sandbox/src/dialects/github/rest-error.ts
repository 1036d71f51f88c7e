// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** An error of the REST API. The status stands in the body too, as a text. */
export function restError(
  c: Context,
  status: ContentfulStatusCode,
  message: string,
  page = 'rest',
): Response {
  const documentation_url = `https://docs.github.com/${page}`
  return c.json({ message, documentation_url, status: `${status}` }, status)
}

export const notFound = (c: Context): Response => restError(c, 404, 'Not Found')
export const badCredentials = (c: Context): Response => restError(c, 401, 'Bad credentials')
