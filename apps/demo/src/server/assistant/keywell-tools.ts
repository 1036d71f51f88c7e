import { type Keywell, KeywellError } from '@keywell/sdk'
import type { Person } from '../../people.ts'
import type { AgentTools } from './agent-tools.ts'

/** What Acme lets its assistant use: enough for what its page offers, and not all that there is. */
const assistantTools: readonly string[] = [
  'gitlab_projects_list',
  'gitlab_pipelines_list',
  'gitlab_pipeline_get',
  'gitlab_pipeline_jobs_list',
  'gitlab_job_log_get',
  'gitlab_issues_list',
  'gitlab_issue_create',
  'gitlab_pipeline_retry',
  'gitlab_pipeline_delete',
]

/** What the audit log calls the one who runs the tools. */
const agent = 'acme-assistant'

/** Keywell's tools for one user. All of Keywell that the assistant needs is here. */
export function keywellTools(
  keywell: Keywell,
  { person, host }: { person: Person; host: string | undefined },
): AgentTools {
  const who = { tenantId: person.tenant.id, userId: person.id }
  const { tools } = keywell
  return {
    async list() {
      const filter = { toolNames: [...assistantTools] }
      // One that lacks a scope is listed too: its call says what is missing, and the page asks for that.
      return (await tools.listScoped(who, { filter, includeUnavailable: true })).tools
    },
    async execute({ tool, arguments: args }, approvalId) {
      if (!assistantTools.includes(tool)) throw notGiven(tool)
      return tools.execute(tool, args, { ...who, host, approvalId, agent })
    },
    approval: (id) => tools.approvals.get({ ...who, approvalId: id }),
    async decide(id, decision) {
      await tools.approvals.decide({
        tenantId: who.tenantId,
        approvalId: id,
        decision,
        decidedBy: person.id,
      })
    },
  }
}

/** A model names what a text that it has read may have talked it into. */
function notGiven(name: string): KeywellError {
  return new KeywellError('unknown_tool', 'The assistant has no such tool.', {
    nextStep: 'Use one of the tools that are listed.',
    tool: { name, code: 'TOOL_NOT_FOUND', refusedBy: 'keywell' },
  })
}
