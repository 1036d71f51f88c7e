import { KeywellError } from '@keywell/protocol'
import type { CredentialReadRow } from '../store/credentials.ts'

type Ended = Pick<CredentialReadRow, 'type' | 'reason'>

/** The error of a connection that its user has to connect again: what happened, by whose act, and the next step. */
export function needsReauth(
  row: Ended,
  { title, connectUrl }: { title: string; connectUrl: string | undefined },
): KeywellError {
  return new KeywellError('needs_reauth', detailOf(row, title), {
    reason: row.reason ?? undefined,
    connectUrl,
    nextStep: nextStepOf(row),
  })
}

function detailOf({ type, reason }: Ended, title: string): string {
  const isKey = type === 'api_key'
  switch (reason) {
    case 'lost_rotation':
      return `The answer to a refresh at ${title} was lost on its way, and the tokens before it are used up. As far as is known, neither the user nor ${title} has withdrawn the access.`
    case 'refresh_expired':
      return `The access that the user gave at ${title} has come to its planned end.`
    case 'token_expired':
      return `The ${title} ${isKey ? 'key' : 'token'} of this connection has expired, and nothing renews it.`
    case 'sign_in_again':
      return `A policy at ${title} asks the user to sign in again.`
    case 'revoked':
      return isKey
        ? `The ${title} key of this connection was revoked.`
        : `The access was withdrawn at ${title}, by the user or an administrator.`
    default:
      return `${title} no longer accepts this connection.`
  }
}

/** Undefined: the next step of every `needs_reauth`. */
function nextStepOf({ type, reason }: Ended): string | undefined {
  if (type === 'api_key') return askForKey
  if (reason !== 'token_expired') return undefined
  return 'Ask the user to connect again; the provider gave nothing to renew it with.'
}

const askForKey = 'Ask the user for a new key, and store it with POST /v1/connections.'
