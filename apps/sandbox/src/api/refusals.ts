import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** An answer that ends a call, in GitLab's words. Thrown, and sent as it is. */
export function refusal(status: ContentfulStatusCode, body: unknown): HTTPException {
  return new HTTPException(status, { res: Response.json(body, { status }) })
}

/** Grape's word on a parameter: `title is missing`. */
export function badParameter(sentence: string): HTTPException {
  return refusal(400, { error: sentence })
}

export function badRequest(reason: string): HTTPException {
  return refusal(400, { message: `400 Bad request - ${reason}` })
}

/** A model's word on its fields: `{ title: ["can't be blank"] }`; or a service's sentence. */
export function invalid(problem: Record<string, string[]> | string): HTTPException {
  return refusal(400, { message: problem })
}

/** Also said to a living token, where a right is missing: merging and approving do so. */
export function unauthorized(): HTTPException {
  return refusal(401, { message: '401 Unauthorized' })
}

export function forbidden(reason?: string): HTTPException {
  return refusal(403, {
    message: reason === undefined ? '403 Forbidden' : `403 Forbidden - ${reason}`,
  })
}

/** Absent or invisible. Without a noun: a record that the last part of the path names, with a small f. */
export function notFound(noun?: string): HTTPException {
  return refusal(404, { message: noun === undefined ? '404 Not found' : `404 ${noun} Not Found` })
}

export function notAllowed(sentence = '405 Method Not Allowed'): HTTPException {
  return refusal(405, { message: sentence })
}

export function conflict(sentence: string): HTTPException {
  return refusal(409, { message: sentence })
}

export function unprocessable(problem: string | Record<string, string[]>): HTTPException {
  return refusal(422, { message: problem })
}
