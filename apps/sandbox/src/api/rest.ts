import { Hono } from 'hono'
import type { Env, Instance } from '../instance.ts'
import { needs, needsAnyToken } from './access.ts'
import { branchRoutes } from './branches.ts'
import { commitRoutes } from './commits.ts'
import { deployKeyRoutes } from './deploy-keys.ts'
import { fileRoutes } from './files.ts'
import { forkRoutes } from './forks.ts'
import { groupChangeRoutes } from './group-changes.ts'
import { groupRoutes } from './groups.ts'
import { hookRoutes } from './hooks.ts'
import { issueRoutes } from './issues.ts'
import { jobRoutes } from './jobs.ts'
import { labelRoutes } from './labels.ts'
import { memberRoutes } from './members.ts'
import { mergeRequestRoutes } from './merge-requests.ts'
import { mergingRoutes } from './merging.ts'
import { milestoneRoutes } from './milestones.ts'
import { noteRoutes } from './notes.ts'
import { showSelf } from './personal-access-tokens.ts'
import { pipelineRoutes } from './pipelines.ts'
import { projectChangeRoutes } from './project-changes.ts'
import { projectRoutes } from './projects.ts'
import { rateLimited } from './rate-limit.ts'
import { releaseRoutes } from './releases.ts'
import { type ApiRoute, answerCall, patternOf, scopesOf } from './route.ts'
import { searchRoutes } from './search.ts'
import { snippetRoutes } from './snippets.ts'
import { tagRoutes } from './tags.ts'
import { userRoutes } from './users.ts'
import { variableRoutes } from './variables.ts'

/** Each group of operations has a file. */
const routes: readonly ApiRoute[] = [
  ...userRoutes,
  ...groupRoutes,
  ...groupChangeRoutes,
  ...projectRoutes,
  ...projectChangeRoutes,
  ...forkRoutes,
  ...memberRoutes,
  ...branchRoutes,
  ...tagRoutes,
  ...commitRoutes,
  ...fileRoutes,
  ...searchRoutes,
  ...snippetRoutes,
  ...deployKeyRoutes,
  ...hookRoutes,
  ...issueRoutes,
  ...noteRoutes,
  ...milestoneRoutes,
  ...labelRoutes,
  ...variableRoutes,
  ...mergeRequestRoutes,
  ...mergingRoutes,
  ...pipelineRoutes,
  ...jobRoutes,
  ...releaseRoutes,
]

/** The part of `/api/v4` that is here. What is not answers 404, as at GitLab. */
export function restApi(instance: Instance): Hono<Env> {
  const api = new Hono<Env>()
  const limited = rateLimited(instance)
  // Whatever a token may do, it may look at itself.
  api.get('/personal_access_tokens/self', needsAnyToken(instance), limited, (c) =>
    showSelf(c, instance),
  )
  for (const route of routes) {
    const admitted = needs(instance, ...scopesOf(route))
    api.on(route.method, patternOf(route), admitted, limited, (c) => answerCall(c, instance, route))
  }
  // Grape knows the path, and not the method.
  for (const path of new Set(routes.map(patternOf))) {
    api.all(path, (c) => c.json({ error: '405 Not Allowed' }, 405, { allow: methodsAt(path) }))
  }
  return api.all('/*', (c) => c.json({ error: '404 Not Found' }, 404))
}

function methodsAt(pattern: string): string {
  const methods = routes.filter((route) => patternOf(route) === pattern).map(({ method }) => method)
  return ['OPTIONS', ...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')
}
