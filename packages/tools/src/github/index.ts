import type { ToolDefinition } from '../definition.ts'
import { actions } from './actions.ts'
import { contents } from './contents.ts'
import { issues } from './issues.ts'
import { pullRequests } from './pull-requests.ts'

/**
 * The tools of GitHub, group by group. What is public may be read with any token; a private repository needs the
 * scope `repo`, also for reading, since GitHub has none that reads alone.
 */
export const githubTools: readonly ToolDefinition[] = [
  ...issues,
  ...pullRequests,
  ...actions,
  ...contents,
].map((tool) => ({ ...tool, privateScopes: ['repo'] }))
