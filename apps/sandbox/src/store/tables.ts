import type { Job, Pipeline } from './ci.ts'
import type { Issue, Label, Milestone, Note } from './issues.ts'
import type { SshKey } from './keys.ts'
import type { MergeRequest } from './merge-requests.ts'
import type { DeployKey, Hook, Snippet } from './project-things.ts'
import type { Group, Member, Project, ProjectRedirect } from './projects.ts'
import type { Release } from './releases.ts'
import type { Blob, Branch, Commit, CommitComment, Tag } from './repository.ts'
import type { Variable } from './variables.ts'

/** What is in each table of the API's resources. A new resource is a line here and a name below. */
export interface Rows {
  groups: Group
  projects: Project
  members: Member
  projectRedirects: ProjectRedirect
  sshKeys: SshKey
  snippets: Snippet
  deployKeys: DeployKey
  hooks: Hook
  blobs: Blob
  commits: Commit
  branches: Branch
  tags: Tag
  commitComments: CommitComment
  issues: Issue
  notes: Note
  milestones: Milestone
  labels: Label
  mergeRequests: MergeRequest
  variables: Variable
  pipelines: Pipeline
  jobs: Job
  releases: Release
}

export type TableName = keyof Rows
export type Tables = { readonly [Name in TableName]: Map<number, Rows[Name]> }

export function emptyTables(): Tables {
  return {
    groups: new Map(),
    projects: new Map(),
    members: new Map(),
    projectRedirects: new Map(),
    sshKeys: new Map(),
    snippets: new Map(),
    deployKeys: new Map(),
    hooks: new Map(),
    blobs: new Map(),
    commits: new Map(),
    branches: new Map(),
    tags: new Map(),
    commitComments: new Map(),
    issues: new Map(),
    notes: new Map(),
    milestones: new Map(),
    labels: new Map(),
    mergeRequests: new Map(),
    variables: new Map(),
    pipelines: new Map(),
    jobs: new Map(),
    releases: new Map(),
  }
}

/**
 * Puts the rows of a data file, or of a seed, in place of what is there. Only this sandbox writes such a file, under
 * a version of its own, so a row is not looked at field by field.
 */
export function fillTables(tables: Tables, rows: Record<string, { id: number }[]>): void {
  for (const [name, table] of entries(tables)) {
    table.clear()
    for (const row of rows[name] ?? []) table.set(row.id, row)
  }
}

export function readTables(tables: Tables): Record<string, { id: number }[]> {
  return Object.fromEntries(entries(tables).map(([name, table]) => [name, [...table.values()]]))
}

/** The tables without their types, for code that copies rows and does not read them. */
function entries(tables: Tables): [string, Map<number, { id: number }>][] {
  return Object.entries(tables) as [string, Map<number, { id: number }>][]
}
