import { KeywellError, type ToolAnswer } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { refusal } from '../../../../test/support/stand-in-tools.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import type { ExecuteOptions } from '../tools/calls.ts'
import { type AgentTool, toolsetOf } from './toolset.ts'

const list: AgentTool = { name: 'list', description: 'Lists.', inputSchema: { type: 'object' } }

function sourceOf(tools: AgentTool[], answer: () => Promise<ToolAnswer> = async () => done) {
  const calls: { name: string; args: unknown; options: ExecuteOptions }[] = []
  return {
    calls,
    listScoped: () => tools,
    execute: async (name: string, args: unknown, options: ExecuteOptions) => {
      calls.push({ name, args, options })
      return answer()
    },
  }
}
const done: ToolAnswer = { data: [1], executionId: 'exe_1', nextPage: 2 }

verifies('sdk:agents-listed-alone', async () => {
  const source = sourceOf([list])
  const { call } = await toolsetOf(source)
  expect(await call({ name: 'remove', args: {} })).toMatchObject({
    isError: true,
    content: { error: true, code: 'TOOL_NOT_FOUND', tool_name: 'remove' },
  })
  expect(source.calls).toEqual([])
})

test('arguments come as an object or as the text of one; anything else is an error for the model', async () => {
  const source = sourceOf([list])
  const { call } = await toolsetOf(source)
  const content = { data: [1], nextPage: 2 }
  for (const args of [{ a: 1 }, '{"a":1}']) {
    expect(await call({ name: 'list', args })).toEqual({ isError: false, content })
  }
  for (const args of [undefined, null, '']) await call({ name: 'list', args })
  expect(source.calls.map(({ args }) => args)).toEqual([{ a: 1 }, { a: 1 }, {}, {}, {}])
  for (const args of ['{"a":', '[]', 'null', 7]) {
    const { content } = await call({ name: 'list', args })
    expect(content).toMatchObject({ code: 'VALIDATION_ERROR' })
  }
  expect(source.calls).toHaveLength(5)
})

test('a tool is run with the connection that it was listed for; of several, the default one', async () => {
  const source = sourceOf([
    { ...list, connectionName: 'work' },
    { ...list, connectionName: 'default' },
    { ...list, connectionName: 'home' },
  ])
  const { tools, call } = await toolsetOf(source)
  expect(tools).toHaveLength(1)
  await call({ name: 'list', args: {} })
  expect(source.calls[0]?.options.connectionName).toBe('default')
  const unclear = sourceOf(['work', 'home'].map((connectionName) => ({ ...list, connectionName })))
  await expect(toolsetOf(unclear)).rejects.toThrow(/"work" and "home"/)
})

test('what no model can mend is thrown: a service that is away, a key that is refused', async () => {
  const away = new KeywellError('unavailable', 'The service is away.')
  const { call } = await toolsetOf(sourceOf([list], () => Promise.reject(away)))
  await expect(call({ name: 'list', args: {} })).rejects.toBe(away)
})

test('a call is made once more only where the app says so, and no third time', async () => {
  const error = refusal('list', 'SCOPE_MISSING', 'A scope is missing.')
  const source = sourceOf([list], () => Promise.reject(error))
  const answers = [undefined, false, 'yes', true]
  const { call } = await toolsetOf(source, { onInterrupt: () => answers.shift() })
  for (const expected of [1, 2, 3, 5]) {
    expect((await call({ name: 'list', args: {} })).isError).toBe(true)
    expect(source.calls).toHaveLength(expected)
  }
})

test('a refusal that no person can lift interrupts nobody', async () => {
  const error = refusal('list', 'READ_ONLY', 'Only reading is allowed.')
  let asked = 0
  const source = sourceOf([list], () => Promise.reject(error))
  const { call } = await toolsetOf(source, { onInterrupt: () => ++asked })
  expect((await call({ name: 'list', args: {} })).content).toMatchObject({ code: 'READ_ONLY' })
  expect(asked).toBe(0)
})
