import { z } from 'zod'
import { type Group, roles } from '../store/projects.ts'
import { groupView } from './group-view.ts'
import { param } from './input.ts'
import { insertMember } from './members.ts'
import { isPath, isTaken } from './new-project.ts'
import { canSeeGroup, groupAs, isBelow, levelInGroup } from './places.ts'
import { moveProject } from './project-changes.ts'
import { forbidden, invalid, notFound } from './refusals.ts'
import { type ApiCall, type ApiRoute, created, ok } from './route.ts'

export const groupChangeRoutes: readonly ApiRoute[] = [
  { method: 'POST', path: '/groups', handle: createGroup },
  { method: 'PUT', path: '/groups/{id}', handle: updateGroup },
]

const flag = param.bool.optional()

/** Kept as they are given. */
const options = z.object({
  request_access_enabled: flag,
  lfs_enabled: flag,
  share_with_group_lock: flag,
  require_two_factor_authentication: flag,
  emails_enabled: flag,
  mentions_disabled: flag,
  auto_devops_enabled: flag,
  project_creation_level: z
    .enum(['noone', 'owner', 'maintainer', 'developer', 'administrator'])
    .optional(),
  subgroup_creation_level: z.enum(['owner', 'maintainer']).optional(),
})

const settings = z.object({
  name: param.text.optional(),
  path: param.text.optional(),
  description: param.text.optional(),
  visibility: z.enum(['private', 'internal', 'public']).optional(),
})

const newGroup = settings.extend({
  name: param.text,
  path: param.text,
  parent_id: param.int.optional(),
})

function createGroup(call: ApiCall): Response {
  const wish = call.read(newGroup)
  const extra = call.read(options)
  const { store, user, instance } = call
  const parent = wish.parent_id === undefined ? undefined : parentWith(call, wish.parent_id)
  const path = pathIn(parent, wish.path)
  requirePath(call, wish.path, path)
  const group: Group = {
    id: store.nextId(),
    path,
    name: wish.name,
    description: wish.description ?? '',
    visibility: wish.visibility ?? parent?.visibility ?? 'private',
    parentId: parent?.id ?? null,
    createdAt: instance.now(),
    markedForDeletionOn: null,
    options: given(extra),
  }
  store.tables.groups.set(group.id, group)
  if (parent === undefined || levelInGroup(store, user, parent) < roles.owner) {
    insertMember(call, { of: 'group', ofId: group.id, userId: user.id, level: roles.owner })
  }
  return created(groupView(call, group))
}

/** The group in which another one is to be made. */
function parentWith({ store, user }: ApiCall, id: number): Group {
  const parent = store.tables.groups.get(id)
  if (parent === undefined || !canSeeGroup(store, user, parent)) throw notFound('Group')
  if (levelInGroup(store, user, parent) < roles.maintainer) throw forbidden()
  return parent
}

function requirePath({ store }: ApiCall, own: string, path: string): void {
  // GitLab prints its messages as Ruby prints a hash.
  const failed = (sentence: string) => invalid(`Failed to save group {:path=>["${sentence}"]}`)
  if (!isPath(own)) {
    throw failed(
      "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-' or end in '.', '.git' or '.atom'.",
    )
  }
  if (isTaken(store, path)) throw failed('has already been taken')
}

function updateGroup(call: ApiCall): Response {
  const wish = call.read(settings)
  const extra = call.read(options)
  const group = groupAs(call, 'owner')
  if (wish.path !== undefined) renameGroup(call, group, wish.path)
  group.name = wish.name ?? group.name
  group.description = wish.description ?? group.description
  group.visibility = wish.visibility ?? group.visibility
  Object.assign(group.options, given(extra))
  return ok(groupView(call, group))
}

/** Moves all that is below. */
function renameGroup(call: ApiCall, group: Group, own: string): void {
  const { groups, projects } = call.store.tables
  const from = group.path
  const to = pathIn(groups.get(group.parentId ?? 0), own)
  if (to === from) return
  requirePath(call, own, to)
  const moved = (path: string) => to + path.slice(from.length)
  for (const one of groups.values()) {
    if (one === group || isBelow(one.path, from)) one.path = moved(one.path)
  }
  for (const project of projects.values()) {
    if (isBelow(project.path, from)) moveProject(call, project, moved(project.path))
  }
}

function pathIn(parent: Group | undefined, own: string): string {
  return parent === undefined ? own : `${parent.path}/${own}`
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
