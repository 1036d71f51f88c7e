import { createHash } from 'node:crypto'
import type { Store } from './store.ts'

/** What the functions of a repository need of a store; a seed has no more. */
export type Rows = Pick<Store, 'tables' | 'nextId'>

export interface TreeEntry {
  /** Of a blob. */
  sha: string
  mode: '100644' | '100755'
}

/** The files of a commit, by path. */
export type Tree = Readonly<Record<string, TreeEntry>>

export interface Blob {
  id: number
  sha: string
  base64: string
}

export interface Signature {
  name: string
  email: string
}

export interface Commit {
  id: number
  projectId: number
  sha: string
  parents: string[]
  message: string
  author: Signature
  createdAt: number
  tree: Tree
}

export interface Branch {
  id: number
  projectId: number
  name: string
  sha: string
  /** Maintainers alone may push to it. */
  protected: boolean
}

export interface Tag {
  id: number
  projectId: number
  name: string
  sha: string
  /** Null: a lightweight tag. */
  message: string | null
  createdAt: number
}

/** A comment on a commit as a whole, or on a line of it. */
export interface CommitComment {
  id: number
  projectId: number
  sha: string
  note: string
  place: { path: string; line: number; type: 'new' | 'old' } | null
  authorId: number
  createdAt: number
}

export function branchNamed({ tables }: Rows, projectId: number, name: string): Branch | undefined {
  return [...tables.branches.values()].find(
    (one) => one.projectId === projectId && one.name === name,
  )
}

export function tagNamed({ tables }: Rows, projectId: number, name: string): Tag | undefined {
  return [...tables.tags.values()].find((one) => one.projectId === projectId && one.name === name)
}

/** The commit of a branch, a tag, or a SHA of at least seven digits. */
export function resolve(rows: Rows, projectId: number, ref: string): Commit | undefined {
  const named = branchNamed(rows, projectId, ref) ?? tagNamed(rows, projectId, ref)
  const sha = named?.sha ?? (/^[0-9a-f]{7,40}$/.test(ref) ? ref : undefined)
  return sha === undefined ? undefined : commitStarting(rows, projectId, sha)
}

function commitStarting({ tables }: Rows, projectId: number, sha: string): Commit | undefined {
  return [...tables.commits.values()].find(
    (one) => one.projectId === projectId && one.sha.startsWith(sha),
  )
}

export interface NewCommit {
  projectId: number
  /** Moved to the commit, and made where it is not yet. */
  branch: string
  parents: readonly string[]
  tree: Tree
  message: string
  author: Signature
  createdAt: number
}

export function commitTo(rows: Rows, { branch, ...given }: NewCommit): Commit {
  const id = rows.nextId()
  const sha = sha1(JSON.stringify([id, given]))
  const commit: Commit = { id, sha, ...given, parents: [...given.parents] }
  rows.tables.commits.set(id, commit)
  const moved = branchNamed(rows, given.projectId, branch)
  if (moved === undefined) addBranch(rows, { projectId: given.projectId, name: branch, sha })
  else moved.sha = sha
  return commit
}

export function addBranch(
  { tables, nextId }: Rows,
  branch: Pick<Branch, 'projectId' | 'name' | 'sha'> & { protected?: boolean },
): Branch {
  const row: Branch = { id: nextId(), protected: false, ...branch }
  tables.branches.set(row.id, row)
  return row
}

/** Keeps a content once, and answers its SHA, which is the one that git gives it. */
export function putBlob({ tables, nextId }: Rows, content: Buffer): string {
  const sha = sha1(Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]))
  if (blobOf({ tables }, sha) === undefined) {
    const row: Blob = { id: nextId(), sha, base64: content.toString('base64') }
    tables.blobs.set(row.id, row)
  }
  return sha
}

export function blobOf({ tables }: Pick<Rows, 'tables'>, sha: string): Buffer | undefined {
  const row = [...tables.blobs.values()].find((one) => one.sha === sha)
  return row === undefined ? undefined : Buffer.from(row.base64, 'base64')
}

function sha1(data: string | Buffer): string {
  return createHash('sha1').update(data).digest('hex')
}
