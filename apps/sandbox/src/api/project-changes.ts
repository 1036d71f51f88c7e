import { z } from 'zod'
import type { Project } from '../store/projects.ts'
import { branchNamed } from '../store/repository.ts'
import { param } from './input.ts'
import {
  addReadme,
  insertProject,
  isPath,
  isTaken,
  namespaceFor,
  slug,
  takenProject,
} from './new-project.ts'
import { projectAs, requireRole } from './places.ts'
import { projectView } from './project-view.ts'
import { invalid } from './refusals.ts'
import { requireOne } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, ok } from './route.ts'

export const projectChangeRoutes: readonly ApiRoute[] = [
  { method: 'POST', path: '/projects', handle: createProject },
  { method: 'PUT', path: '/projects/{id}', handle: updateProject },
]

const access = z.enum(['disabled', 'private', 'enabled']).optional()
const flag = param.bool.optional()

/** Kept as they are given. */
const options = z.object({
  issues_enabled: flag,
  merge_requests_enabled: flag,
  wiki_enabled: flag,
  jobs_enabled: flag,
  snippets_enabled: flag,
  issues_access_level: access,
  merge_requests_access_level: access,
  repository_access_level: access,
  wiki_access_level: access,
  builds_access_level: access,
  snippets_access_level: access,
  shared_runners_enabled: flag,
  lfs_enabled: flag,
  request_access_enabled: flag,
  only_allow_merge_if_pipeline_succeeds: flag,
  only_allow_merge_if_all_discussions_are_resolved: flag,
  remove_source_branch_after_merge: flag,
  merge_method: z.enum(['ff', 'rebase_merge', 'merge']).optional(),
  squash_option: z.enum(['never', 'always', 'default_on', 'default_off']).optional(),
  ci_config_path: param.text.optional(),
})

const settings = z.object({
  name: param.text.optional(),
  path: param.text.optional(),
  description: param.text.optional(),
  visibility: z.enum(['private', 'internal', 'public']).optional(),
  default_branch: param.text.optional(),
  topics: param.list.optional(),
})

const newProject = settings.extend({
  namespace_id: param.int.optional(),
  initialize_with_readme: param.bool.default(false),
})

function createProject(call: ApiCall): Response {
  const wish = call.read(newProject)
  const extra = call.read(options)
  requireOne(wish, ['name', 'path'])
  const namespace = namespaceFor(call, wish.namespace_id)
  if (namespace === undefined) throw invalid({ namespace: ['is not valid'] })
  const own = wish.path ?? slug(wish.name ?? '')
  const path = `${namespace}/${own}`
  requirePath(call, own, path)
  const project = insertProject(call, {
    path,
    namespace,
    name: wish.name ?? own,
    description: wish.description ?? null,
    visibility: wish.visibility ?? 'private',
    topics: wish.topics ?? [],
    options: given(extra),
  })
  if (wish.initialize_with_readme) addReadme(call, project, wish.default_branch ?? 'main')
  return created(projectView(call, project))
}

function requirePath({ store }: ApiCall, own: string, path: string): void {
  if (!isPath(own)) {
    throw invalid({
      path: [
        "must not start or end with a special character and must not contain consecutive special characters. It can contain only letters, digits, '_', '-' and '.'.",
      ],
    })
  }
  if (isTaken(store, path)) throw invalid(takenProject)
}

const names = [...Object.keys(settings.shape), ...Object.keys(options.shape)]

function updateProject(call: ApiCall): Response {
  const wish = call.read(settings)
  const extra = given(call.read(options))
  requireOne({ ...wish, ...extra }, names)
  const project = projectAs(call, 'maintainer')
  if (wish.name !== undefined || wish.visibility !== undefined) requireRole(call, project, 'owner')
  if (wish.name?.trim() === '') throw invalid({ name: ["can't be blank"] })
  const branch = wish.default_branch
  if (branch !== undefined && branchNamed(call.store, project.id, branch) === undefined) {
    throw invalid({ base: ['Could not set the default branch'] })
  }
  if (wish.path !== undefined) renamePath(call, project, wish.path)
  project.name = wish.name ?? project.name
  project.description = wish.description ?? project.description
  project.visibility = wish.visibility ?? project.visibility
  project.defaultBranch = branch ?? project.defaultBranch
  project.topics = wish.topics ?? project.topics
  Object.assign(project.options, extra)
  project.activeAt = call.instance.now()
  return ok(projectView(call, project))
}

function renamePath(call: ApiCall, project: Project, own: string): void {
  const path = `${project.namespace}/${own}`
  if (path === project.path) return
  requirePath(call, own, path)
  moveProject(call, project, path)
}

/** Leaves a redirect behind. */
export function moveProject({ store }: ApiCall, project: Project, path: string): void {
  const id = store.nextId()
  const from = { id, path: project.path.toLowerCase(), projectId: project.id }
  store.tables.projectRedirects.set(id, from)
  project.path = path
  project.namespace = path.slice(0, path.lastIndexOf('/'))
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
