import { KeywellError } from '@keywell/protocol'
import type { Sleep } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { DatabaseUnavailable } from '../store/database.ts'

const firstPauseMs = 100
const maxPauseMs = 5_000
/** For errors other than an unavailable database or audit log: a deadlock passes, a fault of ours does not. */
const maxOtherTries = 20

/**
 * What a provider gave must not be lost because the database is away: neither a pair whose predecessor is spent
 * nor a grant that is to be withdrawn. It is held here and tried again for as long as this process lives.
 *
 * @throws the error of the last try, when it is not that the database is away
 */
export async function untilCommitted<Result>(
  parts: { logger: Logger; sleep: Sleep },
  tryCommit: () => Promise<Result>,
  subject: 'refreshed credential' | 'end of a flow' = 'refreshed credential',
): Promise<Result> {
  let otherTries = 0
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
    try {
      return await tryCommit()
    } catch (error) {
      // The tenant's key is destroyed, so nothing can be sealed.
      if (error instanceof KeywellError && error.code === 'tenant_erased') throw error
      if (!isAway(error)) otherTries += 1
      if (otherTries >= maxOtherTries) throw error
      parts.logger.error({ subject, pauseMs, reason: String(error) }, 'commit failed')
      await parts.sleep(pauseMs)
    }
  }
}

function isAway(error: unknown): boolean {
  if (error instanceof KeywellError) return error.code === 'unavailable'
  return error instanceof DatabaseUnavailable
}
