import { agentsTools } from '@keywell/sdk/openai-agents'
import { Agent, OpenAIProvider, Runner } from '@openai/agents'
import { end, modelKey, modelUrl, prompt } from './environment.mjs'
import { options, source } from './user-tools.mjs'

const modelProvider = new OpenAIProvider({ apiKey: modelKey, baseURL: `${modelUrl}/v1` })
const tools = await agentsTools(source, options)
const agent = new Agent({ name: 'Developer', model: 'scripted', tools })
const { finalOutput } = await new Runner({ modelProvider, tracingDisabled: true }).run(
  agent,
  prompt,
)
end(finalOutput)
