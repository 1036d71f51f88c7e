import type { Issue, Project, User } from '../store/state.ts'

/** How the API shows the signed-in user. */
export function userView(user: User, url: string): Record<string, unknown> {
  return {
    ...personView(user, url),
    email: user.email,
    public_email: null,
    bio: '',
    location: null,
    two_factor_enabled: false,
    external: false,
    created_at: '2024-03-04T09:00:00.000Z',
    confirmed_at: '2024-03-04T09:05:00.000Z',
    commit_email: user.email,
  }
}

function personView(user: User, url: string): Record<string, unknown> {
  return {
    id: user.id,
    username: user.username,
    name: user.name,
    state: user.blocked ? 'blocked' : 'active',
    avatar_url: null,
    web_url: `${url}/${user.username}`,
  }
}

export function projectView(
  project: Project,
  openIssues: number,
  url: string,
): Record<string, unknown> {
  const webUrl = `${url}/${project.path}`
  return {
    id: project.id,
    name: project.name,
    path: project.path.split('/').at(-1),
    name_with_namespace: `${project.namespace} / ${project.name}`,
    path_with_namespace: project.path,
    description: project.description,
    visibility: project.visibility,
    default_branch: 'main',
    topics: project.topics,
    star_count: project.stars,
    forks_count: 0,
    open_issues_count: openIssues,
    archived: false,
    issues_enabled: true,
    namespace: { name: project.namespace, path: project.namespace, full_path: project.namespace },
    web_url: webUrl,
    http_url_to_repo: `${webUrl}.git`,
    readme_url: `${webUrl}/-/blob/main/README.md`,
    avatar_url: null,
    created_at: new Date(project.createdAt).toISOString(),
    last_activity_at: new Date(project.activeAt).toISOString(),
  }
}

export interface IssueParts {
  issue: Issue
  project: Project
  author: User | undefined
  assignee: User | undefined
}

export function issueView(parts: IssueParts, url: string): Record<string, unknown> {
  const { issue, project, author, assignee } = parts
  const reference = `${project.path}#${issue.iid}`
  const closed = issue.state === 'closed'
  return {
    id: issue.id,
    iid: issue.iid,
    project_id: issue.projectId,
    title: issue.title,
    description: issue.description,
    state: issue.state,
    type: 'ISSUE',
    labels: issue.labels,
    milestone: null,
    author: author === undefined ? null : personView(author, url),
    assignee: assignee === undefined ? null : personView(assignee, url),
    assignees: assignee === undefined ? [] : [personView(assignee, url)],
    user_notes_count: 0,
    confidential: false,
    due_date: null,
    references: { short: `#${issue.iid}`, relative: `#${issue.iid}`, full: reference },
    web_url: `${url}/${project.path}/-/issues/${issue.iid}`,
    created_at: new Date(issue.createdAt).toISOString(),
    updated_at: new Date(issue.updatedAt).toISOString(),
    closed_at: closed ? new Date(issue.updatedAt).toISOString() : null,
  }
}
