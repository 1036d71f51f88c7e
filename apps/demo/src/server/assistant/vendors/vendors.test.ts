import { expect, test } from 'vitest'
import { lastOf, startAssistant } from '../keywell.test.support.ts'
import type { Model } from '../model.ts'
import { anthropicModel } from './anthropic-model.ts'
import { modelFrom } from './model-from.ts'
import { openaiModel } from './openai-model.ts'

/** A vendor that asks for a call and, once it has the result, says something. Keeps what it was sent. */
function vendor(answers: readonly object[]) {
  const bodies: Record<string, unknown>[] = []
  const waiting = [...answers]
  return {
    bodies,
    fetch: async (input: string | URL | Request, init?: RequestInit) => {
      const request = new Request(input, init)
      bodies.push(await request.json())
      return Response.json(waiting.shift())
    },
  }
}

const args = { project_id: 501, pipeline_id: 9_001 }

const anthropicAnswers = [
  [
    { type: 'text', text: 'I delete it.' },
    { type: 'tool_use', id: 'toolu_1', name: 'gitlab_pipeline_delete', input: args },
  ],
  [{ type: 'text', text: 'It is gone.' }],
].map((content) => ({ id: 'msg_1', type: 'message', role: 'assistant', content, usage: {} }))

const openaiAnswers = [
  {
    content: 'I delete it.',
    tool_calls: [
      {
        id: 'call_1',
        type: 'function',
        function: { name: 'gitlab_pipeline_delete', arguments: JSON.stringify(args) },
      },
    ],
  },
  { content: 'It is gone.' },
].map((message) => ({ id: 'chat_1', choices: [{ message: { role: 'assistant', ...message } }] }))

test.each<[string, (options: { apiKey: string; fetch: typeof fetch }) => Model, object[]]>([
  ['Anthropic', anthropicModel, anthropicAnswers],
  ['OpenAI', openaiModel, openaiAnswers],
])(
  'a model of %s calls a tool, waits for approval, and reads the result',
  async (_, make, answers) => {
    const { bodies, fetch } = vendor(answers)
    const { say, answer, entries, keywell } = await startAssistant({
      model: make({ apiKey: 'key-of-the-vendor', fetch }),
    })
    keywell.scopes = ['api']
    await say('Delete it')
    await answer(lastOf(await entries(), 'approval').id, 'approve')
    expect(keywell.sent).toEqual(['gitlab_pipeline_delete'])
    expect(keywell.executed.at(-1)).toMatchObject({ arguments: args })
    expect(lastOf(await entries(), 'assistant').text).toBe('It is gone.')
    const [first, second] = bodies
    expect(JSON.stringify(first?.tools)).toContain('gitlab_job_log_get')
    expect(JSON.stringify(second)).toContain('{\\"ok\\":true}')
    // Not even the key of Keywell, which could read a token, is near a model.
    expect(JSON.stringify(bodies)).not.toMatch(/kw_test|key-of-the-vendor/)
  },
)

test('arguments that are no JSON are refused, not guessed', async () => {
  const broken = {
    id: 'call_1',
    type: 'function',
    function: { name: 'gitlab_projects_list', arguments: '{"owned": tr' },
  }
  const { fetch } = vendor([
    { choices: [{ message: { content: null, tool_calls: [broken] } }] },
    { choices: [{ message: { content: 'Done.' } }] },
  ])
  const { say, keywell } = await startAssistant({
    model: openaiModel({ apiKey: 'key', fetch }),
  })
  await say('List my projects')
  expect(keywell.executed.at(-1)).toMatchObject({ arguments: { not_json: '{"owned": tr' } })
})

test('the model is that of the key that is set, and a script without one', async () => {
  expect(await modelFrom({})).toBeUndefined()
  expect((await modelFrom({ ANTHROPIC_API_KEY: 'k' }))?.view.name).toMatch(/^claude-/)
  expect((await modelFrom({ OPENAI_API_KEY: 'k' }))?.view.name).toMatch(/^gpt-/)
  const named = await modelFrom({ OPENAI_API_KEY: 'k', ASSISTANT_MODEL: 'other' })
  expect(named?.view).toEqual({ name: 'other', scripted: false })
})
