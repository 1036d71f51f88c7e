/** What an answer means that is no success: rules in order, of which the first that fits counts. */
import { withoutSecrets } from '../answer/withhold.ts'
import type { ToolDefinition } from '../definition.ts'
import { lastResource, notFound } from '../not-found.ts'
import type { Arguments } from '../read-arguments.ts'
import type { FailedCall, Refusal, RefusalRule } from '../refusal.ts'
import type { CredentialState, SentAnswer } from './ports.ts'
import { isLimited, pauseOf } from './provider-limits.ts'
import { quoted } from './quote.ts'

export interface ClassifyContext {
  /** With status 401: what it means. */
  readonly credential: CredentialState | undefined
  readonly nowMs: number
  /** Of the provider of the tool. */
  readonly rules: readonly RefusalRule[]
}

export function classify(
  failed: FailedCall,
  { credential, nowMs, rules }: ClassifyContext,
): Refusal {
  const limited = limitedBy(failed, nowMs)
  if (limited !== undefined) return limited
  if (failed.status === 401 && credential !== undefined) {
    const refused = unauthorized(failed, credential)
    if (refused !== undefined) return refused
  }
  for (const rule of [...rules, conflicting, forbidden, absent, invalid]) {
    const refusal = rule(failed)
    if (refusal !== undefined) return refusal
  }
  return failing(failed)
}

/** Bodies of errors are short; more of one says nothing. */
const maxErrorBytes = 65_536

/** An answer as the rules read it: without the texts that no agent may see. */
export function failedCallOf(
  tool: ToolDefinition,
  given: Arguments,
  { status, headers, body, secrets }: SentAnswer,
): FailedCall {
  const text = withoutSecrets(new TextDecoder().decode(body.subarray(0, maxErrorBytes)), secrets)
  const json = parsed(text)
  return { tool, arguments: given, status, headers, body: json, text: textsIn(json).join(' ') }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Every text in an answer, in its order. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

function limitedBy(failed: FailedCall, nowMs: number): Refusal | undefined {
  if (!isLimited(failed)) return undefined
  const retryAfterMs = pauseOf(failed, nowMs)
  return {
    code: 'RATE_LIMITED',
    message: 'The provider takes no more calls for now.',
    nextStep: `Wait ${Math.ceil(retryAfterMs / 1_000)} seconds, then call again. Ask for fewer, larger pages.`,
    retryAfterMs,
  }
}

/** Undefined: the credential is taken, so that the refusal is one of rights. */
function unauthorized(failed: FailedCall, credential: CredentialState): Refusal | undefined {
  switch (credential.state) {
    case 'alive':
      return undefined
    case 'dead':
      return {
        code: 'NEEDS_REAUTH',
        message: 'The provider no longer takes the credential of this connection.',
        nextStep: 'Ask the user to connect again.',
        reauthReason: credential.reason,
        ...(credential.connectUrl !== undefined && { connectUrl: credential.connectUrl }),
      }
    case 'invalid':
      return {
        code: 'AUTH_FAILED',
        message: 'The provider does not take the token.',
        nextStep: 'Replace the token with one that is neither revoked nor expired.',
      }
    case 'renewed':
    case 'unknown':
      return {
        code: 'API_ERROR',
        message: `The provider did not take the credential${quoted(failed.text)}, and it could not be found out why.`,
        nextStep: 'Try again in a minute.',
      }
  }
}

const conflicting: RefusalRule = ({ status, text }) =>
  status === 409 || status === 412
    ? {
        code: 'CONFLICT',
        message: `The provider refused, since it conflicts with what is there${quoted(text)}.`,
        nextStep: 'Read what is there now, then try again if the change is still wanted.',
      }
    : undefined

/** Also a 401 to a credential that is taken. */
const forbidden: RefusalRule = ({ status, text, tool }) =>
  status === 403 || status === 401
    ? {
        code: 'FORBIDDEN',
        message: `The provider does not let this user do it${quoted(text)}.`,
        nextStep: `${tool.role === undefined ? '' : `It usually takes the role ${tool.role}. `}Ask somebody who has the rights${elsewhere(tool)}.`,
      }
    : undefined

/** A place is called what the definitions of its provider call it. */
function elsewhere({ parameters }: ToolDefinition): string {
  const kinds = [...new Set(parameters.flatMap(({ place }) => place ?? []))]
  return kinds.length === 0 ? '' : `, or use another ${kinds.join(' or ')}`
}

const absent: RefusalRule = (failed) =>
  [404, 410].includes(failed.status) ? notFound(failed, lastResource(failed)) : undefined

const invalid: RefusalRule = ({ status, body, text }) => {
  if (status !== 400 && status !== 422) return undefined
  const issues = issuesIn(body)
  return {
    code: 'VALIDATION_ERROR',
    message: `The provider does not take these arguments${quoted(text)}.`,
    nextStep: 'Correct the arguments, then call again.',
    ...(issues.length > 0 && { more: { issues } }),
  }
}

function failing({ status, text, tool }: FailedCall): Refusal {
  const isDown = status >= 500
  return {
    code: 'API_ERROR',
    message: isDown
      ? `The provider failed with status ${status}${quoted(text)}.`
      : `The provider answered ${status}, which this operation does not have${quoted(text)}.`,
    nextStep: isDown
      ? retryStep(tool)
      : 'Try again later, or report it with the id of the request.',
    ...(isDown && tool.effect !== 'read' && { more: { outcome: 'unknown' as const } }),
  }
}

/** Of a call that has no usable answer. */
export function retryStep({ effect }: ToolDefinition): string {
  return effect === 'read'
    ? 'Try again in a minute.'
    : 'The change may have been made. Read what is there before trying again.'
}

type Issue = { field: string; problem: string }

/** `{ message: { title: ["can't be blank"] } }`, `{ error: 'title is missing' }`, `{ errors: [{ field, message }] }`. */
function issuesIn(body: unknown): Issue[] {
  if (typeof body !== 'object' || body === null) return []
  const { message, errors } = body as { message?: unknown; errors?: unknown }
  return [...(Array.isArray(errors) ? errors.flatMap(listedIssue) : []), ...fieldIssues(message)]
    .slice(0, 20)
    .map(({ field, problem }) => ({ field: field.slice(0, 100), problem: problem.slice(0, 200) }))
}

function fieldIssues(message: unknown): Issue[] {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return []
  return Object.entries(message).flatMap(([field, problems]) =>
    textsIn(problems).map((problem) => ({ field: field === 'base' ? '' : field, problem })),
  )
}

function listedIssue(each: unknown): Issue[] {
  if (typeof each === 'string') return [{ field: '', problem: each }]
  if (typeof each !== 'object' || each === null) return []
  const { field, message, code } = each as Record<string, unknown>
  const problem = typeof message === 'string' ? message : code
  return typeof problem === 'string'
    ? [{ field: typeof field === 'string' ? field : '', problem }]
    : []
}
