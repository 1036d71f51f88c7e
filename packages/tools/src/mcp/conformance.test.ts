/** The conformance suite of the protocol against the server, with tools that the suite knows. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { KeywellError } from '@keywell/protocol'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { atGivenTools, failureOf } from '../../../../test/support/conformance.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { createMcpServer, type McpTool, type McpTools } from './index.ts'

vi.setConfig({ testTimeout: 120_000 })

const plain = { type: 'object' } as const
const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
  additionalProperties: false,
} as const

const toolOf = (name: string, inputSchema: McpTool['inputSchema'] = plain): McpTool => ({
  name,
  title: name,
  description: 'A tool of the suite.',
  inputSchema,
  annotations: { title: name, readOnlyHint: true, openWorldHint: true },
})

const tools: McpTools = {
  list: async () => [
    toolOf('test_simple_text'),
    toolOf('test_error_handling'),
    toolOf('test_tool_with_progress'),
    toolOf('json_schema_2020_12_tool', schema),
  ],
  async call({ name }) {
    if (name === 'test_error_handling') throw new KeywellError('invalid_request', 'It fails.')
    if (name === 'test_tool_with_progress') await setTimeout(500)
    return { structured: { data: 'A text.' } }
  },
}

const handler = createMcpHandler(() =>
  createMcpServer(tools, {
    name: 'keywell',
    version: '1',
    progressMs: 50,
    toError: (thrown) =>
      thrown instanceof KeywellError ? thrown : new KeywellError('internal', 'It broke.'),
  }),
)
const server = createServer(getRequestListener((request) => handler.fetch(request)))

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

verifies('mcp:conformance-of-tools', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  for (const scenario of atGivenTools) {
    expect(await failureOf(url, scenario)).toBeUndefined()
  }
  // The suite finds what is not there.
  expect(await failureOf(url, 'tools-call-image')).toContain('tools-call-image')
})
