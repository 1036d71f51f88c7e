import Anthropic from '@anthropic-ai/sdk'
import type { Message, Model, ModelTurn, ToolCall } from '../model.ts'
import { instructions, resultText } from './instructions.ts'
import type { VendorOptions } from './vendor-options.ts'

const defaultModel = 'claude-sonnet-5-5'
const maxTokens = 2_000

/** Claude, by Anthropic's own library. */
export function anthropicModel({ apiKey, name = defaultModel, fetch }: VendorOptions): Model {
  const client = new Anthropic({ apiKey, ...(fetch && { fetch }) })
  return {
    view: { name, scripted: false },
    async next({ messages, tools, signal }) {
      const { content } = await client.messages.create(
        {
          model: name,
          max_tokens: maxTokens,
          system: instructions,
          messages: messages.flatMap(turnOf),
          tools: tools.map(definitionOf),
        },
        { signal },
      )
      return {
        text: content.flatMap((one) => (one.type === 'text' ? [one.text] : [])).join('\n'),
        calls: content.flatMap((one) => (one.type === 'tool_use' ? [callOf(one)] : [])),
      }
    },
  }
}

function definitionOf({ name, description, inputSchema }: ModelTurn['tools'][number]) {
  // Tools take an object, and its schema says so.
  const input_schema = inputSchema as Anthropic.Tool.InputSchema
  return { name, description, input_schema }
}

function callOf({ id, name, input }: Anthropic.ToolUseBlock): ToolCall {
  return { id, tool: name, arguments: input as ToolCall['arguments'] }
}

/** None: an answer without anything in it is refused when it is sent back. */
function turnOf(message: Message): Anthropic.MessageParam[] {
  switch (message.role) {
    case 'user':
      return [{ role: 'user', content: message.text }]
    case 'assistant': {
      const { text, calls } = message
      const content: Anthropic.ContentBlockParam[] = [
        ...(text === '' ? [] : [{ type: 'text', text } as const]),
        ...calls.map(
          (call) =>
            ({ type: 'tool_use', id: call.id, name: call.tool, input: call.arguments }) as const,
        ),
      ]
      return content.length === 0 ? [] : [{ role: 'assistant', content }]
    }
    case 'tool': {
      const { call, outcome } = message
      const result = { type: 'tool_result', tool_use_id: call.id, is_error: !outcome.ok } as const
      return [{ role: 'user', content: [{ ...result, content: resultText(outcome) }] }]
    }
    default:
      return message satisfies never
  }
}
