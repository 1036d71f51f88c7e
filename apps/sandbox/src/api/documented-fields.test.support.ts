// Named so that it counts as a test everywhere (build, lint) and is not run as one.
/** Names of the fields of GitLab's answers, by its own description of the API of about 18.x. */
const documented = {
  issue: `
    id iid project_id title description state created_at updated_at closed_at closed_by labels
    milestone assignees author type assignee user_notes_count merge_requests_count upvotes
    downvotes due_date confidential discussion_locked issue_type web_url time_stats
    task_completion_status weight blocking_issues_count has_tasks task_status _links references
    severity subscribed moved_to_id imported imported_from service_desk_reply_to epic_iid epic
    iteration health_status`,
  mergeRequestBasic: `
    id iid project_id title description state created_at updated_at merged_by merge_user
    merged_at closed_by closed_at title_html description_html target_branch source_branch
    user_notes_count upvotes downvotes author assignees assignee reviewers source_project_id
    target_project_id labels draft imported imported_from work_in_progress milestone
    merge_when_pipeline_succeeds merge_status detailed_merge_status merge_after sha
    merge_commit_sha squash_commit_sha discussion_locked should_remove_source_branch
    force_remove_source_branch prepared_at allow_collaboration allow_maintainer_to_push
    reference references web_url time_stats squash squash_on_merge task_completion_status
    has_conflicts blocking_discussions_resolved approvals_before_merge`,
  mergeRequest: `
    id iid project_id title description state created_at updated_at merged_by merge_user
    merged_at closed_by closed_at title_html description_html target_branch source_branch
    user_notes_count upvotes downvotes author assignees assignee reviewers source_project_id
    target_project_id labels draft imported imported_from work_in_progress milestone
    merge_when_pipeline_succeeds merge_status detailed_merge_status merge_after sha
    merge_commit_sha squash_commit_sha discussion_locked should_remove_source_branch
    force_remove_source_branch prepared_at allow_collaboration allow_maintainer_to_push
    reference references web_url time_stats squash squash_on_merge task_completion_status
    has_conflicts blocking_discussions_resolved approvals_before_merge subscribed changes_count
    latest_build_started_at latest_build_finished_at first_deployed_to_production_at pipeline
    head_pipeline diff_refs merge_error rebase_in_progress diverged_commits_count
    first_contribution user`,
  approvals: `
    user_has_approved user_can_approve approved approved_by`,
  diff: `
    diff collapsed too_large new_path old_path a_mode b_mode new_file renamed_file deleted_file
    generated_file`,
  commit: `
    id short_id created_at parent_ids title message author_name author_email authored_date
    committer_name committer_email committed_date trailers extended_trailers web_url`,
  pipelineBasic: `
    id iid project_id sha ref status source created_at updated_at web_url`,
  pipeline: `
    id iid project_id sha ref status source created_at updated_at web_url before_sha tag
    yaml_errors user started_at finished_at committed_at duration queued_duration coverage
    detailed_status name`,
  job: `
    id status stage name ref tag coverage allow_failure created_at started_at finished_at
    erased_at duration queued_duration user commit pipeline failure_reason web_url project
    artifacts_file artifacts runner runner_manager artifacts_expire_at archived tag_list`,
  variable: `
    variable_type key value hidden protected masked raw environment_scope description`,
  release: `
    name tag_name description created_at released_at upcoming_release description_html author
    commit milestones commit_path tag_path assets evidences _links`,
  milestone: `
    id iid project_id group_id title description state created_at updated_at due_date start_date
    expired web_url`,
  user: `
    id username public_email name state locked avatar_url avatar_path custom_attributes web_url`,
  note: `
    id type body author created_at updated_at system noteable_id noteable_type project_id
    commit_id position resolvable resolved resolved_by resolved_at suggestions confidential
    internal imported imported_from noteable_iid commands_changes`,
}

export type Entity = keyof typeof documented

/** The fields of an answer that GitLab's description does not know: made up here, or newer than it. */
export function undocumented(entity: Entity, answer: unknown): string[] {
  const names = new Set(documented[entity].trim().split(/\s+/))
  return Object.keys(Object(answer)).filter((name) => !names.has(name))
}
