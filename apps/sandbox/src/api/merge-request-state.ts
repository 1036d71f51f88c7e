import type { CiStatus, Pipeline } from '../store/ci.ts'
import { commitsSince, mergeBase, mergeTrees } from '../store/history.ts'
import type { MergeRequest } from '../store/merge-requests.ts'
import { branchNamed, type Commit, resolve } from '../store/repository.ts'
import { type InProject, ofProject } from './in-project.ts'
import { jobsOf, statusOf } from './pipeline-view.ts'

/** What a merge request compares: the source's head with the place where it left the target. */
export interface Revisions {
  base: Commit
  /** Head of the target. */
  start: Commit
  head: Commit
}

/** Undefined: one of the branches is gone, or they have no commit in common. */
export function revisionsOf({ store }: InProject, row: MergeRequest): Revisions | undefined {
  const source =
    row.merged?.headSha ?? branchNamed(store, row.sourceProjectId, row.sourceBranch)?.sha
  const target = row.merged?.baseSha ?? branchNamed(store, row.projectId, row.targetBranch)?.sha
  const head = resolve(store, row.sourceProjectId, source ?? '')
  const start = resolve(store, row.projectId, target ?? '')
  const base = head && start ? mergeBase(store, start, head) : undefined
  return head && start && base ? { base, start, head } : undefined
}

/** The commits that it brings, the newest first. */
export function commitsOf(call: InProject, row: MergeRequest): Commit[] {
  const revisions = revisionsOf(call, row)
  return revisions === undefined ? [] : commitsSince(call.store, revisions.start, revisions.head)
}

/** GitLab's `detailed_merge_status`: the first thing that keeps it from being merged. */
export type MergeStatus =
  | 'mergeable'
  | 'not_open'
  | 'draft_status'
  | 'commits_status'
  | 'ci_must_pass'
  | 'ci_still_running'
  | 'conflict'

export function mergeStatusOf(call: InProject, row: MergeRequest): MergeStatus {
  const revisions = revisionsOf(call, row)
  if (row.state !== 'opened') return 'not_open'
  if (isDraft(row)) return 'draft_status'
  if (revisions === undefined || commitsOf(call, row).length === 0) return 'commits_status'
  if (call.project.options.only_allow_merge_if_pipeline_succeeds === true) {
    const status = pipelineStatus(call, row)
    if (status !== 'success') return isUnderWay(status) ? 'ci_still_running' : 'ci_must_pass'
  }
  return hasConflicts(revisions) ? 'conflict' : 'mergeable'
}

/** The title says so; there is no field for it. */
export function isDraft({ title }: MergeRequest): boolean {
  return /^(?:draft:|\[draft\]|\(draft\))/i.test(title)
}

export function hasConflicts({ base, start, head }: Revisions): boolean {
  return mergeTrees(base.tree, start.tree, head.tree).conflicts.length > 0
}

/** Of the source branch, the newest first. */
export function pipelinesOf(call: InProject, row: MergeRequest): Pipeline[] {
  const shas = new Set(commitsOf(call, row).map(({ sha }) => sha))
  return ofProject(call, call.store.tables.pipelines)
    .filter(({ ref, sha }) => ref === row.sourceBranch && shas.has(sha))
    .sort((a, b) => b.id - a.id)
}

export function headPipeline(call: InProject, row: MergeRequest): Pipeline | undefined {
  const head = revisionsOf(call, row)?.head.sha
  return pipelinesOf(call, row).find(({ sha }) => sha === head)
}

function pipelineStatus(call: InProject, row: MergeRequest): CiStatus | undefined {
  const pipeline = headPipeline(call, row)
  return pipeline === undefined ? undefined : statusOf(jobsOf(call, pipeline))
}

function isUnderWay(status: CiStatus | undefined): boolean {
  return status === 'created' || status === 'pending' || status === 'running'
}
