import { query } from '@anthropic-ai/claude-agent-sdk'
import { end, mcp, modelKey, modelUrl, prompt, toolNames } from './environment.mjs'

const run = query({
  prompt,
  options: {
    mcpServers: { gitlab: { type: 'http', ...mcp } },
    allowedTools: toolNames.map((name) => `mcp__gitlab__${name}`),
    // Nothing of the machine: no settings, and no tools of its own.
    settingSources: [],
    tools: [],
    model: 'claude-sonnet-4-6',
    maxTurns: 10,
    env: {
      PATH: process.env.PATH,
      HOME: process.cwd(),
      ANTHROPIC_BASE_URL: modelUrl,
      ANTHROPIC_API_KEY: modelKey,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
  },
})
for await (const message of run) {
  if (message.type === 'result') end(message.result ?? message.subtype)
}
