import { KeywellError } from '@keywell/protocol'
import { HTTPException } from 'hono/http-exception'
import type { Logger } from '../logger.ts'
import { DatabaseUnavailable } from '../store/database.ts'
import { isKeyOutage } from '../vault/vault.ts'

/** The one mapper: whatever was thrown becomes a coded error, and only that is sent. */
export function toKeywellError(error: Error, logger: Logger, requestId: string): KeywellError {
  if (error instanceof KeywellError) {
    if (error.status >= 500) {
      const { code, message: reason, cause } = error
      logger.error({ requestId, code, reason, cause: reasonOf(cause) }, 'request failed')
    }
    return error
  }
  if (error instanceof DatabaseUnavailable) {
    logger.error({ requestId, reason: error.message }, 'database unavailable')
    return new KeywellError('unavailable', 'The database does not answer.', { retryAfterMs: 1_000 })
  }
  if (isKeyOutage(error)) {
    logger.error({ requestId, reason: reasonOf(error) }, 'key store unavailable')
    return new KeywellError('unavailable', 'The key store does not answer.', {
      retryAfterMs: 1_000,
    })
  }
  if (error instanceof HTTPException && error.status < 500) {
    return new KeywellError('invalid_request', error.message || 'The request cannot be read.')
  }
  logger.error({ requestId, reason: reasonOf(error), stack: error.stack }, 'request failed')
  return new KeywellError('internal', 'Something went wrong in the service.')
}

function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined
}
