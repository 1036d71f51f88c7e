import { type Group, roles } from '../store/projects.ts'
import { iso } from './people.ts'
import { levelInGroup, parentOf } from './places.ts'
import { runnersToken } from './project-view.ts'
import type { ApiCall } from './route.ts'

export function groupView(call: ApiCall, group: Group): Record<string, unknown> {
  const { store, user } = call
  const isOwner = levelInGroup(store, user, group) >= roles.owner
  return {
    id: group.id,
    web_url: call.url(`/groups/${group.path}`),
    name: group.name,
    path: group.path.split('/').at(-1),
    description: group.description,
    visibility: group.visibility,
    share_with_group_lock: false,
    require_two_factor_authentication: false,
    project_creation_level: 'developer',
    subgroup_creation_level: 'maintainer',
    lfs_enabled: true,
    request_access_enabled: true,
    archived: false,
    avatar_url: null,
    full_name: fullName(call, group),
    full_path: group.path,
    created_at: iso(group.createdAt),
    parent_id: group.parentId,
    organization_id: 1,
    ...group.options,
    marked_for_deletion_on: group.markedForDeletionOn,
    ...(isOwner ? { runners_token: runnersToken('group', group.id) } : {}),
  }
}

function fullName({ store }: ApiCall, group: Group): string {
  const parent = parentOf(store, group)
  return parent === undefined ? group.name : `${parent.name} / ${group.name}`
}
