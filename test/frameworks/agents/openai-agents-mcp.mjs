import { Agent, MCPServerStreamableHttp, OpenAIProvider, Runner } from '@openai/agents'
import { end, mcp, modelKey, modelUrl, prompt } from './environment.mjs'

const modelProvider = new OpenAIProvider({ apiKey: modelKey, baseURL: `${modelUrl}/v1` })
const { url, headers } = mcp
const gitlab = new MCPServerStreamableHttp({ name: 'gitlab', url, requestInit: { headers } })
await gitlab.connect()
const agent = new Agent({ name: 'Developer', model: 'scripted', mcpServers: [gitlab] })
const { finalOutput } = await new Runner({ modelProvider, tracingDisabled: true }).run(
  agent,
  prompt,
)
await gitlab.close()
end(finalOutput)
