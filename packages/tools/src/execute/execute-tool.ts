/**
 * Calls one tool as the user.
 *
 * ```ts
 * const { data, nextPage } = await executeTool(ports, {
 *   tool: 'gitlab_issues_list',
 *   arguments: { project_id: 'acme/api', state: 'opened' },
 * })
 * ```
 */
import { isKeywellError, KeywellError } from '@keywell/protocol'
import { AnswerError } from '../answer/answer-error.ts'
import type { ToolResult } from '../answer/read-answer.ts'
import { findTool } from '../catalogue.ts'
import { needsApproval } from '../policy.ts'
import type { Arguments } from '../read-arguments.ts'
import { refuse } from '../refusal.ts'
import { requestOf } from '../request.ts'
import { askForApproval, lacksApproval } from './approval.ts'
import { type CheckedCall, checkCall } from './check.ts'
import { loggingRefusal } from './log-refusal.ts'
import { once } from './once.ts'
import type { CallOutcome, ToolPorts } from './ports.ts'
import { type Answered, runTool } from './run.ts'
import { readTarget, targetArguments } from './target.ts'

export interface ToolCall {
  /** Such as `gitlab_issues_list`. */
  readonly tool: string
  /** As an agent wrote them. */
  readonly arguments: unknown
  /** Answers the request that would be sent, and changes nothing. Default: false. */
  readonly dryRun?: boolean | undefined
  readonly approvalId?: string | undefined
  /** Names a change, which is made once: a repeat within a day gets the result of the first call. Default: none. */
  readonly idempotencyKey?: string | undefined
  /** Milliseconds, of all requests together. At most 60,000. Default: 20,000. */
  readonly timeoutMs?: number | undefined
  /** False: no further reads that would make an error more useful. Default: true. */
  readonly hints?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ExecutedTool extends ToolResult {
  /** Of the call in the audit log; of a replay, that of the call that made the change. */
  readonly executionId: string
  /** The result of an earlier call under the same idempotency key. */
  readonly replayed?: true
}

/**
 * Checks first, and sends nothing for a call that is refused. What is sent is in the audit log before and after.
 *
 * @throws KeywellError whose `tool` says why the call failed
 */
export async function executeTool(ports: ToolPorts, call: ToolCall): Promise<ExecutedTool> {
  const startedAt = ports.now()
  const passed = await loggingRefusal(ports, call.tool, () => checkCall(ports, call))
  return once(passed, call.idempotencyKey, () => make(passed, startedAt))
}

async function make(passed: CheckedCall, startedAt: number): Promise<ExecutedTool> {
  const { ports, tool, record } = passed
  const { checked, act } = await loggingRefusal(ports, tool.name, () => admitted(passed), record)
  const executionId = await ports.begin(checked.record)
  const answered: Answered = {}
  const finish = (outcome: Pick<CallOutcome, 'result' | 'refusedBy'>) =>
    ports.end(executionId, checked.record, {
      ...outcome,
      ...checked.sender.usage(),
      totalMs: ports.now() - startedAt,
      ...(answered.status !== undefined && { providerStatus: answered.status }),
      ...(answered.requestId !== undefined && { providerRequestId: answered.requestId }),
    })
  let result: ToolResult
  try {
    result = await act(answered)
  } catch (error) {
    await finish(failureOf(error))
    throw withExecution(error, executionId)
  }
  await finish({ result: 'ok' })
  return { ...result, executionId }
}

interface Admitted {
  readonly checked: CheckedCall
  readonly act: (answered: Answered) => Promise<ToolResult>
}

/** The checks that take something of a call which passed all others, and what is to be done then. */
async function admitted(checked: CheckedCall): Promise<Admitted> {
  if (checked.record.isDryRun) return { checked, act: () => dryRun(checked) }
  // First, so that asking people has a bound, and a call that has to wait uses no approval up.
  takePlace(checked)
  if (await lacksApproval(checked)) {
    return {
      checked: { ...checked, record: { ...checked.record, isDryRun: true } },
      act: async () => askForApproval(checked, await readTarget(checked)),
    }
  }
  return { checked, act: (answered) => perform(checked, answered) }
}

function takePlace({ tool, sender }: CheckedCall): void {
  const retryAfterMs = sender.takePlace()
  if (retryAfterMs === 0) return
  refuse(tool.name, {
    code: 'RATE_LIMITED',
    message: 'This connection has made as many calls as it may for now.',
    nextStep: `Wait ${Math.ceil(retryAfterMs / 100) / 10} seconds, then call again.`,
    retryAfterMs: Math.ceil(retryAfterMs),
  })
}

async function perform(checked: CheckedCall, answered: Answered): Promise<ToolResult> {
  const { tool } = checked
  const given = await prepared(checked, answered)
  return runTool(checked, tool, given, answered)
}

async function prepared(checked: CheckedCall, answered: Answered): Promise<Arguments> {
  const { tool } = checked
  const { prepare, target } = tool
  if (prepare === undefined) return checked.arguments
  const reader = target === undefined ? undefined : findTool(target.tool)
  if (reader === undefined || !prepare.needsTarget(checked.arguments)) {
    return prepare.prepare(checked.arguments, undefined)
  }
  const given = targetArguments(tool, reader, checked.arguments)
  const { data } = await runTool(checked, reader, given, answered)
  takePlace(checked)
  try {
    return prepare.prepare(checked.arguments, data)
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error
    return refuse(tool.name, {
      code: 'API_ERROR',
      message: error.message,
      nextStep: 'Try again later. Nothing was changed.',
    })
  }
}

async function dryRun(checked: CheckedCall): Promise<ToolResult> {
  const { tool, policy, record } = checked
  const target = await readTarget(checked)
  const { method, path, query, body } = requestOf(tool, record.arguments)
  return {
    data: {
      method,
      path,
      query,
      ...(body !== undefined && { body }),
      effect: tool.effect,
      needsApproval: needsApproval(policy, tool),
      ...(target !== undefined && { target }),
    },
  }
}

function failureOf(error: unknown): Pick<CallOutcome, 'result' | 'refusedBy'> {
  if (!isKeywellError(error)) return { result: 'internal' }
  const { tool, code } = error
  return tool === undefined ? { result: code } : { result: tool.code, refusedBy: tool.refusedBy }
}

function withExecution(error: unknown, executionId: string): unknown {
  if (!isKeywellError(error) || error.tool === undefined) return error
  const { code, detail, ...details } = error
  return new KeywellError(code, detail, { ...details, tool: { ...error.tool, executionId } })
}
