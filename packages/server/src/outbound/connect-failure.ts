import type { OutboundFailure } from './errors.ts'

/** Why there is no connection. Nothing of a request was written, since none ever came so far. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure'
  readonly reason: OutboundFailure

  constructor(reason: OutboundFailure, cause?: unknown) {
    super(`connect: ${reason}`, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}
