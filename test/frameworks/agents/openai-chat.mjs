import { openaiChatTools } from '@keywell/sdk/openai'
import OpenAI from 'openai'
import { end, modelKey, modelUrl, prompt } from './environment.mjs'
import { options, source } from './user-tools.mjs'

const openai = new OpenAI({ apiKey: modelKey, baseURL: `${modelUrl}/v1` })
const { tools, runAll } = await openaiChatTools(source, options)
const messages = [{ role: 'user', content: prompt }]
for (;;) {
  const { choices } = await openai.chat.completions.create({ model: 'scripted', messages, tools })
  const { message } = choices[0]
  const outputs = await runAll(message)
  if (outputs.length === 0) {
    end(message.content)
    break
  }
  messages.push(message, ...outputs)
}
