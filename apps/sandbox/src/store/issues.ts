export interface Issue {
  id: number
  iid: number
  projectId: number
  title: string
  description: string
  state: 'opened' | 'closed'
  type: 'issue' | 'incident' | 'test_case' | 'task'
  labels: string[]
  authorId: number
  assigneeIds: number[]
  milestoneId: number | null
  /** Seen by its author, its assignees, and members from Planner or Reporter up. */
  confidential: boolean
  discussionLocked: boolean
  /** `YYYY-MM-DD`. */
  dueDate: string | null
  createdAt: number
  updatedAt: number
  closedAt: number | null
  closedById: number | null
}

export interface Note {
  id: number
  noteableType: 'Issue' | 'MergeRequest'
  /** Global id of the issue or merge request. */
  noteableId: number
  projectId: number
  body: string
  authorId: number
  /** Written by GitLab itself: "closed", "added label". */
  system: boolean
  /** Seen by members from Reporter up. */
  internal: boolean
  createdAt: number
  updatedAt: number
}

export interface Milestone {
  id: number
  iid: number
  projectId: number
  title: string
  description: string
  state: 'active' | 'closed'
  /** `YYYY-MM-DD`. */
  dueDate: string | null
  startDate: string | null
  createdAt: number
  updatedAt: number
}

export interface Label {
  id: number
  projectId: number
  name: string
  /** `#rrggbb`. */
  color: string
  description: string | null
  priority: number | null
}
