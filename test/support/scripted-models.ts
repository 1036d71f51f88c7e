/**
 * Agents of the real frameworks with a model that follows a script: what a framework makes of our tools reaches the
 * model as it would reach a real one, and nothing leaves the process.
 */
import Anthropic from '@anthropic-ai/sdk'
import { aiTools } from '@keywell/sdk/ai-sdk'
import { anthropicTools } from '@keywell/sdk/anthropic'
import { getTools } from '@keywell/sdk/langchain'
import {
  openaiChatTools,
  openaiTools,
  type ToolSource,
  type ToolsetOptions,
} from '@keywell/sdk/openai'
import { agentsTools } from '@keywell/sdk/openai-agents'
import { BaseChatModel, type BindToolsInput } from '@langchain/core/language_models/chat_models'
import { AIMessage, type BaseMessage } from '@langchain/core/messages'
import type { ChatResult } from '@langchain/core/outputs'
import { convertToOpenAITool } from '@langchain/core/utils/function_calling'
import { Agent, OpenAIResponsesModel, Runner } from '@openai/agents'
import { generateText, stepCountIs } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { createAgent } from 'langchain'
import OpenAI from 'openai'

/** What the model says, by the results that it has got so far. */
export type Script = (
  results: readonly string[],
) => { readonly call: { name: string; args: object } } | { readonly text: string }

export interface Scripted {
  /** The last words of the model. */
  readonly text: string
  /** The tools that the model got in the last request, by name: their schemas. */
  readonly schemas: Readonly<Record<string, unknown>>
  /** The results that it got. */
  readonly results: readonly string[]
}

type Run = (source: ToolSource, options: ToolsetOptions, script: Script) => Promise<Scripted>

const prompt = 'Look at the issues, and open one that follows.'
const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 }
const details = {
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
}

interface Wire {
  tools: {
    name: string
    parameters?: unknown
    input_schema?: unknown
    function?: Wire['tools'][0]
  }[]
  input: { type: string; output: string }[]
  messages: { role: string; content: string | { type: string; content: string }[] }[]
}

/** The API of a model as a `fetch`; the answer is made of what it was sent. */
function modelApi(
  script: Script,
  resultsIn: (sent: Wire) => string[],
  answer: (turn: ReturnType<Script>, id: string) => unknown,
) {
  const seen: { results: readonly string[]; schemas: Record<string, unknown> } = {
    results: [],
    schemas: {},
  }
  const fetch: typeof globalThis.fetch = async (_, init) => {
    // What our adapters and the libraries made; a wrong shape fails the test.
    const sent = JSON.parse(String(init?.body)) as Wire
    seen.results = resultsIn(sent)
    const functions = sent.tools.map((tool) => tool.function ?? tool)
    seen.schemas = Object.fromEntries(
      functions.map(({ name, parameters, input_schema }) => [name, parameters ?? input_schema]),
    )
    return Response.json(answer(script(seen.results), `call_${seen.results.length}`))
  }
  return { fetch, seen }
}

function responsesApi(script: Script) {
  const resultsIn = ({ input }: Wire) =>
    input.filter(({ type }) => type === 'function_call_output').map(({ output }) => output)
  const { fetch, seen } = modelApi(script, resultsIn, (turn, call_id) => ({
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    model: 'scripted',
    usage: { ...usage, ...details },
    output: [
      'call' in turn
        ? {
            type: 'function_call',
            id: `fc_${call_id}`,
            call_id,
            status: 'completed',
            name: turn.call.name,
            arguments: JSON.stringify(turn.call.args),
          }
        : {
            type: 'message',
            id: 'msg_1',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: turn.text, annotations: [] }],
          },
    ],
  }))
  return { client: new OpenAI({ apiKey: 'none', fetch, maxRetries: 0 }), seen }
}

const openai: Run = async (source, options, script) => {
  const { client, seen } = responsesApi(script)
  const { tools, runAll } = await openaiTools(source, options)
  const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: prompt }]
  for (;;) {
    const response = await client.responses.create({ model: 'scripted', input, tools })
    const outputs = await runAll(response.output)
    if (outputs.length === 0) return { ...seen, text: response.output_text }
    // Each item may be sent back; the library's types of one kind of them differ.
    input.push(...(response.output as OpenAI.Responses.ResponseInputItem[]), ...outputs)
  }
}

const openaiChat: Run = async (source, options, script) => {
  const resultsIn = ({ messages }: Wire) =>
    messages.filter(({ role }) => role === 'tool').map(({ content }) => String(content))
  const { fetch, seen } = modelApi(script, resultsIn, (turn, id) => ({
    id: 'chat_1',
    object: 'chat.completion',
    model: 'scripted',
    choices: [
      {
        index: 0,
        finish_reason: 'call' in turn ? 'tool_calls' : 'stop',
        message:
          'call' in turn
            ? {
                role: 'assistant',
                content: null,
                tool_calls: [
                  {
                    id,
                    type: 'function',
                    function: { name: turn.call.name, arguments: JSON.stringify(turn.call.args) },
                  },
                ],
              }
            : { role: 'assistant', content: turn.text },
      },
    ],
  }))
  const client = new OpenAI({ apiKey: 'none', fetch, maxRetries: 0 })
  const { tools, runAll } = await openaiChatTools(source, options)
  const messages: OpenAI.Chat.ChatCompletionMessageParam[] = [{ role: 'user', content: prompt }]
  for (;;) {
    const { choices } = await client.chat.completions.create({ model: 'scripted', messages, tools })
    const [choice] = choices
    if (choice === undefined) throw new Error('the script has no answer')
    const outputs = await runAll(choice.message)
    if (outputs.length === 0) return { ...seen, text: choice.message.content ?? '' }
    messages.push(choice.message, ...outputs)
  }
}

const openaiAgents: Run = async (source, options, script) => {
  const { client, seen } = responsesApi(script)
  const agent = new Agent({
    name: 'Developer',
    model: new OpenAIResponsesModel(client, 'scripted'),
    tools: await agentsTools(source, options),
  })
  const { finalOutput } = await new Runner({ tracingDisabled: true }).run(agent, prompt)
  return { ...seen, text: finalOutput ?? '' }
}

const anthropic: Run = async (source, options, script) => {
  const resultsIn = ({ messages }: Wire) =>
    messages
      .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
      .filter(({ type }) => type === 'tool_result')
      .map(({ content }) => content)
  const { fetch, seen } = modelApi(script, resultsIn, (turn, id) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'scripted',
    stop_reason: 'call' in turn ? 'tool_use' : 'end_turn',
    usage,
    content: [
      'call' in turn
        ? { type: 'tool_use', id, name: turn.call.name, input: turn.call.args }
        : { type: 'text', text: turn.text },
    ],
  }))
  const client = new Anthropic({ apiKey: 'none', fetch, maxRetries: 0 })
  const { tools, runAll } = await anthropicTools(source, options)
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: prompt }]
  for (;;) {
    const sent = { model: 'scripted', max_tokens: 1024, messages, tools }
    const { content } = await client.messages.create(sent)
    const results = await runAll(content)
    if (results.length === 0) {
      return {
        ...seen,
        text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
      }
    }
    messages.push({ role: 'assistant', content }, { role: 'user', content: results })
  }
}

class ScriptedChatModel extends BaseChatModel {
  readonly script: Script
  readonly seen: { results: string[]; schemas: Record<string, unknown> } = {
    results: [],
    schemas: {},
  }

  constructor(script: Script) {
    super({})
    this.script = script
  }

  override _llmType(): string {
    return 'scripted'
  }

  override bindTools(tools: BindToolsInput[]): this {
    for (const { function: one } of tools.map((tool) => convertToOpenAITool(tool))) {
      this.seen.schemas[one.name] = one.parameters
    }
    return this
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const results = messages.filter((message) => message.type === 'tool')
    this.seen.results = results.map(({ text }) => text)
    const turn = this.script(this.seen.results)
    const message =
      'call' in turn
        ? new AIMessage({
            content: '',
            tool_calls: [
              { id: `call_${results.length}`, name: turn.call.name, args: { ...turn.call.args } },
            ],
          })
        : new AIMessage(turn.text)
    return { generations: [{ text: message.text, message }] }
  }
}

const langchain: Run = async (source, options, script) => {
  const model = new ScriptedChatModel(script)
  const agent = createAgent({ model, tools: await getTools(source, options) })
  const { messages } = await agent.invoke({ messages: [{ role: 'user', content: prompt }] })
  return { ...model.seen, text: messages.at(-1)?.text ?? '' }
}

const aiSdk: Run = async (source, options, script) => {
  let results: string[] = []
  const model = new MockLanguageModelV3({
    doGenerate: async ({ prompt: messages }) => {
      const parts = messages.flatMap(({ role, content }) => (role === 'tool' ? content : []))
      results = parts.map((part) =>
        JSON.stringify('output' in part && 'value' in part.output ? part.output.value : null),
      )
      const turn = script(results)
      return {
        content: [
          'call' in turn
            ? {
                type: 'tool-call',
                toolCallId: `call_${results.length}`,
                toolName: turn.call.name,
                input: JSON.stringify(turn.call.args),
              }
            : { type: 'text', text: turn.text },
        ],
        finishReason: { unified: 'call' in turn ? 'tool-calls' : 'stop', raw: undefined },
        usage: {
          inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
          outputTokens: { total: 1, text: 1, reasoning: 0 },
        },
        warnings: [],
      }
    },
  })
  const tools = await aiTools(source, options)
  const { text } = await generateText({ model, prompt, tools, stopWhen: stepCountIs(10) })
  const shown = model.doGenerateCalls.at(-1)?.tools ?? []
  const schemas = Object.fromEntries(
    shown.map((tool) => [tool.name, 'inputSchema' in tool ? tool.inputSchema : undefined]),
  )
  return { text, schemas, results }
}

/** An agent of each framework, run with the tools of a source and a script. */
export const scriptedAgents: Readonly<Record<string, Run>> = {
  'OpenAI, responses': openai,
  'OpenAI, chat': openaiChat,
  'OpenAI Agents': openaiAgents,
  Anthropic: anthropic,
  LangChain: langchain,
  'AI SDK': aiSdk,
}

/** Lists the issues of a project, opens one that names the first of them, and says its number. */
export function followUp(project: string): Script {
  return (results) => {
    const [listed, opened] = results.map((result) => JSON.parse(result).data)
    if (listed === undefined) {
      return {
        call: { name: 'gitlab_issues_list', args: { project_id: project, state: 'opened' } },
      }
    }
    if (opened !== undefined) return { text: `Opened #${opened.iid}: ${opened.title}` }
    const title = `Follows ${listed[0].title}`
    return { call: { name: 'gitlab_issue_create', args: { project_id: project, title } } }
  }
}
