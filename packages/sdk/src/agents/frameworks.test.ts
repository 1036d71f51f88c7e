/** Each adapter in the very library that it is for, with a model that follows a script. */
import { agentErrorOf, type KeywellError } from '@keywell/protocol'
import { expect, onTestFinished } from 'vitest'
import { followUp, type Script, scriptedAgents } from '../../../../test/support/scripted-models.ts'
import { refusal, StandInTools, schemaOf } from '../../../../test/support/stand-in-tools.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { Keywell } from '../index.ts'

const filter = { toolNames: ['gitlab_issues_list', 'gitlab_issue_create'] }
const names = Object.keys(scriptedAgents)

function open() {
  const service = new StandInTools()
  const keywell = new Keywell({ url: 'http://127.0.0.1:1', apiKey: 'kw_key', fetch: service.fetch })
  onTestFinished(() => keywell.close())
  const user = keywell.forUser({ tenantId: 'org_acme', userId: 'user_123' })
  return { service, tools: user.tools }
}

function agentOf(name: string) {
  const run = scriptedAgents[name]
  if (run === undefined) throw new Error(`there is no agent of ${name}`)
  return run
}

verifies.each('sdk:agents', names, async (name) => {
  const { service, tools } = open()
  const { text, schemas } = await agentOf(name)(
    tools,
    { filter, agent: 'triage' },
    followUp('acme/api'),
  )
  expect(text).toBe('Opened #2: Follows Login fails on Safari')
  expect(service.issues).toHaveLength(2)
  expect(service.executed).toEqual(filter.toolNames)
  expect(service.got.at(-1)?.body).toMatchObject({ agent: 'triage', connectionName: 'default' })
  for (const toolName of filter.toolNames) {
    const { properties, required } = schemaOf(toolName)
    expect(schemas[toolName]).toMatchObject({ type: 'object', properties, required })
  }
})

/** Opens an issue, twice at most. */
const insisting: Script = (results) =>
  results.length < 2 && results.every((result) => JSON.parse(result).error === true)
    ? { call: { name: 'gitlab_issue_create', args: { project_id: 'acme/api', title: 'x' } } }
    : { text: results.length === 0 ? '' : 'done' }

verifies.each('sdk:agents-errors', names, async (name) => {
  const { service, tools } = open()
  const error = refusal('gitlab_issue_create', 'NOT_CONNECTED', 'The user has not connected.', {
    connectUrl: 'https://app.example/connect',
  })
  service.onExecute = () => {
    if (service.executed.length === 1) throw error
  }
  const asked: KeywellError[] = []
  const onInterrupt = (one: KeywellError) => void asked.push(one)
  const { results, text } = await agentOf(name)(tools, { filter, onInterrupt }, insisting)
  expect(text).toBe('done')
  expect(results.map((result) => JSON.parse(result))).toEqual([
    agentErrorOf(error),
    { data: { iid: 2, title: 'x', state: 'opened' } },
  ])
  expect(asked).toMatchObject([{ code: 'not_connected', connectUrl: error.connectUrl }])
})

verifies.each('sdk:agents-approval', names, async (name) => {
  const { service, tools } = open()
  service.onExecute = ({ tool, approvalId }) => {
    if (approvalId === 'apr_1') return undefined
    throw refusal(tool, 'APPROVAL_REQUIRED', 'A person has to approve.', { approvalId: 'apr_1' })
  }
  const approve = async (error: KeywellError) => error.tool?.approvalId === 'apr_1'
  const { results } = await agentOf(name)(tools, { filter, onInterrupt: approve }, insisting)
  expect(results.map((result) => JSON.parse(result))).toMatchObject([{ data: { title: 'x' } }])
  expect(service.executed).toHaveLength(2)
})

verifies.each('sdk:agents-once', names, async (name) => {
  const { service, tools } = open()
  const keysOf = async (conversationId?: string) => {
    const before = service.got.length
    // The script names its calls alike in each run, as a framework does that repeats a step.
    await agentOf(name)(tools, { filter, conversationId }, followUp('acme/api'))
    return service.got
      .slice(before)
      .filter(({ path }) => path === '/v1/tools/execute')
      .map(({ headers }) => headers.get('idempotency-key'))
  }
  const first = await keysOf('chat_1')
  expect(new Set(first).size).toBe(2)
  expect(await keysOf('chat_1')).toEqual(first)
  const others = [...(await keysOf('chat_2')), ...(await keysOf()), ...(await keysOf())]
  expect(new Set([...first, ...others]).size).toBe(8)
})
