/**
 * What an agent does on one long day: each of GitLab's 110 tools once, in an order in which each finds what it needs. What a
 * step makes, the later ones use.
 */

/** What the steps before have made, by the name of what it is. */
export type Made = Record<string, unknown>

export interface Step {
  readonly tool: string
  readonly arguments: (made: Made) => Record<string, unknown>
  /** What a later step needs of the result. */
  readonly keep?: (data: never) => Made
  /** Who does it. Default: `ada`, whose day it is. */
  readonly as?: 'grace'
}

type Row = Record<string, unknown>
const sshKey = (comment: string) =>
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ${comment.padEnd(42, 'A').slice(0, 42)} ${comment}`

const step = (
  tool: string,
  args: Step['arguments'] = () => ({}),
  keep?: (data: Row & Row[]) => Made,
): Step => ({ tool: `gitlab_${tool}`, arguments: args, ...(keep && { keep }) }) as Step

/** With the project that the day is about. */
const here =
  (more: (made: Made) => Row = () => ({})): Step['arguments'] =>
  (made) => ({
    project_id: made.project,
    ...more(made),
  })

const people: readonly Step[] = [
  step('current_user_get', undefined, ({ id, username }) => ({ me: id, myName: username })),
  step(
    'users_list',
    () => ({ search: 'grace' }),
    ([user]) => ({ other: user?.id }),
  ),
  step('user_get', ({ other }) => ({ user_id: other })),
  step('user_projects_list', ({ me }) => ({ user_id: String(me) })),
  step('ssh_key_add', () => ({ title: 'laptop', key: sshKey('laptop') })),
  step('current_user_ssh_keys_list'),
  step('namespaces_list'),
]

const groups: readonly Step[] = [
  step(
    'group_create',
    () => ({ name: 'Agents', path: 'agents' }),
    ({ id }) => ({ group: id }),
  ),
  step('groups_list', () => ({ search: 'agents' })),
  step('group_get', ({ group }) => ({ group_id: String(group) })),
  step('group_update', ({ group }) => ({ group_id: String(group), description: 'Work of agents' })),
  step('group_member_add', ({ group, other }) => ({
    group_id: String(group),
    user_id: other,
    access_level: 30,
  })),
  step('group_members_list', ({ group }) => ({ group_id: String(group) })),
  step('group_member_remove', ({ group, other }) => ({ group_id: String(group), user_id: other })),
]

const projects: readonly Step[] = [
  step(
    'project_create',
    ({ group }) => ({
      name: 'Night Watch',
      path: 'night-watch',
      namespace_id: group,
      initialize_with_readme: true,
      default_branch: 'main',
    }),
    ({ id, path_with_namespace: path }) => ({ project: path, projectNumber: id }),
  ),
  step('projects_list', () => ({ search: 'night', membership: true })),
  step('project_get', here()),
  step(
    'project_update',
    here(() => ({ description: 'Looks after the site at night' })),
  ),
  step('group_projects_list', ({ group }) => ({ group_id: String(group) })),
  step('project_star', here()),
  step('project_unstar', here()),
  step(
    'project_fork',
    here(({ myName }) => ({ namespace_path: myName })),
    ({ id }) => ({ fork: id }),
  ),
  step('project_forks_list', here()),
  step(
    'project_member_add',
    here(({ other }) => ({ user_id: other, access_level: 30 })),
  ),
  step('project_members_list', here()),
]

const repository: readonly Step[] = [
  step('branches_list', here()),
  step(
    'branch_create',
    here(() => ({ branch: 'feature/lamp', ref: 'main' })),
  ),
  step(
    'branch_get',
    here(() => ({ branch: 'feature/lamp' })),
  ),
  step(
    'file_create',
    here(() => ({
      file_path: 'src/lamp.ts',
      branch: 'feature/lamp',
      content: 'export const lamp = "on"\n',
      commit_message: 'Add a lamp',
    })),
  ),
  step(
    'file_get',
    here(() => ({ file_path: 'src/lamp.ts', ref: 'feature/lamp' })),
  ),
  step(
    'file_update',
    here(() => ({
      file_path: 'src/lamp.ts',
      branch: 'feature/lamp',
      content: 'export const lamp = "bright"\n',
      commit_message: 'Make it bright',
    })),
  ),
  step(
    'repository_tree_list',
    here(() => ({ ref: 'feature/lamp', recursive: true })),
  ),
  step(
    'commits_list',
    here(() => ({ ref_name: 'feature/lamp' })),
    ([commit]) => ({
      sha: commit?.id,
    }),
  ),
  step(
    'commit_get',
    here(({ sha }) => ({ sha })),
  ),
  step(
    'commit_diff_get',
    here(({ sha }) => ({ sha })),
  ),
  step(
    'commit_comment_create',
    here(({ sha }) => ({ sha, note: 'Well lit.' })),
  ),
  step(
    'commit_comments_list',
    here(({ sha }) => ({ sha })),
  ),
  step(
    'compare_refs',
    here(() => ({ from: 'main', to: 'feature/lamp' })),
  ),
  step(
    'tag_create',
    here(() => ({ tag_name: 'v1.0', ref: 'main' })),
  ),
  step('tags_list', here()),
  step(
    'tag_get',
    here(() => ({ tag_name: 'v1.0' })),
  ),
]

const issues: readonly Step[] = [
  step(
    'label_create',
    here(() => ({ name: 'night', color: '#203040' })),
  ),
  step('issue_labels_list', here()),
  step(
    'milestone_create',
    here(() => ({ title: 'Winter' })),
    ({ id }) => ({ milestone: id }),
  ),
  step('milestones_list', here()),
  step(
    'milestone_get',
    here(({ milestone }) => ({ milestone_id: milestone })),
  ),
  step(
    'milestone_update',
    here(({ milestone }) => ({
      milestone_id: milestone,
      description: 'Until the days are longer',
    })),
  ),
  step(
    'issue_create',
    here(() => ({ title: 'The lamp flickers', labels: 'night' })),
    ({ iid }) => ({
      issue: iid,
    }),
  ),
  step(
    'issues_list',
    here(() => ({ state: 'opened' })),
  ),
  step(
    'issue_get',
    here(({ issue }) => ({ issue_iid: issue })),
  ),
  step(
    'issue_update',
    here(({ issue, milestone }) => ({ issue_iid: issue, milestone_id: milestone })),
  ),
  step(
    'issue_note_create',
    here(({ issue }) => ({ issue_iid: issue, body: 'Seen twice.' })),
    ({ id }) => ({ note: id }),
  ),
  step(
    'issue_notes_list',
    here(({ issue }) => ({ issue_iid: issue })),
  ),
  step(
    'issue_note_update',
    here(({ issue, note }) => ({ issue_iid: issue, note_id: note, body: 'Seen three times.' })),
  ),
  step(
    'project_search',
    here(() => ({ scope: 'issues', search: 'flickers' })),
  ),
  step('global_search', () => ({ scope: 'issues', search: 'flickers' })),
]

const ofMergeRequest = here(({ mergeRequest }) => ({ merge_request_iid: mergeRequest }))

const mergeRequests: readonly Step[] = [
  step(
    'merge_request_create',
    here(() => ({ title: 'A lamp', source_branch: 'feature/lamp', target_branch: 'main' })),
    ({ iid }) => ({ mergeRequest: iid }),
  ),
  ...(
    [
      ['merge_requests_list', false, {}],
      ['merge_request_get', true, {}],
      ['merge_request_diff_get', true, {}],
      ['merge_request_commits_list', true, {}],
      ['merge_request_note_create', true, { body: 'Looks bright.' }],
      ['merge_request_notes_list', true, {}],
      ['merge_request_update', true, { description: 'For the winter' }],
      ['merge_request_approvals_get', true, {}],
    ] as const
  ).map(([tool, isOne, more]) =>
    step(
      tool,
      here(({ mergeRequest }) => ({
        ...(isOne && { merge_request_iid: mergeRequest }),
        ...more,
      })),
    ),
  ),
  // Who wrote it may not approve it.
  { ...step('merge_request_approve', ofMergeRequest), as: 'grace' },
  step('merge_request_merge', ofMergeRequest),
]

const pipelines: readonly Step[] = [
  step(
    'pipeline_create',
    here(() => ({ ref: 'main' })),
    ({ id }) => ({ pipeline: id }),
  ),
  step('pipelines_list', here()),
  step(
    'pipeline_get',
    here(({ pipeline }) => ({ pipeline_id: pipeline })),
  ),
  step(
    'pipeline_jobs_list',
    here(({ pipeline }) => ({ pipeline_id: pipeline })),
    ([job]) => ({
      job: job?.id,
    }),
  ),
  step('jobs_list', here()),
  step(
    'job_get',
    here(({ job }) => ({ job_id: job })),
  ),
  step(
    'job_log_get',
    here(({ job }) => ({ job_id: job })),
  ),
  step(
    'job_cancel',
    here(({ job }) => ({ job_id: job })),
  ),
  step(
    'job_retry',
    here(({ job }) => ({ job_id: job })),
  ),
  step(
    'pipeline_cancel',
    here(({ pipeline }) => ({ pipeline_id: pipeline })),
  ),
  step(
    'pipeline_retry',
    here(({ pipeline }) => ({ pipeline_id: pipeline })),
  ),
]

/** Where a pipeline has ended, and has left something. */
const artifacts: readonly Step[] = [
  step(
    'jobs_list',
    () => ({ project_id: 'lighthouse/webshop', scope: ['success'] }),
    (jobs) => ({
      done: jobs.find(({ artifacts_file: file }) => file !== undefined)?.id,
    }),
  ),
  step('job_artifacts_download', ({ done }) => ({
    project_id: 'lighthouse/webshop',
    job_id: done,
  })),
]

const settings: readonly Step[] = [
  step(
    'project_variable_create',
    here(() => ({ key: 'LAMP_KEY', value: 'kw-canary-variable', masked: true })),
  ),
  step('project_variables_list', here()),
  step(
    'project_variable_get',
    here(() => ({ key: 'LAMP_KEY' })),
  ),
  step(
    'project_variable_update',
    here(() => ({ key: 'LAMP_KEY', protected: true })),
  ),
  step(
    'release_create',
    here(() => ({ tag_name: 'v1.0', name: 'First light' })),
  ),
  step('releases_list', here()),
  step(
    'release_get',
    here(() => ({ tag_name: 'v1.0' })),
  ),
  step(
    'release_update',
    here(() => ({ tag_name: 'v1.0', description: 'It shines' })),
  ),
  step(
    'project_webhook_create',
    here(() => ({ url: 'https://hooks.example/night', push_events: true })),
    ({ id }) => ({ webhook: id }),
  ),
  step('project_webhooks_list', here()),
  step(
    'project_webhook_get',
    here(({ webhook }) => ({ webhook_id: webhook })),
  ),
  step(
    'project_webhook_update',
    here(({ webhook }) => ({ webhook_id: webhook, url: 'https://hooks.example/day' })),
  ),
  step(
    'deploy_key_create',
    here(() => ({ title: 'robot', key: sshKey('robot') })),
    ({ id }) => ({
      deployKey: id,
    }),
  ),
  step('deploy_keys_list', here()),
  step(
    'project_snippet_create',
    here(() => ({
      title: 'Wiring',
      file_name: 'wiring.md',
      content: '# Wiring',
      visibility: 'private',
    })),
    ({ id }) => ({ snippet: id }),
  ),
  step('project_snippets_list', here()),
  step(
    'project_snippet_get',
    here(({ snippet }) => ({ snippet_id: snippet })),
  ),
]

/** A person approves each of these. */
const cleanUp: readonly Step[] = [
  step(
    'project_member_remove',
    here(({ other }) => ({ user_id: other })),
  ),
  step(
    'deploy_key_delete',
    here(({ deployKey }) => ({ deploy_key_id: deployKey })),
  ),
  step(
    'project_webhook_delete',
    here(({ webhook }) => ({ webhook_id: webhook })),
  ),
  step(
    'release_delete',
    here(() => ({ tag_name: 'v1.0' })),
  ),
  step(
    'project_variable_delete',
    here(() => ({ key: 'LAMP_KEY' })),
  ),
  step(
    'pipeline_delete',
    here(({ pipeline }) => ({ pipeline_id: pipeline })),
  ),
  step(
    'issue_note_delete',
    here(({ issue, note }) => ({ issue_iid: issue, note_id: note })),
  ),
  step(
    'issue_delete',
    here(({ issue }) => ({ issue_iid: issue })),
  ),
  step(
    'milestone_delete',
    here(({ milestone }) => ({ milestone_id: milestone })),
  ),
  step(
    'tag_delete',
    here(() => ({ tag_name: 'v1.0' })),
  ),
  step(
    'file_delete',
    here(() => ({ file_path: 'README.md', branch: 'main', commit_message: 'No more to read' })),
  ),
  step(
    'branch_create',
    here(() => ({ branch: 'spare', ref: 'main' })),
  ),
  step(
    'branch_delete',
    here(() => ({ branch: 'spare' })),
  ),
  step('project_delete', here()),
  step('group_delete', ({ group }) => ({ group_id: String(group) })),
]

export const day: readonly Step[] = [
  ...people,
  ...groups,
  ...projects,
  ...repository,
  ...issues,
  ...mergeRequests,
  ...pipelines,
  ...artifacts,
  ...settings,
  ...cleanUp,
]
