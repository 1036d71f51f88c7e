import type { Commit, Rows, Tree, TreeEntry } from './repository.ts'

/** The commit and all before it, the newest first. */
export function history(
  rows: Rows,
  from: Commit,
  { firstParent = false }: { firstParent?: boolean } = {},
): Commit[] {
  const bySha = commitsBySha(rows, from.projectId)
  const seen = new Map<string, Commit>()
  const next = [from]
  for (let commit = next.pop(); commit !== undefined; commit = next.pop()) {
    if (seen.has(commit.sha)) continue
    seen.set(commit.sha, commit)
    const parents = firstParent ? commit.parents.slice(0, 1) : commit.parents
    next.push(...parents.flatMap((sha) => bySha.get(sha) ?? []))
  }
  return [...seen.values()].sort((a, b) => b.createdAt - a.createdAt || b.id - a.id)
}

/** The commits of one that another does not have, the newest first. */
export function commitsSince(rows: Rows, base: Commit, head: Commit): Commit[] {
  const known = new Set(history(rows, base).map(({ sha }) => sha))
  return history(rows, head).filter(({ sha }) => !known.has(sha))
}

/** The newest commit that both have. */
export function mergeBase(rows: Rows, one: Commit, other: Commit): Commit | undefined {
  const known = new Set(history(rows, one).map(({ sha }) => sha))
  return history(rows, other).find(({ sha }) => known.has(sha))
}

/** The last commit up to this one that changed a file, or anything below a folder. */
export function lastChange(rows: Rows, from: Commit, path: string): Commit | undefined {
  return history(rows, from).find((commit) => touches(rows, commit, path))
}

export function touches(rows: Rows, commit: Commit, path: string): boolean {
  return changedPaths(parentTree(rows, commit), commit.tree).some(
    (changed) => changed === path || changed.startsWith(`${path}/`),
  )
}

/** What was there before a commit. */
export function parentTree(rows: Rows, commit: Commit): Tree {
  const [parent = ''] = commit.parents
  return commitsBySha(rows, commit.projectId).get(parent)?.tree ?? {}
}

export function changedPaths(before: Tree, after: Tree): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...paths].filter((path) => !isSame(before[path], after[path])).sort()
}

/** Both changes of a base in one tree, or the paths that both have changed in different ways. */
export function mergeTrees(
  base: Tree,
  ours: Tree,
  theirs: Tree,
): { tree: Tree; conflicts: string[] } {
  const changes = changedPaths(base, theirs)
  const conflicts = changes.filter(
    (path) => !isSame(base[path], ours[path]) && !isSame(ours[path], theirs[path]),
  )
  const tree: Record<string, TreeEntry> = { ...ours }
  for (const path of changes) {
    const entry = theirs[path]
    if (entry === undefined) delete tree[path]
    else tree[path] = entry
  }
  return { tree, conflicts }
}

function isSame(one: TreeEntry | undefined, other: TreeEntry | undefined): boolean {
  return one?.sha === other?.sha && one?.mode === other?.mode
}

function commitsBySha({ tables }: Rows, projectId: number): Map<string, Commit> {
  const own = [...tables.commits.values()].filter((commit) => commit.projectId === projectId)
  return new Map(own.map((commit) => [commit.sha, commit]))
}
