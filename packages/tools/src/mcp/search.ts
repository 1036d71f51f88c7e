/**
 * Two tools in place of all: one finds tools, one runs them. A model reads two definitions instead of a hundred, and
 * the schemas of those that it finds.
 */
import { type McpAnswer, type McpTool, type McpTools, takeApproval } from './mcp-tools.ts'

const defaultLimit = 5
const maxLimit = 20

const searchTools: McpTool = {
  name: 'search_tools',
  title: 'Search tools',
  description:
    'Find the tools for a task, with the arguments that each takes. Then call run_tool with one of them.',
  inputSchema: {
    type: 'object',
    properties: {
      query: {
        type: 'string',
        description: 'What you want to do, in a few words, such as "list open issues".',
      },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: maxLimit,
        description: `How many. Default: ${defaultLimit}.`,
      },
    },
    required: ['query'],
    additionalProperties: false,
  },
  annotations: { title: 'Search tools', readOnlyHint: true, openWorldHint: true },
}

const runTool: McpTool = {
  name: 'run_tool',
  title: 'Run a tool',
  description: 'Run a tool that search_tools has found.',
  inputSchema: {
    type: 'object',
    properties: {
      tool: { type: 'string', description: 'Its name.' },
      arguments: { type: 'object', description: 'As its input_schema says.' },
    },
    required: ['tool'],
    additionalProperties: false,
  },
  annotations: {
    title: 'Run a tool',
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: false,
    openWorldHint: true,
  },
}

export function searchedTools(tools: McpTools): McpTools {
  return {
    list: async () => [searchTools, runTool],
    async call(call) {
      const { name, arguments: given } = call
      if (name === searchTools.name) return { structured: await search(tools, given) }
      if (name !== runTool.name) return tools.call(call)
      return run(tools, call)
    },
  }
}

function run(tools: McpTools, call: Parameters<McpTools['call']>[0]): Promise<McpAnswer> {
  const { tool, arguments: given } = call.arguments
  // Where the schema of the tool that was found has it.
  const { approvalId = call.approvalId, ...taken } = takeApproval({ ...Object(given) })
  return tools.call({ ...call, name: String(tool ?? ''), ...taken, approvalId })
}

async function search(
  tools: McpTools,
  { query, limit }: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const words = wordsOf(String(query ?? ''))
  const ranked = (await tools.list())
    .map((tool) => ({ tool, score: scoreOf(tool, words) }))
    .filter(({ score }) => score > 0)
    // Equal scores stay in the order of the catalogue.
    .sort((one, other) => other.score - one.score)
  const count = Math.min(Math.max(Math.trunc(Number(limit)) || defaultLimit, 1), maxLimit)
  return {
    tools: ranked.slice(0, count).map(({ tool }) => ({
      name: tool.name,
      description: tool.description,
      input_schema: tool.inputSchema,
    })),
    found: ranked.length,
  }
}

/** A word in the name says most. */
function scoreOf({ name, title, description }: McpTool, words: readonly string[]): number {
  const places = [
    { found: wordsOf(name), weight: 4 },
    { found: wordsOf(title), weight: 2 },
    { found: wordsOf(description), weight: 1 },
  ]
  return words
    .flatMap((word) => places.map(({ found, weight }) => (found.includes(word) ? weight : 0)))
    .reduce((sum, each) => sum + each, 0)
}

/** In lower case, without the ending of a plural. */
function wordsOf(text: string): string[] {
  const words = text.toLowerCase().split(/[^a-z0-9]+/)
  return words.filter((word) => word !== '').map((word) => word.replace(/s$/, ''))
}
