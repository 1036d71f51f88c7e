import { KeywellError } from '@keywell/protocol'
import type { Sleep } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { DatabaseUnavailable } from '../store/database.ts'

const firstPauseMs = 100
const maxPauseMs = 5_000
/** For what is not the database being away, or its audit log: a deadlock passes, a fault of ours never does. */
const maxOtherTries = 20

/**
 * What a provider gave must not be lost for want of a database, neither a pair whose predecessor is dead
 * nor a grant that is to be withdrawn: it is held here and tried again for as long as this process lives.
 *
 * @throws what went wrong at the last try, when it was something else than that
 */
export async function untilCommitted<Result>(
  parts: { logger: Logger; sleep: Sleep },
  tryCommit: () => Promise<Result>,
  what = 'a refreshed credential',
): Promise<Result> {
  let otherTries = 0
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
    try {
      return await tryCommit()
    } catch (error) {
      // Its key is gone for good, and the pair with it.
      if (error instanceof KeywellError && error.code === 'tenant_erased') throw error
      if (!isAway(error)) otherTries += 1
      if (otherTries >= maxOtherTries) throw error
      parts.logger.error(
        { pauseMs, reason: String(error) },
        `${what} cannot be committed; trying again`,
      )
      await parts.sleep(pauseMs)
    }
  }
}

function isAway(error: unknown): boolean {
  if (error instanceof KeywellError) return error.code === 'unavailable'
  return error instanceof DatabaseUnavailable
}
