import { expect } from 'vitest'
import { OutboundError } from './errors.ts'

/** What a call failed with; a call that succeeds fails the test. */
export async function failure(promise: Promise<unknown>): Promise<OutboundError> {
  const error: unknown = await promise.then(
    () => expect.fail('it succeeded'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof OutboundError)) throw error
  return error
}
