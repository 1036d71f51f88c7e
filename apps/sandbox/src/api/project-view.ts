import { createHash } from 'node:crypto'
import { type Project, roles } from '../store/projects.ts'
import { iso, personView } from './people.ts'
import { directLevel, findGroup, levelIn, levelInGroup, parentOf } from './places.ts'
import type { ApiCall } from './route.ts'

type View = Record<string, unknown>

/** What every answer with a project has. */
export function simpleProjectView(call: ApiCall, project: Project): View {
  const webUrl = call.url(`/${project.path}`)
  const branch = project.defaultBranch
  const namespace = placeView(call, project.namespace)
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

export function projectView(call: ApiCall, project: Project): View {
  return {
    ...simpleProjectView(call, project),
    ...originView(call, project),
    _links: { self: call.url(`/api/v4/projects/${project.id}`) },
    empty_repo: project.defaultBranch === null,
    archived: project.archived,
    creator_id: project.creatorId,
    open_issues_count: openIssues(call, project),
    issues_enabled: true,
    merge_requests_enabled: true,
    wiki_enabled: true,
    jobs_enabled: true,
    snippets_enabled: true,
    merge_method: 'merge',
    import_status: 'none',
    ...project.options,
    ...deletionView(project),
    ...secretView(call, project),
    permissions: permissionsView(call, project),
  }
}

function openIssues({ store }: ApiCall, project: Project): number {
  return [...store.tables.issues.values()].filter(
    (issue) => issue.projectId === project.id && issue.state === 'opened',
  ).length
}

/** The project that it was forked from, and the user that it belongs to, if there are. */
function originView(call: ApiCall, project: Project): View {
  const { store } = call
  const owner = store.userByName(project.namespace)
  const source = store.tables.projects.get(project.forkedFromId ?? 0)
  return {
    ...(source === undefined ? {} : { forked_from_project: simpleProjectView(call, source) }),
    ...(owner === undefined ? {} : { owner: personView(call, owner) }),
  }
}

function deletionView({ markedForDeletionOn: day }: Project): View {
  return day === null ? {} : { marked_for_deletion_at: day, marked_for_deletion_on: day }
}

/** With it a runner takes part in the work of the project, so only those see it who manage it. */
function secretView({ store, user }: ApiCall, project: Project): View {
  if (levelIn(store, user, project) < roles.maintainer) return {}
  return { runners_token: runnersToken('project', project.id), ci_job_token_scope_enabled: true }
}

export function runnersToken(of: 'project' | 'group', id: number): string {
  return `GR1348941${createHash('sha256').update(`${of} ${id}`).digest('base64url').slice(0, 20)}`
}

function permissionsView({ store, user }: ApiCall, project: Project): View {
  const group = parentOf(store, project)
  const entry = (level: number) =>
    level === 0 ? null : { access_level: level, notification_level: 3 }
  return {
    project_access: entry(directLevel(store, 'project', project.id, user)),
    group_access: entry(group === undefined ? 0 : levelInGroup(store, user, group)),
  }
}

export function forksOf({ store }: ApiCall, { id }: Project): Project[] {
  return [...store.tables.projects.values()].filter((one) => one.forkedFromId === id)
}

/** A group or a user, as that to which projects belong. */
export function placeView(call: ApiCall, fullPath: string): View {
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
