import OpenAI from 'openai'
import { z } from 'zod'
import type { Message, Model, ModelTurn, ToolCall } from '../model.ts'
import { instructions, resultText } from './instructions.ts'
import type { VendorOptions } from './vendor-options.ts'

const defaultModel = 'gpt-5.4'

/** GPT, by OpenAI's own library. */
export function openaiModel({ apiKey, name = defaultModel, fetch }: VendorOptions): Model {
  const client = new OpenAI({ apiKey, ...(fetch && { fetch }) })
  return {
    view: { name, scripted: false },
    async next({ messages, tools, signal }) {
      const { choices } = await client.chat.completions.create(
        {
          model: name,
          messages: [{ role: 'system', content: instructions }, ...messages.map(turnOf)],
          tools: tools.map(definitionOf),
        },
        { signal },
      )
      const said = choices[0]?.message
      return { text: said?.content ?? '', calls: (said?.tool_calls ?? []).flatMap(callsOf) }
    },
  }
}

function definitionOf({ name, description, inputSchema }: ModelTurn['tools'][number]) {
  return { type: 'function', function: { name, description, parameters: inputSchema } } as const
}

const argumentsSchema = z.record(z.string(), z.unknown())

function callsOf(call: OpenAI.ChatCompletionMessageToolCall): ToolCall[] {
  if (call.type !== 'function') return []
  const { name, arguments: text } = call.function
  return [{ id: call.id, tool: name, arguments: argumentsOf(text) }]
}

/** A model may write what is no JSON. It is refused as an argument that is not known, which the model can read. */
function argumentsOf(text: string): ToolCall['arguments'] {
  try {
    return argumentsSchema.parse(JSON.parse(text))
  } catch {
    return { not_json: text }
  }
}

function turnOf(message: Message): OpenAI.ChatCompletionMessageParam {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: message.text }
    case 'assistant': {
      const { text, calls } = message
      const tool_calls = calls.map(
        ({ id, tool, arguments: args }) =>
          ({
            id,
            type: 'function',
            function: { name: tool, arguments: JSON.stringify(args) },
          }) as const,
      )
      return { role: 'assistant', content: text, ...(calls.length > 0 && { tool_calls }) }
    }
    case 'tool':
      return {
        role: 'tool',
        tool_call_id: message.call.id,
        content: resultText(message.outcome),
      }
    default:
      return message satisfies never
  }
}
