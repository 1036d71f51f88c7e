import { KeywellError } from '@keywell/sdk'
import type { Entry, EntryAnswer, Language } from '../../assistant-api.ts'
import type { AgentTools } from './agent-tools.ts'
import { type Conversation, type EntryBody, putEntry } from './conversation.ts'
import type { Model } from './model.ts'
import { closeQuestion, notRun, runCall, settleCall } from './run-call.ts'

/** A conversation that is at work, and what it works with. */
export interface Run {
  readonly conversation: Conversation
  readonly model: Model
  readonly tools: AgentTools
  /** Receives each entry that is new or has changed. */
  readonly show: (entry: Entry) => void
  readonly signal: AbortSignal
}

/** More than any of this takes: a model that goes round in circles ends here. */
const maxSteps = 16

/** The user says something. What they were asked before is thereby declined. */
export async function say(run: Run, text: string, language: Language): Promise<void> {
  const { conversation } = run
  if (conversation.waiting !== undefined) decline(run)
  for (const call of [...conversation.pending]) settleCall(run, call, notRun)
  conversation.messages.push({ role: 'user', text, language })
  put(run, { kind: 'user', text })
  await goOn(run)
}

/**
 * The user answers what a call waits for, and the same call goes on. Where they denied it, too: the service then
 * refuses it, and its log has that.
 */
export async function answer(run: Run, given: EntryAnswer): Promise<void> {
  const { conversation, tools } = run
  const { waiting } = conversation
  const [call] = conversation.pending
  if (waiting === undefined || call === undefined) return
  if (given === 'decline') {
    decline(run)
  } else {
    const { approvalId } = waiting
    if (given !== 'connected' && approvalId !== undefined) {
      await tools.decide(approvalId, given).catch(decidedBefore)
    }
    closeQuestion(run, given)
    if ((await runCall(run, call, approvalId)) === 'waits') return
  }
  await goOn(run)
}

/** Elsewhere, or too late: the call itself says what became of it. */
function decidedBefore(error: unknown): void {
  if (!(error instanceof KeywellError && error.code === 'conflict')) throw error
}

/** The model learns why the call did not go on. */
function decline(run: Run): void {
  const { waiting, pending } = run.conversation
  const [call] = pending
  if (waiting === undefined || call === undefined) return
  closeQuestion(run, 'decline')
  settleCall(run, call, { ok: false, error: waiting.error })
}

/** Runs the calls that the model asks for, and asks it what is next, until it has finished or has to wait. */
async function goOn(run: Run): Promise<void> {
  const { conversation, model, tools, signal } = run
  conversation.tools = await tools.list()
  for (let step = 0; step < maxSteps; step += 1) {
    for (const call of [...conversation.pending]) {
      if ((await runCall(run, call)) === 'waits') return
    }
    const { messages } = conversation
    const { text, calls } = await model.next({ messages, tools: conversation.tools, signal })
    messages.push({ role: 'assistant', text, calls })
    conversation.pending.push(...calls)
    if (text !== '') put(run, { kind: 'assistant', text })
    if (calls.length === 0) return
  }
  put(run, { kind: 'assistant', text: tooLong[languageOf(conversation)] })
}

const tooLong: Readonly<Record<Language, string>> = {
  en: 'I stop here: this takes more steps than I may make at a time.',
  de: 'Hier höre ich auf: Das braucht mehr Schritte, als ich am Stück machen darf.',
}

function languageOf({ messages }: Conversation): Language {
  const said = messages.findLast(({ role }) => role === 'user')
  return said?.role === 'user' ? said.language : 'en'
}

function put({ conversation, show }: Run, body: EntryBody): void {
  show(putEntry(conversation, body))
}
