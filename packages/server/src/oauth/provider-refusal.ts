import { KeywellError, type ProviderReason } from '@keywell/protocol'

/** Longest text of an answer that is looked through, in characters. */
const maxTextLength = 2_000

/**
 * Why a provider did not let a new account in, of a closed list. Its own words are compared and then
 * dropped: nothing that it wrote goes on (T10, T25).
 *
 * @param answer undefined: there was none
 */
export function reasonOf(answer: { status: number; body: unknown } | undefined): ProviderReason {
  if (answer === undefined || answer.status >= 500 || answer.status === 429) {
    return 'provider_unavailable'
  }
  if (answer.status !== 401 && answer.status !== 403) return 'answer_unusable'
  // GitLab answers its API in JSON; a page instead comes from what stands in front of it.
  if (answer.body === undefined) return 'robot_check'
  const text = textOf(answer.body)
  for (const [reason, words] of marks) {
    if (words.some((word) => text.includes(word))) return reason
  }
  return 'access_refused'
}

/** Sentences of GitLab change with its versions; these words were in all of them that are known. */
const marks: readonly (readonly [ProviderReason, readonly string[]])[] = [
  ['terms_not_accepted', ['terms of service', 'accept the terms', 'must accept', 'terms_of_use']],
  ['two_factor_required', ['two-factor', 'two factor', '2fa']],
  ['account_blocked', ['blocked', 'deactivated', 'banned', 'locked', 'pending approval']],
  ['robot_check', ['captcha', 'unusual traffic']],
]

function textOf(body: unknown): string {
  const { message, error, error_description: description } = Object(body)
  return [message, error, description]
    .filter((text) => typeof text === 'string')
    .map((text) => text.slice(0, maxTextLength).toLowerCase())
    .join(' ')
}

/**
 * What is said of each: what happened, and what to do about it.
 *
 * @param detail a word for operators: a status, or an error code of OAuth
 */
export function refusedBy(
  title: string,
  reason: ProviderReason,
  { detail, cause }: { detail?: string; cause?: unknown } = {},
): KeywellError {
  const { message, nextStep } = words[reason]
  const sentence = message.replaceAll('{provider}', title)
  const text = detail === undefined ? sentence : `${sentence.slice(0, -1)} (${detail}).`
  return new KeywellError('provider_error', text, {
    providerReason: reason,
    nextStep: nextStep.replaceAll('{provider}', title),
    cause,
  })
}

const words: Record<ProviderReason, { message: string; nextStep: string }> = {
  provider_unavailable: {
    message: '{provider} is not able to answer right now.',
    nextStep: 'Try again in a few minutes.',
  },
  terms_not_accepted: {
    message: '{provider} wants its terms of service accepted first.',
    nextStep: 'Sign in to {provider} in the browser, accept the terms, and connect again.',
  },
  account_blocked: {
    message: '{provider} says that this account is blocked, deactivated or not approved yet.',
    nextStep: "Ask {provider}'s administrator, or connect another account.",
  },
  two_factor_required: {
    message: '{provider} demands two-factor authentication of this account.',
    nextStep: "Set it up in the account's settings at {provider}, and connect again.",
  },
  robot_check: {
    message: 'A protection in front of {provider} turned the service away as a robot.',
    nextStep: 'Ask the operator to have the address of the service let through there.',
  },
  approval_pending: {
    message: 'An administrator at {provider} has to approve the app first.',
    nextStep: 'Ask them, and connect again after that.',
  },
  access_refused: {
    message: '{provider} refuses its API to this account.',
    nextStep: "Ask {provider}'s administrator whether the account may use the API.",
  },
  client_rejected: {
    message: '{provider} no longer accepts the client of this integration.',
    nextStep: 'Check client id and secret with PUT /v1/integrations/:integrationId/client.',
  },
  request_rejected: {
    message: '{provider} refused what the service asked for.',
    nextStep: "Check the integration's scopes and redirect URI at {provider}.",
  },
  answer_unusable: {
    message: '{provider} gave an answer that cannot be used.',
    nextStep: 'Try again. If it stays so, see the service log.',
  },
}
