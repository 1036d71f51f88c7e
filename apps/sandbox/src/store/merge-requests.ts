export interface MergeRequest {
  id: number
  iid: number
  /** The target's. */
  projectId: number
  sourceProjectId: number
  title: string
  description: string
  state: 'opened' | 'closed' | 'merged'
  sourceBranch: string
  targetBranch: string
  labels: string[]
  authorId: number
  assigneeIds: number[]
  reviewerIds: number[]
  approvedBy: { userId: number; at: number }[]
  milestoneId: number | null
  squash: boolean
  removeSourceBranch: boolean
  allowCollaboration: boolean
  discussionLocked: boolean
  /** Merges when its pipeline succeeds. */
  autoMerge: boolean
  createdAt: number
  updatedAt: number
  closedAt: number | null
  closedById: number | null
  merged: Merged | null
}

/** What is left of the branches once they are merged. */
export interface Merged {
  at: number
  byId: number
  /** Head of the source branch at that time. */
  headSha: string
  /** Head of the target branch before. */
  baseSha: string
  commitSha: string
  squashCommitSha: string | null
}
