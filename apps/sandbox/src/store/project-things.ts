export interface Snippet {
  id: number
  projectId: number
  title: string
  description: string | null
  visibility: 'private' | 'internal' | 'public'
  files: { path: string; content: string }[]
  authorId: number
  createdAt: number
}

/** A key with which a machine reads a repository, or also writes to it. */
export interface DeployKey {
  id: number
  projectId: number
  title: string
  key: string
  canPush: boolean
  createdAt: number
  expiresAt: number | null
}

/** A webhook. */
export interface Hook {
  id: number
  projectId: number
  url: string
  /** Sent with every delivery, and never shown. */
  token: string | null
  /** The other settings, under GitLab's names. */
  options: Record<string, unknown>
  createdAt: number
}
