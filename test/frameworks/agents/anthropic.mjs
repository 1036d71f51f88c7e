import Anthropic from '@anthropic-ai/sdk'
import { anthropicTools } from '@keywell/sdk/anthropic'
import { end, modelKey, modelUrl, prompt } from './environment.mjs'
import { options, source } from './user-tools.mjs'

const anthropic = new Anthropic({ apiKey: modelKey, baseURL: modelUrl })
const { tools, runAll } = await anthropicTools(source, options)
const messages = [{ role: 'user', content: prompt }]
for (;;) {
  const sent = { model: 'scripted', max_tokens: 1024, messages, tools }
  const { content } = await anthropic.messages.create(sent)
  const results = await runAll(content)
  if (results.length === 0) {
    end(content.map(({ text }) => text).join(''))
    break
  }
  messages.push({ role: 'assistant', content }, { role: 'user', content: results })
}
