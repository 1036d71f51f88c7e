import { z } from 'zod'
import { type Group, roles } from '../store/projects.ts'
import { groupView } from './group-view.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { canSeeGroup, groupAs, groupOf, isBelow, levelInGroup } from './places.ts'
import { listProjectsOf } from './project-filter.ts'
import { placeView, projectView } from './project-view.ts'
import { dayOf } from './projects.ts'
import { invalid } from './refusals.ts'
import { type ApiCall, type ApiRoute, accepted, ok } from './route.ts'

export const groupRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/groups', handle: listGroups },
  { method: 'GET', path: '/groups/{id}', handle: showGroup },
  { method: 'DELETE', path: '/groups/{id}', handle: deleteGroup },
  { method: 'GET', path: '/groups/{id}/projects', handle: listProjectsOfGroup },
  { method: 'GET', path: '/groups/{id}/subgroups', handle: listSubgroups },
  { method: 'GET', path: '/namespaces', handle: listNamespaces },
]

const groupFilter = z.object({
  search: param.text.default(''),
  owned: param.bool.default(false),
  min_access_level: param.int.optional(),
  top_level_only: param.bool.default(false),
  all_available: param.bool.default(true),
  visibility: z.enum(['private', 'internal', 'public']).optional(),
  skip_groups: param.ints.default([]),
  order_by: z.enum(['name', 'path', 'id', 'similarity']).default('name'),
  sort: z.enum(['asc', 'desc']).default('asc'),
})

function listGroups(call: ApiCall): Response {
  return listGroupsOf(call, () => [...call.store.tables.groups.values()])
}

function listSubgroups(call: ApiCall): Response {
  return listGroupsOf(call, () => {
    const { id } = groupOf(call)
    return [...call.store.tables.groups.values()].filter(({ parentId }) => parentId === id)
  })
}

function listGroupsOf(call: ApiCall, among: () => Group[]): Response {
  const filter = call.read(groupFilter)
  const { store, user } = call
  const least = Math.max(
    filter.min_access_level ?? 0,
    filter.owned ? roles.owner : 0,
    filter.all_available ? 0 : 1,
  )
  const rows = among().filter(
    (group) =>
      canSeeGroup(store, user, group) &&
      levelInGroup(store, user, group) >= least &&
      `${group.name}\n${group.path}`.toLowerCase().includes(filter.search.toLowerCase()) &&
      (!filter.top_level_only || group.parentId === null) &&
      (filter.visibility === undefined || group.visibility === filter.visibility) &&
      !filter.skip_groups.includes(group.id),
  )
  const key = ({ name, path }: Group) => (filter.order_by === 'path' ? path : name).toLowerCase()
  rows.sort((a, b) => {
    if (filter.order_by === 'id' || key(a) === key(b)) return a.id - b.id
    return key(a) < key(b) ? -1 : 1
  })
  if (filter.sort === 'desc') rows.reverse()
  return page(call, rows, (group) => groupView(call, group))
}

function showGroup(call: ApiCall): Response {
  const { with_projects } = call.read(z.object({ with_projects: param.bool.default(true) }))
  const group = groupOf(call)
  const own = [...call.store.tables.projects.values()].filter(
    ({ namespace }) => namespace === group.path,
  )
  const projects = own.map((project) => projectView(call, project))
  return ok({
    ...groupView(call, group),
    shared_with_groups: [],
    ...(with_projects ? { projects, shared_projects: [] } : {}),
  })
}

/** Groups are deleted after a while. */
function deleteGroup(call: ApiCall): Response {
  const group = groupAs(call, 'owner')
  if (group.markedForDeletionOn !== null) {
    throw invalid('Group has been already marked for deletion')
  }
  group.markedForDeletionOn = dayOf(call.instance.now())
  return accepted()
}

function listProjectsOfGroup(call: ApiCall): Response {
  const { include_subgroups } = call.read(
    z.object({ include_subgroups: param.bool.default(false) }),
  )
  return listProjectsOf(call, () => {
    const { path } = groupOf(call)
    return [...call.store.tables.projects.values()].filter(
      (project) => project.namespace === path || (include_subgroups && isBelow(project.path, path)),
    )
  })
}

const namespaceFilter = z.object({
  search: param.text.default(''),
  owned_only: param.bool.default(false),
  top_level_only: param.bool.default(false),
})

/** The caller's own, and those of groups that they are in. */
function listNamespaces(call: ApiCall): Response {
  const { search, owned_only, top_level_only } = call.read(namespaceFilter)
  const { store, user } = call
  const least = owned_only ? roles.owner : 1
  const groups = [...store.tables.groups.values()].filter(
    (group) =>
      levelInGroup(store, user, group) >= least && (!top_level_only || group.parentId === null),
  )
  const rows = [user.username, ...groups.map(({ path }) => path)]
    .map((path) => placeView(call, path))
    .filter(({ name, path }) => `${name}\n${path}`.toLowerCase().includes(search.toLowerCase()))
  return page(call, rows, (row) => ({ ...row, plan: 'free', trial: false }))
}
