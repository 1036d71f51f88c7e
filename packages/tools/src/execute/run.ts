/** Sends the request of a tool, and makes of the answer a result or an error. */
import { isRedirect, type KeywellError } from '@keywell/protocol'
import { AnswerError } from '../answer/answer-error.ts'
import { readAnswer, type ToolResult } from '../answer/read-answer.ts'
import { withoutSecrets } from '../answer/withhold.ts'
import type { ToolDefinition } from '../definition.ts'
import type { Look } from '../provider-tools.ts'
import type { Arguments } from '../read-arguments.ts'
import { errorOf, type Refusal } from '../refusal.ts'
import { type Attempt, sendWithRetry } from './attempt.ts'
import { type CheckedCall, requestFor } from './check.ts'
import { classify, failedCallOf, retryStep } from './classify.ts'
import type { SendFailure, SentAnswer } from './ports.ts'
import { oneLine } from './quote.ts'

/** Of the last answer, for the audit log. */
export interface Answered {
  status?: number
  requestId?: string
}

/**
 * The place in the window for the first request was taken before.
 *
 * @throws KeywellError whose `tool` says why
 */
export async function runTool(
  call: CheckedCall,
  tool: ToolDefinition,
  given: Arguments,
  answered: Answered,
): Promise<ToolResult> {
  const { method, path, query, body } = requestFor(tool, given)
  const attempt = await sendWithRetry(
    { ...call, tool },
    {
      method,
      path: `${call.provider.apiRoot}${path}`,
      query,
      body,
      accept: acceptOf(tool),
      maxBytes: maxBytesOf(tool, given),
    },
  )
  if ('failure' in attempt) throw unsentError(call, tool, attempt.failure)
  const { answer } = attempt
  answered.status = answer.status
  const requestId = requestIdOf(call, answer)
  if (requestId !== undefined) answered.requestId = requestId
  if (hasMoved(call, answer.status)) throw errorOf(call.tool.name, moved, { refusedBy: 'keywell' })
  if (!isSuccess(answer.status)) throw await refusedError(call, tool, given, attempt)
  return resultOf(call, tool, given, answer)
}

/** Followed everywhere else: where it leads was not compared with the places of the policy. */
function hasMoved({ policy }: CheckedCall, status: number): boolean {
  return isRedirect(status) && Object.keys(policy.places).length > 0
}

const moved: Refusal = {
  code: 'TOOL_NOT_ALLOWED',
  message: 'The place has moved, and the policy allows it under its old name alone.',
  nextStep: 'Use the name that it has now, if the policy allows that.',
  more: { reason: 'place' },
}

/** 304 says that it is so already. */
function isSuccess(status: number): boolean {
  return (status >= 200 && status < 300) || status === 304
}

function acceptOf({ response }: ToolDefinition): 'json' | 'text' | 'binary' {
  return response === 'text' || response === 'binary' ? response : 'json'
}

const mebibyte = 1_048_576

function maxBytesOf({ response, parameters }: ToolDefinition, given: Arguments): number {
  if (response === 'text') return 50 * mebibyte
  if (response !== 'binary') return 10 * mebibyte
  const bound = given.max_bytes ?? parameters.find(({ name }) => name === 'max_bytes')?.default
  // One more shows that there is more.
  return Number(bound) + 1
}

function resultOf(
  call: CheckedCall,
  tool: ToolDefinition,
  given: Arguments,
  answer: SentAnswer,
): ToolResult {
  const { policy } = call
  if (answer.status === 304) return { data: { ok: true } }
  const { secrets, isCut } = answer
  try {
    if (isCut && acceptOf(tool) === 'json') {
      throw new AnswerError('too_large', `The answer has more than ${answer.body.length} bytes.`)
    }
    const options = { maxBytes: policy.maxResultBytes, reveals: policy.revealsValues, secrets }
    return readAnswer(tool, given, answer, options)
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error
    throw answerError(call, tool, error, answer)
  }
}

/** A change was made all the same. */
function answerError(
  call: CheckedCall,
  tool: ToolDefinition,
  error: AnswerError,
  answer: SentAnswer,
): KeywellError {
  const isChange = tool.effect !== 'read'
  const done = isChange ? ' The provider made the change.' : ''
  const more = isChange ? { more: { reason: 'done' } } : {}
  if (error.kind === 'too_large') {
    const refusal: Refusal = {
      code: 'TOO_LARGE',
      message: `${error.message}${done}`,
      nextStep: isChange
        ? 'Read what is there, in smaller parts.'
        : 'Ask for less: a smaller page or part, or a larger max_bytes where the tool has one.',
      ...more,
    }
    return errorOf(call.tool.name, refusal, {
      ...providerContext(call, answer),
      refusedBy: 'keywell',
    })
  }
  const refusal: Refusal = {
    code: 'API_ERROR',
    message: `${error.message}${done}`,
    nextStep: isChange
      ? 'Read what is there before calling again.'
      : 'Try again later, or report it with the id of the request.',
    ...more,
  }
  return errorOf(call.tool.name, refusal, providerContext(call, answer))
}

function unsentError(
  { tool: called }: CheckedCall,
  tool: ToolDefinition,
  { kind, message, wasSent, nextStep }: SendFailure,
): KeywellError {
  if (kind === 'host_not_allowed' || kind === 'outside_reach') {
    const isReach = kind === 'outside_reach'
    const refusal: Refusal = {
      code: 'HOST_NOT_ALLOWED',
      // A redirect may lead to another host than the one of the connection.
      message: isReach
        ? 'The service may not send the credential to the host of this connection.'
        : `The service may not make this call: ${oneLine(message, 200)}.`,
      nextStep:
        nextStep ?? 'Ask the operator to allow the host, or connect an account on another one.',
    }
    return errorOf(called.name, refusal, { refusedBy: 'keywell' })
  }
  const isOpen = wasSent && tool.effect !== 'read'
  return errorOf(
    called.name,
    {
      code: 'CONNECTION_ERROR',
      message: `There was no answer of the provider: ${oneLine(message, 200)}.`,
      nextStep: isOpen
        ? retryStep(tool)
        : 'Try again in a minute. A private host has to be reachable from the service.',
      ...(isOpen && { more: { outcome: 'unknown' } }),
    },
    { refusedBy: 'provider' },
  )
}

async function refusedError(
  call: CheckedCall,
  tool: ToolDefinition,
  given: Arguments,
  { answer, credential }: Extract<Attempt, { answer: SentAnswer }>,
): Promise<KeywellError> {
  const { ports, connection, provider, policy, sender } = call
  const failed = failedCallOf(tool, given, answer)
  const context = { credential, nowMs: ports.now(), rules: provider.refusals }
  const plain = classify(failed, context)
  // Also where no header asks for it.
  if (plain.retryAfterMs !== undefined) ports.pause(connection, plain.retryAfterMs)
  // A hint would name places beside those that the policy allows.
  const hasHints = call.hasHints && Object.keys(policy.places).length === 0
  const hinted = hasHints ? await provider.hint?.(failed, plain, twice(sender.look)) : undefined
  const refusal = await withConnectUrl(call, hinted ?? plain)
  return errorOf(call.tool.name, refusal, providerContext(call, answer))
}

/** However a hint looks, it reads no more than that. */
function twice(look: Look): Look {
  let left = 2
  return async (request) => {
    left -= 1
    return left < 0 ? undefined : look(request)
  }
}

/** A provider that names the scopes does not know where the user can grant them. */
async function withConnectUrl(
  { ports, connection }: CheckedCall,
  refusal: Refusal,
): Promise<Refusal> {
  if (refusal.code !== 'SCOPE_MISSING') return refusal
  const connectUrl = await ports.connectUrl(connection.provider, refusal.missingScopes ?? [])
  return connectUrl === undefined ? refusal : { ...refusal, connectUrl }
}

function providerContext(call: CheckedCall, answer: SentAnswer) {
  const requestId = requestIdOf(call, answer)
  return {
    refusedBy: 'provider' as const,
    providerStatus: answer.status,
    ...(requestId !== undefined && { providerRequestId: requestId }),
  }
}

function requestIdOf(
  { provider }: CheckedCall,
  { headers, secrets }: SentAnswer,
): string | undefined {
  const id = headers.get(provider.requestIdHeader)
  return id === null ? undefined : oneLine(withoutSecrets(id, secrets), 100)
}
