import { z } from 'zod'
import { commitsSince, history, mergeBase, parentTree, touches } from '../store/history.ts'
import type { Project } from '../store/projects.ts'
import { type Commit, type CommitComment, resolve } from '../store/repository.ts'
import { commitView, diffViews, statsOf } from './commit-views.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { iso, personById } from './people.ts'
import { projectWithCode } from './places.ts'
import { notFound } from './refusals.ts'
import { type ApiCall, type ApiRoute, created, ok } from './route.ts'

const list = '/projects/{id}/repository/commits'

export const commitRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listCommits },
  { method: 'GET', path: `${list}/{sha}`, handle: showCommit },
  { method: 'GET', path: `${list}/{sha}/diff`, handle: listDiffs },
  { method: 'GET', path: `${list}/{sha}/comments`, handle: listComments },
  { method: 'POST', path: `${list}/{sha}/comments`, handle: createComment },
  { method: 'GET', path: '/projects/{id}/repository/compare', handle: compare },
]

const commitFilter = z.object({
  ref_name: param.text.optional(),
  since: param.time.optional(),
  until: param.time.optional(),
  path: param.text.optional(),
  author: param.text.optional(),
  all: param.bool.default(false),
  with_stats: param.bool.default(false),
  first_parent: param.bool.default(false),
  order: z.enum(['default', 'topo']).optional(),
})

function listCommits(call: ApiCall): Response {
  const filter = call.read(commitFilter)
  const project = projectWithCode(call)
  const rows = (filter.all ? allCommits(call, project) : commitsOf(call, project, filter))
    .filter(({ createdAt }) => createdAt >= (filter.since ?? 0))
    .filter(({ createdAt }) => createdAt <= (filter.until ?? Number.POSITIVE_INFINITY))
    .filter(({ author }) => `${author.name} <${author.email}>`.includes(filter.author ?? ''))
    .filter((commit) => filter.path === undefined || touches(call.store, commit, filter.path))
  // GitLab counts commits only where it was asked for their numbers.
  return page(
    call,
    rows,
    (commit) => ({
      ...commitView(call, project, commit),
      ...(filter.with_stats ? { stats: statsOf(call, commit) } : {}),
    }),
    { counted: filter.with_stats },
  )
}

function allCommits({ store }: ApiCall, project: Project): Commit[] {
  return [...store.tables.commits.values()]
    .filter(({ projectId }) => projectId === project.id)
    .sort((a, b) => b.createdAt - a.createdAt || b.id - a.id)
}

function commitsOf(
  { store }: ApiCall,
  project: Project,
  filter: { ref_name?: string | undefined; first_parent: boolean },
): Commit[] {
  const ref = filter.ref_name ?? project.defaultBranch
  const head = ref === null ? undefined : resolve(store, project.id, ref)
  return head === undefined ? [] : history(store, head, { firstParent: filter.first_parent })
}

function showCommit(call: ApiCall): Response {
  const { stats } = call.read(z.object({ stats: param.bool.default(true) }))
  const project = projectWithCode(call)
  const commit = commitOf(call, project)
  return ok({
    ...commitView(call, project, commit),
    ...(stats ? { stats: statsOf(call, commit) } : {}),
    status: null,
    project_id: project.id,
    last_pipeline: null,
  })
}

function listDiffs(call: ApiCall): Response {
  const commit = commitOf(call, projectWithCode(call))
  return page(call, diffViews(call, parentTree(call.store, commit), commit.tree), (diff) => diff)
}

function listComments(call: ApiCall): Response {
  const { sha } = commitOf(call, projectWithCode(call))
  const rows = [...call.store.tables.commitComments.values()].filter((one) => one.sha === sha)
  return page(call, rows, (comment) => commentView(call, comment))
}

const newComment = z
  .object({
    note: param.text,
    path: param.text.optional(),
    line: param.int.optional(),
    line_type: z.enum(['new', 'old']).default('new'),
  })
  .refine(({ path, line }) => path === undefined || line !== undefined, {
    path: ['line'],
    error: 'is missing',
  })

function createComment(call: ApiCall): Response {
  const { note, path, line, line_type: type } = call.read(newComment)
  const project = projectWithCode(call)
  const { sha } = commitOf(call, project)
  const comment: CommitComment = {
    id: call.store.nextId(),
    projectId: project.id,
    sha,
    note,
    place: path === undefined || line === undefined ? null : { path, line, type },
    authorId: call.user.id,
    createdAt: call.instance.now(),
  }
  call.store.tables.commitComments.set(comment.id, comment)
  return created(commentView(call, comment))
}

function commentView(call: ApiCall, comment: CommitComment): Record<string, unknown> {
  return {
    note: comment.note,
    path: comment.place?.path ?? null,
    line: comment.place?.line ?? null,
    line_type: comment.place?.type ?? null,
    author: personById(call, comment.authorId),
    created_at: iso(comment.createdAt),
  }
}

/** The commit that the path names by SHA, branch or tag. */
function commitOf(call: ApiCall, project: Project): Commit {
  const commit = resolve(call.store, project.id, call.part('sha'))
  if (commit === undefined) throw notFound('Commit')
  return commit
}

const comparison = z.object({
  from: param.text,
  to: param.text,
  straight: param.bool.default(false),
})

function compare(call: ApiCall): Response {
  const { from, to, straight } = call.read(comparison)
  const project = projectWithCode(call)
  const { store } = call
  const [base, head] = [resolve(store, project.id, from), resolve(store, project.id, to)]
  if (base === undefined || head === undefined) throw notFound('Ref')
  const start = straight ? base : (mergeBase(store, base, head) ?? base)
  // The oldest first, other than in a list of commits.
  const commits = commitsSince(store, base, head).reverse()
  const last = commits.at(-1)
  return ok({
    commit: last === undefined ? null : commitView(call, project, last),
    commits: commits.map((commit) => commitView(call, project, commit)),
    diffs: diffViews(call, start.tree, head.tree),
    compare_timeout: false,
    compare_same_ref: from === to,
    web_url: call.url(`/${project.path}/-/compare/${start.sha}...${head.sha}`),
  })
}
