import { type Project, roles } from '../store/projects.ts'
import { branchNamed, commitTo, putBlob } from '../store/repository.ts'
import type { Store } from '../store/store.ts'
import { insertMember } from './members.ts'
import { findGroup, findProject, levelInGroup } from './places.ts'
import { userNamespaceId } from './project-view.ts'
import type { ApiCall } from './route.ts'

type Given = Pick<
  Project,
  'path' | 'namespace' | 'name' | 'description' | 'visibility' | 'topics' | 'options'
>

export function insertProject(
  call: ApiCall,
  given: Given,
  forkedFromId: number | null = null,
): Project {
  const { store, user, instance } = call
  const project: Project = {
    id: store.nextId(),
    ...given,
    creatorId: user.id,
    defaultBranch: null,
    archived: false,
    stars: 0,
    starredBy: [],
    forkedFromId,
    createdAt: instance.now(),
    activeAt: instance.now(),
    markedForDeletionOn: null,
  }
  store.tables.projects.set(project.id, project)
  if (given.namespace === user.username) {
    insertMember(call, { of: 'project', ofId: project.id, userId: user.id, level: roles.owner })
  }
  return project
}

/** The first commit, on a branch that is protected from then on. */
export function addReadme(
  { store, user, instance }: ApiCall,
  project: Project,
  name: string,
): void {
  const sha = putBlob(store, Buffer.from(`# ${project.name}\n`))
  commitTo(store, {
    projectId: project.id,
    branch: name,
    parents: [],
    tree: { 'README.md': { sha, mode: '100644' } },
    message: 'Initial commit',
    author: { name: user.name, email: user.email },
    createdAt: instance.now(),
  })
  const branch = branchNamed(store, project.id, name)
  if (branch !== undefined) branch.protected = true
  project.defaultBranch = name
}

/** The full path of a namespace in which the caller may make projects: their own, or a group's. */
export function namespaceFor(
  { store, user }: ApiCall,
  named: number | string | undefined,
): string | undefined {
  const own = [undefined, userNamespaceId(user.id), user.username]
  if (own.includes(named)) return user.username
  const group = findGroup(store, String(named))
  if (group === undefined || levelInGroup(store, user, group) < roles.developer) return undefined
  return group.path
}

/** Whether a project or a group has the path. */
export function isTaken(store: Store, path: string): boolean {
  return findProject(store, path) !== undefined || findGroup(store, path) !== undefined
}

const taken = ['has already been taken']

/** What GitLab says of it, field by field. */
export const takenProject: Record<string, string[]> = {
  'project_namespace.name': taken,
  name: taken,
  path: taken,
}

/** A path of a name. */
export function slug(name: string): string {
  const words = name.toLowerCase().match(/[a-z0-9_.]+/g) ?? []
  return words.join('-')
}

export function isPath(text: string): boolean {
  return /^[a-zA-Z0-9_][\w.-]*$/.test(text) && !/\.(git|atom)$|[.-]$/.test(text)
}
