import type { ToolDefinition, ToolParameter } from '../definition.ts'
import {
  activityFilter,
  addLabels,
  assigneeId,
  assignees,
  authorId,
  authorUsername,
  comment,
  discussionLocked,
  internal,
  labels,
  milestone,
  milestoneOfItem,
  newAssignees,
  orderBy,
  removeLabels,
} from './item-parameters.ts'
import { dates, markdown, paging, projectId, search, sort, unidiff } from './parameters.ts'

const mergeRequestIid: ToolParameter = {
  name: 'merge_request_iid',
  in: 'path',
  type: 'integer',
  required: true,
  description:
    "The merge request's number inside its project, as shown after !; not its global id.",
}
const removeSourceBranch: ToolParameter = {
  name: 'remove_source_branch',
  in: 'body',
  type: 'boolean',
  description: 'Delete the source branch after the merge.',
}
const squash: ToolParameter = {
  name: 'squash',
  in: 'body',
  type: 'boolean',
  description: 'Squash the commits into one when merging.',
}
const reviewedCommit: ToolParameter = {
  name: 'sha',
  in: 'body',
  type: 'string',
  description: 'Head commit that was looked at; GitLab refuses if the branch has moved on since.',
}

export const mergeRequests: readonly ToolDefinition[] = [
  // A search text counts against GitLab's search limit.
  {
    name: 'gitlab_merge_requests_list',
    group: 'merge_requests',
    title: 'List merge requests',
    description:
      'Merge requests of one project, filtered by state, branch, people, labels or dates. Each has an iid, the number every other merge request tool asks for.',
    method: 'GET',
    path: '/projects/{id}/merge_requests',
    parameters: [
      projectId,
      {
        name: 'state',
        in: 'query',
        type: 'string',
        enum: ['opened', 'closed', 'locked', 'merged', 'all'],
        description: 'Only merge requests in this state.',
      },
      {
        name: 'labels',
        in: 'query',
        type: 'string',
        commas: true,
        description:
          'Names of labels, separated by commas; a merge request must carry all of them. None and Any are understood.',
      },
      milestone,
      assigneeId,
      {
        name: 'assignee_username',
        in: 'query',
        type: 'array',
        items: 'string',
        description: 'Only those assigned to these usernames.',
      },
      authorId,
      authorUsername,
      {
        name: 'reviewer_id',
        in: 'query',
        type: 'string',
        description: 'Numeric user id; None and Any are understood too.',
      },
      {
        name: 'reviewer_username',
        in: 'query',
        type: 'string',
        description: 'Only those this username is asked to review.',
      },
      {
        name: 'source_branch',
        in: 'query',
        type: 'string',
        description: 'Only those coming from this branch.',
      },
      {
        name: 'target_branch',
        in: 'query',
        type: 'string',
        description: 'Only those aimed at this branch.',
      },
      search,
      {
        name: 'iids',
        in: 'query',
        type: 'array',
        items: 'integer',
        description: 'Only merge requests with these project-level numbers.',
      },
      {
        name: 'wip',
        in: 'query',
        type: 'string',
        enum: ['yes', 'no'],
        description: 'Only drafts, or only those that are not.',
      },
      {
        name: 'scope',
        in: 'query',
        type: 'string',
        enum: ['created_by_me', 'assigned_to_me', 'reviews_for_me', 'all'],
        description: 'Only those the user created, is assigned to, or is asked to review; or all.',
      },
      ...dates,
      {
        name: 'order_by',
        in: 'query',
        type: 'string',
        enum: [
          'created_at',
          'updated_at',
          'merged_at',
          'title',
          'priority',
          'label_priority',
          'milestone_due',
          'popularity',
        ],
        description: 'Field the results are ordered by.',
      },
      sort,
      ...paging,
    ],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // merge_status is filled in later: read detailed_merge_status and ask again while it says
  // checking.
  {
    name: 'gitlab_merge_request_get',
    group: 'merge_requests',
    title: 'Get merge request',
    description:
      'One merge request by its number in the project (iid): branches, people, pipeline, and in detailed_merge_status whether it can be merged and why not.',
    method: 'GET',
    path: '/projects/{id}/merge_requests/{merge_request_iid}',
    parameters: [
      projectId,
      mergeRequestIid,
      {
        name: 'include_diverged_commits_count',
        in: 'query',
        type: 'boolean',
        description: 'Add how many commits the source is behind.',
      },
      {
        name: 'include_rebase_in_progress',
        in: 'query',
        type: 'boolean',
        description: 'Add whether a rebase is running.',
      },
      {
        name: 'render_html',
        in: 'query',
        type: 'boolean',
        description: 'Add the title and description as HTML.',
      },
    ],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // 409 while one is open for the same branches. REST has no draft field: the executor puts
  // Draft: before the title.
  {
    name: 'gitlab_merge_request_create',
    group: 'merge_requests',
    title: 'Create merge request',
    description:
      'Proposes to merge one branch into another. Refused as a conflict while the same two branches already have one open.',
    method: 'POST',
    path: '/projects/{id}/merge_requests',
    parameters: [
      projectId,
      {
        name: 'title',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Headline of the merge request; a leading Draft: makes it a draft.',
      },
      {
        name: 'draft',
        in: 'body',
        local: true,
        type: 'boolean',
        description: 'Open it as a draft, which cannot be merged until it is marked ready.',
      },
      {
        name: 'source_branch',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Branch with the changes.',
      },
      {
        name: 'target_branch',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Branch that receives the changes.',
      },
      {
        name: 'target_project_id',
        in: 'body',
        type: 'integer',
        description: 'Id of the project merged into, when it is another one (from a fork).',
      },
      markdown,
      assignees,
      {
        name: 'reviewer_ids',
        in: 'body',
        type: 'array',
        items: 'integer',
        description: 'Numeric ids of the people asked to review.',
      },
      labels,
      milestoneOfItem,
      removeSourceBranch,
      squash,
      {
        name: 'allow_collaboration',
        in: 'body',
        type: 'boolean',
        description: 'Let people who can merge push to the source branch.',
      },
    ],
    response: 'object',
    effect: 'write',
    scopes: ['api'],
  },
  // At least one field must be sent. REST has no draft field: the executor reads the title if it
  // was not sent, and adds or removes Draft:.
  {
    name: 'gitlab_merge_request_update',
    group: 'merge_requests',
    title: 'Update merge request',
    description:
      "Edits a merge request's text, people, labels, target branch or draft state, or closes and reopens it through state_event. Only the fields sent are touched.",
    method: 'PUT',
    path: '/projects/{id}/merge_requests/{merge_request_iid}',
    parameters: [
      projectId,
      mergeRequestIid,
      {
        name: 'title',
        in: 'body',
        type: 'string',
        description: 'New headline; a leading Draft: makes it a draft.',
      },
      {
        name: 'draft',
        in: 'body',
        local: true,
        type: 'boolean',
        description: 'true marks it as a draft, false as ready.',
      },
      {
        name: 'target_branch',
        in: 'body',
        type: 'string',
        description: 'New branch that receives the changes.',
      },
      markdown,
      newAssignees,
      {
        name: 'reviewer_ids',
        in: 'body',
        type: 'array',
        items: 'integer',
        description:
          'Numeric ids of the people asked to review, replacing those asked now; an empty list clears them.',
      },
      labels,
      milestoneOfItem,
      removeSourceBranch,
      squash,
      addLabels,
      removeLabels,
      {
        name: 'state_event',
        in: 'body',
        type: 'string',
        enum: ['close', 'reopen'],
        description: 'Moves the merge request to closed, or opens it again.',
      },
      discussionLocked,
    ],
    needsField: true,
    response: 'object',
    effect: 'write',
    idempotent: true,
    scopes: ['api'],
  },
  // In this order: 401 may not merge (the token is fine), 405 not mergeable now, 422 cannot be
  // merged, 409 sha is not the head. auto_merge was called merge_when_pipeline_succeeds before
  // 17.11; the executor sends both.
  {
    name: 'gitlab_merge_request_merge',
    group: 'merge_requests',
    title: 'Merge a merge request',
    description:
      'Merges into the target branch now, or once the pipeline passes when auto_merge is set. Send sha so that exactly the reviewed commit is merged; the API cannot undo it.',
    method: 'PUT',
    path: '/projects/{id}/merge_requests/{merge_request_iid}/merge',
    parameters: [
      projectId,
      mergeRequestIid,
      reviewedCommit,
      squash,
      {
        name: 'merge_commit_message',
        in: 'body',
        type: 'string',
        description: 'Message of the merge commit.',
      },
      {
        name: 'squash_commit_message',
        in: 'body',
        type: 'string',
        description: 'Message of the squash commit.',
      },
      {
        name: 'should_remove_source_branch',
        in: 'body',
        type: 'boolean',
        description: 'Delete the source branch with the merge.',
      },
      {
        name: 'auto_merge',
        aliases: ['merge_when_pipeline_succeeds'],
        in: 'body',
        alsoAs: ['merge_when_pipeline_succeeds'],
        type: 'boolean',
        description: 'Merge when the pipeline succeeds instead of now.',
      },
    ],
    response: 'object',
    effect: 'write',
    sensitive: true,
    idempotent: true,
    scopes: ['api'],
  },
  // 403 lacks the right to approve; 401 approval not taken (approved already, author, not
  // eligible): the token is fine; 409 sha is not the head. Works on Free; required-approval rules
  // are Premium. Projects that ask for a password cannot be approved here: passwords are never
  // taken from an agent.
  {
    name: 'gitlab_merge_request_approve',
    group: 'merge_requests',
    title: 'Approve merge request',
    description:
      "Records the connected user's approval. GitLab says no to people who may not approve this one or have approved it already.",
    method: 'POST',
    path: '/projects/{id}/merge_requests/{merge_request_iid}/approve',
    parameters: [projectId, mergeRequestIid, reviewedCommit],
    response: 'object',
    effect: 'write',
    sensitive: true,
    idempotent: true,
    scopes: ['api'],
  },
  // Short form on Free; approvals_required and approvals_left are Premium. 403 or 404 although
  // the merge request is visible means tier.
  {
    name: 'gitlab_merge_request_approvals_get',
    group: 'merge_requests',
    title: 'Get approvals',
    description:
      'Who has approved a merge request; on paid tiers also how many approvals are still wanted.',
    method: 'GET',
    path: '/projects/{id}/merge_requests/{merge_request_iid}/approvals',
    parameters: [projectId, mergeRequestIid],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // /changes is the older form and deprecated.
  {
    name: 'gitlab_merge_request_diff_get',
    group: 'merge_requests',
    title: 'Get merge request diff',
    description:
      'Files a merge request changes, each with its diff text, a page at a time. Very large files come back cut or collapsed.',
    method: 'GET',
    path: '/projects/{id}/merge_requests/{merge_request_iid}/diffs',
    parameters: [projectId, mergeRequestIid, unidiff, ...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  {
    name: 'gitlab_merge_request_commits_list',
    group: 'merge_requests',
    title: 'List merge request commits',
    description: 'Commits that a merge request would bring into its target branch.',
    method: 'GET',
    path: '/projects/{id}/merge_requests/{merge_request_iid}/commits',
    parameters: [projectId, mergeRequestIid, ...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  {
    name: 'gitlab_merge_request_notes_list',
    group: 'merge_requests',
    title: 'List merge request comments',
    description:
      "Comments on a merge request, newest first, mixed with GitLab's own activity entries unless activity_filter leaves those out.",
    method: 'GET',
    path: '/projects/{id}/merge_requests/{merge_request_iid}/notes',
    parameters: [projectId, mergeRequestIid, activityFilter, orderBy, sort, ...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  {
    name: 'gitlab_merge_request_note_create',
    group: 'merge_requests',
    title: 'Comment on merge request',
    description:
      'Adds a general comment to a merge request, not tied to a diff line. A line that starts with a quick action is carried out instead of shown.',
    method: 'POST',
    path: '/projects/{id}/merge_requests/{merge_request_iid}/notes',
    parameters: [projectId, mergeRequestIid, comment, internal],
    response: 'object',
    effect: 'write',
    scopes: ['api'],
  },
]
