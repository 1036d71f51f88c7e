export interface Release {
  id: number
  projectId: number
  tagName: string
  name: string
  description: string
  authorId: number
  milestoneIds: number[]
  links: { id: number; name: string; url: string; type: string; path: string | null }[]
  createdAt: number
  releasedAt: number
}
