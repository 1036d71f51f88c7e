import { z } from 'zod'
import type { Group, Member, Project } from '../store/projects.ts'
import { blobOf, resolve } from '../store/repository.ts'
import { commitView } from './commit-views.ts'
import { type InProject, ofProject } from './in-project.ts'
import { param } from './input.ts'
import { canRead, issueView } from './issues.ts'
import { isCalled } from './members.ts'
import { mergeRequestBasicView } from './merge-request-view.ts'
import { canReadCode } from './merge-requests.ts'
import { milestoneView } from './milestones.ts'
import { canReadNote, noteView } from './notes.ts'
import { page } from './paging.ts'
import { personView } from './people.ts'
import { canSee, groupOf, isBelow, levelIn, projectOf } from './places.ts'
import { simpleProjectView } from './project-view.ts'
import { invalid } from './refusals.ts'
import type { ApiCall, ApiRoute } from './route.ts'

export const searchRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/search', handle: searchInstance },
  // GitLab knows each of the two under both of its addresses.
  { method: 'GET', path: '/groups/{id}/search', handle: searchGroup },
  { method: 'GET', path: '/groups/{id}/-/search', handle: searchGroup },
  { method: 'GET', path: '/projects/{id}/search', handle: searchProject },
  { method: 'GET', path: '/projects/{id}/-/search', handle: searchProject },
]

/** Beyond one project these need an index, which an instance may not have. */
const advanced = ['wiki_blobs', 'blobs', 'commits', 'notes'] as const
const basic = ['issues', 'merge_requests', 'milestones', 'users'] as const

const words = { search: param.filled, ref: param.text.optional(), state: param.text.optional() }
const inInstance = z.object({
  ...words,
  scope: z.enum([...advanced, ...basic, 'projects', 'snippet_titles']),
})
const inGroup = z.object({ ...words, scope: z.enum([...advanced, ...basic, 'projects']) })
const inOneProject = z.object({ ...words, scope: z.enum([...advanced, ...basic]) })

type Asked = z.infer<typeof inInstance>

function searchInstance(call: ApiCall): Response {
  const asked = call.read(inInstance)
  requireIndex(call, asked)
  return answer(call, asked, visibleProjects(call), () => true)
}

function searchGroup(call: ApiCall): Response {
  const asked = call.read(inGroup)
  requireIndex(call, asked)
  const group = groupOf(call)
  const projects = visibleProjects(call).filter(({ path }) => isBelow(path, group.path))
  return answer(call, asked, projects, memberOf(call, 'group', group))
}

function searchProject(call: ApiCall): Response {
  const asked = call.read(inOneProject)
  const project = projectOf(call)
  return answer(call, asked, [project], memberOf(call, 'project', project))
}

function requireIndex({ instance }: ApiCall, { scope }: Asked): void {
  if (advanced.some((name) => name === scope) && !instance.settings.advancedSearch) {
    throw invalid('Scope supported only with advanced search or exact code search')
  }
}

function visibleProjects({ store, user }: ApiCall): Project[] {
  return [...store.tables.projects.values()].filter((project) => canSee(store, user, project))
}

function memberOf(
  { store }: ApiCall,
  of: Member['of'],
  { id }: Project | Group,
): (userId: number) => boolean {
  const members = [...store.tables.members.values()].filter(
    (member) => member.of === of && member.ofId === id,
  )
  return (userId) => members.some((member) => member.userId === userId)
}

/** What each project has of a scope; people and projects are looked for by themselves. */
function answer(
  call: ApiCall,
  asked: Asked,
  projects: readonly Project[],
  isIn: (userId: number) => boolean,
): Response {
  if (asked.scope === 'users') {
    const people = [...call.store.users.values()]
    const rows = people.filter((user) => isIn(user.id) && isCalled(user, asked.search))
    return page(call, rows, (user) => personView(call, user))
  }
  if (asked.scope === 'projects') {
    const rows = projects.filter(({ name, path }) => has(`${name}\n${path}`, asked))
    return page(call, rows, (project) => simpleProjectView(call, project))
  }
  const rows = projects.flatMap((project) => {
    const level = levelIn(call.store, call.user, project)
    return find({ ...call, project, level }, asked)
  })
  return page(call, rows, (row) => row)
}

type Found = Record<string, unknown>

function find(at: InProject, asked: Asked): Found[] {
  const { tables } = at.store
  switch (asked.scope) {
    case 'issues':
      return ofProject(at, tables.issues)
        .filter((row) => hasWords(row, asked) && isState(row, asked) && canRead(at, row))
        .map((row) => issueView(at, row))
    case 'merge_requests':
      return ofProject(at, tables.mergeRequests)
        .filter((row) => hasWords(row, asked) && isState(row, asked) && canReadCode(at))
        .map((row) => mergeRequestBasicView(at, row))
    case 'milestones':
      return ofProject(at, tables.milestones)
        .filter((row) => hasWords(row, asked))
        .map((row) => milestoneView(at, row))
    case 'notes':
      return findNotes(at, asked)
    case 'snippet_titles':
      return ofProject(at, tables.snippets)
        .filter((row) => has(row.title, asked) && (row.visibility !== 'private' || at.level > 0))
        .map(({ id, title, projectId }) => ({ id, title, project_id: projectId }))
    case 'commits':
      return canReadCode(at) ? findCommits(at, asked) : []
    case 'blobs':
      return canReadCode(at) ? findBlobs(at, asked) : []
    default:
      return []
  }
}

/** Comments on what the caller may read. */
function findNotes(at: InProject, asked: Asked): Found[] {
  const { issues, mergeRequests, notes } = at.store.tables
  return ofProject(at, notes).flatMap((note): Found[] => {
    const issue = note.noteableType === 'Issue' ? issues.get(note.noteableId) : undefined
    const on = issue ?? mergeRequests.get(note.noteableId)
    const isOpen = issue === undefined ? canReadCode(at) : canRead(at, issue)
    if (on === undefined || !isOpen || !canReadNote(at, note) || !has(note.body, asked)) return []
    return [noteView(at, on, note)]
  })
}

function findCommits(at: InProject, asked: Asked): Found[] {
  return ofProject(at, at.store.tables.commits)
    .filter(({ message, sha }) => has(message, asked) || sha.startsWith(asked.search))
    .map((commit) => ({ ...commitView(at, at.project, commit), project_id: at.project.id }))
}

/** Lines that a file shows around a word. */
const linesShown = 3

function findBlobs(at: InProject, asked: Asked): Found[] {
  const ref = asked.ref ?? at.project.defaultBranch ?? ''
  const tree = resolve(at.store, at.project.id, ref)?.tree ?? {}
  return Object.entries(tree).flatMap(([path, { sha }]) => {
    const lines = (blobOf(at.store, sha)?.toString('utf8') ?? '').split('\n')
    const line = lines.findIndex((text) => has(text, asked))
    if (line < 0 && !has(path, asked)) return []
    const start = Math.max(0, line - 1)
    return {
      basename: path.replace(/\.[^./]*$/, ''),
      data: lines.slice(start, start + linesShown).join('\n'),
      path,
      filename: path,
      id: null,
      ref,
      startline: start + 1,
      project_id: at.project.id,
    }
  })
}

function hasWords(row: { title: string; description: string }, asked: Asked): boolean {
  return has(`${row.title}\n${row.description}`, asked)
}

function has(text: string, { search }: Asked): boolean {
  return text.toLowerCase().includes(search.toLowerCase())
}

function isState(row: { state: string }, { state }: Asked): boolean {
  return state === undefined || state === 'all' || row.state === state
}
