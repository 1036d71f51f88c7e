import { changedPaths } from '../store/history.ts'
import type { MergeRequest } from '../store/merge-requests.ts'
import { canPush } from './branches.ts'
import { type InProject, moments, webUrl } from './in-project.ts'
import { issuableView } from './issuables.ts'
import {
  hasConflicts,
  headPipeline,
  isDraft,
  mergeStatusOf,
  type Revisions,
  revisionsOf,
} from './merge-request-state.ts'
import { personById } from './people.ts'
import { pipelineBasicView, pipelineView } from './pipeline-view.ts'

/** As lists show it. */
export function mergeRequestBasicView(call: InProject, row: MergeRequest): Record<string, unknown> {
  const status = mergeStatusOf(call, row)
  const revisions = revisionsOf(call, row)
  const conflicts = row.state === 'opened' && revisions !== undefined && hasConflicts(revisions)
  const reference = `!${row.iid}`
  const merger = personById(call, row.merged?.byId ?? null)
  return {
    ...issuableView(call, row),
    merged_by: merger,
    merge_user: merger,
    ...moments({ merged_at: row.merged?.at ?? null, prepared_at: row.createdAt }),
    target_branch: row.targetBranch,
    source_branch: row.sourceBranch,
    reviewers: row.reviewerIds.map((id) => personById(call, id)),
    source_project_id: row.sourceProjectId,
    target_project_id: row.projectId,
    draft: isDraft(row),
    work_in_progress: isDraft(row),
    merge_when_pipeline_succeeds: row.autoMerge,
    merge_status: conflicts || revisions === undefined ? 'cannot_be_merged' : 'can_be_merged',
    detailed_merge_status: status,
    merge_after: null,
    sha: revisions?.head.sha ?? null,
    merge_commit_sha: row.merged?.commitSha ?? null,
    squash_commit_sha: row.merged?.squashCommitSha ?? null,
    should_remove_source_branch: null,
    force_remove_source_branch: row.removeSourceBranch,
    ...(row.sourceProjectId === row.projectId
      ? {}
      : {
          allow_collaboration: row.allowCollaboration,
          allow_maintainer_to_push: row.allowCollaboration,
        }),
    reference,
    references: { short: reference, relative: reference, full: call.project.path + reference },
    web_url: webUrl(call, `/-/merge_requests/${row.iid}`),
    squash: row.squash,
    squash_on_merge: row.squash,
    has_conflicts: conflicts,
    blocking_discussions_resolved: true,
  }
}

/** As it is shown alone. */
export function mergeRequestView(call: InProject, row: MergeRequest): Record<string, unknown> {
  const revisions = revisionsOf(call, row)
  const pipeline = headPipeline(call, row)
  return {
    ...mergeRequestBasicView(call, row),
    subscribed: row.authorId === call.user.id,
    changes_count: changesCount(revisions),
    ...moments({
      latest_build_started_at: null,
      latest_build_finished_at: null,
      first_deployed_to_production_at: null,
    }),
    pipeline: pipeline === undefined ? null : pipelineBasicView(call, pipeline),
    head_pipeline: pipeline === undefined ? null : pipelineView(call, pipeline),
    diff_refs: diffRefs(revisions),
    merge_error: null,
    first_contribution: false,
    user: { can_merge: canPush(call, call.project, row.targetBranch) },
  }
}

/** Text, since GitLab writes `1000+` when it stops counting. */
function changesCount(revisions: Revisions | undefined): string | null {
  if (revisions === undefined) return null
  return String(changedPaths(revisions.base.tree, revisions.head.tree).length)
}

function diffRefs(revisions: Revisions | undefined): Record<string, string> | null {
  if (revisions === undefined) return null
  const { base, head, start } = revisions
  return { base_sha: base.sha, head_sha: head.sha, start_sha: start.sha }
}
