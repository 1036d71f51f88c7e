import { mastraTools } from '@keywell/sdk/mastra'
import { Agent } from '@mastra/core/agent'
import { createTool } from '@mastra/core/tools'
import { end, modelKey, modelUrl, prompt } from './environment.mjs'
import { options, source } from './user-tools.mjs'

const tools = await mastraTools(createTool, source, options)
const model = { id: 'local/scripted', url: `${modelUrl}/v1`, apiKey: modelKey }
const instructions = 'You are a developer.'
const agent = new Agent({ id: 'developer', name: 'Developer', instructions, model, tools })
const { text } = await agent.generate(prompt, { maxSteps: 10 })
end(text)
