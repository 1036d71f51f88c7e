import { FunctionTool, Gemini, InMemoryRunner, LlmAgent } from '@google/adk'
import { adkTools } from '@keywell/sdk/google-adk'
import { end, modelKey, modelUrl, prompt } from './environment.mjs'
import { options, source } from './user-tools.mjs'

// The kit's own library takes the address of its API from here.
process.env.GOOGLE_GEMINI_BASE_URL = modelUrl
const model = new Gemini({ model: 'gemini-scripted', apiKey: modelKey, vertexai: false })
const tools = await adkTools(FunctionTool, source, options)
const runner = new InMemoryRunner({ agent: new LlmAgent({ name: 'developer', model, tools }) })
const { appName } = runner
const { id: sessionId } = await runner.sessionService.createSession({ appName, userId: 'ada' })
const newMessage = { role: 'user', parts: [{ text: prompt }] }
let text = ''
for await (const event of runner.runAsync({ userId: 'ada', sessionId, newMessage })) {
  if (event.errorMessage) throw new Error(event.errorMessage)
  text = event.content?.parts?.at(-1)?.text ?? text
}
end(text)
