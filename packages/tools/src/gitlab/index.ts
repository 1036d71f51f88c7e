import type { ToolDefinition } from '../definition.ts'
import { deployKeys } from './deploy-keys.ts'
import { groups } from './groups.ts'
import { issues } from './issues.ts'
import { jobs } from './jobs.ts'
import { labels } from './labels.ts'
import { members } from './members.ts'
import { mergeRequests } from './merge-requests.ts'
import { milestones } from './milestones.ts'
import { pipelines } from './pipelines.ts'
import { projects } from './projects.ts'
import { releases } from './releases.ts'
import { repository } from './repository.ts'
import { snippets } from './snippets.ts'
import { users } from './users.ts'
import { variables } from './variables.ts'
import { webhooks } from './webhooks.ts'

/** The tools of GitLab, group by group. A new group is a file beside this one, and a line here. */
export const gitlabTools: readonly ToolDefinition[] = [
  ...projects,
  ...repository,
  ...issues,
  ...mergeRequests,
  ...pipelines,
  ...jobs,
  ...variables,
  ...groups,
  ...members,
  ...users,
  ...milestones,
  ...labels,
  ...releases,
  ...webhooks,
  ...deployKeys,
  ...snippets,
]
