import { createHash } from 'node:crypto'
import { z } from 'zod'
import { lastChange } from '../store/history.ts'
import type { Project } from '../store/projects.ts'
import {
  blobOf,
  branchNamed,
  type Commit,
  commitTo,
  putBlob,
  resolve,
  type Tree,
  type TreeEntry,
} from '../store/repository.ts'
import { canPush } from './branches.ts'
import { param } from './input.ts'
import { keysetPage, page } from './paging.ts'
import { projectAs, projectWithCode } from './places.ts'
import { invalid, notFound } from './refusals.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

const file = '/projects/{id}/repository/files/{file_path}'

export const fileRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: file, handle: showFile, scopes: ['read_repository'] },
  { method: 'POST', path: file, handle: createFile },
  { method: 'PUT', path: file, handle: updateFile },
  { method: 'DELETE', path: file, handle: deleteFile },
  { method: 'GET', path: '/projects/{id}/repository/tree', handle: listTree },
]

function showFile(call: ApiCall): Response {
  const { ref } = call.read(z.object({ ref: param.filled }))
  const project = projectWithCode(call)
  const commit = resolve(
    call.store,
    project.id,
    ref === 'HEAD' ? (project.defaultBranch ?? '') : ref,
  )
  if (commit === undefined) throw notFound('Commit')
  const path = call.part('file_path')
  const entry = commit.tree[path]
  const content = entry === undefined ? undefined : blobOf(call.store, entry.sha)
  if (entry === undefined || content === undefined) throw notFound('File')
  const about: Record<string, string | number | boolean> = {
    file_name: path.split('/').at(-1) ?? path,
    file_path: path,
    size: content.length,
    encoding: 'base64',
    content_sha256: createHash('sha256').update(content).digest('hex'),
    ref,
    blob_id: entry.sha,
    commit_id: commit.sha,
    last_commit_id: lastChange(call.store, commit, path)?.sha ?? commit.sha,
    execute_filemode: entry.mode === '100755',
  }
  const headers = Object.entries(about).map(([name, value]): [string, string] => [
    `X-Gitlab-${name.replaceAll('_', '-')}`,
    encodeURIComponent(String(value)),
  ])
  return Response.json({ ...about, content: content.toString('base64') }, { headers })
}

const change = z.object({
  branch: param.text,
  commit_message: param.text,
  start_branch: param.text.optional(),
  author_email: param.text.optional(),
  author_name: param.text.optional(),
  last_commit_id: param.text.optional(),
})
const write = change.extend({
  content: param.text,
  encoding: z.enum(['base64', 'text']).optional(),
  execute_filemode: param.bool.optional(),
})

type Change = z.infer<typeof change>
type Write = z.infer<typeof write>

function createFile(call: ApiCall): Response {
  const wish = call.read(write)
  const project = projectAs(call, 'developer')
  const path = call.part('file_path')
  const start = startOf(call, project, wish)
  if (start?.tree[path] !== undefined) throw invalid('A file with this name already exists')
  commitChange(call, project, wish, start, { ...start?.tree, [path]: entryOf(call, wish) })
  return created({ file_path: path, branch: wish.branch })
}

function updateFile(call: ApiCall): Response {
  const wish = call.read(write)
  const project = projectAs(call, 'developer')
  const path = call.part('file_path')
  const start = startOf(call, project, wish)
  const entry = start?.tree[path]
  if (start === undefined || entry === undefined) throw invalid(absent)
  const last = lastChange(call.store, start, path)
  if (wish.last_commit_id !== undefined && wish.last_commit_id !== last?.sha) {
    throw invalid(
      'You are attempting to update a file that has changed since you started editing it.',
    )
  }
  const next = { ...entryOf(call, wish) }
  if (wish.execute_filemode === undefined) next.mode = entry.mode
  commitChange(call, project, wish, start, { ...start.tree, [path]: next })
  return ok({ file_path: path, branch: wish.branch })
}

/** Other than an update, it does not look at `last_commit_id`. */
function deleteFile(call: ApiCall): Response {
  const wish = call.read(change)
  const project = projectAs(call, 'developer')
  const path = call.part('file_path')
  const start = startOf(call, project, wish)
  if (start?.tree[path] === undefined) throw invalid(absent)
  const { [path]: _, ...tree } = start.tree
  commitChange(call, project, wish, start, tree)
  return noContent()
}

const absent = "A file with this name doesn't exist"

/** The commit that a change begins from; undefined in a repository that has none. */
function startOf(call: ApiCall, project: Project, wish: Change): Commit | undefined {
  const { store } = call
  if (!canPush(call, project, wish.branch)) {
    throw invalid('You are not allowed to push into this branch')
  }
  if (project.defaultBranch === null) return undefined
  const exists = branchNamed(store, project.id, wish.branch) !== undefined
  if (exists && wish.start_branch !== undefined && wish.start_branch !== wish.branch) {
    throw invalid(
      `A branch called '${wish.branch}' already exists. Switch to that branch in order to make changes`,
    )
  }
  const start = branchNamed(store, project.id, wish.start_branch ?? wish.branch)
  if (start === undefined) {
    throw invalid('You can only create or edit files when you are on a branch')
  }
  return resolve(store, project.id, start.sha)
}

function commitChange(
  { store, user, instance }: ApiCall,
  project: Project,
  wish: Change,
  start: Commit | undefined,
  tree: Tree,
): void {
  commitTo(store, {
    projectId: project.id,
    branch: wish.branch,
    parents: start === undefined ? [] : [start.sha],
    tree,
    message: wish.commit_message,
    author: { name: wish.author_name ?? user.name, email: wish.author_email ?? user.email },
    createdAt: instance.now(),
  })
  project.defaultBranch ??= wish.branch
  project.activeAt = instance.now()
}

function entryOf({ store }: ApiCall, { content, encoding, execute_filemode }: Write): TreeEntry {
  const bytes = Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8')
  return { sha: putBlob(store, bytes), mode: execute_filemode === true ? '100755' : '100644' }
}

const treeQuery = z.object({
  ref: param.text.optional(),
  path: param.text.default(''),
  recursive: param.bool.default(false),
  pagination: z.enum(['legacy', 'keyset', 'none']).default('legacy'),
})

interface Node {
  path: string
  sha: string
  mode: string
}

function listTree(call: ApiCall): Response {
  const { ref, path, recursive, pagination } = call.read(treeQuery)
  const project = projectWithCode(call)
  const commit = resolve(call.store, project.id, ref ?? project.defaultBranch ?? '')
  if (commit === undefined) throw notFound('Tree')
  const folder = path.replace(/^\/|\/$/g, '')
  const rows = nodesBelow(commit.tree, folder === '' ? '' : `${folder}/`, recursive)
  if (rows.length === 0 && folder !== '') throw notFound('invalid revision or path')
  if (pagination === 'none') return ok(rows.map(nodeView))
  if (pagination === 'legacy') return page(call, rows, nodeView)
  return keysetPage(call, rows, nodeView, { name: 'page_token', cursorOf: ({ sha }) => sha })
}

/** Folders first, as GitLab lists them. */
function nodesBelow(tree: Tree, prefix: string, recursive: boolean): Node[] {
  const nodes = new Map<string, Node>()
  for (const [path, { sha, mode }] of Object.entries(tree)) {
    if (!path.startsWith(prefix)) continue
    const parts = path.slice(prefix.length).split('/')
    const depth = recursive ? parts.length : 1
    for (let length = 1; length <= Math.min(depth, parts.length - 1); length += 1) {
      const folder = prefix + parts.slice(0, length).join('/')
      nodes.set(folder, { path: folder, sha: shaOfFolder(tree, folder), mode: '040000' })
    }
    if (depth >= parts.length) nodes.set(path, { path, sha, mode })
  }
  const rank = ({ mode }: Node) => (mode === '040000' ? 0 : 1)
  return [...nodes.values()].sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1))
}

function shaOfFolder(tree: Tree, folder: string): string {
  const entries = Object.entries(tree).filter(([path]) => path.startsWith(`${folder}/`))
  return createHash('sha1')
    .update(JSON.stringify([folder, entries]))
    .digest('hex')
}

function nodeView({ path, sha, mode }: Node): Record<string, unknown> {
  const type = mode === '040000' ? 'tree' : 'blob'
  return { id: sha, name: path.split('/').at(-1), type, path, mode }
}
