export interface Issue {
  id: number
  iid: number
  projectId: number
  title: string
  description: string
  state: 'opened' | 'closed'
  labels: string[]
  authorId: number
  assigneeId: number | null
  createdAt: number
  updatedAt: number
}
