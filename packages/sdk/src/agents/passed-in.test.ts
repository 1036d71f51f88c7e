/** Adapters whose framework is passed in. The frameworks themselves are too large to be installed here. */
import { expect, test } from 'vitest'
import { refusal } from '../../../../test/support/stand-in-tools.ts'
import { adkTools } from '../google-adk.ts'
import { mastraTools } from '../mastra.ts'
import type { AgentTool, ToolSource } from './toolset.ts'

const inputSchema = { type: 'object', properties: { a: { type: 'string' } } }
const list: AgentTool = { name: 'list', description: 'Lists.', inputSchema }

/** Answers the arguments, or fails where there are none. */
const source: ToolSource = {
  listScoped: () => [list],
  execute: async (name, args) => {
    if (Object.keys(args).length > 0) return { data: args, executionId: 'exe_1' }
    throw refusal(name, 'READ_ONLY', 'Only reading is allowed.')
  },
}

class FunctionTool {
  readonly execute: (args: unknown) => Promise<unknown>

  constructor({ execute }: { execute: (args: unknown) => Promise<unknown> }) {
    this.execute = execute
  }

  _getDeclaration(): unknown {
    return { parameters: 'of the class' }
  }
}

test('a tool for the kit of Google declares its JSON Schema, and answers result or error', async () => {
  const [made] = await adkTools(FunctionTool, source)
  expect(made).toBeInstanceOf(FunctionTool)
  const { name, description } = list
  expect(made?._getDeclaration()).toEqual({ name, description, parametersJsonSchema: inputSchema })
  expect(await made?.execute({ a: 'x' })).toEqual({ data: { a: 'x' } })
  expect(await made?.execute({})).toMatchObject({ error: true, code: 'READ_ONLY' })
})

test('a tool for Mastra has its JSON Schema, and answers result or error', async () => {
  const tools = await mastraTools((options) => options, source)
  expect(Object.keys(tools)).toEqual(['list'])
  expect(tools.list).toMatchObject({ id: 'list', description: 'Lists.', inputSchema })
  expect(await tools.list?.execute({ a: 'x' })).toEqual({ data: { a: 'x' } })
  expect(await tools.list?.execute({})).toMatchObject({ error: true, code: 'READ_ONLY' })
})
