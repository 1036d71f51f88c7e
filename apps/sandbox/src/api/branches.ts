import { z } from 'zod'
import { mergeBase } from '../store/history.ts'
import { type Project, roles } from '../store/projects.ts'
import { addBranch, type Branch, branchNamed, resolve } from '../store/repository.ts'
import { commitView } from './commit-views.ts'
import { param } from './input.ts'
import { keysetPage, page } from './paging.ts'
import { levelIn, projectAs, projectWithCode } from './places.ts'
import { invalid, notFound } from './refusals.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

const list = '/projects/{id}/repository/branches'

export const branchRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listBranches },
  { method: 'POST', path: list, handle: createBranch },
  { method: 'GET', path: `${list}/{branch}`, handle: showBranch },
  { method: 'DELETE', path: `${list}/{branch}`, handle: deleteBranch },
]

const branchFilter = z.object({
  search: param.text.optional(),
  sort: z.enum(['name_asc', 'updated_asc', 'updated_desc']).default('name_asc'),
  pagination: z.enum(['keyset', 'legacy']).optional(),
})

function listBranches(call: ApiCall): Response {
  const { search, sort, pagination } = call.read(branchFilter)
  const project = projectWithCode(call)
  const age = ({ sha }: Branch) => resolve(call.store, project.id, sha)?.createdAt ?? 0
  const rows = [...call.store.tables.branches.values()]
    .filter(({ projectId, name }) => projectId === project.id && matches(name, search))
    .sort((a, b) => {
      if (sort === 'name_asc') return a.name < b.name ? -1 : 1
      return sort === 'updated_asc' ? age(a) - age(b) : age(b) - age(a)
    })
  const view = (branch: Branch) => branchView(call, project, branch)
  if (pagination !== 'keyset') return page(call, rows, view)
  return keysetPage(call, rows, view, { name: 'page_token', cursorOf: ({ name }) => name })
}

/** `^` stands for the beginning and `$` for the end; the rest is looked for as it is. */
export function matches(name: string, search: string | undefined): boolean {
  if (search === undefined) return true
  const words = search.toLowerCase().replace(/^\^/, '').replace(/\$$/, '')
  const text = name.toLowerCase()
  if (search.startsWith('^') && !text.startsWith(words)) return false
  if (search.endsWith('$') && !text.endsWith(words)) return false
  return text.includes(words)
}

function showBranch(call: ApiCall): Response {
  const project = projectWithCode(call)
  return ok(branchView(call, project, branchOf(call, project)))
}

const newBranch = z.object({ branch: param.filled, ref: param.filled })

function createBranch(call: ApiCall): Response {
  const { branch: name, ref } = call.read(newBranch)
  const project = projectAs(call, 'developer')
  if (!isRefName(name)) throw invalid('Branch name is invalid')
  if (branchNamed(call.store, project.id, name) !== undefined)
    throw invalid('Branch already exists')
  const commit = resolve(call.store, project.id, ref)
  if (commit === undefined) throw invalid(`Invalid reference name: ${name}`)
  const branch = addBranch(call.store, { projectId: project.id, name, sha: commit.sha })
  return created(branchView(call, project, branch))
}

/** By the rules of `git check-ref-format`. */
export function isRefName(name: string): boolean {
  const parts = name.split('/')
  return (
    !/[\s~^:?*[\\]|\.\.|@\{/.test(name) &&
    !name.startsWith('-') &&
    !name.endsWith('.') &&
    parts.every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'))
  )
}

function deleteBranch(call: ApiCall): Response {
  const project = projectAs(call, 'developer')
  const branch = branchOf(call, project)
  if (branch.name === project.defaultBranch) {
    throw invalid('The default branch of a project cannot be deleted.')
  }
  if (branch.protected) {
    throw invalid('You can only delete protected branches using the web interface.')
  }
  call.store.tables.branches.delete(branch.id)
  return noContent()
}

function branchOf(call: ApiCall, project: Project): Branch {
  const branch = branchNamed(call.store, project.id, call.part('branch'))
  if (branch === undefined) throw notFound('Branch')
  return branch
}

/** Whether the caller may put commits on a branch. */
export function canPush({ store, user }: ApiCall, project: Project, branch: string): boolean {
  const isProtected = branchNamed(store, project.id, branch)?.protected === true
  return levelIn(store, user, project) >= (isProtected ? roles.maintainer : roles.developer)
}

function branchView(call: ApiCall, project: Project, branch: Branch): Record<string, unknown> {
  const { store } = call
  const commit = resolve(store, project.id, branch.sha)
  const isDefault = branch.name === project.defaultBranch
  const main = resolve(store, project.id, project.defaultBranch ?? '')
  const shared = commit && main ? mergeBase(store, commit, main) : undefined
  return {
    name: branch.name,
    commit: commit === undefined ? null : commitView(call, project, commit),
    merged: !isDefault && shared !== undefined && shared.sha === commit?.sha,
    protected: branch.protected,
    developers_can_push: false,
    developers_can_merge: false,
    can_push: canPush(call, project, branch.name),
    default: isDefault,
    web_url: call.url(`/${project.path}/-/tree/${branch.name}`),
  }
}
