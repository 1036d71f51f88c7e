import { type AgentError, agentErrorOf } from '@keywell/protocol'
import { KeywellError } from '@keywell/sdk'
import type { ApprovalEntry, CallEntry, EntryAnswer } from '../../assistant-api.ts'
import { putEntry, type Waiting } from './conversation.ts'
import type { CallError, CallOutcome, ToolCall } from './model.ts'
import { previewOf, requestLine } from './previews.ts'
import type { Run } from './run.ts'

/** The result of a call that was asked for beside one that its user did not go on with. */
export const notRun: CallOutcome = {
  ok: false,
  error: {
    code: 'NOT_RUN',
    message: 'It was not run: the user said something else first.',
    suggestion: 'Do what the user says now.',
  },
}

/**
 * Runs a call, and shows it. `waits`: the user has to do something before it can go on.
 *
 * @throws what is no refusal of this call, such as that the service cannot be reached
 */
export async function runCall(
  run: Run,
  call: ToolCall,
  approvalId?: string,
): Promise<'settled' | 'waits'> {
  showCall(run, call, { state: 'running' })
  try {
    const { data, total } = await run.tools.execute(call, approvalId)
    settleCall(run, call, { ok: true, data, total })
  } catch (error) {
    const refusal = error instanceof KeywellError ? agentErrorOf(error) : undefined
    if (refusal === undefined) {
      showCall(run, call, { state: 'failed' })
      throw error
    }
    if (await ask(run, call, refusal, approvalId)) return 'waits'
    settleCall(run, call, { ok: false, error: refusal })
  }
  return 'settled'
}

/** Gives the model the result of a call, and shows it. */
export function settleCall(run: Run, call: ToolCall, outcome: CallOutcome): void {
  const { conversation } = run
  conversation.messages.push({ role: 'tool', call, outcome })
  conversation.pending = conversation.pending.filter((one) => one !== call)
  showCall(run, call, outcome.ok ? doneView(outcome.data) : failedView(outcome.error))
}

/** What the user was asked is answered. */
export function closeQuestion({ conversation, show }: Run, given: EntryAnswer): void {
  const { waiting, entries } = conversation
  conversation.waiting = undefined
  const asked = waiting && entries[waiting.entry]
  if (asked?.kind === 'connect') {
    const state = given === 'connected' ? 'connected' : 'declined'
    show(putEntry(conversation, { ...asked, state }, asked.id))
  }
  if (asked?.kind === 'approval') {
    show(putEntry(conversation, { ...asked, state: approvalStates[given] }, asked.id))
  }
}

const approvalStates: Record<EntryAnswer, ApprovalEntry['state']> = {
  approve: 'approved',
  deny: 'denied',
  decline: 'declined',
  connected: 'declined',
}

/** Asks the user for what the call lacks. False: there is nothing that they could do here. */
async function ask(
  run: Run,
  call: ToolCall,
  refusal: AgentError,
  approvalId: string | undefined,
): Promise<boolean> {
  const body = await questionOf(run, call, refusal)
  if (body === undefined) return false
  const { conversation, show } = run
  showCall(run, call, { state: 'waiting', problem: problemOf(refusal) })
  const entry = putEntry(conversation, body)
  const waiting: Waiting = {
    entry: entry.id,
    error: refusal,
    approvalId: refusal.approval_id ?? approvalId,
  }
  conversation.waiting = waiting
  show(entry)
  return true
}

async function questionOf({ conversation, tools }: Run, call: ToolCall, refusal: AgentError) {
  const title = titleOf(conversation.tools, call)
  switch (refusal.code) {
    case 'SCOPE_MISSING':
    case 'NOT_CONNECTED':
    case 'NEEDS_REAUTH':
      return {
        kind: 'connect',
        title,
        scopes: refusal.missing_scopes ?? [],
        state: 'open',
      } as const
    case 'APPROVAL_REQUIRED': {
      if (refusal.approval_id === undefined) return undefined
      const { summary, request, endsAt } = await tools.approval(refusal.approval_id)
      return {
        kind: 'approval',
        title,
        summary,
        request: requestLine(request),
        endsAt,
        state: 'open',
      } as const
    }
    default:
      return undefined
  }
}

type CallState = Pick<CallEntry, 'state' | 'count' | 'preview' | 'problem'>

function doneView(data: unknown): CallState {
  const count = Array.isArray(data) ? data.length : undefined
  return { state: 'done', count, preview: previewOf(data) }
}

function failedView(error: CallError): CallState {
  return { state: 'failed', problem: problemOf(error) }
}

function problemOf({ code, message }: CallError): CallEntry['problem'] {
  return { code, message }
}

/** A call has one entry, which changes with it. */
function showCall({ conversation, show }: Run, call: ToolCall, state: CallState): void {
  const { entries, tools } = conversation
  const before = entries.findLast((entry) => entry.kind === 'call' && entry.callId === call.id)
  const body = {
    kind: 'call',
    callId: call.id,
    tool: call.tool,
    title: titleOf(tools, call),
    arguments: call.arguments,
    ...state,
  } as const
  show(putEntry(conversation, body, before?.id))
}

function titleOf(tools: Run['conversation']['tools'], call: ToolCall): string {
  return tools.find(({ name }) => name === call.tool)?.title ?? call.tool
}
