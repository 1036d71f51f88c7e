import { type Context, Hono } from 'hono'
import { stream } from 'hono/streaming'
import { z } from 'zod'
import type { AssistantView, AuditRow, Entry, StreamLine } from '../../assistant-api.ts'
import { AcmeError, describeFailure } from '../failures.ts'
import type { AgentTools } from './agent-tools.ts'
import type { Conversation, Conversations } from './conversation.ts'
import type { Model } from './model.ts'
import { answer, type Run, say } from './run.ts'

/** Whose assistant it is. */
export interface Signed {
  readonly session: string
  readonly tools: AgentTools
  /** What the audit log has of it. */
  readonly audit: () => Promise<AuditRow[]>
}

export interface AssistantParts {
  readonly model: Model
  readonly conversations: Conversations
  readonly signed: (c: Context) => Signed
  readonly onError: (error: unknown) => void
}

const maxMessages = 200
const timeoutMs = 120_000
const answers = ['connected', 'approve', 'deny', 'decline'] as const

const saySchema = z.object({
  text: z.string().trim().min(1).max(2_000),
  language: z.enum(['en', 'de']).default('en'),
})
const answerSchema = z.object({ entry: z.int(), answer: z.enum(answers) })

/** The assistant's routes. What it does is streamed as lines of JSON, an entry a line. */
export function assistantRoutes(parts: AssistantParts): Hono {
  const app = new Hono()
  const of = (c: Context): Conversation => parts.conversations.of(parts.signed(c).session)

  app.get('/', (c) => {
    const { entries, busy } = of(c)
    return c.json({ model: parts.model.view, entries, busy } satisfies AssistantView)
  })
  app.delete('/', (c) => {
    parts.conversations.forget(parts.signed(c).session)
    return c.body(null, 204)
  })
  app.get('/audit', async (c) => c.json(await parts.signed(c).audit()))
  app.post('/messages', async (c) => {
    const { text, language } = await read(c, saySchema)
    const conversation = of(c)
    if (conversation.messages.length >= maxMessages) {
      throw new AcmeError('invalid_request', 'This conversation is long. Start a new one.')
    }
    return streamRun(c, parts, conversation, (run) => say(run, text, language))
  })
  app.post('/answers', async (c) => {
    const given = await read(c, answerSchema)
    const conversation = of(c)
    const asked = conversation.entries[given.entry]
    if (conversation.waiting?.entry !== given.entry || !fits(asked, given.answer)) {
      throw new AcmeError('not_found', 'This is not asked any more.')
    }
    return streamRun(c, parts, conversation, (run) => answer(run, given.answer))
  })
  return app
}

function fits(asked: Entry | undefined, given: z.infer<typeof answerSchema>['answer']): boolean {
  if (given === 'decline') return true
  return asked?.kind === (given === 'connected' ? 'connect' : 'approval')
}

/** One at a time: two tabs would answer each other's calls. */
function streamRun(
  c: Context,
  parts: AssistantParts,
  conversation: Conversation,
  work: (run: Run) => Promise<void>,
): Response {
  if (conversation.busy) throw new AcmeError('busy', 'The assistant is still at work.')
  conversation.busy = true
  const { tools } = parts.signed(c)
  const { model, onError } = parts
  c.header('content-type', 'application/x-ndjson')
  return stream(c, async (out) => {
    const write = (line: StreamLine) => void out.write(`${JSON.stringify(line)}\n`)
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      await work({ conversation, model, tools, signal, show: (entry) => write({ entry }) })
    } catch (error) {
      const failure = describeFailure(error)
      if (failure.code === 'internal') onError(error)
      write({ failure })
    } finally {
      conversation.busy = false
    }
  })
}

async function read<Shape>(c: Context, schema: z.ZodType<Shape>): Promise<Shape> {
  const parsed = schema.safeParse(await c.req.json().catch(() => undefined))
  if (parsed.success) return parsed.data
  throw new AcmeError('invalid_request', z.prettifyError(parsed.error))
}
