/** The frameworks that agents are tried with, each in its newest version. */

export interface Framework {
  readonly name: string
  /** Its program in `agents`. */
  readonly agent: string
  /** The package whose version is told. */
  readonly library: string
  /**
   * Versions that are tried on the oldest Node, the newest of them; npm leaves out what says that it does not run there.
   * Absent: none does.
   */
  readonly onOldest?: string
  /** What it needs beside. */
  readonly others: readonly string[]
  /** Speaks with the service by MCP, and has no adapter. */
  readonly usesMcp?: true
  /** Its program comes as an optional package. */
  readonly needsOptional?: true
}

export const frameworks: readonly Framework[] = [
  {
    name: 'OpenAI, Responses',
    agent: 'openai-responses',
    library: 'openai',
    onOldest: '>=6',
    others: [],
  },
  {
    name: 'OpenAI, Chat Completions',
    agent: 'openai-chat',
    library: 'openai',
    onOldest: '>=6',
    others: [],
  },
  {
    name: 'OpenAI Agents',
    agent: 'openai-agents',
    library: '@openai/agents',
    // Later ones have a library beneath them that does not run there.
    onOldest: '>=0.8 <0.15',
    others: ['zod'],
  },
  {
    name: 'OpenAI Agents, by MCP',
    agent: 'openai-agents-mcp',
    library: '@openai/agents',
    // Later ones have a library beneath them that does not run there.
    onOldest: '>=0.8 <0.15',
    others: ['zod'],
    usesMcp: true,
  },
  {
    name: 'Anthropic',
    agent: 'anthropic',
    library: '@anthropic-ai/sdk',
    onOldest: '>=1',
    others: [],
  },
  {
    name: 'LangChain',
    agent: 'langchain',
    library: 'langchain',
    onOldest: '>=1',
    others: ['@langchain/core', '@langchain/openai'],
  },
  {
    name: 'LangChain, by MCP',
    agent: 'langchain-mcp',
    library: '@langchain/mcp-adapters',
    onOldest: '>=1',
    others: ['langchain', '@langchain/core', '@langchain/openai'],
    usesMcp: true,
  },
  {
    name: 'AI SDK',
    agent: 'ai-sdk',
    library: 'ai',
    onOldest: '>=6',
    others: ['@ai-sdk/openai', 'zod'],
  },
  {
    name: 'Google ADK',
    agent: 'google-adk',
    library: '@google/adk',
    onOldest: '>=1',
    others: [],
  },
  {
    name: 'Mastra',
    agent: 'mastra',
    library: '@mastra/core',
    others: ['zod'],
  },
  {
    name: 'Claude Agent SDK, by MCP',
    agent: 'claude-agent-sdk',
    library: '@anthropic-ai/claude-agent-sdk',
    onOldest: '>=0.2',
    others: ['@anthropic-ai/sdk', '@modelcontextprotocol/sdk', 'zod'],
    usesMcp: true,
    needsOptional: true,
  },
]
