import { getTools } from '@keywell/sdk/langchain'
import { ChatOpenAI } from '@langchain/openai'
import { createAgent } from 'langchain'
import { end, modelKey, modelUrl, prompt } from './environment.mjs'
import { options, source } from './user-tools.mjs'

const configuration = { baseURL: `${modelUrl}/v1` }
const model = new ChatOpenAI({ model: 'scripted', apiKey: modelKey, configuration })
const agent = createAgent({ model, tools: await getTools(source, options) })
const { messages } = await agent.invoke({ messages: [{ role: 'user', content: prompt }] })
end(messages.at(-1).text)
