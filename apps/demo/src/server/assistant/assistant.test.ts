import { expect, test } from 'vitest'
import { approvalIds, lastOf, startAssistant } from './keywell.test.support.ts'
import type { Message, Model } from './model.ts'

const look = 'Which pipelines are failing?'
const report = 'Open an issue about it'
const remove = 'Delete the failed pipeline'

test('it finds the failed pipeline and tells the end of the log, each call shown as it runs', async () => {
  const { say, keywell, entries } = await startAssistant()
  const lines = await say(look)
  expect(keywell.sent).toEqual([
    'gitlab_projects_list',
    'gitlab_pipelines_list',
    'gitlab_pipelines_list',
    'gitlab_pipeline_jobs_list',
    'gitlab_job_log_get',
  ])
  const shown = lines.flatMap((line) => ('entry' in line ? [line.entry] : []))
  expect(shown.filter(({ kind }) => kind === 'call')).toMatchObject([
    { tool: 'gitlab_projects_list', state: 'running' },
    { tool: 'gitlab_projects_list', state: 'done', count: 2 },
    ...Array(8).fill({ kind: 'call' }),
  ])
  const { text } = lastOf(await entries(), 'assistant')
  expect(text).toContain(
    'Pipeline 9001 of lighthouse/webshop fails on main, in the job “unit tests”',
  )
  expect(text).toContain('> ERROR: 2 tests failed')
})

test('a call that lacks a scope waits for consent to that scope alone, and then goes on by itself', async () => {
  const { say, answer, entries, keywell } = await startAssistant()
  await say(look)
  await say(report)
  const asked = lastOf(await entries(), 'connect')
  expect(asked).toMatchObject({ scopes: ['api'], state: 'open' })
  expect(lastOf(await entries(), 'call')).toMatchObject({
    state: 'waiting',
    problem: { code: 'SCOPE_MISSING' },
  })
  keywell.scopes = ['api']
  await answer(asked.id, 'connected')
  expect(keywell.sent.at(-1)).toBe('gitlab_issue_create')
  const [before, after] = keywell.executed.slice(-2)
  expect(after).toEqual(before)
  expect(lastOf(await entries(), 'connect').state).toBe('connected')
  expect(lastOf(await entries(), 'call').state).toBe('done')
  expect(lastOf(await entries(), 'assistant').text).toContain('I opened issue #25')
})

test('a deletion shows what would happen, and is sent once a person approved it, in their name', async () => {
  const { say, answer, entries, keywell } = await startAssistant()
  keywell.scopes = ['api']
  await say(remove)
  const asked = lastOf(await entries(), 'approval')
  expect(asked).toMatchObject({
    summary: 'Delete pipeline 9001 of lighthouse/webshop',
    request: 'DELETE /projects/501/pipelines/9001',
    state: 'open',
  })
  expect(keywell.sent).not.toContain('gitlab_pipeline_delete')
  await answer(asked.id, 'approve')
  expect(keywell.decisions).toEqual([
    { tenantId: 'org_northwind', decision: 'approve', decidedBy: 'user_mira' },
  ])
  expect(keywell.executed.at(-1)).toMatchObject({
    approvalId: approvalIds[0],
    agent: 'acme-assistant',
  })
  expect(keywell.sent.at(-1)).toBe('gitlab_pipeline_delete')
  expect(lastOf(await entries(), 'assistant').text).toBe('Pipeline 9001 is deleted.')
  await say(look)
  expect(lastOf(await entries(), 'assistant').text).toBe('No pipeline of your projects has failed.')
})

test('what a person denied is not sent, and the assistant says so and stops', async () => {
  const { say, answer, entries, keywell } = await startAssistant()
  keywell.scopes = ['api']
  await say(remove)
  await answer(lastOf(await entries(), 'approval').id, 'deny')
  expect(keywell.sent).not.toContain('gitlab_pipeline_delete')
  expect(lastOf(await entries(), 'call').problem?.code).toBe('APPROVAL_DENIED')
  expect(lastOf(await entries(), 'assistant').text).toBe('You said no, so I left it as it is.')
})

test('what was decided elsewhere is not decided again: the call says what became of it', async () => {
  const { say, answer, entries, keywell } = await startAssistant()
  keywell.scopes = ['api']
  await say(remove)
  keywell.approvals.set(approvalIds[0] ?? '', 'denied')
  await answer(lastOf(await entries(), 'approval').id, 'approve')
  expect(keywell.sent).not.toContain('gitlab_pipeline_delete')
  expect(lastOf(await entries(), 'assistant').text).toBe('You said no, so I left it as it is.')
})

test('a user who says something else has declined what was asked', async () => {
  const { say, entries, keywell } = await startAssistant()
  await say(report)
  await say(look)
  expect(lastOf(await entries(), 'connect').state).toBe('declined')
  expect(keywell.sent).not.toContain('gitlab_issue_create')
  expect(lastOf(await entries(), 'assistant').text).toContain('Pipeline 9001')
})

test.each([
  ['of another entry', 0, 'approve'],
  ['of the other kind', -1, 'connected'],
  ['that is none', -1, 'yes'],
])('an answer %s decides nothing', async (_, place, given) => {
  const { say, send, entries, keywell } = await startAssistant()
  keywell.scopes = ['api']
  await say(remove)
  const entry = place === 0 ? 0 : lastOf(await entries(), 'approval').id
  const refused = await send('POST', '/api/assistant/answers', { entry, answer: given })
  expect([400, 404]).toContain(refused.status)
  expect(keywell.decisions).toEqual([])
  expect(keywell.sent).not.toContain('gitlab_pipeline_delete')
})

test('an approval is decided once, whatever is sent again', async () => {
  const { say, answer, entries, keywell, send } = await startAssistant()
  keywell.scopes = ['api']
  await say(remove)
  const entry = lastOf(await entries(), 'approval').id
  await answer(entry, 'approve')
  expect((await send('POST', '/api/assistant/answers', { entry, answer: 'approve' })).status).toBe(
    404,
  )
  expect(keywell.sent.filter((tool) => tool === 'gitlab_pipeline_delete')).toHaveLength(1)
})

test('it does one thing at a time', async () => {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  const model: Model = {
    view: { name: 'Slow', scripted: false },
    next: () => promise.then(() => ({ text: 'Now.', calls: [] })),
  }
  const { send, entries } = await startAssistant({ model })
  const first = await send('POST', '/api/assistant/messages', { text: look })
  expect((await send('POST', '/api/assistant/messages', { text: report })).status).toBe(409)
  expect((await (await send('GET', '/api/assistant')).json()).busy).toBe(true)
  resolve()
  await first.text()
  expect((await entries()).map(({ kind }) => kind)).toEqual(['user', 'assistant'])
})

test('it speaks the language that it is spoken to in', async () => {
  const { say, entries } = await startAssistant()
  await say('Welche Pipelines schlagen fehl?', 'de')
  expect(lastOf(await entries(), 'assistant').text).toContain('schlägt auf main fehl')
  await say('Guten Morgen', 'de')
  expect(lastOf(await entries(), 'assistant').text).toContain('Ich bin ein Skript')
})

test('conversations of two sessions are apart, and end with them', async () => {
  const mira = await startAssistant()
  await mira.say(look)
  const other = await mira.signIn('user_mira')
  expect(await other.entries()).toEqual([])
  const entry = lastOf(await mira.entries(), 'assistant').id
  const given = { entry, answer: 'approve' }
  expect((await other.send('POST', '/api/assistant/answers', given)).status).toBe(404)
  await mira.send('DELETE', '/api/assistant')
  expect(await mira.entries()).toEqual([])
})

test('a service that is away is said, and nothing is left running', async () => {
  const { say, entries, keywell, failures } = await startAssistant()
  await say(look)
  keywell.away = true
  expect((await say(remove)).at(-1)).toMatchObject({ failure: { code: 'unavailable' } })
  keywell.away = false
  await say(look)
  expect((await entries()).filter((one) => one.kind === 'call' && one.state === 'running')).toEqual(
    [],
  )
  expect(failures).toEqual([])
}, 30_000)

test('a tool that the assistant was not given is not run, whatever talked the model into it', async () => {
  const calls = [
    { id: 'call_1', tool: 'gitlab_ssh_key_add', arguments: { title: 'x', key: 'ssh-ed25519 x' } },
  ]
  const model: Model = {
    view: { name: 'Slow', scripted: false },
    next: async ({ messages }) =>
      messages.at(-1)?.role === 'user' ? { text: '', calls } : { text: 'done', calls: [] },
  }
  const { say, entries, keywell } = await startAssistant({ model })
  await say('Sum up issue 7')
  expect(keywell.executed).toEqual([])
  expect(lastOf(await entries(), 'call')).toMatchObject({
    state: 'failed',
    problem: { code: 'TOOL_NOT_FOUND' },
  })
})

test('a model that goes round in circles is stopped, and each of its calls has one result', async () => {
  let seen: readonly Message[] = []
  const model: Model = {
    view: { name: 'Circle', scripted: false },
    async next({ messages }) {
      seen = [...messages]
      const call = { id: `${messages.length}`, tool: 'gitlab_projects_list', arguments: {} }
      return { text: '', calls: [call] }
    },
  }
  const { say, entries, keywell } = await startAssistant({ model })
  await say(look)
  expect(keywell.sent.length).toBeLessThan(20)
  expect(lastOf(await entries(), 'assistant').text).toContain('I stop here')
  await say(look)
  const calls = seen.flatMap((one) => (one.role === 'assistant' ? one.calls : []))
  const results = seen.flatMap((one) => (one.role === 'tool' ? [one.call] : []))
  expect(results).toEqual(calls)
})

test('the log beside the conversation has what tools did, with one row for a call that has ended', async () => {
  const { send } = await startAssistant()
  const rows = await (await send('GET', '/api/assistant/audit')).json()
  expect(rows).toMatchObject([
    { result: 'denied', reason: 'SCOPE_MISSING', about: 'gitlab_issue_create', target: [] },
    { result: 'ok', reason: null, about: 'gitlab_projects_list', target: ['acme', '2'] },
    { result: 'intent', reason: null, about: 'gitlab_issue_create' },
  ])
  expect(rows).toHaveLength(3)
})

test.each(['/api/assistant', '/api/assistant/audit'])(
  'nobody who is signed out is answered at %s',
  async (path) => {
    const { demo } = await startAssistant()
    expect((await demo.fetch(new Request(`http://localhost:7402${path}`))).status).toBe(401)
  },
)
