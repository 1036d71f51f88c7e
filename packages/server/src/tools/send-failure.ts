import { SendFailure } from '@keywell/tools'
import { OutboundError, type OutboundFailure } from '../outbound/errors.ts'

const kinds: Readonly<Record<OutboundFailure, SendFailure['kind']>> = {
  refused_url: 'host_not_allowed',
  refused_address: 'host_not_allowed',
  refused_by_proxy: 'host_not_allowed',
  definition_outgrown: 'outside_reach',
  refused_request: 'unreachable',
  throttled: 'unreachable',
  unreachable: 'unreachable',
  tls: 'unreachable',
  timeout: 'timed_out',
  aborted: 'broken_off',
  reset: 'broken_off',
  too_large: 'broken_off',
  bad_answer: 'broken_off',
  redirect: 'broken_off',
}

/** Why there is no answer, as an execution knows it. Anything else is thrown as it is. */
export function sendFailureOf(error: unknown): unknown {
  if (!(error instanceof OutboundError)) return error
  return new SendFailure(kinds[error.reason], error.message, !error.notSent, nextStepOf(error))
}

/** Also of a host that a redirect leads to, such as a store of artifacts. */
function nextStepOf({ reason, host }: OutboundError): string | undefined {
  if (reason === 'refused_by_proxy')
    return `Ask the operator to let the egress proxy reach ${host}.`
  if (reason !== 'refused_address' && reason !== 'refused_url') return undefined
  return `If ${host} is a host of yours, ask the operator to start the service with it in KEYWELL_ALLOW_HOSTS.`
}
