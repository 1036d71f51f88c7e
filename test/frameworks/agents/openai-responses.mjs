import { openaiTools } from '@keywell/sdk/openai'
import OpenAI from 'openai'
import { end, modelKey, modelUrl, prompt } from './environment.mjs'
import { options, source } from './user-tools.mjs'

const openai = new OpenAI({ apiKey: modelKey, baseURL: `${modelUrl}/v1` })
const gitlab = await openaiTools(source, options)
const input = [{ role: 'user', content: prompt }]
for (;;) {
  const response = await openai.responses.create({ model: 'scripted', input, tools: gitlab.tools })
  const outputs = await gitlab.runAll(response.output)
  if (outputs.length === 0) {
    end(response.output_text)
    break
  }
  input.push(...response.output, ...outputs)
}
