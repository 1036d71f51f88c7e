import type { Project } from '../store/projects.ts'
import { iso } from './people.ts'
import { findGroup } from './places.ts'
import type { ApiCall } from './route.ts'

/** What every answer with a project has. */
export function simpleProjectView(call: ApiCall, project: Project): Record<string, unknown> {
  const webUrl = call.url(`/${project.path}`)
  const branch = project.defaultBranch
  const namespace = namespaceView(call, project.namespace)
  return {
    id: project.id,
    description: project.description,
    name: project.name,
    name_with_namespace: `${namespace.name} / ${project.name}`,
    path: project.path.split('/').at(-1),
    path_with_namespace: project.path,
    created_at: iso(project.createdAt),
    default_branch: branch,
    tag_list: project.topics,
    topics: project.topics,
    ssh_url_to_repo: `git@${new URL(webUrl).hostname}:${project.path}.git`,
    http_url_to_repo: `${webUrl}.git`,
    web_url: webUrl,
    readme_url: branch === null ? null : `${webUrl}/-/blob/${branch}/README.md`,
    forks_count: forksOf(call, project).length,
    avatar_url: null,
    star_count: project.stars + project.starredBy.length,
    last_activity_at: iso(project.activeAt),
    visibility: project.visibility,
    namespace,
  }
}

export function projectView(call: ApiCall, project: Project): Record<string, unknown> {
  const { issues } = call.store.tables
  const open = [...issues.values()].filter(
    (issue) => issue.projectId === project.id && issue.state === 'opened',
  )
  return {
    ...simpleProjectView(call, project),
    _links: { self: call.url(`/api/v4/projects/${project.id}`) },
    empty_repo: project.defaultBranch === null,
    archived: project.archived,
    creator_id: project.creatorId,
    open_issues_count: open.length,
    issues_enabled: true,
    merge_requests_enabled: true,
    wiki_enabled: true,
    jobs_enabled: true,
    snippets_enabled: true,
    merge_method: 'merge',
    ...(project.markedForDeletionOn === null
      ? {}
      : {
          marked_for_deletion_at: project.markedForDeletionOn,
          marked_for_deletion_on: project.markedForDeletionOn,
        }),
    ...project.options,
  }
}

export function forksOf({ store }: ApiCall, { id }: Project): Project[] {
  return [...store.tables.projects.values()].filter((one) => one.forkedFromId === id)
}

/** A group or a user, as that to which projects belong. */
export function namespaceView(call: ApiCall, fullPath: string): Record<string, unknown> {
  const group = findGroup(call.store, fullPath)
  const user = call.store.userByName(fullPath)
  return {
    id: group?.id ?? (user === undefined ? null : userNamespaceId(user.id)),
    name: group?.name ?? user?.name ?? fullPath,
    path: fullPath.split('/').at(-1),
    kind: group === undefined ? 'user' : 'group',
    full_path: fullPath,
    parent_id: group?.parentId ?? null,
    avatar_url: null,
    web_url: call.url(group === undefined ? `/${fullPath}` : `/groups/${fullPath}`),
  }
}

/** A user's own namespace has a number of its own, which is not that of the user. */
export function userNamespaceId(userId: number): number {
  return userId + 900_000
}
