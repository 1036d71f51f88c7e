/** The APIs of three vendors, as far as their libraries use them: what a request says, and how an answer looks. */
import type { Turn } from './script.ts'

export interface ModelRequest {
  /** Results of calls, in their order. */
  readonly results: readonly unknown[]
  /** Names of the tools that the model may call. */
  readonly tools: readonly string[]
  readonly isStream: boolean
}

export interface ModelApi {
  /** Whether a path is for this one. */
  isFor(path: string): boolean
  read(body: Body, path: string): ModelRequest
  /** The whole answer. The id is of the call, and of this turn: libraries take one with an id of before for the same. */
  answer(turn: Turn, id: string): object
  /** The same as events, where a library asks for a stream. */
  events(turn: Turn, id: string): readonly ModelEvent[]
}

export interface ModelEvent {
  readonly event?: string
  readonly data: object | string
}

/** What libraries send; a wrong shape ends the run. */
export interface Body {
  readonly stream?: boolean
  readonly tools?: readonly Tool[]
  readonly input?: string | readonly { readonly type?: string; readonly output?: unknown }[]
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[]
  readonly contents?: readonly { readonly parts?: readonly Part[] }[]
}
interface Tool {
  readonly name?: string
  readonly function?: { readonly name: string }
  readonly functionDeclarations?: readonly { readonly name: string }[]
}
interface Part {
  readonly functionResponse?: { readonly response: unknown }
}

const usage = { input_tokens: 1, output_tokens: 1 }

const responses: ModelApi = {
  isFor: (path) => path === '/v1/responses',
  read: (body) => ({
    ...common(body),
    results: (typeof body.input === 'string' ? [] : (body.input ?? []))
      .filter(({ type }) => type === 'function_call_output')
      .map(({ output }) => output),
  }),
  answer: (turn, id) => ({
    id: `resp_${id}`,
    object: 'response',
    created_at: 1,
    status: 'completed',
    model: 'scripted',
    usage: {
      ...usage,
      total_tokens: 2,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    },
    output: [
      'call' in turn
        ? {
            type: 'function_call',
            id: `fc_${id}`,
            call_id: id,
            status: 'completed',
            name: turn.call.name,
            arguments: JSON.stringify(turn.call.args),
          }
        : {
            type: 'message',
            id: `msg_${id}`,
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: turn.text, annotations: [] }],
          },
    ],
  }),
  events: (turn, id) => [
    { data: { type: 'response.completed', response: responses.answer(turn, id) } },
  ],
}

const chat: ModelApi = {
  isFor: (path) => path === '/v1/chat/completions',
  read: (body) => ({
    ...common(body),
    results: (body.messages ?? []).flatMap(({ role, content }) =>
      role === 'tool' ? [content] : [],
    ),
  }),
  answer: (turn, id) => ({
    ...chatBase('chat.completion', id),
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    choices: [{ index: 0, finish_reason: chatReason(turn), message: chatMessage(turn, id) }],
  }),
  events: (turn, id) => [
    chatEvent(id, { delta: chatMessage(turn, id), finish_reason: null }),
    chatEvent(id, { delta: {}, finish_reason: chatReason(turn) }),
    { data: '[DONE]' },
  ],
}

const chatBase = (object: string, id: string) => ({
  id: `chat_${id}`,
  object,
  created: 1,
  model: 'scripted',
})
const chatReason = (turn: Turn) => ('call' in turn ? 'tool_calls' : 'stop')
const chatEvent = (id: string, choice: object): ModelEvent => ({
  data: { ...chatBase('chat.completion.chunk', id), choices: [{ index: 0, ...choice }] },
})

function chatMessage(turn: Turn, id: string): object {
  if ('text' in turn) return { role: 'assistant', content: turn.text }
  const { name, args } = turn.call
  const call = { name, arguments: JSON.stringify(args) }
  return {
    role: 'assistant',
    content: null,
    tool_calls: [{ index: 0, id, type: 'function', function: call }],
  }
}

const anthropic: ModelApi = {
  isFor: (path) => path === '/v1/messages',
  read: (body) => ({
    ...common(body),
    results: (body.messages ?? [])
      .flatMap(({ content }) => (Array.isArray(content) ? content : []))
      .filter(({ type }) => type === 'tool_result')
      .map(({ content }) => content),
  }),
  answer: (turn, id) => ({
    ...anthropicBase(id),
    stop_reason: anthropicReason(turn),
    usage,
    content: [
      'call' in turn
        ? { type: 'tool_use', id, name: turn.call.name, input: turn.call.args }
        : { type: 'text', text: turn.text },
    ],
  }),
  events(turn, id) {
    const start =
      'call' in turn
        ? { type: 'tool_use', id, name: turn.call.name, input: {} }
        : { type: 'text', text: '' }
    const delta =
      'call' in turn
        ? { type: 'input_json_delta', partial_json: JSON.stringify(turn.call.args) }
        : { type: 'text_delta', text: turn.text }
    return [
      { type: 'message_start', message: { ...anthropicBase(id), content: [], usage } },
      { type: 'content_block_start', index: 0, content_block: start },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: anthropicReason(turn) }, usage },
      { type: 'message_stop' },
    ].map((data) => ({ event: data.type, data }))
  },
}

const anthropicBase = (id: string) => ({
  id: `msg_${id}`,
  type: 'message',
  role: 'assistant',
  model: 'scripted',
})
const anthropicReason = (turn: Turn) => ('call' in turn ? 'tool_use' : 'end_turn')

const gemini: ModelApi = {
  isFor: (path) => /^\/v1beta\/models\/[^/]+:(stream)?generateContent$/i.test(path),
  read: (body, path) => ({
    ...common(body),
    isStream: path.includes(':stream'),
    results: (body.contents ?? [])
      .flatMap(({ parts }) => parts ?? [])
      .flatMap(({ functionResponse }) => functionResponse?.response ?? []),
  }),
  answer: (turn) => ({
    candidates: [
      {
        index: 0,
        finishReason: 'STOP',
        content: {
          role: 'model',
          parts: ['call' in turn ? { functionCall: turn.call } : { text: turn.text }],
        },
      },
    ],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  }),
  events: (turn, id) => [{ data: gemini.answer(turn, id) }],
}

export const modelApis: readonly ModelApi[] = [responses, chat, anthropic, gemini]

function common({ stream = false, tools = [] }: Body): Omit<ModelRequest, 'results'> {
  const named = tools.flatMap((tool) => tool.functionDeclarations ?? tool.function ?? tool)
  return { isStream: stream, tools: named.flatMap(({ name }) => name ?? []) }
}
