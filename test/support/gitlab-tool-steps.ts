/**
 * Every tool of GitLab once, with arguments that are right at the stand-in, in an order in which each finds what the
 * ones before have made.
 */

/** What steps remember of answers. */
export type Known = Record<string, string | number>

export interface ToolStep {
  readonly tool: string
  readonly arguments: (known: Known) => Record<string, unknown>
  /** Default: ada, who owns the projects. */
  readonly as?: 'grace'
  /** Names under which fields of the answer are remembered. */
  readonly remember?: Readonly<Record<string, string>>
}

const project_id = 'lighthouse/webshop'
const in_project = { project_id }
const branch = 'feature/of-the-day'
const file_path = 'docs/how ü do.md'
const rsa = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqzAb9cHT0Kx0hUuU1CzVwPzJtQqvY7JZ0n8v5m6Zxk'

function step(
  tool: string,
  given: Record<string, unknown> | ToolStep['arguments'] = {},
  more: Pick<ToolStep, 'as' | 'remember'> = {},
): ToolStep {
  return {
    tool: `gitlab_${tool}`,
    arguments: typeof given === 'function' ? given : () => given,
    ...more,
  }
}

const repository: readonly ToolStep[] = [
  step('branches_list', in_project),
  step('branch_create', { project_id, branch, ref: 'main' }),
  step('branch_get', { project_id, branch }),
  step('tags_list', in_project),
  step('tag_create', { project_id, tag_name: 'try/1', ref: 'main', message: 'A try' }),
  step('tag_get', { project_id, tag_name: 'try/1' }),
  step('tag_delete', { project_id, tag_name: 'try/1' }),
  step('commits_list', { project_id, ref_name: 'main' }),
  step('commit_get', { project_id, sha: 'main' }),
  step('commit_diff_get', { project_id, sha: 'main' }),
  step('commit_comment_create', { project_id, sha: 'main', note: 'Well done' }),
  step('commit_comments_list', { project_id, sha: 'main' }),
  step('compare_refs', { project_id, from: 'main', to: 'feature/quiet' }),
  step('repository_tree_list', { project_id, path: 'src' }),
  step('file_create', {
    project_id,
    branch,
    file_path,
    content: '# How\n',
    commit_message: 'Say how',
  }),
  step('file_get', { project_id, file_path, ref: branch }),
  step('file_update', {
    project_id,
    branch,
    file_path,
    content: '# How so\n',
    commit_message: 'Say more',
  }),
  step('file_delete', {
    project_id,
    branch: 'feature/quiet',
    file_path: 'README.md',
    commit_message: 'Say nothing',
  }),
]

const issues: readonly ToolStep[] = [
  step('issues_list', { project_id, state: 'opened', labels: ['bug'] }),
  step(
    'issue_create',
    { project_id, title: 'Lamp is out', labels: ['night'] },
    {
      remember: { issue: 'iid' },
    },
  ),
  step('issue_get', ({ issue }) => ({ project_id, issue_iid: issue })),
  step('issue_update', ({ issue }) => ({ project_id, issue_iid: issue, state_event: 'close' })),
  step('issue_note_create', ({ issue }) => ({ project_id, issue_iid: issue, body: 'Done' }), {
    remember: { note: 'id' },
  }),
  step('issue_notes_list', ({ issue }) => ({ project_id, issue_iid: issue })),
  step('issue_note_update', ({ issue, note }) => ({
    project_id,
    issue_iid: issue,
    note_id: note,
    body: 'Not yet',
  })),
  step('issue_note_delete', ({ issue, note }) => ({ project_id, issue_iid: issue, note_id: note })),
  step('issue_labels_list', { project_id, search: 'night' }),
  step('label_create', { project_id, name: 'day', color: '#ffcc00' }),
  step('issue_delete', ({ issue }) => ({ project_id, issue_iid: issue })),
  step('milestones_list', { project_id, state: 'active' }),
  step(
    'milestone_create',
    { project_id, title: 'Summer', due_date: '2027-06-01' },
    {
      remember: { milestone: 'id' },
    },
  ),
  step('milestone_get', ({ milestone }) => ({ project_id, milestone_id: milestone })),
  step('milestone_update', ({ milestone }) => ({
    project_id,
    milestone_id: milestone,
    state_event: 'close',
  })),
  step('milestone_delete', ({ milestone }) => ({ project_id, milestone_id: milestone })),
]

const mergeRequest = ({ merge }: Known) => ({ project_id, merge_request_iid: merge })

const mergeRequests: readonly ToolStep[] = [
  step('merge_requests_list', { project_id, state: 'opened' }),
  step(
    'merge_request_create',
    { project_id, title: 'Say how', source_branch: branch, target_branch: 'main', draft: true },
    { remember: { merge: 'iid' } },
  ),
  step('merge_request_get', mergeRequest),
  step('merge_request_update', (known) => ({ ...mergeRequest(known), draft: false })),
  step('merge_request_diff_get', mergeRequest),
  step('merge_request_commits_list', mergeRequest),
  step('merge_request_note_create', (known) => ({ ...mergeRequest(known), body: 'Nice' })),
  step('merge_request_notes_list', mergeRequest),
  step('merge_request_approvals_get', mergeRequest),
  step('merge_request_approve', mergeRequest, { as: 'grace' }),
  step('merge_request_merge', mergeRequest),
  step('branch_delete', { project_id, branch }),
]

const pipeline = ({ pipeline: pipeline_id }: Known) => ({ project_id, pipeline_id })
const job = ({ job: job_id }: Known) => ({ project_id, job_id })

const builds: readonly ToolStep[] = [
  step('jobs_list', { project_id, scope: ['success'] }, { remember: { job: '0.id' } }),
  step('job_get', job),
  step('job_log_get', job),
  step('job_retry', job, { remember: { again: 'id' } }),
  step('job_cancel', ({ again }) => ({ project_id, job_id: again })),
  step('jobs_list', { project_id, scope: ['success'] }, { remember: { job: '2.id' } }),
  step('job_artifacts_download', job),
  step('pipelines_list', in_project),
  step(
    'pipeline_create',
    { project_id, ref: 'main', variables: [{ key: 'A', value: '1' }] },
    {
      remember: { pipeline: 'id' },
    },
  ),
  step('pipeline_get', pipeline),
  step('pipeline_jobs_list', pipeline),
  step('pipeline_cancel', pipeline),
  step('pipeline_retry', pipeline),
  step('pipeline_delete', pipeline),
  step('project_variable_create', { project_id, key: 'LEVEL', value: '3' }),
  step('project_variables_list', in_project),
  step('project_variable_get', { project_id, key: 'LEVEL', filter_environment_scope: '*' }),
  step('project_variable_update', { project_id, key: 'LEVEL', value: '4' }),
  step('project_variable_delete', { project_id, key: 'LEVEL' }),
  step('releases_list', in_project),
  step('release_create', { project_id, tag_name: 'v9', ref: 'main', description: 'Ninth' }),
  step('release_get', { project_id, tag_name: 'v9' }),
  step('release_update', { project_id, tag_name: 'v9', name: 'Nine' }),
  step('release_delete', { project_id, tag_name: 'v9' }),
]

const people: readonly ToolStep[] = [
  step('current_user_get'),
  step('user_get', { user_id: 102 }),
  step('users_list', { username: 'grace' }),
  step('user_projects_list', { user_id: 101 }),
  step('current_user_ssh_keys_list'),
  step('ssh_key_add', { title: 'Laptop', key: rsa }),
  step('project_members_list', in_project),
  step('project_member_add', { project_id, user_id: 103, access_level: 20 }),
  step('project_member_remove', { project_id, user_id: 103 }),
  step('groups_list', { search: 'harbour' }),
  step('group_get', { group_id: 'harbour' }),
  step(
    'group_create',
    { name: 'Quay', path: 'quay', parent_id: 62 },
    { remember: { group: 'id' } },
  ),
  step('group_update', ({ group }) => ({ group_id: group, description: 'By the water' })),
  step('group_projects_list', { group_id: 'lighthouse' }),
  step('group_members_list', { group_id: 'harbour' }),
  step('group_member_add', ({ group }) => ({ group_id: group, user_id: 103, access_level: 30 })),
  step('group_member_remove', ({ group }) => ({ group_id: group, user_id: 103 })),
  step('group_delete', ({ group }) => ({ group_id: group })),
]

const projects: readonly ToolStep[] = [
  step('projects_list', { membership: true }),
  step('project_get', in_project),
  step('project_create', { name: 'Scratch' }, { remember: { project: 'id' } }),
  step('project_update', ({ project }) => ({ project_id: project, description: 'To try things' })),
  step('project_fork', { project_id: 'lighthouse/handbook', path: 'my-handbook' }),
  step('project_forks_list', { project_id: 'lighthouse/handbook' }),
  step('project_star', in_project),
  step('project_unstar', in_project),
  step('project_search', { project_id, scope: 'issues', search: 'umlaut' }),
  step('global_search', { scope: 'projects', search: 'webshop' }),
  step('namespaces_list'),
  step('project_webhooks_list', in_project),
  step(
    'project_webhook_create',
    { project_id, url: 'https://hooks.example.test/push' },
    {
      remember: { hook: 'id' },
    },
  ),
  step('project_webhook_get', ({ hook }) => ({ project_id, webhook_id: hook })),
  step('project_webhook_update', ({ hook }) => ({
    project_id,
    webhook_id: hook,
    url: 'https://hooks.example.test/all',
  })),
  step('project_webhook_delete', ({ hook }) => ({ project_id, webhook_id: hook })),
  step('deploy_keys_list', in_project),
  step(
    'deploy_key_create',
    { project_id, title: 'Robot', key: `${rsa.slice(0, -1)}l` },
    {
      remember: { key: 'id' },
    },
  ),
  step('deploy_key_delete', ({ key }) => ({ project_id, deploy_key_id: key })),
  step('project_snippets_list', in_project),
  step(
    'project_snippet_create',
    { project_id, title: 'Greeting', file_name: 'hi.txt', content: 'Hi', visibility: 'private' },
    { remember: { snippet: 'id' } },
  ),
  step('project_snippet_get', ({ snippet }) => ({ project_id, snippet_id: snippet })),
  step('project_delete', ({ project }) => ({ project_id: project })),
]

export const gitlabToolSteps: readonly ToolStep[] = [
  ...repository,
  ...issues,
  ...mergeRequests,
  ...builds,
  ...people,
  ...projects,
]
