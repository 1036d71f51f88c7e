import { MultiServerMCPClient } from '@langchain/mcp-adapters'
import { ChatOpenAI } from '@langchain/openai'
import { createAgent } from 'langchain'
import { end, mcp, modelKey, modelUrl, prompt } from './environment.mjs'

const client = new MultiServerMCPClient({ mcpServers: { gitlab: { transport: 'http', ...mcp } } })
const configuration = { baseURL: `${modelUrl}/v1` }
const model = new ChatOpenAI({ model: 'scripted', apiKey: modelKey, configuration })
const agent = createAgent({ model, tools: await client.getTools() })
const { messages } = await agent.invoke({ messages: [{ role: 'user', content: prompt }] })
await client.close()
end(messages.at(-1).text)
