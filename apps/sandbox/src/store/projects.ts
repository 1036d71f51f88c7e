export type Visibility = 'private' | 'internal' | 'public'

export interface Group {
  id: number
  /** The full path: `harbour/docks`. */
  path: string
  name: string
  description: string
  visibility: Visibility
  /** Null: it stands at the top. */
  parentId: number | null
  createdAt: number
  /** `YYYY-MM-DD`: a deletion is delayed, and was asked for on that day. */
  markedForDeletionOn: string | null
  /** Other settings, under GitLab's names, as they were given. */
  options: Record<string, unknown>
}

export interface Project {
  id: number
  /** The full path: `lighthouse/webshop`. */
  path: string
  name: string
  description: string | null
  /** The full path of the group, or the name of the user, that it belongs to. */
  namespace: string
  visibility: Visibility
  creatorId: number | null
  /** Null: there is no commit yet. */
  defaultBranch: string | null
  archived: boolean
  stars: number
  starredBy: number[]
  forkedFromId: number | null
  topics: string[]
  createdAt: number
  activeAt: number
  /** `YYYY-MM-DD`: a deletion is delayed, and was asked for on that day. */
  markedForDeletionOn: string | null
  /** Other settings, under GitLab's names, as they were given. */
  options: Record<string, unknown>
}

/** A direct membership. One in a group counts in everything below the group. */
export interface Member {
  id: number
  of: 'project' | 'group'
  ofId: number
  userId: number
  accessLevel: number
  createdById: number | null
  createdAt: number
  /** `YYYY-MM-DD`. */
  expiresOn: string | null
}

/** Where a project was before it moved. */
export interface ProjectRedirect {
  id: number
  path: string
  projectId: number
}

/** GitLab's numbers for roles. */
export const roles = {
  guest: 10,
  planner: 15,
  reporter: 20,
  developer: 30,
  maintainer: 40,
  owner: 50,
} as const
