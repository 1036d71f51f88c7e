import { createOpenAI } from '@ai-sdk/openai'
import { aiTools } from '@keywell/sdk/ai-sdk'
import { generateText, stepCountIs } from 'ai'
import { end, modelKey, modelUrl, prompt } from './environment.mjs'
import { options, source } from './user-tools.mjs'

const openai = createOpenAI({ apiKey: modelKey, baseURL: `${modelUrl}/v1` })
const model = openai.responses('scripted')
const tools = await aiTools(source, options)
const { text } = await generateText({ model, prompt, tools, stopWhen: stepCountIs(10) })
end(text)
