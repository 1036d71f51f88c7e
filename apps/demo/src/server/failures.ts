import { KeywellError } from '@keywell/sdk'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Failure, FailureCode } from '../api.ts'

/** A failure that Acme's own code knows by name; `message` is for people. */
export class AcmeError extends Error {
  override readonly name = 'AcmeError'
  readonly code: FailureCode

  constructor(code: FailureCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

const statusOf: Record<FailureCode, ContentfulStatusCode> = {
  invalid_request: 400,
  signed_out: 401,
  forbidden: 403,
  not_found: 404,
  not_connected: 409,
  needs_reauth: 409,
  scope_missing: 409,
  busy: 409,
  internal: 500,
  provider_error: 502,
  unavailable: 503,
}

/** The one place where an error becomes an answer. What is not known by name stays in the log. */
export function answerFailure(error: unknown, c: Context): Response {
  const { code, message } = describeFailure(error)
  const body: Failure = { code, message }
  return c.json(body, statusOf[code])
}

/** What of an error may be told to its user. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof AcmeError) return error
  if (error instanceof KeywellError) return describeKeywell(error)
  return { code: 'internal', message: 'Something went wrong on our side. Please try again.' }
}

/** Keywell's codes are many; the page needs to know only what its user can do about it. */
function describeKeywell({ code }: KeywellError): Failure {
  switch (code) {
    case 'not_connected':
      return { code, message: 'Connect the account to see here what you have there.' }
    case 'needs_reauth':
      return { code, message: 'Acme’s access is no longer accepted. Connect the account again.' }
    case 'scope_missing':
      return { code, message: 'Acme needs one more permission. Connect the account again.' }
    case 'unavailable':
    case 'refresh_in_progress':
    case 'rate_limited':
      return { code: 'unavailable', message: 'The account is not available at the moment.' }
    default:
      return { code: 'internal', message: 'Something went wrong on our side. Please try again.' }
  }
}
