const words = {
  refused_url: 'this URL may not be called',
  definition_outgrown: 'its definition names an origin that this secret was not stored for',
  refused_address: 'it has an address that may not be reached',
  refused_request: 'the request has a header or body that cannot be sent',
  refused_by_proxy: 'the egress proxy does not connect to it',
  unreachable: 'no connection could be made',
  tls: 'the encrypted connection could not be set up',
  timeout: 'there was no full answer in time',
  aborted: 'the call was given up',
  throttled: 'the host cannot be called at the moment',
  too_large: 'the answer is larger than allowed',
  reset: 'the connection ended before the answer did',
  bad_answer: 'the answer is not valid HTTP',
  redirect: 'the answer is a redirect, which is never followed',
} as const

/** Why a call that leaves failed. Fixed words: nothing of an unexpected answer is reflected. */
export type OutboundFailure = keyof typeof words

export function isOutboundFailure(word: string): word is OutboundFailure {
  return Object.hasOwn(words, word)
}

/** The one error of `outbound/`. Its message has the host's name, and no path, header or body. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly reason: OutboundFailure
  /**
   * True when it is certain that no byte of the request was written. False means unknown: the other
   * side may have read and done all of it, so a single-use token may be spent.
   */
  readonly notSent: boolean
  readonly host: string
  /** With `throttled`: how many milliseconds to wait before the next attempt. */
  readonly retryAfterMs: number | null

  constructor(
    reason: OutboundFailure,
    details: {
      host: string
      notSent: boolean
      retryAfterMs?: number | null
      detail?: string
      cause?: unknown
    },
  ) {
    const { host, notSent, detail, cause } = details
    const message = `${host}: ${words[reason]}${detail === undefined ? '' : ` (${detail})`}`
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
    this.notSent = notSent
    this.host = host
    this.retryAfterMs = details.retryAfterMs ?? null
  }
}
