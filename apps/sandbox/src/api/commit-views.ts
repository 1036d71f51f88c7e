import { diffText } from '../store/diff.ts'
import { changedPaths, parentTree } from '../store/history.ts'
import type { Project } from '../store/projects.ts'
import { blobOf, type Commit, type Tree } from '../store/repository.ts'
import { iso } from './people.ts'
import type { ApiCall } from './route.ts'

/** A commit in a list, and beside a branch or a tag. */
export function commitView(
  call: ApiCall,
  project: Project,
  commit: Commit,
): Record<string, unknown> {
  const time = iso(commit.createdAt)
  return {
    id: commit.sha,
    short_id: commit.sha.slice(0, 8),
    created_at: time,
    parent_ids: commit.parents,
    title: commit.message.split('\n', 1)[0],
    message: commit.message,
    author_name: commit.author.name,
    author_email: commit.author.email,
    authored_date: time,
    committer_name: commit.author.name,
    committer_email: commit.author.email,
    committed_date: time,
    trailers: {},
    extended_trailers: {},
    web_url: call.url(`/${project.path}/-/commit/${commit.sha}`),
  }
}

/** What changed between two trees, one entry for each file. */
export function diffViews(call: ApiCall, before: Tree, after: Tree): Record<string, unknown>[] {
  return changedPaths(before, after).map((path) => {
    const { text } = hunkOf(call, before, after, path)
    return {
      diff: text,
      collapsed: false,
      too_large: false,
      new_path: path,
      old_path: path,
      a_mode: before[path]?.mode ?? '0',
      b_mode: after[path]?.mode ?? '0',
      new_file: before[path] === undefined,
      renamed_file: false,
      deleted_file: after[path] === undefined,
      generated_file: null,
    }
  })
}

export function statsOf(call: ApiCall, commit: Commit): Record<string, number> {
  const before = parentTree(call.store, commit)
  const hunks = changedPaths(before, commit.tree).map((path) =>
    hunkOf(call, before, commit.tree, path),
  )
  const additions = hunks.reduce((sum, hunk) => sum + hunk.additions, 0)
  const deletions = hunks.reduce((sum, hunk) => sum + hunk.deletions, 0)
  return { additions, deletions, total: additions + deletions }
}

function hunkOf(
  call: ApiCall,
  before: Tree,
  after: Tree,
  path: string,
): ReturnType<typeof diffText> {
  const text = (tree: Tree) => {
    const sha = tree[path]?.sha
    return sha === undefined ? '' : (blobOf(call.store, sha)?.toString('utf8') ?? '')
  }
  return diffText(text(before), text(after))
}
