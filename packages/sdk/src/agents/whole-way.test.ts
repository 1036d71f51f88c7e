/** Agents on the whole way: adapter, service, stand-in GitLab. */
import { afterEach, beforeEach, expect } from 'vitest'
import { type Scene, useEngine } from '../../../../test/support/engine.ts'
import { followUp, type Script, scriptedAgents } from '../../../../test/support/scripted-models.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { Keywell, type KeywellError, type KeywellUser } from '../index.ts'

const engine = useEngine()
let service: Scene
let keywell: Keywell
let user: KeywellUser
let token: string
beforeEach(async () => {
  service = engine.current
  keywell = new Keywell(service.options)
  user = keywell.forUser(service.who)
  token = (await service.connect({ scopes: ['api'] })).credential
})
afterEach(() => keywell.close())

/** A project with one issue; its number. */
async function createProject(name: string): Promise<string> {
  const made = await user.tools.execute<{ id: number }>('gitlab_project_create', { name })
  const project_id = String(made.data.id)
  await user.tools.execute('gitlab_issue_create', { project_id, title: 'Login fails on Safari' })
  return project_id
}

const listIssues = async (project_id: string) =>
  (await user.tools.execute<{ iid: number; title: string }[]>('gitlab_issues_list', { project_id }))
    .data

verifies('sdk:agents-whole-way', async () => {
  const filter = { toolNames: ['gitlab_issues_list', 'gitlab_issue_create'] }
  for (const [name, run] of Object.entries(scriptedAgents)) {
    const project = await createProject(`follow-up-${name.replaceAll(/[^a-z]+/gi, '-')}`)
    const ran = await run(user.tools, { filter }, followUp(project))
    expect(ran.text, name).toBe('Opened #2: Follows Login fails on Safari')
    expect((await listIssues(project)).map(({ iid }) => iid).sort(), name).toEqual([1, 2])
    expect(JSON.stringify(ran), name).not.toContain(token)
  }
})

verifies('sdk:agents-approved', async () => {
  const project_id = await createProject('approved')
  const args = { project_id, issue_iid: 1 }
  const removing: Script = ([result]) =>
    result === undefined ? { call: { name: 'gitlab_issue_delete', args } } : { text: result }
  const filter = { toolNames: ['gitlab_issue_delete'] }
  const run = scriptedAgents.Anthropic
  if (run === undefined) throw new Error('there is no such agent')

  const refused = await run(user.tools, { filter }, removing)
  expect(JSON.parse(refused.text)).toMatchObject({ error: true, code: 'APPROVAL_REQUIRED' })
  expect(await listIssues(project_id)).toHaveLength(1)

  const { tenantId } = service.who
  const onInterrupt = async ({ tool }: KeywellError) => {
    const approvalId = tool?.approvalId ?? ''
    const shown = await keywell.tools.approvals.get({ tenantId, approvalId })
    expect(shown).toMatchObject({ state: 'pending', tool: 'gitlab_issue_delete' })
    const decision = { decision: 'approve', decidedBy: 'usr_mira' } as const
    await keywell.tools.approvals.decide({ tenantId, approvalId, ...decision })
    return true
  }
  const approved = await run(user.tools, { filter, onInterrupt }, removing)
  expect(JSON.parse(approved.text)).not.toHaveProperty('error')
  expect(await listIssues(project_id)).toEqual([])
  const { approvals } = await keywell.tools.approvals.list({ tenantId, state: 'used' })
  expect(approvals).toMatchObject([{ decidedBy: 'usr_mira' }])
})
