import { z } from 'zod'
import { mergeTrees } from '../store/history.ts'
import type { MergeRequest } from '../store/merge-requests.ts'
import { branchNamed, commitTo } from '../store/repository.ts'
import { canPush } from './branches.ts'
import { type InProject, inProject, moments, requireLevel } from './in-project.ts'
import { param } from './input.ts'
import { hasConflicts, mergeStatusOf, type Revisions, revisionsOf } from './merge-request-state.ts'
import { mergeRequestView } from './merge-request-view.ts'
import { findMergeRequest } from './merge-requests.ts'
import { addSystemNote } from './note-rows.ts'
import { personById } from './people.ts'
import { conflict, notAllowed, notFound, unauthorized, unprocessable } from './refusals.ts'
import { type ApiCall, type ApiRoute, created, ok } from './route.ts'

const one = '/projects/{id}/merge_requests/{merge_request_iid}'

export const mergingRoutes: readonly ApiRoute[] = [
  { method: 'PUT', path: `${one}/merge`, handle: merge },
  { method: 'GET', path: `${one}/approvals`, handle: showApprovals },
  { method: 'POST', path: `${one}/approve`, handle: approve },
  { method: 'POST', path: `${one}/unapprove`, handle: unapprove },
]

const how = z.object({
  sha: param.text.optional(),
  squash: param.bool.optional(),
  merge_commit_message: param.text.optional(),
  squash_commit_message: param.text.optional(),
  should_remove_source_branch: param.bool.optional(),
  auto_merge: param.bool.optional(),
  merge_when_pipeline_succeeds: param.bool.optional(),
})
type How = z.infer<typeof how>

/** The refusals come in GitLab's order: the right, the state, the conflicts, the SHA. */
function merge(outer: ApiCall): Response {
  const given = outer.read(how)
  const call = inProject(outer)
  const row = findMergeRequest(call)
  // To a living token, too: who may not merge is unauthorized at GitLab.
  if (!canPush(call, call.project, row.targetBranch)) throw unauthorized()
  const status = mergeStatusOf(call, row)
  const waits = given.auto_merge ?? given.merge_when_pipeline_succeeds ?? false
  const mayWait = waits && status === 'ci_still_running'
  if (status !== 'mergeable' && status !== 'conflict' && !mayWait) throw notAllowed()
  const revisions = revisionsOf(call, row)
  if (revisions === undefined || hasConflicts(revisions)) {
    throw unprocessable('Branch cannot be merged')
  }
  checkSha(given.sha, revisions)
  if (mayWait) row.autoMerge = true
  else mergeNow(call, row, revisions, given)
  row.updatedAt = call.instance.now()
  return ok(mergeRequestView(call, row))
}

function checkSha(sha: string | undefined, { head }: Revisions): void {
  if (sha !== undefined && sha !== head.sha) {
    throw conflict(`SHA does not match HEAD of source branch: ${head.sha}`)
  }
}

function mergeNow(call: InProject, row: MergeRequest, revisions: Revisions, given: How): void {
  const { store, user, instance } = call
  const { base, start, head } = revisions
  const isSquashed = given.squash ?? row.squash
  const commit = commitTo(store, {
    projectId: row.projectId,
    branch: row.targetBranch,
    // A squashed change stands on the target alone; its commits stay on their branch.
    parents: isSquashed ? [start.sha] : [start.sha, head.sha],
    tree: mergeTrees(base.tree, start.tree, head.tree).tree,
    message: messageOf(
      call,
      row,
      isSquashed ? given.squash_commit_message : given.merge_commit_message,
    ),
    author: { name: user.name, email: user.email },
    createdAt: instance.now(),
  })
  row.state = 'merged'
  row.squash = isSquashed
  row.autoMerge = false
  row.merged = {
    at: instance.now(),
    byId: user.id,
    headSha: head.sha,
    baseSha: start.sha,
    commitSha: commit.sha,
    squashCommitSha: isSquashed ? commit.sha : null,
  }
  addSystemNote(call, row, 'merged')
  const source = branchNamed(store, row.sourceProjectId, row.sourceBranch)
  const isRemoved = given.should_remove_source_branch ?? row.removeSourceBranch
  if (isRemoved && source?.protected === false) store.tables.branches.delete(source.id)
}

function messageOf(call: InProject, row: MergeRequest, given: string | undefined): string {
  return (
    given ??
    `Merge branch '${row.sourceBranch}' into '${row.targetBranch}'\n\n${row.title}\n\n` +
      `See merge request ${call.project.path}!${row.iid}`
  )
}

function showApprovals(outer: ApiCall): Response {
  const call = inProject(outer)
  return ok(approvalsView(call, findMergeRequest(call)))
}

function approve(outer: ApiCall): Response {
  const { sha } = outer.read(z.object({ sha: param.text.optional() }))
  const call = inProject(outer)
  const row = findMergeRequest(call)
  requireLevel(call, 'developer')
  const revisions = revisionsOf(call, row)
  if (revisions !== undefined) checkSha(sha, revisions)
  // Right or not, an approval that GitLab does not take is answered like a missing token.
  if (!canApprove(call, row)) throw unauthorized()
  row.approvedBy.push({ userId: call.user.id, at: call.instance.now() })
  addSystemNote(call, row, 'approved this merge request')
  return created(approvalsView(call, row))
}

function unapprove(outer: ApiCall): Response {
  const call = inProject(outer)
  const row = findMergeRequest(call)
  requireLevel(call, 'developer')
  if (!hasApproved(call, row)) throw notFound()
  row.approvedBy = row.approvedBy.filter(({ userId }) => userId !== call.user.id)
  return created({})
}

/** Once each, while it is open, and not by its author, as where authors may not approve. */
function canApprove(call: InProject, row: MergeRequest): boolean {
  return row.state === 'opened' && row.authorId !== call.user.id && !hasApproved(call, row)
}

function hasApproved({ user }: InProject, { approvedBy }: MergeRequest): boolean {
  return approvedBy.some(({ userId }) => userId === user.id)
}

function approvalsView(call: InProject, row: MergeRequest): Record<string, unknown> {
  return {
    user_has_approved: hasApproved(call, row),
    user_can_approve: canApprove(call, row),
    approved: row.approvedBy.length > 0,
    approved_by: row.approvedBy.map(({ userId, at }) => ({
      user: personById(call, userId),
      ...moments({ approved_at: at }),
    })),
  }
}
